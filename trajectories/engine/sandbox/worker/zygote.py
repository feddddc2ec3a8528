"""The process that forks REPLs: small, single-threaded, without any user's text, files or environment.

    host ── control socket ──▶ zygote ─fork─▶ supervisor ─fork─▶ REPL (process 1 of its own namespaces)
      └───────────── channel (frames) ──────────────────────────────┘

A supervisor waits for its REPL and goes with it; where namespaces are not to be had the REPL is forked directly.
When the host goes away the zygote ends, and the kernel ends everything under it (PDEATHSIG).
"""

import gc
import json
import mmap
import os
import signal
import socket
import struct
import threading

from . import kernel, library, lockdown
from .channel import Channel, Frame
from .interrupts import Interrupts
from .repl import Repl
from .texts import ContextText, Record, context_text

MESSAGE_BYTES = 65_536
MOST_FILES = 62
_NICENESS = 5
_THREAD_STACK = 1 << 20
_READY = b"ready"


def main(control_file: int) -> None:
    kernel.few_arenas()
    threading.stack_size(_THREAD_STACK)
    os.nice(_NICENESS)
    library.take_along()
    os.environ.clear()
    _close_standard_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for supervisors; the kernel removes them
    control = socket.socket(fileno=control_file)
    gc.collect()
    gc.disable()
    gc.freeze()
    control.send(_READY)
    while True:
        message, files, _, _ = socket.recv_fds(control, MESSAGE_BYTES, MOST_FILES)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            _start_child(json.loads(message), files)
        for file in files:
            os.close(file)


def _start_child(request: Frame, files: list[int]) -> None:
    """In the fork: never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        layers: lockdown.Layers = {}
        if request["namespaces"] and lockdown.enter_namespaces(layers):
            _fork_first_process(request, files, layers)
        else:
            _introduce(files[0], [os.getpid()])
            _become_repl(request, files, layers)
    finally:
        os._exit(99)


def _fork_first_process(request: Frame, files: list[int], layers: lockdown.Layers) -> None:
    go_read, go_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go_write)
        os.read(go_read, 1)
        os.close(go_read)
        _become_repl(request, files, layers)
    _introduce(files[0], [pid, os.getpid()])
    for file in files:
        os.close(file)
    os.write(go_write, b"x")
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _introduce(channel_file: int, pids: list[int]) -> None:
    """Hands the host handles on the REPL and on its supervisor: signals never reach another process by mistake."""
    handles = [os.pidfd_open(pid) for pid in pids]
    channel = socket.socket(fileno=os.dup(channel_file))
    socket.send_fds(channel, [struct.pack(">I", pids[0])], handles)
    channel.close()
    for handle in handles:
        os.close(handle)


def _become_repl(request: Frame, files: list[int], layers: lockdown.Layers) -> None:
    interrupts = Interrupts()
    interrupts.install()
    channel = Channel(files[0], interrupts)
    opened = channel.next_command()
    status = _open_status()
    lockdown.drop_everything(layers, request["uid"])
    record = Record()
    texts = _load(files[1:], opened, record)
    lockdown.limit(layers, _mapped_bytes(status) + opened["memory_bytes"])
    gc.unfreeze()
    gc.enable()
    repl = Repl(channel, interrupts, texts, record, opened)
    channel.send({"t": "ready", "layers": layers, "chars": [len(text) for text in texts]})
    repl.serve()


def _load(files: list[int], opened: Frame, record: Record) -> list[ContextText]:
    """The documents, each from its own file, or all from one when `sizes` (bytes) says how they follow each other."""
    sizes: list[int] | None = opened["sizes"]
    if sizes is None:
        decoded = [_decoded(file, None)[0] for file in files]
    else:
        decoded = _decoded(files[0], sizes)
    return [context_text(text, number, record) for number, text in enumerate(decoded)]


def _decoded(file: int, sizes: list[int] | None) -> list[str]:
    length = os.lseek(file, 0, os.SEEK_END)
    if not length:
        os.close(file)
        return [""] * (1 if sizes is None else len(sizes))
    texts, at = [], 0
    with mmap.mmap(file, length, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
        os.close(file)
        for size in [length] if sizes is None else sizes:
            with view[at : at + size] as part:
                texts.append(str(part, "utf-8"))
            at += size
    return texts


def _open_status() -> int | None:
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None


def _mapped_bytes(status: int | None) -> int:
    """What this process has mapped so far, the documents included."""
    if status is None:
        return 1 << 30
    pages = int(os.pread(status, 200, 0).split()[0])
    os.close(status)
    return pages * mmap.PAGESIZE


def _close_standard_files() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1, 2):
        os.dup2(nothing, file)
    os.close(nothing)
