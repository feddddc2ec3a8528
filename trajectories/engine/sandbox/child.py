"""A process that was forked for us: its channel and handles on it, by which it is told to stop or killed."""

import asyncio
import os
import signal
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from trajectories.engine.sandbox.wire import Wire

_GONE_SECONDS = 5.0


class Process(ABC):
    """What runs a REPL, or searches for one, wherever it is."""

    def __init__(self, pid: int, wire: Wire) -> None:
        self.pid = pid
        self.wire = wire
        self.alive = True

    def interrupt(self) -> None:
        """The running code is told to stop."""
        self._signal(signal.SIGINT)

    def stand_still(self) -> None:
        """Between cells: nothing of the model's code runs on in threads."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Works on a process that stands still too."""
        if self.alive:
            self._signal(signal.SIGKILL)
            self.alive = False

    @abstractmethod
    async def close(self) -> None:
        """Kills it and waits until it is gone. Raises `TimeoutError`."""

    @abstractmethod
    def _signal(self, number: signal.Signals) -> None: ...


class Child(Process):
    """A forked REPL. It is killed at most once, by handle, so that no signal reaches another process by mistake."""

    def __init__(self, pid: int, wire: Wire, handles: Sequence[int], on_gone: Callable[[], None]) -> None:
        """`handles`: on the process itself, then on its supervisor where it has one."""
        super().__init__(pid, wire)
        self._handles = list(handles)
        self._on_gone = on_gone

    async def close(self) -> None:
        """Its supervisor is gone then, too."""
        self.kill()
        handles, self._handles = self._handles, []
        try:
            for handle in handles:
                await gone(handle)
        finally:
            await self.wire.close()
            for handle in handles:
                os.close(handle)
            if handles:
                self._on_gone()

    def _signal(self, number: signal.Signals) -> None:
        try:
            if self.alive and self._handles:
                signal.pidfd_send_signal(self._handles[0], number)
        except ProcessLookupError:
            self.alive = False


async def introduction(channel: socket.socket) -> tuple[int, list[int]]:
    """The process number of what was forked for this channel, and the handles on it and its supervisor.

    Raises `ConnectionError`."""
    await readable(channel.fileno())
    data, handles, _, _ = socket.recv_fds(channel, 4, 2)
    if len(data) < 4 or not handles:
        raise ConnectionError("the child ended at once")
    return struct.unpack(">I", data)[0], handles


async def gone(handle: int) -> None:
    """Until the process of this handle has ended. Raises `TimeoutError`."""
    await asyncio.wait_for(readable(handle), _GONE_SECONDS)


async def readable(file: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(file, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(file)


async def writable(file: int) -> None:
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
