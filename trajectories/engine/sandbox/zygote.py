"""The process that everything is forked from: started by exec, so that nothing of the host's memory is in it."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox.forker import Forker

_FOLDER = str(Path(__file__).parent)
_START = f"import sys; sys.path.insert(0, {_FOLDER!r}); from worker.zygote import main; main(int(sys.argv[1]))"
_GONE_SECONDS = 5.0


class Zygote:
    """Started when it is first needed, and anew when it is found dead."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._forker: Forker | None = None
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def forker(self) -> Forker:
        """Raises `SandboxError`."""
        async with self._lock:
            if self._forker is None or self._process is None or self._process.poll() is not None:
                await self._stop()
                self._forker = await self._start()
            return self._forker

    async def close(self) -> None:
        async with self._lock:
            await self._stop()

    async def _start(self) -> Forker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        forker = Forker(ours)
        try:
            with theirs:
                self._process = await asyncio.to_thread(_launch, theirs.fileno())
            await forker.until_ready()
        except (OSError, TimeoutError) as error:
            await forker.close()
            await self._stop()
            raise SandboxError("The process that forks REPLs did not start. See `sandbox_check`.") from error
        return forker

    async def _stop(self) -> None:
        process, self._process = self._process, None
        forker, self._forker = self._forker, None
        if forker is not None:
            await forker.close()
        if process is not None:
            await asyncio.to_thread(_end, process)


def _launch(control: int) -> "subprocess.Popen[bytes]":
    """Without environment, site packages or user folder. PYTHONHASHSEED alone is set (so not `-I`): with a fixed order
    of sets, a cell that runs again for a resumed run does again what it did. In a session of its own, so that Ctrl-C at
    the server interrupts no cell."""
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-S", "-B", "-c", _START, str(control)],
        env={"PYTHONHASHSEED": "0"},
        cwd="/",
        pass_fds=[control],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_GONE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
