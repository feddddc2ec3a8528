"""Giving up, in order, everything a REPL does not need: namespaces, files, privileges, resources, system calls.

Each layer that holds is written into `layers`; the host compares that with what its self-test proved.
"""

import contextlib
import os
import resource
import signal
import struct
from typing import Any

from . import filters, kernel

Layers = dict[str, Any]
"""namespaces "root" | "user", root "empty", uid, landlock (version), seccomp, threads; `…_error` where one failed."""

_NEW_MOUNTS, _NEW_CGROUP, _NEW_UTS, _NEW_IPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_EVERYTHING_NEW = _NEW_MOUNTS | _NEW_CGROUP | _NEW_UTS | _NEW_IPC | _NEW_PID | _NEW_NET
_PRIVATE_ALL = 0x4000 | 0x40000
_READ_ONLY_NOTHING = 1 | 2 | 4 | 8
_UID_INSIDE = 1000
_NOBODY = 65534

MAX_THREADS = 32
MAX_FILES = 64
CPU_SECONDS = 300
STACK_BYTES = 16 << 20


_own_processes: int | None = None
"""This process's own PID namespace, as an open file, once it is known that its children can be put into new ones."""


def find_out() -> None:
    """Tries in a fork whether a child can be process 1 of a new namespace, and the next one of the old one again."""
    global _own_processes
    if kernel.MACHINE in filters.MACHINES:
        filters.prepare()
    if os.getuid() != 0:
        return
    pid = os.fork()
    if pid == 0:
        try:
            own = os.open("/proc/self/ns/pid", os.O_RDONLY)
            kernel.unshare(_NEW_PID)
            kernel.setns(own, _NEW_PID)
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1] == 0:
        _own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY)


def next_child_in_new_namespace() -> bool:
    """True when the next fork will be process 1 of a PID namespace; `children_in_own_namespace` must follow it."""
    if _own_processes is None:
        return False
    try:
        kernel.unshare(_NEW_PID)
    except OSError:  # too many of them at this moment
        return False
    return True


def children_in_own_namespace() -> None:
    assert _own_processes is not None
    kernel.setns(_own_processes, _NEW_PID)


def enter_other_namespaces(layers: Layers) -> None:
    """For a child that is process 1 of its own already: new mounts, network, IPC and names."""
    try:
        kernel.unshare(_EVERYTHING_NEW & ~_NEW_PID)
        layers["namespaces"] = "root"
    except OSError as error:
        layers["namespaces_error"] = str(error)


def enter_user_namespace(layers: Layers) -> bool:
    """New everything for the next child, by way of a user namespace, which an ordinary user may have too."""
    uid, gid = os.getuid(), os.getgid()
    try:
        kernel.unshare(_EVERYTHING_NEW | _NEW_USER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{_UID_INSIDE} {uid} 1")
        _write("/proc/self/gid_map", f"{_UID_INSIDE} {gid} 1")
    except OSError as error:
        layers["namespaces_error"] = str(error)
        return False
    layers["namespaces"] = "user"
    return True


def drop_everything(layers: Layers, uid: int) -> None:
    """No files, no privileges, no way to gain any. Raises OSError only where going on would be unsafe."""
    if _own_processes is not None:
        os.close(_own_processes)
    if layers.get("namespaces"):
        try:
            _empty_root()
            layers["root"] = "empty"
        except OSError as error:
            layers["root_error"] = str(error)
    _drop_identity(layers, uid)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # once more: a change of identity cleared it
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    try:
        layers["landlock"] = _refuse_all_paths()
    except OSError as error:
        layers["landlock_error"] = str(error)


def limit(layers: Layers, address_space: int) -> None:
    """The last step: resources, then system calls. `address_space` is the bytes the process may map in all."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NOFILE: MAX_FILES,
        resource.RLIMIT_STACK: STACK_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: address_space,
    }
    if layers.get("threads"):
        limits[resource.RLIMIT_NPROC] = MAX_THREADS
    for which, value in limits.items():
        with contextlib.suppress(ValueError):  # an even lower limit is set already
            resource.setrlimit(which, (value, value))
    try:
        filters.install(os.getpid(), bool(layers.get("threads")))
        layers["seccomp"] = True
    except (OSError, KeyError) as error:
        layers["seccomp_error"] = str(error)


def _empty_root() -> None:
    """An empty, read-only folder becomes the root, and the old one goes out of reach."""
    kernel.mount(None, b"/", None, _PRIVATE_ALL)
    kernel.mount(b"none", b"/tmp", b"tmpfs", _READ_ONLY_NOTHING, b"size=4k,nr_inodes=2,mode=555")
    os.chdir("/tmp")
    kernel.call("pivot_root", b".", b".")
    kernel.detach(b".")
    os.chdir("/")


def _drop_identity(layers: Layers, uid: int) -> None:
    """A user of its own where that can be had (its threads can be counted then), and no capabilities."""
    if layers.get("namespaces") == "user":
        layers["threads"] = True  # counted within the user namespace
        _drop_capabilities()
    elif os.getuid() == 0:
        own = uid or _NOBODY
        try:
            os.setgroups([])
            os.setresgid(own, own, own)
            os.setresuid(own, own, own)
            layers["uid"], layers["threads"] = own, bool(uid)
        except OSError as error:  # root without the right to become another, as in some containers
            layers["uid_error"] = str(error)
            _drop_capabilities()


def _drop_capabilities() -> None:
    for capability in range(64):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError:
            break
    version_3 = struct.pack("Ii", 0x20080522, 0)
    kernel.call("capset", version_3, struct.pack("6I", *[0] * 6))


def _refuse_all_paths() -> int:
    """Landlock without a single exception; returns its version, 0 where the kernel has none."""
    try:
        version = kernel.call("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0
    added = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
    files = (1 << 13) - 1 | sum(bit for since, bit in added.items() if version >= since)
    handled = struct.pack("Q", files)
    handled += struct.pack("Q", 3) if version >= 4 else b""  # TCP
    handled += struct.pack("Q", 3) if version >= 6 else b""  # abstract sockets, signals
    rules = kernel.call("landlock_create_ruleset", handled, len(handled), 0)
    kernel.call("landlock_restrict_self", rules, 0)
    os.close(rules)
    return version


def _write(path: str, text: str) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode("ascii"))
    finally:
        os.close(file)
