"""The channel of a REPL that any system can have: two pipes, and a thread that reads, so that the end of the host is
noticed while code runs.
"""

import contextlib
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator

from .channel import Channel, Frame
from .interrupts import Interrupts

CAN_RING = hasattr(signal, "SIGALRM")
"""Whether a search can be stopped by an alarm: not on Windows."""


class PipeChannel(Channel):
    """Frames over standard input and output. A frame `stop` calls `on_stop` at once, in the reading thread."""

    def __init__(
        self, given: int, taken: int, interrupts: Interrupts, on_stop: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        """`given` is read from, `taken` written to. `on_end`: the host has gone."""
        super().__init__(taken, interrupts)
        self._given = given
        self._on_stop = on_stop
        self._on_end = on_end
        self._frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _receive(self) -> Frame:
        return self._frames.get()

    def _listen(self) -> None:
        while True:
            frame = super()._receive()
            if frame.get("t") == "stop":
                self._on_stop()
            else:
                self._frames.put(frame)

    def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            data = os.read(self._given, 1 << 20)
            if not data:
                self._on_end()
                os._exit(0)
            self._buffer += data


class Alarms(Interrupts):
    """No interrupts from outside: only the alarm for a single search, where the system has one."""

    def install(self) -> None:
        if CAN_RING:
            signal.signal(signal.SIGALRM, self._ring)

    @contextlib.contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        if not CAN_RING:
            yield
            return
        with super().time_limit(seconds):
            yield
