"""From a fork to a REPL: namespaces, the introduction to the host, the texts, and everything else given up."""

import contextlib
import gc
import os
import signal
import socket
import struct
from collections.abc import Callable
from typing import Any, Protocol

from . import kernel, lockdown, search, texts
from .channel import Channel, Frame
from .interrupts import Interrupts
from .repl import Repl
from .texts import Texts

Request = dict[str, Any]


class Closable(Protocol):
    """What a fork must not have."""

    def close(self) -> None: ...


def fork_repl(request: Request, files: list[int], held: Texts | None, control: Closable) -> None:
    """Called by the zygote or a holder. Where its own child can be process 1 of a namespace, that is the REPL; else the
    child is a supervisor that makes a user namespace and forks the REPL there, or the REPL without namespaces.

    `counted`, in the request: this user is nobody else's, so that its threads can be limited."""
    layers: lockdown.Layers = {"threads": True} if request.get("counted") else {}
    direct = request["namespaces"] and lockdown.next_child_in_new_namespace()
    pid = os.fork()
    if pid == 0:
        _start(request, files, held, control, layers, direct)
    if direct:
        lockdown.children_in_own_namespace()
        with contextlib.suppress(OSError):  # it has ended already; the host sees that by its channel
            introduce(files[0], [pid])


def introduce(channel_file: int, pids: list[int]) -> None:
    """Hands the host handles on these processes: signals never reach another process by mistake."""
    handles = [os.pidfd_open(pid) for pid in pids]
    channel = socket.socket(fileno=os.dup(channel_file))
    socket.send_fds(channel, [struct.pack(">I", pids[0])], handles)
    channel.close()
    for handle in handles:
        os.close(handle)


def _start(
    request: Request,
    files: list[int],
    held: Texts | None,
    control: Closable,
    layers: lockdown.Layers,
    direct: bool,
) -> None:
    """In the fork: never returns."""
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if direct:
            lockdown.enter_other_namespaces(layers)
        elif request["namespaces"] and lockdown.enter_user_namespace(layers):
            _supervise(request, files, held, layers)
        else:
            introduce(files[0], [os.getpid()])
        _become_repl(request, files, held, layers)
    finally:
        os._exit(99)


def _supervise(request: Request, files: list[int], held: Texts | None, layers: lockdown.Layers) -> None:
    """Forks the REPL, in which this returns; waits for it, and goes with it."""
    go_read, go_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go_write)
        os.read(go_read, 1)
        os.close(go_read)
        return
    introduce(files[0], [pid, os.getpid()])
    for file in files:
        os.close(file)
    os.write(go_write, b"x")
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _become_repl(request: Request, files: list[int], held: Texts | None, layers: lockdown.Layers) -> None:
    interrupts = Interrupts()
    interrupts.install()
    channel = Channel(files[0], interrupts)
    opened = channel.next_command()
    status = _open_status()
    lockdown.drop_everything(layers, request["uid"])
    given = texts.load(files[1:], opened["texts"], held)
    lockdown.limit(layers, _mapped_bytes(status) + opened["memory_bytes"])
    gc.enable()
    serve = _what_it_is_for(channel, interrupts, given, opened)
    channel.send({"t": "ready", "layers": layers, "chars": [len(text) for text in given.texts]})
    serve()


def _what_it_is_for(channel: Channel, interrupts: Interrupts, given: Texts, opened: Frame) -> Callable[[], None]:
    if opened["for"] == "search":
        return lambda: search.serve(channel, given.texts)
    return Repl(channel, interrupts, given, opened).serve


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
    return pages * os.sysconf("SC_PAGE_SIZE")
