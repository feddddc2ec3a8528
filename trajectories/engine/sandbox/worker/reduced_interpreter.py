"""The sessions of the reduced interpreter: their process, their code, and their state, which is kept to go back to."""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any, NamedTuple

import pydantic_monty as monty

_AS_BEFORE = "Variables are as they were before this cell."


class Worker:
    """The interpreter's process, as the reading thread may end it."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.in_cell = False
        self.stopped = False

    def stop(self) -> None:
        """The time of the cell is over."""
        if self.in_cell:
            self.stopped = True
            self.kill()

    def kill(self) -> None:
        if self.pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


class State(NamedTuple):
    """All variables of a session, as the interpreter writes them."""

    data: bytes
    feeds: int


class Interpreter:
    """One session after the other, each with the state of the last one."""

    def __init__(self, worker: Worker, limits: monty.ResourceLimits, functions: dict[str, Any]) -> None:
        self._worker = worker
        self._limits = limits
        self._functions = functions
        self._open = contextlib.ExitStack()
        self._pool = monty.Monty(max_processes=2).__enter__()
        self._session: monty.MontySession
        self._first = self._kept = State(b"", 0)
        self.left = _AS_BEFORE
        """What going back leaves, in a sentence."""
        self._feeds = 0
        self.line: int | None = None
        """Where in the running cell the present call stands."""
        self.enter()

    def enter(self) -> None:
        """A session without variables."""
        self._open = contextlib.ExitStack()
        policy: monty.OSPolicy = {"sleep": "zero", "random_start": {"seed": 0}}
        self._session = self._open.enter_context(self._pool.checkout(limits=self._limits, os_policy=policy))
        self._worker.pid = self._session.worker_pid
        self._feeds = 0

    def begin(self, code: str, inputs: dict[str, Any]) -> None:
        """Runs what comes before all cells."""
        self.feed(code, inputs)
        self.keep()
        self._first = self._kept

    def keep(self) -> None:
        """The state as it is now, or, when that is too much to be kept, as it was before all cells."""
        try:
            self._kept = State(self._session.dump(), self._feeds)
            self.left = _AS_BEFORE
        except (monty.MontyCrashedError, RuntimeError):  # it has ended: the next cell finds that out
            self.left = "Variables are as they were before the last cell."
        except (monty.MontyError, MemoryError):
            self._kept = self._first
            self.left = "All variables are gone."

    def go_back(self) -> None:
        """To the state that was kept."""
        with contextlib.suppress(monty.MontyError, RuntimeError):
            self._open.close()
        self.enter()
        self._session.load_session(self._kept.data)
        self._feeds = self._kept.feeds

    @property
    def next_name(self) -> str:
        """What the interpreter will call the next code in tracebacks."""
        return f"<python-input-{self._feeds}>"

    def feed(
        self, code: str, inputs: dict[str, Any] | None = None, on_print: Callable[[str, str], None] | None = None
    ) -> Any:
        """Runs code and returns the value of its last expression. Raises `MontyError`."""
        name, source = self.next_name, code.encode("utf-8", "replace")
        self._feeds += 1
        snapshot = self._session.feed_start(
            code, inputs=inputs, external_lookup=self._functions, print_callback=on_print or (lambda stream, text: None)
        )
        while not isinstance(snapshot, monty.MontyComplete):
            at = snapshot.position
            self.line = source.count(b"\n", 0, at.start) + 1 if at.filename == name else None
            snapshot = snapshot.resume_auto()
        return snapshot.output
