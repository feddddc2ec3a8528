"""Kind `container`: each REPL in a container of its own, by Docker or Podman, with the walls of kind `process` inside.

The container has no network, a read-only file system, no capabilities and an unprivileged user of its own, and limits
of memory, processes and processor time (`docker_engine`). Whether it really has is looked at from inside.
"""

import asyncio
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trajectories.engine.sandbox import isolation
from trajectories.engine.sandbox.boxes import Box, BoxedSandbox, BoxError, BoxNursery
from trajectories.engine.sandbox.docker_engine import PROCESSES, AttachedLine, Engine, absent, connect
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.options import Options
from trajectories.engine.types import Document, ReplSettings

_OWN_BYTES = 256 << 20
"""For process 1, the helper for `grep`, and what else is not the cell's."""
_DECODING = 3
"""Of the memory that a text takes at last, what it takes while it is decoded."""
_OVER_BYTES = 64 << 20
_OVER_PROCESSES = 8


class ContainerKind:
    """What `SandboxHouse` knows this kind by."""

    best = "container"
    probes = isolation.PROBES

    def __init__(self, options: Options | None = None, *, connect: Callable[[], Any] = connect) -> None:
        self._options = options or Options()
        self._connect = connect
        self._engine: Engine | None = None
        self._opening = asyncio.Lock()
        self._lacking: list[str] | None = None
        """Limits that this engine does not enforce, once they were tried."""

    def refusal(self) -> str | None:
        if importlib.util.find_spec("docker") is None:
            return "Kind `container` takes Docker's package for Python: pip install 'rlm-web[container]'."
        return absent() if self._connect is connect else None

    def sandbox(
        self,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        held: Held | None = None,
    ) -> BoxedSandbox:
        """Nothing is shared by REPLs of this kind, so `held` changes nothing."""

        def memory(size: int) -> int:
            return settings.memory_bytes + _OWN_BYTES + _DECODING * size

        async def open_line(size: int) -> AttachedLine:
            return await (await self._opened()).line(memory(size))

        async def layers(box: Box, size: int) -> dict[str, Any]:
            return await self._layers(box, memory(size) + _OVER_BYTES)

        nursery = BoxNursery(open_line, layers)
        return BoxedSandbox(nursery, documents, settings, context_is_list=context_is_list, minimum=minimum)

    def findings(self, layers: Mapping[str, Any]) -> list[str]:
        return isolation.findings_of_box(layers)

    def offers(self) -> list[str]:
        return [f"A REPL may have {PROCESSES} processes and threads, one processor, and its memory beside the text."]

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.to_thread(engine.close)

    async def _opened(self) -> "Engine":
        async with self._opening:
            if self._engine is None:
                self._engine = await asyncio.to_thread(lambda: Engine(self._connect(), self._options))
            return self._engine

    async def _layers(self, box: Box, over: int) -> dict[str, Any]:
        assert self._engine is not None
        async with self._opening:
            if self._lacking is None:
                self._lacking = await _not_enforced(box, over)
        held = [] if self._lacking else ["Its limits of memory and processes were tried, and hold."]
        return {"box": self._engine.described, "holds": held, "lacking": [*_open_ways(box.facts), *self._lacking]}


def _open_ways(facts: Mapping[str, Any]) -> list[str]:
    """What this container was to have and has not, as it sees itself before any code of a model runs."""
    said = {
        "It runs as root.": facts.get("uid") == 0,
        "It has capabilities.": facts.get("capabilities") is not False,
        "It may gain privileges.": facts.get("may_gain") is not False,
        f"It has network interfaces ({facts.get('interfaces')}).": facts.get("interfaces") != [],
        "It can write to its root folder.": facts.get("root_writable") is not False,
    }
    return [sentence for sentence, true in said.items() if true]


async def _not_enforced(box: Box, over: int) -> list[str]:
    try:
        held = await box.bounds(over, PROCESSES + _OVER_PROCESSES)
    except BoxError as error:
        return [f"Its limits could not be tried: {error}"]
    return [
        f"The engine does not enforce the limit of {what}: give it control groups (cgroups)."
        for what in ("memory", "processes")
        if held.get(what) is not True
    ]
