"""Process 1 of a box (a container, a remote sandbox): holds the documents, forks REPLs, and is their only way out.

One stream of packets leads to the host and back. What a REPL says is passed on unread: the host checks it as it always
does. A box serves one REPL at a time, with its helper for `grep`; it is nobody else's.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading

from . import birth, bounds, kernel, library, lockdown, pages, stock, texts
from .packets import Packet, Packets, packed

_THREAD_STACK = 1 << 20
_READ = 1 << 18
_FIRST_UID, _UIDS = 20_000, 40_000
"""Where this is root: each REPL gets a user of its own."""
_ENOUGH = 4 << 20
"""Bytes waiting to go to the host, over which nothing more is taken from REPLs."""


def main() -> None:
    """Ends with the host's stream."""
    kernel.few_arenas()
    threading.stack_size(_THREAD_STACK)
    folders = [folder for folder in sys.path if folder.endswith(("/site", "/site-packages", "/dist-packages"))]
    library.take_along()
    os.environ.clear()
    lockdown.find_out()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what is forked; the kernel removes it
    Box(folders).serve()


class _Child:
    """A forked REPL, by its channel and a handle on it."""

    def __init__(self, number: int, channel: socket.socket, handle: int) -> None:
        self.number = number
        self.channel = channel
        self.handle = handle
        self.waiting = bytearray()
        """Bytes from the host that it has not taken yet."""

    def close(self) -> None:
        self.channel.close()
        os.close(self.handle)


class Box:
    def __init__(self, folders: list[str]) -> None:
        """`folders`: where this Python has its packages."""
        self._folders = folders
        self._coming = Packets()
        self._going = bytearray()
        self._files: dict[int, int] = {}
        self._held: texts.Texts | None = None
        self._children: dict[int, _Child] = {}
        self._patience: int | None = None
        """Milliseconds without a word from anybody, after which this ends."""

    def serve(self) -> None:
        os.set_blocking(1, False)
        self._tell("hello", json.dumps({"python": sys.version.split()[0], **bounds.facts()}).encode())
        while True:
            for file, events in self._ready():
                if file == 0:
                    self._take_in()
                elif file == 1:
                    self._write_out()
                else:
                    self._attend(file, events)

    def _ready(self) -> list[tuple[int, int]]:
        poll = select.poll()
        poll.register(0, select.POLLIN)
        if self._going:
            poll.register(1, select.POLLOUT)
        for child in self._children.values():
            listening = select.POLLIN if len(self._going) < _ENOUGH else 0
            poll.register(child.channel, listening | (select.POLLOUT if child.waiting else 0))
            poll.register(child.handle, select.POLLIN)
        ready = poll.poll(self._patience)
        if not ready:
            os._exit(0)  # the host is gone, as far as can be known here
        return ready

    def _take_in(self) -> None:
        data = os.read(0, _READ)
        if not data:
            os._exit(0)
        for packet in self._coming.fed(data):
            getattr(self, f"_do_{packet.kind}")(packet)

    def _write_out(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._going[: os.write(1, self._going[:_READ])]

    def _tell(self, kind: str, data: bytes = b"", number: int = 0) -> None:
        self._going += packed(kind, number, data)

    # ------------------------------------------------------------------------------------- what the host wants

    def _do_file(self, packet: Packet) -> None:
        """More of a text that is on its way."""
        if packet.number not in self._files:
            self._files[packet.number] = os.memfd_create("text", os.MFD_CLOEXEC)
        rest = memoryview(packet.data)
        while rest:
            rest = rest[os.write(self._files[packet.number], rest) :]

    def _do_load(self, packet: Packet) -> None:
        """All texts are here: decodes them, and loads libraries if they are wanted."""
        wanted = json.loads(packet.data)
        patience = wanted["patience_seconds"]
        self._patience = None if patience is None else int(patience * 1_000)
        libraries = self._loaded_libraries(wanted["libraries"])
        files, self._files = [self._files[number] for number in sorted(self._files)], {}
        self._held = texts.load(files, wanted["texts"], None)
        pages.gather()
        self._tell("loaded", json.dumps({"libraries": libraries}).encode())

    def _loaded_libraries(self, names: list[str]) -> list[str]:
        try:
            return stock.take_along(self._folders, names) if names else []
        except Exception:  # noqa: BLE001 - a library that is broken here is not offered
            return []

    def _do_bounds(self, packet: Packet) -> None:
        """Whether the limits hold that the host has set from outside. Disturbs whatever else is in the box."""
        asked = json.loads(packet.data)
        self._tell("bounds", json.dumps(bounds.tried(asked["memory_bytes"], asked["processes"])).encode())

    def _do_fork(self, packet: Packet) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        user = _FIRST_UID + packet.number % _UIDS if os.getuid() == 0 else 0
        request = {"uid": user, "namespaces": False, "counted": True}
        birth.fork_repl(request, [theirs.fileno()], self._held, _Everything(self, ours))
        theirs.close()
        data, handles, _, _ = socket.recv_fds(ours, 4, 1)
        if not handles:
            ours.close()
            self._tell("gone", number=packet.number)
            return
        ours.setblocking(False)
        self._children[packet.number] = _Child(packet.number, ours, handles[0])
        self._tell("born", data, packet.number)

    def _do_data(self, packet: Packet) -> None:
        child = self._children.get(packet.number)
        if child is not None:
            child.waiting += packet.data
            self._pass_on(child)

    def _do_alive(self, packet: Packet) -> None:
        """The host is still there."""

    def _do_signal(self, packet: Packet) -> None:
        child = self._children.get(packet.number)
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(child.handle, packet.data[0])

    # ---------------------------------------------------------------------------------------- what REPLs do

    def _attend(self, file: int, events: int) -> None:
        child = next((one for one in self._children.values() if file in (one.channel.fileno(), one.handle)), None)
        if child is None:
            return  # it went a moment ago
        if file == child.handle:
            self._bury(child)
            return
        if events & select.POLLOUT:
            self._pass_on(child)
        if events & select.POLLIN and not self._hear(child):
            with contextlib.suppress(ProcessLookupError):  # it has closed its only way out: it is of no use any more
                signal.pidfd_send_signal(child.handle, signal.SIGKILL)

    def _pass_on(self, child: _Child) -> None:
        with contextlib.suppress(OSError):  # full, or its end is closed: its handle tells when it is dead
            del child.waiting[: child.channel.send(child.waiting)]

    def _hear(self, child: _Child) -> bool:
        """Whether there was anything."""
        try:
            data = child.channel.recv(_READ)
        except OSError:
            return False
        if data:
            self._tell("data", data, child.number)
        return bool(data)

    def _bury(self, child: _Child) -> None:
        """What it said last is passed on first."""
        while self._hear(child):
            pass
        del self._children[child.number]
        child.close()
        self._tell("gone", number=child.number)

    def close_all(self) -> None:
        """In a fork, which must not have the stream to the host nor anything of another REPL."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(nothing, file)
        os.close(nothing)
        for child in self._children.values():
            child.close()


class _Everything:
    """Closed by whoever is forked, as the control socket of a zygote is."""

    def __init__(self, box: Box, channel: socket.socket) -> None:
        self._box = box
        self._channel = channel

    def close(self) -> None:
        self._channel.close()
        self._box.close_all()
