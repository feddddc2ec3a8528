"""Kind `process`: a REPL in a forked child without files, network, environment or other processes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox.cell import Cell
from trajectories.engine.sandbox.handover import Handover, hand_over
from trajectories.engine.sandbox.isolation import level_of, required
from trajectories.engine.sandbox.wire import Violation, WireBroken
from trajectories.engine.sandbox.zygote import Child, Zygote
from trajectories.engine.types import Document, Execution, HostCalls, ReplSettings

_OPEN_SECONDS = 60.0


class ProcessSandbox:
    """One REPL. After a kill the next cell gets a fresh one."""

    def __init__(
        self,
        zygote: Zygote,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        namespaces: bool = True,
    ) -> None:
        self._zygote = zygote
        self._documents = tuple(documents)
        self._settings = settings
        self._context_is_list = context_is_list
        self._minimum = minimum
        self._namespaces = namespaces
        self._child: Child | None = None
        self._busy = asyncio.Lock()
        self.level = "none"
        self.layers: dict[str, Any] = {}

    async def open(self) -> None:
        """Starts the REPL now. Raises `SandboxError`, `DocumentError`."""
        handover = await _handed_over(self._documents)
        try:
            child = await self._zygote.fork(handover.files, namespaces=self._namespaces)
        finally:
            handover.close()
        try:
            await child.wire.send(self._opening(handover.sizes))
            ready = await asyncio.wait_for(child.wire.receive(), _OPEN_SECONDS)
            self._check(ready)
        except BaseException as error:
            await child.close()
            if isinstance(error, WireBroken | Violation | TimeoutError):
                raise SandboxError("The REPL could not be opened: its process ended while it was starting.") from error
            raise
        self._child = child

    async def execute(self, code: str, host: HostCalls) -> Execution:
        """Runs a cell; opens a fresh REPL first when the last one was lost. Cancelling kills the REPL."""
        async with self._busy:
            if self._child is None:
                await self.open()
            assert self._child is not None
            cell = Cell(self._child, self._documents, self._settings, host)
            try:
                return await cell.run(code)
            finally:
                if not self._child.alive:
                    await self.close()

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(TimeoutError):
                await asyncio.shield(child.close())

    def _opening(self, sizes: Sequence[int] | None) -> dict[str, Any]:
        described, start = [], 0
        for document in self._documents:
            described.append({"name": document.name, "chars": document.text.chars, "start": start})
            start += document.text.chars
        return {
            "t": "open",
            "documents": described,
            "sizes": sizes,
            "context_is_list": self._context_is_list,
            "memory_bytes": self._settings.memory_bytes,
            "cell_seconds": self._settings.cell_seconds,
            "stdout_chars": self._settings.stdout_chars,
            "depth": self._settings.depth,
        }

    def _check(self, ready: dict[str, Any]) -> None:
        """This frame was sent before any of the model's code ran."""
        if ready.get("t") != "ready":
            raise Violation("the REPL did not report that it is ready")
        self.layers = ready["layers"]
        self.level = required(level_of(self.layers), self._minimum)
        if ready["chars"] != [document.text.chars for document in self._documents]:
            raise SandboxError("A document's text is not what was recorded of it. Upload it again.")


async def _handed_over(documents: Sequence[Document]) -> Handover:
    """In a thread, since texts may be large; what it opened is closed even when nobody waits for it any more."""
    opening = asyncio.ensure_future(asyncio.to_thread(hand_over, documents))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(opening: "asyncio.Future[Handover]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
