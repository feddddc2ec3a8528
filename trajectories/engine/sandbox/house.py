"""Where REPLs come from: chooses the kind, proves what it is worth, opens and closes."""

import asyncio
import sys
import weakref
from collections.abc import Sequence

from trajectories.engine.errors import IsolationError, SandboxError
from trajectories.engine.sandbox import isolation
from trajectories.engine.sandbox.isolation import Report
from trajectories.engine.sandbox.process import ProcessSandbox
from trajectories.engine.sandbox.zygote import Zygote
from trajectories.engine.types import Document, ReplSettings

_NO_CONTAINERS = (
    "Sandbox kind `container` is not available in this version. Set RLM_SANDBOX=process (or leave it unset) "
    "and RLM_SANDBOX_MIN=full or lower."
)


class SandboxHouse:
    """One per worker process, used inside one asyncio loop."""

    def __init__(self, kind: str = "auto", minimum: str = "syscalls", *, namespaces: bool = True) -> None:
        """`namespaces=False` does without them although they could be had: for tests of the lower level."""
        self.kind = "process" if kind == "auto" else kind
        self.minimum = minimum
        self.level = "none"
        self._namespaces = namespaces
        self._zygote = Zygote()
        self._open: weakref.WeakSet[ProcessSandbox] = weakref.WeakSet()

    async def open(self) -> None:
        """Starts the zygote and tests what it gives. Raises `IsolationError`, `SandboxError`."""
        self._refuse_what_cannot_be()
        report = await self.self_test()
        if not report.ok:
            await self.close()
            raise IsolationError(
                f"This machine isolates the REPL as `{report.level}`, less than the configured minimum "
                f"`{self.minimum}`: {' '.join(report.findings)}"
            )
        self.level = report.level

    async def close(self) -> None:
        """Ends every REPL and the zygote, and waits until they are gone."""
        await asyncio.gather(*[sandbox.close() for sandbox in list(self._open)])
        await self._zygote.close()

    async def sandbox(
        self, documents: Sequence[Document], settings: ReplSettings, *, context_is_list: bool | None = None
    ) -> ProcessSandbox:
        """An open REPL with the documents in it. `context_is_list`: None means a list unless there is one document.

        Raises `SandboxError`, `IsolationError` (less than at the self-test), `DocumentError`."""
        as_list = len(documents) != 1 if context_is_list is None else context_is_list
        sandbox = ProcessSandbox(
            self._zygote,
            documents,
            settings,
            context_is_list=as_list,
            minimum=self.minimum,
            namespaces=self._namespaces,
        )
        await sandbox.open()
        self._open.add(sandbox)
        return sandbox

    async def self_test(self) -> Report:
        """Opens a REPL and tries to get out of it."""
        probe = ProcessSandbox(
            self._zygote,
            (),
            ReplSettings(cell_seconds=10, depth=0),
            context_is_list=False,
            minimum="none",
            namespaces=self._namespaces,
        )
        try:
            await probe.open()
            execution = await probe.execute(isolation.PROBES, isolation.no_calls)
        finally:
            await probe.close()
        got_out = isolation.got_out(execution.ending.answer if execution.ending else str(execution.error))
        level = "none" if got_out else isolation.level_of(probe.layers)
        return Report(
            kind=self.kind,
            level=level,
            minimum=self.minimum,
            findings=isolation.findings_of(probe.layers, got_out),
            ok=isolation.reaches(level, self.minimum),
        )

    def _refuse_what_cannot_be(self) -> None:
        if self.kind == "container" or self.minimum == "container":
            raise IsolationError(_NO_CONTAINERS)
        if self.kind != "process":
            raise IsolationError(f"There is no sandbox kind `{self.kind}`: RLM_SANDBOX is auto, process or container.")
        if self.minimum not in isolation.LEVELS:
            raise IsolationError(
                f"There is no level `{self.minimum}`: RLM_SANDBOX_MIN is {', '.join(isolation.LEVELS)}."
            )
        if sys.platform != "linux":
            raise IsolationError(f"The REPL can be isolated on Linux only, not on {sys.platform}. {isolation.WAYS_OUT}")


async def check(kind: str = "auto", minimum: str = "syscalls") -> Report:
    """What this machine gives, for `sandbox_check`. Never raises for what is missing: that is in the report."""
    house = SandboxHouse(kind, minimum)
    try:
        house._refuse_what_cannot_be()
        return await house.self_test()
    except SandboxError as error:
        return Report(kind=house.kind, level="none", minimum=minimum, findings=[str(error)], ok=False)
    finally:
        await house.close()
