"""One REPL, whatever kind of process it is: opened on documents, cell after cell, a fresh one after a kill."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox import isolation
from trajectories.engine.sandbox.cell import Cell
from trajectories.engine.sandbox.child import Process
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.nursery import Born
from trajectories.engine.sandbox.received import images_of
from trajectories.engine.sandbox.searching import Searcher
from trajectories.engine.sandbox.wire import Violation, WireBroken
from trajectories.engine.types import Document, Execution, HostCalls, ReplSettings

_OPEN_SECONDS = 60.0
_GREP_SECONDS = 20.0
"""A search ends before the cell it stands in does."""


class Parent(Protocol):
    """Where processes for REPLs come from."""

    async def child(self, documents: Sequence[Document], held: Held, *, libraries: bool = True) -> Born:
        """Raises `SandboxError`, `DocumentError`."""
        ...


class ReplSandbox:
    """One REPL. After a kill the next cell gets a fresh one."""

    dialect = ""

    def __init__(
        self,
        nursery: Parent,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        held: Held | None = None,
    ) -> None:
        self._nursery = nursery
        self._documents = tuple(documents)
        self._settings = settings
        self._context_is_list = context_is_list
        self._minimum = minimum
        self._held = held or Held(key=f"only {secrets.token_hex(8)}", documents=self._documents, lasting=False)
        self._child: Process | None = None
        self._busy = asyncio.Lock()
        self._grep_seconds = min(_GREP_SECONDS, settings.cell_seconds * 2 / 3)
        self._searcher = Searcher(lambda: self._opened("search"), self._documents, self._grep_seconds)
        self.level = "none"
        self.layers: dict[str, Any] = {}
        self.libraries: tuple[str, ...] = ()

    async def open(self) -> None:
        """Starts the REPL now. Raises `SandboxError`, `DocumentError`."""
        self._child = await self._opened("repl")
        self._child.stand_still()

    async def execute(self, code: str, host: HostCalls) -> Execution:
        """Runs a cell; opens a fresh REPL first when the last one was lost. Cancelling kills the REPL."""
        async with self._busy:
            if self._child is None:
                await self.open()
            assert self._child is not None
            cell = Cell(self._child, self._documents, self._settings, host, self._searcher)
            self._child.go_on()
            try:
                return await cell.run(code)
            finally:
                self._child.stand_still()
                if not self._child.alive:
                    await self._close_child()

    async def close(self) -> None:
        await self._searcher.close()
        await self._close_child()

    async def _close_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(TimeoutError):
                await asyncio.shield(child.close())

    async def _opened(self, purpose: str) -> Process:
        """A process on the documents: the REPL, or (`search`) the helper for it."""
        is_repl = purpose == "repl"
        born = await self._nursery.child(self._documents, self._held, libraries=is_repl and self._settings.libraries)
        child = born.child
        if is_repl:
            self.libraries = born.libraries
        try:
            await child.wire.send(self._opening(born, purpose))
            ready = await asyncio.wait_for(child.wire.receive(), _OPEN_SECONDS)
            self._check(ready, born)
        except BaseException as error:
            await child.close()
            if isinstance(error, WireBroken | Violation | TimeoutError):
                raise SandboxError("The REPL could not be opened: its process ended while it was starting.") from error
            raise
        return child

    def _opening(self, born: Born, purpose: str) -> dict[str, Any]:
        described, start = [], 0
        for document in self._documents:
            described.append({"name": document.name, "chars": document.text.chars, "start": start})
            start += document.text.chars
        return {
            "t": "open",
            "for": purpose,
            "documents": described,
            "texts": born.texts,
            "libraries": [library.partition(" ")[0] for library in born.libraries],
            "context_is_list": self._context_is_list,
            "memory_bytes": self._settings.memory_bytes,
            "cell_seconds": self._settings.cell_seconds,
            "grep_seconds": self._grep_seconds,
            "stdout_chars": self._settings.stdout_chars,
            "depth": self._settings.depth,
            "tools": list(self._settings.tools),
            "images": images_of(self._documents),
        }

    def _check(self, ready: dict[str, Any], born: Born) -> None:
        """This frame was sent before any of the model's code ran."""
        if ready.get("t") != "ready":
            raise Violation("the REPL did not report that it is ready")
        self.layers = {**ready["layers"], **born.layers}
        self.level = isolation.required(isolation.level_of(self.layers), self._minimum)
        if ready["chars"] != [document.text.chars for document in self._documents]:
            raise SandboxError("A document's text is not what was recorded of it. Upload it again.")
