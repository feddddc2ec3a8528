"""The host's side of a process that forks: REPLs, and processes that fork in their turn with more in their memory."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from trajectories.engine.sandbox.child import Child, gone, introduction, writable
from trajectories.engine.sandbox.wire import Wire

READY = b"ready"
READY_SECONDS = 60.0
MESSAGE_BYTES = 65_536

Request = dict[str, Any]


class Forker:
    """One control socket, over which requests go with open files. All of it raises `OSError` once the process is dead
    and `TimeoutError` when it does not answer."""

    def __init__(self, control: socket.socket, handle: int | None = None) -> None:
        """`handle`: on the process, where it was forked for us; the zygote's own is a `Popen`."""
        self._control = control
        self._lock = asyncio.Lock()
        self.handle = handle
        self.told = ""
        """What it said of itself when it was ready."""

    async def repl(self, request: Request, files: Sequence[int], on_gone: Callable[[], None]) -> Child:
        """A new child with these files."""
        ours, theirs = _pair(socket.SOCK_STREAM)
        try:
            with theirs:
                await self._ask({"do": "repl", **request}, [theirs.fileno(), *files])
            pid, handles = await asyncio.wait_for(introduction(ours), READY_SECONDS)
        except BaseException:
            ours.close()
            raise
        return Child(pid, Wire(ours), handles, on_gone)

    async def branch(self, request: Request, files: Sequence[int] = ()) -> "Forker":
        """A fork of it that forks too, once it has done what the request says."""
        ours, theirs = _pair(socket.SOCK_SEQPACKET)
        forked: Forker | None = None
        try:
            with theirs:
                await self._ask(request, [theirs.fileno(), *files])
            _, handles = await asyncio.wait_for(introduction(ours), READY_SECONDS)
            forked = Forker(ours, handles[0])
            await forked.until_ready()
        except BaseException:
            if forked is not None:
                await forked.close()
            ours.close()
            raise
        return forked

    async def until_ready(self) -> None:
        said = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._control, 1_000), READY_SECONDS)
        if not said.startswith(READY):
            raise ConnectionError("the process ended while it was starting")
        self.told = said.removeprefix(READY).decode()

    async def close(self) -> None:
        """Kills it, with all that it has forked."""
        self._control.close()
        handle, self.handle = self.handle, None
        if handle is None:
            return
        try:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            with suppress(TimeoutError):
                await asyncio.shield(gone(handle))
        finally:
            os.close(handle)

    async def _ask(self, request: Request, files: list[int]) -> None:
        """Never in a thread: the caller closes the files as soon as this is over, cancelled or not."""
        message = json.dumps(request, separators=(",", ":")).encode()
        async with self._lock:
            while True:
                try:
                    socket.send_fds(self._control, [message], files)
                except BlockingIOError:
                    await writable(self._control.fileno())
                else:
                    return


def _pair(kind: socket.SocketKind) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    ours.setblocking(False)
    return ours, theirs
