"""The interpreter itself, which the model's code may bend: taken over before the first cell, put right after each.

Not for safety (the wall is the process) but so that one cell's tricks, meant or not, do not spoil the next one.
"""

import builtins
import faulthandler
import gc
import random
import signal
import sys
import threading
from types import ModuleType
from typing import Any

from . import mistakes
from .endings import Ended
from .output import Output, Printer

_LEAST_RECURSION = 1_000
_SWITCH_SECONDS = 0.005
_BUILTINS = dict(vars(builtins))
"""Taken in the zygote: in a REPL, a copy would touch each of them, and so have a page of its own for most."""
_settrace, _setprofile = sys.settrace, sys.setprofile
_trace_threads, _profile_threads = threading.settrace, threading.setprofile


class Interpreter:
    def __init__(self, main: ModuleType, output: Output, printer: Printer) -> None:
        self._main = main
        self._output = output
        self._printer = printer
        self._own: dict[str, Any] = {}
        """Builtins that are ours."""

    def take_over(self) -> None:
        sys.modules["__main__"] = self._main
        self._own = {"print": self._printer.print, "input": mistakes.no_input}
        vars(builtins).update(self._own)
        sys.addaudithook = _no_audit_hooks
        random.seed(0)  # cells that run again, for a resumed run, shall draw the same
        vars(self._main)["__builtins__"] = builtins
        self._take_over_threads_and_output()

    def put_right(self) -> None:
        _settrace(None)
        _setprofile(None)
        _trace_threads(None)
        _profile_threads(None)
        space = vars(builtins)
        for name, given in _BUILTINS.items():
            right = self._own.get(name, given)
            if space.get(name) is not right:
                space[name] = right
        self._take_over_threads_and_output()
        if sys.getrecursionlimit() < _LEAST_RECURSION:
            sys.setrecursionlimit(_LEAST_RECURSION)
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.callbacks.clear()
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        signal.set_wakeup_fd(-1)
        faulthandler.cancel_dump_traceback_later()

    def _take_over_threads_and_output(self) -> None:
        sys.stdout = sys.stderr = self._output
        threading.excepthook = _thread_ended


def _no_audit_hooks(hook: Any) -> None:
    raise RuntimeError("audit hooks are not available in the REPL: they could never be taken back")


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    """FINAL in a thread is no mistake: it counts when the cell is over."""
    if not issubclass(ended.exc_type, Ended):
        threading.__excepthook__(ended)
