"""Time, memory, kills, cancelling, and processes that must not stay behind."""

import asyncio
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.engine.sandbox.driving import Driven, Opener, document, echo
from trajectories.engine.sandbox import ReplSandbox, SandboxHouse
from trajectories.engine.types import CallResult, HostCall, ReplSettings

pytestmark = pytest.mark.asyncio(loop_scope="session")


def processes(sandbox: ReplSandbox) -> list[int]:
    """The REPL and its supervisor, where there is one."""
    assert sandbox._child is not None
    pid = sandbox._child.pid
    if sandbox.layers.get("namespaces") != "user":
        return [pid]
    return [pid, int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_cell_that_runs_too_long_is_interrupted_and_keeps_its_state(opened: Opener) -> None:
    repl = await opened("text", cell_seconds=0.3)
    execution = await repl("kept = 7\nprint('before')\nwhile True: pass")
    assert execution.error is not None
    assert execution.error.kind == "Timeout"
    assert "line 3" in execution.error.traceback
    assert (execution.repl_lost, execution.stdout) == (False, "before\n")
    assert 0.25 < execution.seconds < 1.5
    assert await repl.out("kept") == "7\n"


@pytest.mark.parametrize("code", ["import time\ntime.sleep(60)", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"])
async def test_waiting_and_searching_can_be_interrupted(opened: Opener, code: str) -> None:
    repl = await opened("text", cell_seconds=0.3)
    execution = await repl(code)
    assert execution.error is not None
    assert (execution.error.kind, execution.repl_lost) == ("Timeout", False)


async def test_code_that_will_not_stop_is_killed_and_the_next_cell_is_fresh(opened: Opener) -> None:
    repl = await opened("the text", cell_seconds=0.3)
    await repl.out("old = 1")
    execution = await repl("sum(range(10 ** 13))")
    assert execution.error is not None
    assert execution.error.kind == "Killed"
    assert "variables are gone" in execution.error.message
    assert execution.repl_lost
    fresh = await repl("print('old' in globals(), context)")
    assert (fresh.stdout, fresh.repl_lost) == ("False the text\n", False)


@pytest.mark.parametrize("code", ["import ctypes\nctypes.string_at(0)", "import os\nos._exit(3)"])
async def test_a_crash_costs_the_repl_and_nothing_else(opened: Opener, code: str) -> None:
    repl = await opened("text")
    execution = await repl(code)
    assert execution.error is not None
    assert (execution.error.kind, execution.repl_lost) == ("Killed", True)
    assert await repl.out("1 + 1") == "2\n"


async def test_memory_beyond_the_limit_is_a_memory_error(opened: Opener) -> None:
    repl = await opened("text", memory_bytes=256 << 20)
    error = await repl.error("kept = 1\nbig = 'x' * (1 << 30)")
    assert "MemoryError" in error
    assert "There are 256 MiB" in error
    assert await repl.out("kept; len('x' * (100 << 20))") == "104857600\n"


async def test_a_large_document_leaves_the_working_memory_free(opened: Opener) -> None:
    repl = await opened(document("x" * 50_000_000 + "é"), memory_bytes=300 << 20)
    assert await repl.out("copy = context.replace('é', 'e')\nlen(copy)") == "50000001\n"


async def test_a_thousand_threads_are_not_to_be_had(opened: Opener) -> None:
    repl = await opened("text")
    code = """
import threading
stop, started = threading.Event(), 0
try:
    for _ in range(1000):
        threading.Thread(target=stop.wait).start()
        started += 1
except (RuntimeError, MemoryError):
    pass
stop.set()
print(started < 64)
"""
    assert await repl.out(code) == "True\n"


async def test_cancelling_kills_the_repl_within_a_second(opened: Opener) -> None:
    repl = await opened("text")
    running = processes(repl.sandbox)
    task = asyncio.create_task(repl("while True: pass"))
    await asyncio.sleep(0)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 1
    assert not any(map(alive, running))
    assert await repl.out("1") == "1\n"


async def test_cancelling_cancels_the_host_call_it_waits_for(opened: Opener) -> None:
    repl = await opened("text")
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def never(call: HostCall) -> list[CallResult]:
        asked.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()
        return []

    task = asyncio.create_task(repl.sandbox.execute("llm_call('x')", never))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()


async def test_closing_leaves_no_process(opened: Opener) -> None:
    repl = await opened("text", threads=True)
    await repl.out("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()")
    running = processes(repl.sandbox)
    assert all(map(alive, running))
    await repl.sandbox.close()
    assert not any(map(alive, running))


async def test_between_cells_the_repl_stands_still(opened: Opener) -> None:
    repl = await opened("text", threads=True)
    code = """
import threading
ticks, go = [0], True
def tick():
    while go: ticks[0] += 1
threading.Thread(target=tick, name="ticker").start()
"""
    execution = await repl(code)
    (note,) = execution.notes
    assert note.startswith("1 thread (ticker) still runs after the end of the cell.")
    pid = processes(repl.sandbox)[0]
    used = cpu_ticks(pid)
    await asyncio.sleep(0.5)
    assert cpu_ticks(pid) - used <= 2
    execution = await repl("before = ticks[0]\nimport time; time.sleep(0.05)\nprint(ticks[0] > before)\ngo = False")
    assert execution.stdout == "True\n"
    assert (await repl("time.sleep(0.05)")).notes == ()


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.parametrize("how", ["standing still", "stopped by somebody", "in a system call"])
async def test_a_repl_is_killed_in_every_state(opened: Opener, how: str) -> None:
    repl = await opened("text")
    running = processes(repl.sandbox)
    if how == "stopped by somebody":
        repl.sandbox._child.go_on()  # type: ignore[union-attr]
        os.kill(running[0], signal.SIGSTOP)
    elif how == "in a system call":
        going = asyncio.create_task(repl("import os\nr, w = os.pipe()\nwhile True: os.write(w, b'x' * 100_000)"))
        await asyncio.sleep(0.2)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
    began = time.monotonic()
    await repl.sandbox.close()
    assert time.monotonic() - began < 1
    assert not any(map(alive, running))


async def test_an_idle_repl_has_less_than_three_megabytes_of_its_own(opened: Opener) -> None:
    repl = await opened("text")
    told = Path(f"/proc/{processes(repl.sandbox)[0]}/smaps_rollup").read_text()
    assert int(re.findall(r"^Private_Dirty:\s+(\d+)", told, re.MULTILINE)[0]) * 1024 < 3_000_000


async def test_sixteen_repls_open_at_once_and_do_not_meet(opened: Opener) -> None:
    repls = await asyncio.gather(*[opened(f"text {number}") for number in range(16)])

    async def use(repl: Driven, number: int) -> str:
        await repl.out(f"mine = {number}")
        return await repl.out("print(context, mine, llm_call(context))")

    outs = await asyncio.gather(*[use(repl, number) for number, repl in enumerate(repls)])
    assert outs == [f"text {number} {number} about text {number}\n" for number in range(16)]


async def test_a_dead_zygote_is_replaced_and_takes_its_repls_along() -> None:
    house = SandboxHouse()
    await house.open()
    try:
        sandbox = await house.sandbox([document("text")], ReplSettings())
        repl = Driven(sandbox, echo)
        running = processes(sandbox)
        assert house._made.nursery.zygote.pid is not None
        os.kill(house._made.nursery.zygote.pid, signal.SIGKILL)
        execution = await repl("while True: pass")
        assert execution.repl_lost
        assert await repl.out("context") == "'text'\n"
        assert not any(map(alive, running))
    finally:
        await house.close()


async def test_closing_the_house_closes_what_is_open() -> None:
    house = SandboxHouse()
    await house.open()
    sandboxes = [await house.sandbox([document("text")], ReplSettings()) for _ in range(3)]
    running = [pid for sandbox in sandboxes for pid in processes(sandbox)] + [house._made.nursery.zygote.pid or 0]
    await house.close()
    assert not any(map(alive, running))


async def test_when_the_host_dies_everything_under_it_goes() -> None:
    program = """
import asyncio, sys
from trajectories.engine.sandbox import SandboxHouse
from trajectories.engine.types import ReplSettings
async def main():
    house = SandboxHouse()
    await house.open()
    sandbox = await house.sandbox([], ReplSettings())
    running = asyncio.create_task(sandbox.execute("while True: pass", None))
    await asyncio.sleep(0.2)
    print(house._made.nursery.zygote.pid, sandbox._child.pid, flush=True)
    await running
asyncio.run(main())
"""
    host = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert host.stdout is not None
    pids = [int(word) for word in (await host.stdout.readline()).split()]
    handles = [os.pidfd_open(pid) for pid in pids]
    host.kill()
    await host.wait()
    for handle in handles:
        await asyncio.wait_for(_ended(handle), 5)
        os.close(handle)


async def _ended(handle: int) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(handle, ended.set_result, None)
    await ended
    loop.remove_reader(handle)
