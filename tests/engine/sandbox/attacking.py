"""Runs attacks on the sandbox. For real: only inside a PID and mount namespace of its own (see test_attacks.py).

python -m tests.engine.sandbox.attacking FILE|own [no-namespaces|container] [ID …]

prints {id: what went wrong or null}.
"""

import asyncio
import json
import os
import platform
import re
import secrets
import socket
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.engine.sandbox.attacks import ATTACKS
from tests.engine.sandbox.driving import Driven, document, echo
from trajectories.engine.sandbox import ProcessKind, SandboxHouse
from trajectories.engine.sandbox.worker import filters
from trajectories.engine.types import Execution, ReplSettings

WAYS = ("namespaces", "no-namespaces", "container")
GRACE_SECONDS = 2.0
SLACK_SECONDS = 2.0
AT_ONCE = 4
MEMORY_BYTES = 512 << 20
MEMORY_SLACK = 96 << 20
"""For what is mapped without being the cell's: the interpreter, its library, the documents."""
SECRET = "hunter2-file"
NEVER_TRIED = {57, 58, 153, 169, 246, 320, 335, 336} if platform.machine() == "x86_64" else {58, 104, 142, 294}
"""Calls that would end or disturb this very test, should they get through: forks, hangups, reboots. The kernel lets no
filter see 335 and 336 (probes): it answers them with SIGILL wherever they do not come from its own page."""


class Bait:
    """What the attacks would like to reach, and whether they did."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "mark"
        self.mark.mkdir(mode=0o777)
        self.mark.chmod(0o777)
        self.secret = folder / "secret.txt"
        self.secret.write_text(SECRET)
        self.database = folder / "data.sqlite3"
        with sqlite3.connect(self.database) as database:
            database.execute("create table kept (a)")
        self._before = self.database.read_bytes()
        self.unix, self.datagram = folder / "unix.sock", folder / "datagram.sock"
        self.abstract = f"bait-{secrets.token_hex(8)}"
        self._tcp = _listening(socket.AF_INET, ("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._listening = [
            self._tcp,
            _listening(socket.AF_UNIX, str(self.unix)),
            _listening(socket.AF_UNIX, "\0" + self.abstract),
        ]
        self._datagrams = [
            _bound(socket.AF_INET, ("127.0.0.1", self.port)),
            _bound(socket.AF_UNIX, str(self.datagram)),
        ]

    def fill(self, code: str, sibling: int) -> str:
        values = {
            "PORT": self.port,
            "HOSTPID": os.getpid(),
            "SIBPID": sibling,
            "SECRET": self.secret,
            "DB": self.database,
            "MARK": self.mark,
            "UNIX": self.unix,
            "ABSTRACT": self.abstract,
            "DGRAM": self.datagram,
            "REFUSED": refused_calls(),
        }
        for name, value in values.items():
            code = code.replace(f"@{name}@", str(value))
        return code

    def taken(self) -> str | None:
        """What was reached."""
        if list(self.mark.iterdir()):
            return "a file was written"
        if self.secret.read_text() != SECRET or self.database.read_bytes() != self._before:
            return "a file was changed"
        for listening in self._listening:
            if _got(listening.accept):
                return "a connection was made"
        for datagrams in self._datagrams:
            if _got(lambda datagrams=datagrams: datagrams.recv(10)):  # type: ignore[misc]
                return "a datagram was sent"
        return None

    def close(self) -> None:
        for bound in self._listening + self._datagrams:
            bound.close()


def refused_calls() -> list[int]:
    """Numbers of system calls that the filter does not even look at the arguments of."""
    listed = set(filters.MACHINES[platform.machine()][1].values())
    return [number for number in range(470) if number not in listed | NEVER_TRIED]


async def attack(house: SandboxHouse, bait: Bait, sibling: int, item: dict[str, Any]) -> str | None:
    """What went wrong, or None."""
    settings = ReplSettings(cell_seconds=item["timeout"], memory_bytes=MEMORY_BYTES)
    sandbox = await house.sandbox([document("The text of the victim.\n" * 100)], settings)
    repl = Driven(sandbox, echo)
    try:
        assert sandbox._child is not None
        pid = sandbox._child.pid
        began = time.monotonic()
        execution = await repl(bait.fill(item["code"], sibling))
        seconds = time.monotonic() - began
        after = await repl("print(6 * 7)")
        if item["after"] == "lost" and after.repl_lost:
            after = await repl("print(6 * 7)")
        wrong = judged(item, execution, after, seconds) or (None if in_box(house) else too_much_memory(pid))
    finally:
        await sandbox.close()
    stayed = not in_box(house) and Path(f"/proc/{pid}").exists()
    return wrong or ("a process stayed behind" if stayed else bait.taken())


def in_box(house: SandboxHouse) -> bool:
    """Whether its processes have other numbers here, and end with their box."""
    return house.kind == "container"


def judged(item: dict[str, Any], execution: Execution, after: Execution, seconds: float) -> str | None:
    said = f"{execution.stdout} {execution.error} {execution.ending}"
    if "PWNED" in execution.stdout or (execution.ending and "PWNED" in str(execution.ending.answer)):
        return f"got through: {said[:500]}"
    if seconds > item["timeout"] + GRACE_SECONDS + SLACK_SECONDS:
        return f"took {seconds:.1f} s: {said[:200]}"
    if after.stdout != "42\n":
        return f"the next cell said {after.stdout[:200]!r} {after.error}"
    if item["after"] == "alive" and execution.repl_lost:
        return f"the REPL was lost: {execution.error}"
    return None


def too_much_memory(pid: int) -> str | None:
    """More than the process may take, at any time, if it is still there."""
    try:
        peak = int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) << 10
    except (OSError, IndexError):
        return None
    return f"took {peak >> 20} MiB" if peak > MEMORY_BYTES + MEMORY_SLACK else None


def attacks_of(source: str, chosen: list[str]) -> list[dict[str, Any]]:
    items = ATTACKS if source == "own" else json.loads(Path(source).read_text())
    return [item for item in items if not chosen or item["id"] in chosen]


def house_of(way: str) -> SandboxHouse:
    if way == "container":
        return SandboxHouse("container", "container")
    return SandboxHouse(made=ProcessKind(namespaces=way == "namespaces"))


async def main(items: list[dict[str, Any]], way: str) -> dict[str, str | None]:
    house = house_of(way)
    await house.open()
    results: dict[str, str | None] = {}
    slots = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        bait = Bait(Path(folder))
        sibling = await house.sandbox([document("another user's text")], ReplSettings())
        assert sibling._child is not None
        pid = sibling._child.pid

        async def one(item: dict[str, Any]) -> None:
            async with slots:
                results[item["id"]] = await attack(house, bait, pid, item)

        await asyncio.gather(*[one(item) for item in items])
        for item in items:
            if (results[item["id"]] or "").startswith("took"):  # beside others: once more, alone
                results[item["id"]] = await attack(house, bait, pid, item)
        last = await Driven(sibling, echo).out("print(context)")
        results["(sibling)"] = None if last == "another user's text\n" else f"the sibling said {last!r}"
        bait.close()
    await house.close()
    return results


def _listening(family: int, address: Any) -> socket.socket:
    listening = socket.socket(family)
    listening.bind(address)
    listening.listen()
    listening.setblocking(False)
    return listening


def _bound(family: int, address: Any) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind(address)
    bound.setblocking(False)
    return bound


def _got(receive: Any) -> bool:
    try:
        receive()
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    os.environ["RLM_SECRET"] = "hunter2-env"
    source, *rest = sys.argv[1:]
    way = next((word for word in rest if word in WAYS), WAYS[0])
    chosen = [word for word in rest if word not in WAYS]
    print(json.dumps(asyncio.run(main(attacks_of(source, chosen), way))))
