"""What shuts a box in from outside, as seen from inside: read off, and (limits) tried out."""

import contextlib
import mmap
import os
import signal
from typing import Any

_STEP = 16 << 20
_ROOT = "/rlm-probe"
_SECONDS_ALONE = 20
"""After which a child that tries a limit ends by itself."""


def facts() -> dict[str, Any]:
    """uid; whether it has capabilities, may gain privileges, has network interfaces beside the loopback one, and can
    write to its root folder."""
    status = _status()
    return {
        "uid": os.getuid(),
        "capabilities": int(status.get("CapEff", "0"), 16) != 0,
        "may_gain": status.get("NoNewPrivs", "0") != "1",
        "interfaces": _interfaces(),
        "root_writable": _root_writable(),
    }


def tried(memory_bytes: int, processes: int) -> dict[str, bool]:
    """Whether so much memory, and so many processes, are more than this box can have."""
    ignored = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        return {"memory": not _has_memory(memory_bytes), "processes": not _has_processes(processes)}
    finally:
        signal.signal(signal.SIGCHLD, ignored)


def _status() -> dict[str, str]:
    with open("/proc/self/status") as file:  # noqa: PTH123
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def _interfaces() -> list[str]:
    try:
        with open("/proc/net/dev") as file:  # noqa: PTH123
            names = [line.partition(":")[0].strip() for line in file if ":" in line]
    except OSError:
        return []
    return [name for name in names if name != "lo"]


def _root_writable() -> bool:
    try:
        os.close(os.open(_ROOT, os.O_CREAT | os.O_WRONLY | os.O_EXCL))
    except OSError:
        return False
    os.unlink(_ROOT)  # noqa: PTH108
    return True


def _has_memory(count: int) -> bool:
    """Tried in a fork, which is the first to go when there is no more."""
    pid = _forked()
    if pid:
        return _ended_well(pid)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
    try:
        kept = []
        for _ in range(0, count, _STEP):
            kept.append(mmap.mmap(-1, _STEP))
            for at in range(0, _STEP, mmap.PAGESIZE):
                kept[-1][at] = 1
    except (OSError, MemoryError):
        os._exit(1)
    os._exit(0)


def _has_processes(count: int) -> bool:
    made: list[int] = []
    try:
        for _ in range(count):
            pid = _forked()
            if not pid:
                signal.pause()
                os._exit(0)
            made.append(pid)
    except OSError:
        return False
    finally:
        for pid in made:
            os.kill(pid, signal.SIGKILL)
            _ended_well(pid)
    return True


def _forked() -> int:
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS_ALONE)
    return pid


def _ended_well(pid: int) -> bool:
    return os.waitpid(pid, 0)[1] == 0
