"""Kind `container`: what it asks of an engine, by a stand-in for one; and all of it by a real one, where one is named.

TEST_CONTAINER_ENGINE=unix:///run/podman/podman.sock pytest tests/engine/sandbox/test_container.py
"""

import asyncio
import os
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.engine.sandbox.driving import Driven, document, echo
from tests.engine.sandbox.test_attacks import LISTS, results_of
from trajectories.engine.errors import IsolationError, SandboxError
from trajectories.engine.sandbox import Options, SandboxHouse, check, container, docker_engine, refusal, stock
from trajectories.engine.sandbox.container import ContainerKind
from trajectories.engine.sandbox.image import PYTHON, Image
from trajectories.engine.types import ReplSettings

errors = pytest.importorskip("docker.errors", reason="Docker's package is not installed: pip install docker")
SMALL = ReplSettings(memory_bytes=64 << 20)
ENGINE = os.environ.get("TEST_CONTAINER_ENGINE", "")
on_an_engine = pytest.mark.skipif(not ENGINE, reason="no container engine is named by TEST_CONTAINER_ENGINE")


class StandIn:
    """An engine with one image, which runs what it is asked for as plain processes. `asked`: of each container."""

    def __init__(self, image: str = "", interpreter: str = sys.executable) -> None:
        self.asked: list[dict[str, Any]] = []
        self.images = self
        self.containers = self
        self.api = self
        self.image = image
        self.interpreter = interpreter
        self.running: list[StandInContainer] = []
        self.closed = False

    def version(self) -> dict[str, Any]:
        return {"Version": "9.9", "Arch": "another", "Components": [{"Name": "Podman Engine"}]}

    def info(self) -> dict[str, Any]:
        return {"DefaultRuntime": "crun"}

    def get(self, name: str) -> None:
        if name != self.image:
            raise errors.ImageNotFound("no such image")

    def create(self, image: str, command: list[str], **asked: Any) -> "StandInContainer":
        self.asked.append({"image": image, "command": command, **asked})
        self.running.append(StandInContainer([self.interpreter, *command[1:]], asked["environment"]))
        return self.running[-1]

    def attach_socket(self, number: str, params: dict[str, int]) -> Any:
        return self.running[-1].attached()

    def close(self) -> None:
        self.closed = True


class StandInContainer:
    id = "c0"

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._ours, self._theirs = socket.socketpair()
        self.process: subprocess.Popen[bytes] | None = None

    def attached(self) -> Any:
        with self._theirs as theirs:
            return theirs.makefile("rwb", buffering=0)

    def start(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            self._command, stdin=self._ours, stdout=pipe, stderr=pipe, env=self._environment
        )
        streams = ((1, self.process.stdout), (2, self.process.stderr))
        self._carriers = [threading.Thread(target=self._carry, args=each) for each in streams]
        for carrier in self._carriers:
            carrier.start()

    def remove(self, **how: Any) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            for carrier in self._carriers:
                carrier.join()
        self._ours.close()

    def _carry(self, number: int, stream: Any) -> None:
        with stream:
            while data := stream.read1(70_000):
                try:
                    self._ours.sendall(struct.pack(">BxxxL", number, len(data)) + data)
                except OSError:
                    return


@pytest.fixture
def engine() -> StandIn:
    return StandIn(docker_engine.OTHERS_IMAGE)


def house_of(engine: StandIn, minimum: str = "none", **options: str) -> SandboxHouse:
    kind = ContainerKind(Options(**options), connect=lambda: engine)
    return SandboxHouse("container", minimum, made=kind)


async def test_what_it_asks_for_shuts_the_container_in(engine: StandIn) -> None:
    house = house_of(engine)
    sandbox = await house.sandbox([document("x" * 1_000_000)], ReplSettings(memory_bytes=64 << 20))
    repl = Driven(sandbox, echo)
    assert await repl.out("print(len(context), llm_call('a'))") == "1000000 about a\n"
    await house.close()
    (asked,) = engine.asked
    assert asked["network_mode"] == "none" and asked["read_only"] and asked["cap_drop"] == ["ALL"]
    assert asked["security_opt"] == ["no-new-privileges"] and asked["auto_remove"] and asked["stdin_open"]
    assert 64 << 20 < asked["mem_limit"] == asked["memswap_limit"] < 400 << 20
    assert asked["pids_limit"] == docker_engine.PROCESSES and asked["nano_cpus"] == 1_000_000_000
    user, group = asked["user"].split(":")
    assert user == group and int(user) > 1_000
    assert asked["log_config"].type == "none", "what passes over its streams is written nowhere"
    assert "runtime" not in asked and "volumes" not in asked and "mounts" not in asked
    assert set(asked["environment"]) == {"PYTHONHASHSEED", "PYTHONPATH"}
    assert engine.closed and engine.running[0].process and engine.running[0].process.poll() is not None


async def test_each_repl_has_a_container_and_a_user_of_its_own(engine: StandIn) -> None:
    house = house_of(engine)
    await asyncio.gather(*[house.sandbox([document("text")], SMALL) for _ in range(3)])
    await house.close()
    assert len({asked["user"] for asked in engine.asked}) == 3


async def test_a_runtime_and_an_image_are_passed_on() -> None:
    house = house_of(engine := StandIn("mine/python:3"), image="mine/python:3", runtime="runsc")
    sandbox = await house.sandbox([document("text")], SMALL)
    assert "with the runtime runsc" in sandbox.layers["box"]
    await house.close()
    assert engine.asked[0]["image"] == "mine/python:3" and engine.asked[0]["runtime"] == "runsc"


async def test_what_does_not_hold_lowers_the_level_and_is_said(engine: StandIn) -> None:
    """The stand-in shuts nothing in, so all that was asked for is missing."""
    report = await house_of(engine).self_test()
    assert report.level == "syscalls", "the walls inside hold"
    said = " ".join(report.findings)
    assert "by Podman 9.9, with the runtime crun" in said
    assert "The engine does not enforce the limit of memory: give it control groups (cgroups)." in said
    if os.getuid() == 0:
        assert "It runs as root." in said and "It has capabilities." in said
    assert "Self-test passed" in said


async def test_less_than_asked_for_stops_the_start(engine: StandIn) -> None:
    with pytest.raises(IsolationError, match="`syscalls`, less than the configured minimum `container`: A container"):
        await house_of(engine, "container").open()


async def test_an_image_that_is_not_there_is_said_with_what_to_do() -> None:
    house = house_of(StandIn())
    with pytest.raises(IsolationError, match=r"no image python:3\.11-slim\. Pull it \(`docker pull"):
        await house.open()


async def test_an_image_without_a_python_is_said(engine: StandIn) -> None:
    engine.interpreter = "/no/python3"
    with pytest.raises(SandboxError, match="could not start a REPL: .*No such file or directory: '/no/python3'"):
        await house_of(engine).open()


async def test_an_engine_that_fails_is_said_and_leaves_nothing_behind(engine: StandIn) -> None:
    removed = []

    class Failing(StandInContainer):
        def start(self) -> None:
            raise errors.APIError("500", explanation="crun: no space left on device")

        def remove(self, **how: Any) -> None:
            removed.append(how)
            super().remove()

    made = Failing([], {})
    engine.create = lambda *command, **asked: made  # type: ignore[method-assign, assignment]
    engine.attach_socket = lambda *arguments, **params: made.attached()  # type: ignore[method-assign]
    with pytest.raises(SandboxError, match="could not start a REPL: crun: no space left on device"):
        await house_of(engine).open()
    assert removed == [{"force": True, "v": True}]


async def test_an_engine_whose_streams_cannot_be_used_is_said_and_leaves_nothing_behind(engine: StandIn) -> None:
    closed = []
    channel = type("Channel", (), {"close": lambda self: closed.append(self)})()
    engine.attach_socket = lambda *arguments, **params: channel  # type: ignore[method-assign]
    with pytest.raises(SandboxError, match="over its local socket, or over TCP without TLS"):
        await house_of(engine).open()
    assert closed == [channel] and engine.running[0].process is None
    engine.running[0].attached().close()


async def test_without_an_engine_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker_engine, "_SOCKETS", ())
    report = await check("container", "none")
    assert not report.ok and "No container engine was found. Start Docker" in report.findings[0]
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/engine.sock")
    report = await check("container", "none")
    assert not report.ok and "at unix:///nowhere/engine.sock does not answer" in report.findings[0]


def test_without_the_package_it_is_said_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container.importlib.util, "find_spec", lambda name: None)
    assert refusal("container", "none") == (
        "Kind `container` takes Docker's package for Python: pip install 'rlm-web[container]'."
    )
    assert refusal("auto", "container") == refusal("container", "container")


async def test_the_standard_error_of_a_container_is_kept_apart_whatever_comes_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    container = StandInContainer([], {})
    container.attached().close()
    with theirs:
        line = docker_engine.AttachedLine(container, theirs.makefile("rwb", buffering=0))
    sent = b"".join(
        struct.pack(">BxxxL", number, len(data)) + data
        for number, data in ((1, b"one"), (2, b"oh no"), (1, b""), (1, b"x" * 400_000), (2, b"!"))
    )
    threading.Thread(target=lambda: [ours.sendall(sent[at : at + 7_001]) for at in range(0, len(sent), 7_001)]).start()
    got = b""
    while len(got) < 400_003:
        got += await line.read()
    assert got == b"one" + b"x" * 400_000
    ours.close()
    assert await line.read() == b""
    assert line.last_words() == "oh no!"
    await line.close()


# ------------------------------------------------------------------------------------------------------- the image


def test_the_image_has_a_python_that_runs_by_itself(tmp_path: Path) -> None:
    may = subprocess.run([sys.executable, "-c", "import os; os.chroot('/')"], capture_output=True, check=False)
    if may.returncode:
        pytest.skip("changing the root folder takes root")
    image = Image()
    with (tmp_path / "image.tar").open("wb") as file:
        image.write(file)
    (tmp_path / "root").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "image.tar", "-C", tmp_path / "root"], check=True)
    assert image.tag == Image().tag
    code = "import sys, ssl, sqlite3, json, ctypes, lzma; print(sys.version_info[:2], sys.prefix)"
    inside = "import os, sys; os.chroot(sys.argv[1]); os.chdir('/'); os.execve(sys.argv[2], sys.argv[2:], {})"
    command = [sys.executable, "-c", inside, str(tmp_path / "root"), PYTHON, "-s", "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"{sys.version_info[:2]} /python", done.stderr
    assert not list((tmp_path / "root").rglob("libX11*"))


def test_the_image_takes_the_libraries_along_and_nothing_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy/__init__.py", "numpy/tests/test_all.py", "numpy.libs/blas.so.3", "six.py", "requests/api.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(stock, "places", lambda: [str(tmp_path)])
    with (tmp_path / "image.tar").open("wb") as file:
        Image().write(file)
    with tarfile.open(tmp_path / "image.tar") as archive:
        names = [os.path.normpath(name) for name in archive.getnames()]
    assert {name for name in names if name.startswith("python/site")} == {
        "python/site/numpy/__init__.py",
        "python/site/numpy.libs/blas.so.3",
        "python/site/six.py",
    }
    assert len(names) == len(set(names)), "engines refuse an archive that has a file twice"


# ---------------------------------------------------------------------------------------------------- a real engine


@pytest.fixture
async def real(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SandboxHouse]:
    monkeypatch.setenv("DOCKER_HOST", ENGINE)
    house = SandboxHouse("container", "container")
    await house.open()
    yield house
    await house.close()


@on_an_engine
async def test_a_real_engine_gives_the_level(real: SandboxHouse) -> None:
    assert real.level == "container"
    assert "Its limits of memory and processes were tried, and hold." in real.findings
    sandbox = await real.sandbox([document("The sea.\n" * 100_000), document("b")], ReplSettings(cell_seconds=1))
    assert sandbox.layers["threads"] and sandbox.layers["seccomp"]
    repl = Driven(sandbox, echo)
    assert await repl.out("print(len(context[0]), llm_batch(['a', 'b']))") == "900000 ['about a', 'about b']\n"
    assert "Timeout" in await repl.error("kept = 1\nwhile True: pass")
    assert await repl.out("print(kept)") == "1\n"
    assert "MemoryError" in await repl.error("bytearray(4 << 30)")
    assert (await repl("import os; os._exit(1)")).repl_lost
    assert await repl.out("print(context[1])") == "b\n"


@on_an_engine
async def test_a_real_container_goes_with_its_repl_and_with_a_server_that_is_killed(real: SandboxHouse) -> None:
    def left(pid: int) -> list[Any]:
        with closing(docker_engine.connect()) as client:
            return list(client.containers.list(all=True, filters={"label": f"{docker_engine.LABEL}={pid}"}))

    sandbox = await real.sandbox([document("text")], SMALL)
    assert len(left(os.getpid())) == 1
    await sandbox.close()
    await _until(lambda: not left(os.getpid()))
    code = (
        "import asyncio; from trajectories.engine.sandbox import SandboxHouse; "
        "from trajectories.engine.types import ReplSettings\n"
        "async def main():\n  await SandboxHouse('container', 'none').sandbox([], ReplSettings())\n"
        "  print('open', flush=True); await asyncio.sleep(99)\nasyncio.run(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    ) as server:
        assert server.stdout and server.stdout.readline() == b"open\n"
        assert len(left(server.pid)) == 1
        server.kill()
    await _until(lambda: not left(server.pid))


@on_an_engine
@pytest.mark.parametrize("attacks", LISTS)
def test_no_attack_gets_out_of_a_real_container(attacks: str) -> None:
    source = LISTS[attacks]
    if isinstance(source, Path) and not source.exists():
        pytest.skip(f"{source.name} is not at hand")
    results = results_of(
        [sys.executable, "-B", "-m", "tests.engine.sandbox.attacking", str(source), "container"], ENGINE
    )
    assert {name: wrong for name, wrong in results.items() if wrong} == {}


async def _until(true: Any) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)
