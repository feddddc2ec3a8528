"""The host's side of the zygote: starting it, asking it for children, noticing that it died."""

import asyncio
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox.wire import Wire

_FOLDER = str(Path(__file__).parent)
_START = f"import sys; sys.path.insert(0, {_FOLDER!r}); from worker.zygote import main; main(int(sys.argv[1]))"
_READY_SECONDS = 30.0
_GONE_SECONDS = 5.0
_FIRST_UID = 2_000_000_000


class Child:
    """A forked REPL: its channel and handles on its processes. It is killed at most once, by handle."""

    def __init__(self, pid: int, wire: Wire, handles: Sequence[int]) -> None:
        self.pid = pid
        self.wire = wire
        self._handles = list(handles)
        self.alive = True

    def interrupt(self) -> None:
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        if self.alive:
            self._signal(signal.SIGKILL)
            self.alive = False

    async def close(self) -> None:
        """Kills it and waits until the kernel has taken it and its supervisor away."""
        self.kill()
        handles, self._handles = self._handles, []
        try:
            for handle in handles:
                await _gone(handle)
        finally:
            await self.wire.close()
            for handle in handles:
                os.close(handle)

    def _signal(self, number: signal.Signals) -> None:
        try:
            if self.alive and self._handles:
                signal.pidfd_send_signal(self._handles[0], number)
        except ProcessLookupError:
            self.alive = False


class Zygote:
    """One process that forks REPLs. Started anew when it is found dead."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = asyncio.Lock()
        self._uids = itertools.count(_FIRST_UID + os.getpid() % 65_536 * 1_024)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def fork(self, files: Sequence[int], *, namespaces: bool = True) -> Child:
        """A new child with these files. Raises `SandboxError`."""
        request = {"uid": next(self._uids) if os.getuid() == 0 else 0, "namespaces": namespaces}
        message = json.dumps(request).encode()
        try:
            return await self._fork(message, files)
        except OSError:  # it died just now
            await self.close()
        try:
            return await self._fork(message, files)
        except (OSError, TimeoutError) as error:
            raise SandboxError("The REPL's process could not be started; see `sandbox_check`.") from error

    async def close(self) -> None:
        async with self._lock:
            await self._stop()

    async def _fork(self, message: bytes, files: Sequence[int]) -> Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        try:
            with theirs:
                await self._ask(message, [theirs.fileno(), *files])
            pid, handles = await asyncio.wait_for(_introduction(ours), _READY_SECONDS)
        except BaseException:
            ours.close()
            raise
        return Child(pid, Wire(ours), handles)

    async def _ask(self, message: bytes, files: list[int]) -> None:
        """Never in a thread: the caller closes the files as soon as this is over, cancelled or not."""
        async with self._lock:
            control = await self._running()
            while True:
                try:
                    socket.send_fds(control, [message], files)
                except BlockingIOError:
                    await _writable(control.fileno())
                else:
                    return

    async def _running(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        await self._stop()
        return await self._start()

    async def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = await asyncio.to_thread(_launch, theirs.fileno())
        self._control = ours
        ours.setblocking(False)
        ready = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ours, 100), _READY_SECONDS)
        if ready != b"ready":
            raise SandboxError("The process that forks REPLs did not start. See `sandbox_check`.")
        return ours

    async def _stop(self) -> None:
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()
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


async def _introduction(channel: socket.socket) -> tuple[int, list[int]]:
    """The child's process number and the handles on it and its supervisor."""
    await _readable(channel.fileno())
    data, handles, _, _ = socket.recv_fds(channel, 4, 2)
    if len(data) < 4 or not handles:
        raise ConnectionError("the child ended at once")
    return struct.unpack(">I", data)[0], handles


async def _gone(handle: int) -> None:
    """Until the process of this handle has ended."""
    await asyncio.wait_for(_readable(handle), _GONE_SECONDS)


async def _readable(file: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(file, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(file)


async def _writable(file: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(file, _set, ready)
    try:
        await ready
    finally:
        loop.remove_writer(file)


def _set(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
