"""The levels of isolation, the self-test that proves them, and the filter of system calls for both machines."""

import asyncio
import errno
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.engine.sandbox.driving import Driven, document, echo
from trajectories.engine.errors import IsolationError
from trajectories.engine.sandbox import ProcessKind, ProcessSandbox, SandboxHouse, check
from trajectories.engine.sandbox.isolation import PROBES, level_of
from trajectories.engine.sandbox.worker import filters
from trajectories.engine.types import ReplSettings

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILTERED_ONLY = {"seccomp": True}
ALL = {"seccomp": True, "namespaces": "root", "root": "empty"}


@pytest_asyncio.fixture(loop_scope="session")
async def without_namespaces() -> AsyncIterator[SandboxHouse]:
    """As on a machine that allows no namespaces."""
    house = SandboxHouse(made=ProcessKind(namespaces=False))
    await house.open()
    yield house
    await house.close()


@pytest.mark.parametrize(
    ("layers", "level"),
    [
        ({}, "none"),
        (FILTERED_ONLY, "syscalls"),
        (ALL, "full"),
        ({**ALL, "root": None}, "syscalls"),
        ({**ALL, "seccomp": None}, "none"),
    ],
)
async def test_a_level_is_what_its_layers_amount_to(layers: dict[str, object], level: str) -> None:
    assert level_of(layers) == level


async def test_the_probes_find_out_when_nothing_is_shut() -> None:
    """The self-test can fail: the same probes in a plain interpreter get out."""
    code = f"def FINAL(out): print(*out, sep='|')\n{PROBES}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code.replace("/bin/true", "/nowhere"), stdout=-1
    )
    out, _ = await process.communicate()
    assert {"open a file", "start a process", "open a network socket"} <= set(out.decode().strip().split("|"))


async def test_each_repl_has_the_level_of_its_house(sandbox_house: SandboxHouse) -> None:
    sandbox = await sandbox_house.sandbox([document("text")], ReplSettings())
    assert sandbox.level == sandbox_house.level
    await sandbox.close()


async def test_without_namespaces_the_filter_alone_still_shuts_the_code_in(without_namespaces: SandboxHouse) -> None:
    assert without_namespaces.level == "syscalls"
    sandbox = await without_namespaces.sandbox([document("text")], ReplSettings())
    repl = Driven(sandbox, echo)
    assert (await repl(PROBES)).ending.answer == []  # type: ignore[union-attr]
    assert await repl.out("print(context, llm_call('x'))") == "text about x\n"
    await sandbox.close()


async def test_less_than_the_minimum_is_refused() -> None:
    house = SandboxHouse(minimum="full", made=ProcessKind(namespaces=False))
    with pytest.raises(
        IsolationError, match="isolates the REPL as `syscalls`, less than the configured minimum `full`"
    ):
        await house.open()


@pytest.mark.parametrize(
    ("kind", "minimum", "said"),
    [
        ("container", "none", "`container` is not available in this version"),
        ("process", "container", "`container` is not available in this version"),
        ("jail", "none", "no sandbox kind `jail`"),
        ("auto", "much", "no level `much`"),
    ],
)
async def test_what_cannot_be_had_is_said(kind: str, minimum: str, said: str) -> None:
    with pytest.raises(IsolationError, match=said):
        await SandboxHouse(kind, minimum).open()
    report = await check(kind, minimum)
    assert not report.ok
    assert said in report.findings[0]


async def test_the_check_tells_what_holds_and_why() -> None:
    report = await check()
    assert report.ok
    assert report.kind == "process"
    assert report.level in ("syscalls", "full")
    assert any("Self-test passed" in finding for finding in report.findings)
    assert any("seccomp" in finding for finding in report.findings)


async def test_a_repl_below_the_minimum_is_not_opened(without_namespaces: SandboxHouse) -> None:
    """For a machine that gave more when it was tested than it gives now."""
    sandbox = ProcessSandbox(
        without_namespaces._made.nursery, (), ReplSettings(), context_is_list=False, minimum="full"
    )
    with pytest.raises(IsolationError):
        await sandbox.open()


# ----------------------------------------------------------------------------- the filter, run step by step


def judge(machine: str, call: str | int, *arguments: int, threads: bool = True, audit: int | None = None) -> int:
    """What the filter says: ALLOW, KILL, or the errno."""
    numbers = filters.MACHINES[machine][1]
    number = numbers[call] if isinstance(call, str) else call
    words = {0: number, 4: filters.MACHINES[machine][0] if audit is None else audit}
    for index in range(6):
        value = (arguments[index] if index < len(arguments) else 0) & (1 << 64) - 1
        words[16 + 8 * index], words[20 + 8 * index] = value & 0xFFFFFFFF, value >> 32
    verdict = run(filters.program(machine, 77, threads), words)
    return verdict & 0xFFFF if verdict & 0xFFFF0000 == filters.ERROR else verdict


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
async def test_the_filter_lets_through_what_a_repl_needs(machine: str) -> None:
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
async def test_the_filter_refuses_the_rest(machine: str) -> None:
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
async def test_every_call_that_is_not_listed_is_refused(machine: str) -> None:
    listed = set(filters.MACHINES[machine][1].values())
    assert {judge(machine, number) for number in range(600) if number not in listed} == {errno.EPERM}
    assert judge(machine, "read", audit=0x40000003) == filters.KILL


async def test_the_other_table_of_x86_calls_kills() -> None:
    assert judge("x86_64", 0x40000002) == filters.KILL
