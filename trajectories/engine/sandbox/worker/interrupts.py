"""Stopping code from outside (SIGINT, sent by the host) and from inside (an alarm for a single search).

Both handlers are set before system calls are filtered, because changing handlers is refused afterwards. Both run in
the main thread only, between two steps of Python or inside a regular expression, and raise there.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class TookTooLong(Exception):
    """An alarm went off."""


class Interrupts:
    """Says when the model's code may be interrupted: never while a frame is being written or read."""

    def __init__(self) -> None:
        self.in_cell = False
        self.fired = False
        self._shields = 0
        self._pending = False
        self._alarm = False

    def install(self) -> None:
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGALRM, self._ring)

    def begin(self) -> None:
        self.in_cell, self.fired, self._pending = True, False, False

    def end(self) -> None:
        self.in_cell = False

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Puts an interrupt off to the end of the block."""
        if not _in_main_thread():
            yield
            return
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            self._raise_pending()

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """A window in a shield: waiting may be interrupted."""
        if not _in_main_thread():
            yield
            return
        shields, self._shields = self._shields, 0
        try:
            self._raise_pending()
            yield
        finally:
            self._shields = shields

    @contextlib.contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Raises `TookTooLong` inside the block when it takes longer. In other threads there is no limit."""
        if not _in_main_thread():
            yield
            return
        self._alarm = True
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            self._alarm = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._shields or not self.in_cell:
            self._pending = True
            return
        self.fired = True
        raise KeyboardInterrupt

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._alarm:
            raise TookTooLong

    def _raise_pending(self) -> None:
        if self._pending and self.in_cell and not self._shields:
            self._pending = False
            self.fired = True
            raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
