"""Turns among runs, limits of runs, connections and the process, and what a refusal does to a connection's limit."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from trajectories.engine.pacing import Pacer

pytestmark = pytest.mark.asyncio


class Traffic:
    """Counts what is in flight."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.flying: Counter[Any] = Counter()
        self.most: Counter[Any] = Counter()
        self.order: list[Any] = []
        self.gate = asyncio.Event()

    async def request(self, run: str, connection: str = "c", run_limit: int = 100, most: int | None = None) -> None:
        async with self.pacer.slot(run, run_limit, connection, most):
            self.order.append(run)
            for key in ("all", run, connection):
                self.flying[key] += 1
                self.most[key] = max(self.most[key], self.flying[key])
            await self.gate.wait()
            await asyncio.sleep(0)
            for key in ("all", run, connection):
                self.flying[key] -= 1


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_limit_is_ever_exceeded() -> None:
    traffic = Traffic(Pacer(10))
    jobs = [traffic.request(f"run{n % 3}", f"c{n % 2}", run_limit=4, most=7) for n in range(60)]
    tasks = [asyncio.create_task(job) for job in jobs]
    await settled()
    assert traffic.flying["all"] == 10
    traffic.gate.set()
    await asyncio.gather(*tasks)
    assert traffic.most["all"] == 10
    assert max(traffic.most[f"run{n}"] for n in range(3)) <= 4
    assert max(traffic.most[f"c{n}"] for n in range(2)) <= 7
    assert len(traffic.order) == 60


async def test_a_small_run_is_not_kept_waiting_by_a_large_one() -> None:
    traffic = Traffic(Pacer(4))
    large = [asyncio.create_task(traffic.request("large")) for _ in range(100)]
    await settled()
    small = [asyncio.create_task(traffic.request("small")) for _ in range(4)]
    await settled()
    traffic.gate.set()
    await asyncio.gather(*large, *small)
    last_of_small = max(index for index, run in enumerate(traffic.order) if run == "small")
    assert last_of_small <= 4 + 2 * 4


async def test_a_refused_connection_halves_its_limit_once_for_a_burst_and_recovers() -> None:
    pacer = Pacer(64)
    lane = pacer.lane("c")
    lane.flying = 64
    lane.refused(sent_at=1.0, wait=0.0)
    for _ in range(63):
        lane.refused(sent_at=1.0, wait=0.0)
    assert lane.limit == 32
    for _ in range(32):
        lane.went_well()
    assert 32.9 < lane.limit < 33.1
    for _ in range(10_000):
        lane.went_well()
    assert lane.limit == 64


async def test_a_connection_that_asked_for_a_pause_is_left_alone_and_others_go_on() -> None:
    traffic = Traffic(Pacer(8))
    traffic.gate.set()
    traffic.pacer.lane("busy").refused(sent_at=1.0, wait=0.15)
    began = asyncio.get_running_loop().time()
    waiting = asyncio.create_task(traffic.request("run", "busy"))
    await asyncio.wait_for(traffic.request("run", "free"), 0.1)
    await asyncio.wait_for(waiting, 2)
    assert asyncio.get_running_loop().time() - began >= 0.14


async def test_who_is_cancelled_while_waiting_gives_nothing_away_and_takes_nothing() -> None:
    traffic = Traffic(Pacer(1))
    first = asyncio.create_task(traffic.request("a"))
    await settled()
    waiting = [asyncio.create_task(traffic.request("a")) for _ in range(3)]
    await settled()
    waiting[0].cancel()
    first.cancel()
    waiting[1].cancel()
    await settled()
    traffic.gate.set()
    await asyncio.wait_for(waiting[2], 1)
    assert traffic.pacer._flying == 0
    assert not traffic.pacer._queues
