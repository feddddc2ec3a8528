"""System calls the standard library does not offer, through libc, by number where libc has no name for them."""

import ctypes
import os
from typing import Any

MACHINE = os.uname().machine

_NUMBERS = {
    "x86_64": {"capset": 126, "pivot_root": 155, "seccomp": 317},
    "aarch64": {"capset": 91, "pivot_root": 41, "seccomp": 277},
}
_SAME_EVERYWHERE = {"landlock_create_ruleset": 444, "landlock_restrict_self": 446}

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: Any) -> int:
    """A system call by name. Raises OSError."""
    number = _SAME_EVERYWHERE.get(name) or _NUMBERS[MACHINE][name]
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(name, _libc.syscall(ctypes.c_long(number), *values))


def prctl(option: int, value: int = 0) -> None:
    rest = [ctypes.c_ulong(0)] * 3
    _checked("prctl", _libc.prctl(ctypes.c_ulong(option), ctypes.c_ulong(value), *rest))


def unshare(flags: int) -> None:
    _checked("unshare", _libc.unshare(flags))


def setns(file: int, kind: int) -> None:
    _checked("setns", _libc.setns(file, kind))


def mount(source: bytes | None, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    _checked("mount", _libc.mount(source, target, kind, ctypes.c_ulong(flags), data))


def detach(target: bytes) -> None:
    _checked("umount2", _libc.umount2(target, 2))


def collapse(address: int, length: int) -> None:
    """The memory in large pages. Raises OSError."""
    madv_collapse = 25
    _checked("madvise", _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), madv_collapse))


def few_arenas() -> None:
    """One heap for all threads: each further one would take 64 MiB of the address space that is rationed."""
    m_arena_max = -8
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(m_arena_max, 1)


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
