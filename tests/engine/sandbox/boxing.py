"""Boxes with no wall around them: process 1 is a plain process. For tests of what passes between it and the host."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from trajectories.engine.sandbox import boxes
from trajectories.engine.sandbox.boxes import Box, BoxedSandbox, BoxNursery
from trajectories.engine.types import Document, ReplSettings


class PlainLine:
    """Over the standard streams of a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout and process.stderr
        self.process = process
        self._in, self._out = process.stdin, process.stdout
        self._said = b""
        self._listening = asyncio.create_task(self._listen(process.stderr))

    @classmethod
    async def open(cls, *command: str) -> "PlainLine":
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                *(command or (sys.executable, *boxes.COMMAND)),
                env=boxes.ENVIRONMENT,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
            )
        )

    async def read(self) -> bytes:
        return await self._out.read(1 << 18)

    async def write(self, data: bytes) -> None:
        self._in.write(data)
        await self._in.drain()

    async def close(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._listening

    def last_words(self) -> str:
        return self._said.decode(errors="replace")

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(1_000):
            self._said += data


class PlainBox(BoxedSandbox):
    """A REPL in such a box. `lines` and `boxes`: all that it has had."""

    def __init__(self, documents: Sequence[Document], *command: str, **settings: Any) -> None:
        self.lines: list[PlainLine] = []
        self.boxes: list[Box] = []
        self._command = command
        nursery = BoxNursery(self._open_line, self._look_at)
        limits, as_list = ReplSettings(**settings), len(documents) != 1
        super().__init__(nursery, documents, limits, context_is_list=as_list, minimum="none")

    async def _open_line(self, size: int) -> PlainLine:
        self.lines.append(await PlainLine.open(*self._command))
        return self.lines[-1]

    async def _look_at(self, box: Box, size: int) -> dict[str, Any]:
        self.boxes.append(box)
        return {}
