"""The filter of system calls, run step by step for both machines: what it says of every number and of arguments."""

import errno
import itertools
import random
from functools import cache

import pytest

from trajectories.engine.sandbox.worker import filters, kernel

OTHERS = {"x86_64": (0x40000003, 0xC00000B7), "aarch64": (0x40000028, 0xC000003E)}
"""Machines whose calls have other numbers: the 32-bit one of the same processor, and the other processor."""


def judge(machine: str, call: str | int, *arguments: int, threads: bool = True, audit: int | None = None) -> int:
    """What the filter says: ALLOW, KILL, or the errno."""
    numbers = filters.MACHINES[machine][1]
    number = numbers[call] if isinstance(call, str) else call
    words = {0: number, 4: filters.MACHINES[machine][0] if audit is None else audit}
    for index in range(6):
        value = (arguments[index] if index < len(arguments) else 0) & (1 << 64) - 1
        words[16 + 8 * index], words[20 + 8 * index] = value & 0xFFFFFFFF, value >> 32
    verdict = run(_program(machine, threads), words)
    return verdict & 0xFFFF if verdict & 0xFFFF0000 == filters.ERROR else verdict


_program = cache(lambda machine, threads: filters.program(machine, 77, threads))


def run(steps: list[filters.Step], words: dict[int, int]) -> int:
    """A filter machine of the few instructions that are used."""
    at = value = 0
    while True:
        code, yes, no, constant = steps[at]
        at += 1
        if code == filters.RETURN:
            return constant
        if code == filters.LOAD:
            value = words[constant]
        elif code == filters.AND:
            value &= constant
        else:
            true = value == constant if code == filters.EQUAL else value >= constant
            at += yes if true else no


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_the_filter_lets_through_what_a_repl_needs(machine: str) -> None:
    for call in ("read", "write", "futex", "exit_group", "brk", "munmap", "clock_gettime", "getrandom", "setitimer"):
        assert judge(machine, call) == filters.ALLOW
    assert judge(machine, "mmap", 0, 4096, 3) == filters.ALLOW
    assert judge(machine, "mprotect", 0, 4096, 1) == filters.ALLOW
    assert judge(machine, "tgkill", 77, 77, 6) == filters.ALLOW
    assert judge(machine, "socketpair", 1, 1 | 0o2000000) == filters.ALLOW
    assert judge(machine, "sendto", 3, 0, 0, 0, 0) == filters.ALLOW
    assert judge(machine, "fcntl", 3, 1030) == filters.ALLOW
    assert judge(machine, "prlimit64", 0, 7, 0) == filters.ALLOW
    assert judge(machine, "clone", 0x3D0F00) == filters.ALLOW


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_the_filter_refuses_the_rest(machine: str) -> None:
    for arguments in ((0, 4096, 4), (0, 4096, 7)):
        assert judge(machine, "mmap", *arguments) == errno.EPERM
        assert judge(machine, "mprotect", *arguments) == errno.EPERM
    assert judge(machine, "clone", 17) == errno.EPERM
    assert judge(machine, "clone", 0x3D0F00 | 0x10000000) == errno.EPERM
    assert judge(machine, "clone", 0x3D0F00, threads=False) == errno.EPERM
    assert judge(machine, "tgkill", 1, 1, 6) == errno.EPERM
    assert judge(machine, "tgkill", 77, 77, 9) == errno.EPERM
    assert judge(machine, "socketpair", 1, 2) == errno.EPERM
    assert judge(machine, "socketpair", 2, 1) == errno.EPERM
    assert judge(machine, "sendto", 3, 0, 0, 0, 0x7F0000000000) == errno.EPERM
    assert judge(machine, "sendto", 3, 0, 0, 0, 0x1000) == errno.EPERM
    assert judge(machine, "fcntl", 3, 8) == errno.EPERM
    assert judge(machine, "ioctl", 0, 0x5412) == errno.EPERM
    assert judge(machine, "prlimit64", 0, 7, 1 << 40) == errno.EPERM
    assert judge(machine, "prlimit64", 5, 7, 0) == errno.EPERM
    for call in ("clone3", "openat2", "statx", "faccessat2"):
        assert judge(machine, call) == errno.ENOSYS


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_every_call_that_is_not_listed_is_refused(machine: str) -> None:
    listed = set(filters.MACHINES[machine][1].values())
    assert {judge(machine, number) for number in range(600) if number not in listed} == {errno.EPERM}
    assert judge(machine, "read", audit=0x40000003) == filters.KILL


def test_the_other_table_of_x86_calls_kills() -> None:
    assert judge("x86_64", 0x40000002) == filters.KILL


VALUES = (0, 1, 2, 3, 4, 6, 7, 9, 17, 77, 78, 0x5401, 0x5412, 1030, 1031, 4096, 0x3D0F00, 0x13D0F00, 0x7F0000000000)
HIGH = 1 << 32


@pytest.mark.parametrize("call", sorted(set(filters.MACHINES["x86_64"][1]) & set(filters.MACHINES["aarch64"][1])))
def test_both_machines_say_the_same_of_a_call(call: str) -> None:
    chance = random.Random(call)
    simple = list(itertools.product(VALUES, repeat=3))
    for arguments in [
        *simple[::7],
        *([chance.choice(VALUES) | chance.choice((0, HIGH)) for _ in range(6)] for _ in range(500)),
    ]:
        for threads in (True, False):
            verdicts = {judge(machine, call, *arguments, threads=threads) for machine in filters.MACHINES}
            assert len(verdicts) == 1, (arguments, verdicts)


@pytest.mark.parametrize("machine", filters.MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("mprotect", (HIGH, 4096, HIGH | 4)),
        ("mmap", (0, 4096, HIGH | 7)),
        ("clone", (HIGH | 17,)),
        ("socketpair", (HIGH | 2, 1)),
        ("socketpair", (HIGH | 1, HIGH | 2)),
        ("fcntl", (3, HIGH | 1031)),
        ("ioctl", (3, HIGH | 0x5412)),
        ("tgkill", (HIGH | 78, 78, 6)),
        ("tgkill", (77, 77, HIGH | 9)),
        ("prlimit64", (HIGH | 5, 7, 0)),
        ("prlimit64", (0, 7, HIGH)),
        ("sendto", (3, 0, 0, 0, HIGH)),
    ],
)
def test_what_the_kernel_cuts_off_hides_nothing(machine: str, call: str, arguments: tuple[int, ...]) -> None:
    """The kernel takes the low half of an int and the whole of a pointer; so does the filter."""
    assert judge(machine, call, *arguments) == errno.EPERM


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_calls_of_another_machine_end_the_process(machine: str) -> None:
    for other in OTHERS[machine]:
        assert {judge(machine, number, audit=other) for number in range(600)} == {filters.KILL}


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_numbers_out_of_range_are_refused(machine: str) -> None:
    for number in (600, 1000, 0x3FFFFFFF, 0xFFFFFFFF):
        assert judge(machine, number) in (errno.EPERM, filters.KILL)


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_every_name_in_the_rules_is_in_a_table(machine: str) -> None:
    """A name that no machine knows would be a rule that never holds."""
    known = set(filters.MACHINES["x86_64"][1]) | set(filters.MACHINES["aarch64"][1])
    assert {*filters.FREE, *filters.ABSENT, *filters._conditions(77, True)} <= known
    ruled = {*filters.FREE, *filters.ABSENT, *filters._conditions(77, True)}
    assert set(filters.MACHINES[machine][1]) <= ruled


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_a_program_fits_into_the_machine(machine: str) -> None:
    steps = filters.program(machine, 1, True)
    assert len(steps) < 4096
    assert len(filters.pack(steps)) == 8 * len(steps)
    for at, (code, yes, no, _constant) in enumerate(steps):
        assert code in (filters.LOAD, filters.EQUAL, filters.AT_LEAST, filters.AND, filters.RETURN)
        assert code == filters.RETURN or at + 1 + max(yes, no) < len(steps)


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_the_numbers_are_those_of_the_kernel(machine: str) -> None:
    """Some of each, as the kernel's own tables have them (asm-generic/unistd.h, syscall_64.tbl)."""
    wanted = {
        "x86_64": {"read": 0, "mmap": 9, "clone": 56, "exit_group": 231, "prlimit64": 302, "seccomp": 317, "rseq": 334},
        "aarch64": {
            "read": 63,
            "mmap": 222,
            "clone": 220,
            "exit_group": 94,
            "prlimit64": 261,
            "seccomp": 277,
            "rseq": 293,
        },
    }[machine]
    table = filters.MACHINES[machine][1] | kernel._NUMBERS[machine]
    assert {name: table[name] for name in wanted} == wanted
