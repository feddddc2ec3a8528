"""Kind `modal`, by a stand-in for its package that runs what it is asked for on this machine."""

import inspect
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engine.sandbox.boxing import PlainLine
from tests.engine.sandbox.driving import Driven, document, echo
from trajectories.engine.errors import IsolationError, SandboxError
from trajectories.engine.sandbox import Options, SandboxHouse, modal_cloud, refusal
from trajectories.engine.sandbox.modal_cloud import ModalKind
from trajectories.engine.types import ReplSettings

MEMORY = 64 << 20


def aio(function: Any) -> Any:
    """As the package has them: the asynchronous form is an attribute of the other."""
    return SimpleNamespace(aio=function)


class StandIn:
    """`asked`: of each sandbox; `ended`: how many were."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.ended = 0
        self.lines: list[PlainLine] = []
        self.fails: Exception | None = None
        self.App = SimpleNamespace(lookup=aio(self._lookup))
        self.Sandbox = SimpleNamespace(create=aio(self._create))
        self.Image = SimpleNamespace(debian_slim=lambda **version: version, from_registry=lambda name: name)
        error = type("Error", (Exception,), {})
        self.exception = SimpleNamespace(Error=error, AuthError=type("AuthError", (error,), {}))

    async def _lookup(self, name: str, *, create_if_missing: bool) -> str:
        return name

    async def _create(self, *command: str, **asked: Any) -> Any:
        if self.fails is not None:
            raise self.fails
        self.asked.append({"command": command, **asked})
        return SimpleNamespace(exec=aio(self._exec), terminate=aio(self._terminate))

    async def _exec(self, *command: str, env: dict[str, str], text: bool) -> Any:
        assert command[0] == "python3" and not text
        line = await PlainLine.open(sys.executable, *command[1:])
        self.lines.append(line)
        written: list[bytes] = []

        async def drain() -> None:
            data, written[:] = b"".join(written), []
            await line.write(data)

        return SimpleNamespace(
            stdin=SimpleNamespace(write=written.append, drain=aio(drain)), stdout=_pieces(line), stderr=_nothing()
        )

    async def _terminate(self) -> None:
        self.ended += 1
        for line in self.lines:
            await line.close()


async def _pieces(line: PlainLine) -> AsyncIterator[bytes]:
    while data := await line.read():
        yield data


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


@pytest.fixture
def modal() -> StandIn:
    return StandIn()


def house_of(modal: StandIn, minimum: str = "none", **options: str) -> SandboxHouse:
    return SandboxHouse("modal", minimum, made=ModalKind(Options(**options), modal=modal))


async def test_a_repl_over_there_does_what_any_repl_does(modal: StandIn) -> None:
    house = house_of(modal)
    sandbox = await house.sandbox([document("The sea is wide.\n" * 60_000)], ReplSettings(memory_bytes=MEMORY))
    repl = Driven(sandbox, echo)
    assert (
        await repl.out("kept = len(context)\nprint(kept, llm_batch(['a', 'b']))") == "1020000 ['about a', 'about b']\n"
    )
    assert (await repl("import os; os._exit(1)")).repl_lost
    assert await repl.out("print(context[:11])") == "The sea is \n"
    await house.close()
    assert len(modal.asked) == modal.ended == 1


async def test_what_it_asks_for(modal: StandIn) -> None:
    house = house_of(modal, image="mine/python:3")
    await house.sandbox([document("text")], ReplSettings(memory_bytes=MEMORY))
    await house.close()
    (asked,) = modal.asked
    assert asked["block_network"] and asked["image"] == "mine/python:3" and asked["app"] == "rlm-web"
    assert 64 < asked["memory"][1] < 1_024
    assert asked["idle_timeout"] == modal_cloud.PATIENCE_SECONDS, "a server that is gone pays for nothing for long"


async def test_the_self_test_says_what_is_only_the_services_word(modal: StandIn) -> None:
    report = await house_of(modal).self_test()
    said = " ".join(report.findings)
    assert "A remote sandbox of its own, by Modal (gVisor)." in said and "by Modal's word" in said
    assert "Self-test passed" in said
    assert report.level in ("container", "syscalls")
    assert ("It has network interfaces" in said) == (report.level == "syscalls")


async def test_refused_credentials_and_failures_are_said(modal: StandIn) -> None:
    modal.fails = modal.exception.AuthError("Token ID is malformed")
    with pytest.raises(IsolationError, match="refuses the credentials: Token ID is malformed. Sign in again"):
        await house_of(modal).open()
    modal.fails = modal.exception.Error("workspace is out of funds")
    with pytest.raises(SandboxError, match="could not start a sandbox: workspace is out of funds"):
        await house_of(modal).open()


def test_without_the_package_or_an_account_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODAL_CONFIG_PATH", str(tmp_path / "none.toml"))
    monkeypatch.setattr(modal_cloud.importlib.util, "find_spec", lambda name: None)
    assert refusal("modal", "none") == "Kind `modal` takes Modal's package for Python: pip install 'rlm-web[modal]'."
    monkeypatch.setattr(modal_cloud.importlib.util, "find_spec", lambda name: name)
    assert "set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET" in str(refusal("modal", "none"))
    monkeypatch.setenv("MODAL_TOKEN_ID", "ak-1")
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "as-1")
    assert refusal("modal", "none") is None


async def test_the_package_takes_what_it_is_asked_for(modal: StandIn) -> None:
    real = pytest.importorskip("modal", reason="Modal's package is not installed: pip install modal")
    house = house_of(modal)
    await house.sandbox([], ReplSettings(memory_bytes=MEMORY))
    await house.close()
    asked = {name: value for name, value in modal.asked[0].items() if name != "command"}
    inspect.signature(real.Sandbox.create).bind("sleep", "1", **asked)
    inspect.signature(real.Sandbox.exec).bind(None, "python3", env={}, text=False)
    inspect.signature(real.App.lookup).bind("rlm-web", create_if_missing=True)
    assert issubclass(real.exception.AuthError, real.exception.Error)
    assert all(hasattr(each, "aio") for each in (real.Sandbox.create, real.Sandbox.exec, real.Sandbox.terminate))
