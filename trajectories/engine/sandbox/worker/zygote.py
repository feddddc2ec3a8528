"""The processes that fork: small, single-threaded, running nothing of a model's.

    host ── control ──▶ zygote ──fork──▶ REPL (process 1 of its own namespaces)
      ├──── control ──▶ holder ──fork──▶ REPL            a holder: a fork of the zygote that has decoded one
      └──── channel (frames) ────────────▶ each REPL      user's documents, and forks REPLs that share them

Where numpy or pandas are installed, a fork of the zygote that has them stands between (`stock`).
The zygote itself holds no user's text, files or environment. When the host goes away it ends, and the kernel ends
everything under it (PDEATHSIG).
"""

import contextlib
import gc
import json
import os
import signal
import socket
import threading
from typing import Any

from . import birth, kernel, library, lockdown, pages, stock, texts
from .texts import Texts

MESSAGE_BYTES = 65_536
MOST_FILES = 62
_NICENESS = 5
_OOM_SCORE = "500"
_THREAD_STACK = 1 << 20
_READY = b"ready"


def main(control_file: int) -> None:
    kernel.few_arenas()
    threading.stack_size(_THREAD_STACK)
    os.nice(_NICENESS)
    _go_first_when_memory_is_short()
    library.take_along()
    os.environ.clear()
    _close_standard_files()
    lockdown.find_out()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what is forked; the kernel removes it
    _serve(socket.socket(fileno=control_file), None)


def _serve(control: socket.socket, held: Texts | None, told: str = "") -> None:
    """Forks on request until the host closes the control socket. `told` goes to the host with the first word."""
    gc.collect()
    gc.disable()
    gc.freeze()
    control.send(_READY + told.encode())
    while True:
        message, files, _, _ = socket.recv_fds(control, MESSAGE_BYTES, MOST_FILES)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if request["do"] == "repl":
            birth.fork_repl(request, files, held, control)
        elif os.fork() == 0:
            _branch(request, files, control)
        for file in files:
            os.close(file)


def _branch(request: dict[str, Any], files: list[int], parents_control: socket.socket) -> None:
    """In the fork: never returns."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        parents_control.close()
        birth.introduce(files[0], [os.getpid()])
        control = socket.socket(fileno=files[0])
        if request["do"] == "stock":
            _serve(control, None, ", ".join(stock.take_along(request["folders"], request["names"])))
        held = texts.load(files[1:], request["texts"], None)
        pages.gather()
        _serve(control, held)
    finally:
        os._exit(99)


def _go_first_when_memory_is_short() -> None:
    """REPLs and what they share, before the server."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write(_OOM_SCORE)


def _close_standard_files() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1, 2):
        os.dup2(nothing, file)
    os.close(nothing)
