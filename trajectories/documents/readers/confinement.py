"""What a reading process gives up before it opens a hostile file: network, files, memory and time without end.

As far as the system goes along: Linux takes away files (Landlock) and network too, others time, size and memory."""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READ = _READ_FILE | _READ_DIR
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_SET_NO_NEW_PRIVS, _SET_DEATH_SIGNAL = 38, 1
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", "/etc/ld.so.cache")


def confine(source: Path, folder: Path, *, memory: int, seconds: int, file_bytes: int) -> None:
    """`source` can be read and `folder` written from now on, and hardly anything else."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(_NEW_NET) != 0:
            libc.unshare(_NEW_USER | _NEW_NET)
        _keep_files(libc, source, folder)
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
    ):
        _limit(which, value)


def _limit(which: int, value: int) -> None:
    _, most = resource.getrlimit(which)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    with contextlib.suppress(ValueError):  # macOS cannot limit the address space
        resource.setrlimit(which, (value, value))


def _keep_files(libc: ctypes.CDLL, source: Path, folder: Path) -> None:
    """Landlock: every path but these is refused. Without it (an old kernel) nothing changes."""
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    handled = (1 << 13) - 1
    rules = libc.syscall(_CREATE_RULESET, struct.pack("Q", handled), 8, 0)
    code = {*_SYSTEM, sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path)}
    _allow(libc, rules, code, _READ)  # what is mapped as code needs no more; programs there cannot be run
    _allow(libc, rules, [str(source)], _READ_FILE)
    _allow(libc, rules, [str(folder)], handled & ~_EXECUTE)
    libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, paths: Iterable[str], access: int) -> None:
    for path in paths:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed = access if Path(path).is_dir() else access & (_WRITE_FILE | _READ_FILE)
        libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", allowed, handle), 0)
        os.close(handle)
