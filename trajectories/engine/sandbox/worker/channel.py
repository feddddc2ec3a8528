"""The one socket to the host: frames of JSON after a length of four bytes, and the answers to calls by their number.

Several threads of the model's code may wait for answers at once. One of them reads, for all; the others sleep.
"""

import json
import os
import select
import struct
import threading
from typing import Any

from .interrupts import Interrupts

Frame = dict[str, Any]
FRAME_BYTES = 16 << 20
_READ = 1 << 20
_dumps, _loads = json.dumps, json.loads
_read, _write, _exit = os.read, os.write, os._exit
_poll: Any = getattr(select, "poll", None)  # Windows has none, and no REPL that needs it


class CallDropped(Exception):
    """The cell ended before the answer came."""


class Channel:
    def __init__(self, file: int, interrupts: Interrupts) -> None:
        self._file = file
        self._interrupts = interrupts
        self._buffer = bytearray()
        self._turn = threading.Condition(threading.RLock())
        self._reading = False
        self._in_cell = False
        self._commands: list[Frame] = []
        self._answers: dict[int, list[Any]] = {}
        """Items so far of each call that is waited for."""
        self._complete: set[int] = set()
        self._numbers = 0

    def send(self, frame: Frame) -> None:
        """Raises ValueError when the frame is too large to be sent; nothing is sent then."""
        data = _dumps(frame, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        if len(data) > FRAME_BYTES:
            raise ValueError(f"a message of {len(data):,} bytes is over the limit of {FRAME_BYTES:,}")
        rest = memoryview(struct.pack(">I", len(data)) + data)
        with self._interrupts.shield(), self._turn:
            while rest:
                rest = rest[_write(self._file, rest) :]

    def send_call(self, frame: Frame) -> None:
        """Part of the call with this `id`. Raises `CallDropped` when the cell it was begun in has ended."""
        with self._interrupts.shield(), self._turn:
            if not self._in_cell or frame["id"] not in self._answers:
                raise CallDropped
            self.send(frame)

    def next_command(self) -> Frame:
        """What the host wants next."""
        self._read_until(lambda: bool(self._commands))
        return self._commands.pop(0)

    def open_call(self) -> int:
        with self._interrupts.shield(), self._turn:
            self._numbers += 1
            self._answers[self._numbers] = []
            return self._numbers

    def wait(self, number: int) -> list[Any]:
        """All items of the answer to a call. Raises `CallDropped`."""
        try:
            with self._interrupts.shield():
                self._read_until(lambda: number in self._complete or number not in self._answers)
                if number not in self._answers:
                    raise CallDropped
                return self._answers[number]
        finally:
            self._answers.pop(number, None)
            self._complete.discard(number)

    def begin_cell(self) -> None:
        self._in_cell = True

    def end_cell(self, frame: Frame) -> None:
        """Sends the last frame of a cell. Threads that still wait are let go, late answers and calls are dropped."""
        with self._turn:
            self._in_cell = False
            self._answers.clear()
            self._complete.clear()
            self._turn.notify_all()
            self.send(frame)

    def _read_until(self, done: Any) -> None:
        while True:
            with self._turn:
                while self._reading and not done():
                    with self._interrupts.opening():
                        self._turn.wait()
                if done():
                    return
                self._reading = True
            frame = None
            try:
                frame = self._receive()
            finally:
                with self._turn:  # at once, or another would begin to wait for a frame that is here already
                    self._reading = False
                    if frame is not None:
                        self._put_away(frame)
                    self._turn.notify_all()

    def _put_away(self, frame: Frame) -> None:
        if frame.get("t") != "ret":
            self._commands.append(frame)
        elif frame["id"] in self._answers:
            self._answers[frame["id"]].extend(frame["items"])
            if frame["last"]:
                self._complete.add(frame["id"])

    def _receive(self) -> Frame:
        """The next frame. Nothing is taken from the buffer before all of it is there: waiting may be interrupted."""
        self._fill(4)
        end = 4 + struct.unpack_from(">I", self._buffer)[0]
        self._fill(end)
        data = bytes(self._buffer[4:end])
        del self._buffer[:end]
        frame: Frame = _loads(data)
        return frame

    def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            self._await_readable()
            data = _read(self._file, _READ)
            if not data:
                _exit(0)  # the host closed the REPL
            self._buffer += data

    def _await_readable(self) -> None:
        poll = _poll()
        poll.register(self._file, select.POLLIN)
        with self._interrupts.opening():
            poll.poll()
