"""The list of system calls the locked child may make, and the seccomp program that enforces it.

Everything not named here fails with EPERM; another architecture's calls kill. Facts behind single lines:
`fstat` of newer C libraries is `newfstatat`, which could look at paths and stays refused; `clone3`, `openat2`,
`statx` and `faccessat2` answer ENOSYS, so that libc falls back to the older call, whose flags can be checked.
"""

import ctypes
import errno
import struct

from . import kernel

Step = tuple[int, int, int, int]
"""One instruction of the filter machine: code, jump if true, jump if false, constant."""

ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_AT_NUMBER, _AT_MACHINE = 0, 4


def _words(text: str) -> list[str]:
    return text.split()


def _table(text: str) -> dict[str, int]:
    return {name: int(number) for name, _, number in (word.partition("=") for word in text.split())}


_X86_64 = _table(
    """
    read=0 write=1 close=3 fstat=5 poll=7 lseek=8 mmap=9 mprotect=10 munmap=11 brk=12 rt_sigprocmask=14
    rt_sigreturn=15 ioctl=16 pread64=17 readv=19 writev=20 pipe=22 select=23 sched_yield=24 mremap=25 madvise=28
    dup=32 dup2=33 nanosleep=35 setitimer=38 getpid=39 sendto=44 recvfrom=45 shutdown=48 getsockname=51
    getpeername=52 socketpair=53 getsockopt=55 clone=56 exit=60 uname=63 fcntl=72 gettimeofday=96 getrusage=98
    times=100 getuid=102 getgid=104 geteuid=107 getegid=108 getppid=110 sigaltstack=131 gettid=186 time=201
    futex=202 sched_getaffinity=204 restart_syscall=219 clock_gettime=228 clock_getres=229 clock_nanosleep=230
    exit_group=231 epoll_wait=232 epoll_ctl=233 tgkill=234 pselect6=270 ppoll=271 set_robust_list=273
    epoll_pwait=281 eventfd2=290 epoll_create1=291 dup3=292 pipe2=293 prlimit64=302 getrandom=318 membarrier=324
    statx=332 rseq=334 clone3=435 openat2=437 faccessat2=439
    """
)
_AARCH64 = _table(
    """
    eventfd2=19 epoll_create1=20 epoll_ctl=21 epoll_pwait=22 dup=23 dup3=24 fcntl=25 ioctl=29 close=57 pipe2=59
    lseek=62 read=63 write=64 readv=65 writev=66 pread64=67 pselect6=72 ppoll=73 fstat=80 exit=93 exit_group=94
    futex=98 set_robust_list=99 nanosleep=101 setitimer=103 clock_gettime=113 clock_getres=114
    clock_nanosleep=115 sched_getaffinity=123 sched_yield=124 restart_syscall=128 tgkill=131 sigaltstack=132
    rt_sigprocmask=135 rt_sigreturn=139 times=153 uname=160 getrusage=165 gettimeofday=169 getpid=172
    getppid=173 getuid=174 geteuid=175 getgid=176 getegid=177 gettid=178 socketpair=199 getsockname=204
    getpeername=205 sendto=206 recvfrom=207 getsockopt=209 shutdown=210 brk=214 munmap=215 mremap=216 clone=220
    mmap=222 mprotect=226 madvise=233 prlimit64=261 getrandom=278 membarrier=283 statx=291 rseq=293 clone3=435
    openat2=437 faccessat2=439
    """
)
MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}

FREE = _words(
    """
    read write close fstat poll lseek munmap brk rt_sigprocmask rt_sigreturn pread64 readv writev pipe select
    sched_yield mremap madvise dup dup2 dup3 nanosleep setitimer getpid recvfrom shutdown getsockname
    getpeername getsockopt exit exit_group uname gettimeofday getrusage times getuid getgid geteuid getegid
    getppid sigaltstack gettid time futex sched_getaffinity restart_syscall clock_gettime clock_getres
    clock_nanosleep epoll_wait epoll_ctl epoll_create1 epoll_pwait pselect6 ppoll set_robust_list eventfd2 pipe2
    getrandom membarrier rseq
    """
)
ABSENT = ("clone3", "openat2", "statx", "faccessat2")

_FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicate, close-on-exec and status flags; no locks, owners, seals or leases
_IOCTL = (0x5401, 0x5421, 0x5450, 0x5451, 0x541B)  # TCGETS, FIONBIO, FIONCLEX, FIOCLEX, FIONREAD
_ABORT = 6
_THREAD = 0x100 | 0x10000 | 0x800  # CLONE_VM, CLONE_THREAD, CLONE_SIGHAND: a thread, never a process
_NAMESPACES = 0x7E020000 | 0x80


def program(machine: str, pid: int, threads: bool) -> list[Step]:
    """The filter for a process that knows itself as `pid`; `threads` only where their number is limited."""
    audit, numbers = MACHINES[machine]
    steps = [(LOAD, 0, 0, _AT_MACHINE), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, _AT_NUMBER)]
    if machine == "x86_64":
        steps += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, KILL)]
    for name in FREE:
        steps += _rule(numbers.get(name), [_ret(ALLOW)])
    for name, checks in _conditions(pid, threads).items():
        steps += _rule(numbers.get(name), [*checks, _ret(ERROR | errno.EPERM)])
    for name in ABSENT:
        steps += _rule(numbers.get(name), [_ret(ERROR | errno.ENOSYS)])
    return [*steps, _ret(ERROR | errno.EPERM)]


def pack(steps: list[Step]) -> bytes:
    return b"".join(struct.pack("HBBI", code, yes, no, constant) for code, yes, no, constant in steps)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


_prepared: dict[tuple[int, bool], bytes] = {}


def prepare() -> None:
    """In the zygote: the filter of a process that is the first of its namespace, as most are."""
    _prepared[1, True] = pack(program(kernel.MACHINE, 1, True))


def install(pid: int, threads: bool) -> None:
    """Puts the filter on every thread of this process, for good. Raises OSError, KeyError (an unknown machine)."""
    raw = _prepared.get((pid, threads)) or pack(program(kernel.MACHINE, pid, threads))
    buffer = ctypes.create_string_buffer(raw, len(raw))
    filter_mode, all_threads = 1, 1
    filled = _Program(len(raw) // 8, ctypes.addressof(buffer))
    kernel.call("seccomp", filter_mode, all_threads, ctypes.byref(filled))


def _conditions(pid: int, threads: bool) -> dict[str, list[Step]]:
    """Calls that depend on their arguments: each list ends in ALLOW or falls through to its refusal."""
    no_execution = [_low(2), (AND, 0, 0, 4), (EQUAL, 0, 1, 0), _ret(ALLOW)]
    local_stream = [_low(0), (EQUAL, 0, 4, 1), _low(1), (AND, 0, 0, 0xF), (EQUAL, 0, 1, 1), _ret(ALLOW)]
    own_limits = [_low(0), (EQUAL, 0, 5, 0), *_is_null(2), _ret(ALLOW)]
    conditions = {
        "mmap": no_execution,
        "mprotect": no_execution,
        "fcntl": _one_of(1, _FCNTL),
        "ioctl": _one_of(1, _IOCTL),
        "tgkill": [_low(0), (EQUAL, 0, 3, pid), _low(2), (EQUAL, 0, 1, _ABORT), _ret(ALLOW)],
        "prlimit64": own_limits,
        "sendto": [*_is_null(4), _ret(ALLOW)],
        "socketpair": local_stream,
    }
    if threads:
        conditions["clone"] = [
            *(_low(0), (AND, 0, 0, _THREAD), (EQUAL, 0, 4, _THREAD)),
            *(_low(0), (AND, 0, 0, _NAMESPACES), (EQUAL, 0, 1, 0), _ret(ALLOW)),
        ]
    return conditions


def _rule(number: int | None, body: list[Step]) -> list[Step]:
    """`body` for the call of that number; nothing where the machine has no such call."""
    if number is None:
        return []
    return [(EQUAL, 0, len(body), number), *body]


def _one_of(argument: int, values: tuple[int, ...]) -> list[Step]:
    steps = [_low(argument)]
    for value in values:
        steps += [(EQUAL, 0, 1, value), _ret(ALLOW)]
    return steps


def _is_null(argument: int) -> list[Step]:
    """Goes on when the pointer is null, skips the next step (the ALLOW) otherwise."""
    return [_low(argument), (EQUAL, 0, 3, 0), _high(argument), (EQUAL, 0, 1, 0)]


def _low(argument: int) -> Step:
    return (LOAD, 0, 0, 16 + 8 * argument)


def _high(argument: int) -> Step:
    return (LOAD, 0, 0, 20 + 8 * argument)


def _ret(action: int) -> Step:
    return (RETURN, 0, 0, action)
