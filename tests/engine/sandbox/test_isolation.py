"""The levels of isolation, the self-test that proves them, and the filter of system calls for both machines."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rlm_web import environment
from tests.engine.sandbox.driving import Driven, document, echo
from trajectories.engine.errors import IsolationError
from trajectories.engine.sandbox import KINDS, ProcessKind, ReplSandbox, SandboxHouse, check
from trajectories.engine.sandbox.isolation import LEVELS, PROBES, level_of
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
        ("process", "container", "`process` isolates as `full` at best"),
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


async def test_the_environment_knows_all_kinds_and_levels() -> None:
    assert set(environment.SANDBOXES) == {"auto", *KINDS}
    assert environment.LEVELS == LEVELS


async def test_the_check_tells_what_holds_and_why() -> None:
    report = await check()
    assert report.ok
    assert report.kind == "process"
    assert report.level in ("syscalls", "full")
    assert any("Self-test passed" in finding for finding in report.findings)
    assert any("seccomp" in finding for finding in report.findings)


async def test_a_repl_below_the_minimum_is_not_opened(without_namespaces: SandboxHouse) -> None:
    """For a machine that gave more when it was tested than it gives now."""
    sandbox = ReplSandbox(without_namespaces._made.nursery, (), ReplSettings(), context_is_list=False, minimum="full")
    with pytest.raises(IsolationError):
        await sandbox.open()
