"""A process of ours beside a REPL that runs in an interpreter of its own: it talks frames over two pipes, which any
system has."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from trajectories.engine.sandbox.child import Process
from trajectories.engine.sandbox.wire import Frame, Wire, WireBroken, framed

_FOLDER = str(Path(__file__).parent)
_START = f"import sys; sys.path.insert(0, {_FOLDER!r}); from worker.reduced import main; main()"
_BUFFER = 1 << 20
_GONE_SECONDS = 5.0
_NEEDED = ("SYSTEMROOT",)
"""Of the environment: Windows starts nothing without it."""


class PipeWire(Wire):
    """Frames over the standard input and output of a process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._writing = asyncio.Lock()

    def tell(self, frame: Frame) -> None:
        """Without waiting: between two other frames, never within one."""
        with suppress(OSError, RuntimeError):
            self._writer.write(framed(frame))

    async def close(self) -> None:
        self._writer.close()

    async def _put(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _take(self, count: int) -> bytearray:
        try:
            return bytearray(await self._reader.readexactly(count))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise WireBroken("the REPL is gone") from error


class Companion(Process):
    """A REPL's process here, with the interpreter's as its child. Killed with all that it has started, where the system
    has groups of processes. Elsewhere the interpreter ends by itself: when its time is over, or when it finds nobody
    to talk to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None and process.stdin is not None
        self._pipe = PipeWire(process.stdout, process.stdin)
        super().__init__(process.pid, self._pipe)
        self._process = process

    def interrupt(self) -> None:
        """Ends the running code; the companion goes on with the variables as they were before the cell."""
        self._pipe.tell({"t": "stop"})

    def stand_still(self) -> None:
        """Nothing of the model's code runs between cells: there are no threads."""

    def go_on(self) -> None:
        """It never stood still."""

    async def close(self) -> None:
        self.kill()
        await self.wire.close()
        await asyncio.wait_for(self._process.wait(), _GONE_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        """Of the signals, only the one that kills is needed here."""
        with suppress(ProcessLookupError):
            if self._process.returncode is None and hasattr(os, "killpg"):
                os.killpg(self.pid, number)
            elif self._process.returncode is None:
                self._process.kill()


async def start() -> Companion:
    """A fresh one, without environment, that waits for its opening frame. Raises `OSError`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-B", "-c", _START),
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        cwd=Path(sys.executable).anchor or "/",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        limit=_BUFFER,
    )
    return Companion(process)
