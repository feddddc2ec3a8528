"""Where REPLs come from: chooses the kind, proves what it is worth, opens and closes."""

import asyncio
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from trajectories.engine.errors import IsolationError, SandboxError
from trajectories.engine.sandbox import isolation
from trajectories.engine.sandbox.container import ContainerKind
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.isolation import Report
from trajectories.engine.sandbox.modal_cloud import ModalKind
from trajectories.engine.sandbox.monty import MontyKind
from trajectories.engine.sandbox.options import Options
from trajectories.engine.sandbox.process import ProcessKind
from trajectories.engine.types import Document, ReplSettings, Sandbox

PROBING = ReplSettings(cell_seconds=10, memory_bytes=128 << 20, depth=0, libraries=False)


class Openable(Sandbox, Protocol):
    """A sandbox as a kind makes it."""

    layers: dict[str, Any]
    """What shuts it in, by the words of its kind; known once it is open."""

    async def open(self) -> None:
        """Starts the REPL. Raises `SandboxError`, `IsolationError` (less than the minimum), `DocumentError`."""
        ...


class Kind(Protocol):
    """One way of having REPLs."""

    @property
    def best(self) -> str:
        """The level that it can reach."""
        ...

    @property
    def probes(self) -> str:
        """Code that tries to get out, as a cell; it answers with a list of what it could do."""
        ...

    def refusal(self) -> str | None:
        """Why they cannot be had on this machine, and what to do; None when they can."""
        ...

    def sandbox(
        self,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        held: Held | None,
    ) -> Openable:
        """One that is still to be opened. `held` is a hint: texts that other REPLs are opened on, too."""
        ...

    def findings(self, layers: Mapping[str, Any]) -> list[str]:
        """What holds and what does not, in sentences."""
        ...

    def offers(self) -> list[str]:
        """What its sandboxes have on this machine, in sentences."""
        ...

    async def close(self) -> None:
        """When all its sandboxes are closed."""
        ...


KINDS: dict[str, Callable[[Options], Kind]] = {
    "process": lambda options: ProcessKind(),
    "container": ContainerKind,
    "modal": ModalKind,
    "monty": lambda options: MontyKind(),
}


class SandboxHouse:
    """One per worker process, used inside one asyncio loop."""

    def __init__(
        self,
        kind: str = "auto",
        minimum: str = "syscalls",
        *,
        options: Options | None = None,
        made: Kind | None = None,
    ) -> None:
        """`made`: a kind that was made already, for tests of its settings."""
        self.kind = _best_for(minimum) if kind == "auto" else kind
        self.minimum = minimum
        self._options = options or Options()
        self.level = "none"
        self.findings: list[str] = []
        """Of the self-test: what holds, and why there is not more."""
        self._made = made
        self._open: weakref.WeakSet[Openable] = weakref.WeakSet()

    async def open(self) -> None:
        """Tests what the kind gives here. Raises `IsolationError`, `SandboxError`."""
        report = await self.self_test()
        if not report.ok:
            await self.close()
            raise IsolationError(
                f"This machine isolates the REPL as `{report.level}`, less than the configured minimum "
                f"`{self.minimum}`: {' '.join(report.findings)}"
            )
        self.level = report.level
        self.findings = report.findings

    async def close(self) -> None:
        """Ends every REPL and all behind them, and waits until they are gone."""
        await asyncio.gather(*[sandbox.close() for sandbox in list(self._open)])
        if self._made is not None:
            await self._made.close()

    async def sandbox(
        self,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool | None = None,
        held: Held | None = None,
    ) -> Openable:
        """An open REPL with the documents in it. `context_is_list`: None means a list unless there is one document.
        `held`: texts of the same user that the documents are, or are pieces of; REPLs on them share one decoding.

        Raises `SandboxError`, `IsolationError` (less than at the self-test), `DocumentError`."""
        sandbox = self._kind().sandbox(
            documents,
            settings,
            context_is_list=len(documents) != 1 if context_is_list is None else context_is_list,
            minimum=self.minimum,
            held=held,
        )
        await sandbox.open()
        self._open.add(sandbox)
        return sandbox

    async def self_test(self) -> Report:
        """Opens a REPL and tries to get out of it. Raises `IsolationError` for what cannot be had at all."""
        kind = self._kind()
        probe = kind.sandbox((), PROBING, context_is_list=False, minimum="none", held=None)
        try:
            await probe.open()
            execution = await probe.execute(kind.probes, isolation.no_calls)
        finally:
            await probe.close()
        got_out = isolation.got_out(execution.ending.answer if execution.ending else str(execution.error))
        level = "none" if got_out else probe.level
        return Report(
            kind=self.kind,
            level=level,
            minimum=self.minimum,
            findings=[*kind.findings(probe.layers), isolation.said_of_test(got_out)],
            ok=isolation.reaches(level, self.minimum),
            offers=kind.offers(),
        )

    def _kind(self) -> Kind:
        """Raises `IsolationError`: never another kind than the configured one."""
        if self._made is None:
            self._made = _made(self.kind, self.minimum, self._options)
        refusal = self._made.refusal()
        if refusal is not None:
            raise IsolationError(refusal)
        return self._made


def refusal(kind: str, minimum: str, options: Options | None = None) -> str | None:
    """Why no REPL can be had with these settings, as far as that is known without opening one."""
    try:
        return _made(_best_for(minimum) if kind == "auto" else kind, minimum, options or Options()).refusal()
    except IsolationError as error:
        return str(error)


def _made(kind: str, minimum: str, options: Options) -> Kind:
    """Raises `IsolationError`."""
    if kind not in KINDS:
        raise IsolationError(f"There is no sandbox kind `{kind}`: RLM_SANDBOX is auto, {', '.join(KINDS)}.")
    if minimum not in isolation.LEVELS:
        raise IsolationError(f"There is no level `{minimum}`: RLM_SANDBOX_MIN is {', '.join(isolation.LEVELS)}.")
    made = KINDS[kind](options)
    if not isolation.reaches(made.best, minimum):
        raise IsolationError(
            f"Kind `{kind}` isolates as `{made.best}` at best, less than the configured minimum `{minimum}`. Set "
            f"RLM_SANDBOX_MIN={made.best} to accept that, or choose another kind with RLM_SANDBOX."
        )
    return made


def _best_for(minimum: str) -> str:
    """The kind that is chosen where none is: the fastest that reaches the minimum."""
    return "container" if minimum == "container" else "process"


async def check(kind: str = "auto", minimum: str = "syscalls", options: Options | None = None) -> Report:
    """What this machine gives, for `sandbox_check`. Never raises for what is missing: that is in the report."""
    house = SandboxHouse(kind, minimum, options=options)
    try:
        return await house.self_test()
    except SandboxError as error:
        return Report(kind=house.kind, level="none", minimum=minimum, findings=[str(error)], ok=False)
    finally:
        await house.close()
