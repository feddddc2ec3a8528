"""Measures the running product: `python -m tests.bench.house`. Aims stand beside the figures.

Start, memory, the way of an event to a viewer, and a wide batch with everything recorded and viewers watching. The
scripted model server runs in this process, so on few cores the figures are on the safe side.
"""

import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime

from tests.house import House
from tests.model_server import ModelServer
from tests.serving.asking import POLICY, ask, run_of, socket

VIEWERS = 5
WIDE = 1_000
MIB = 1 << 20
RUN = {**POLICY, "exploration": "off", "concurrency": 1_000}


def main() -> None:
    with ModelServer() as models, House(OPENAI_BASE_URL=models.url, OPENAI_API_KEY="sk-bench") as house:
        print(f"first start            {house.seconds_to_start:6.2f} s")
        print(f"stop                   {_stop(house):6.2f} s      (aim 2)")
        starts = []
        for _ in range(3):
            house.start()
            starts.append(house.seconds_to_start)
            house.stop()
        print(f"second start           {statistics.median(starts):6.2f} s      (aim 3) of {_shown(starts)}")
        house.start()
        time.sleep(3)  # idle is what is left when nothing happens
        print(f"idle memory            {house.memory() / MIB:6.0f} MiB    (aim 130, at most 250)")
        asyncio.run(_latency(house, models))
        asyncio.run(_steps(house, models))
        asyncio.run(_wide(house, models))
        print(f"memory afterwards      {house.memory() / MIB:6.0f} MiB")


def _stop(house: House) -> float:
    began = time.monotonic()
    house.stop()
    return time.monotonic() - began


@dataclass(slots=True)
class Seen:
    """What a viewer saw of a run."""

    ages: list[float] = field(default_factory=list)
    """Of each event at its arrival, in seconds; sorted at the end."""
    longest_cell: float = 0.0

    def share(self, part: float) -> str:
        return f"{self.ages[min(len(self.ages) - 1, int(len(self.ages) * part))] * 1000:.0f} ms"


async def _latency(house: House, models: ModelServer) -> None:
    """A call each 150 ms or so: how old an event is when a viewer has it."""
    calls = "```repl\nfor i in range(40): llm_call(f'MOCK_SLEEP_150 {i}')\n```"
    models.replies("root", [calls, "FINAL(done)"], when="one by one")
    seen = await _watched(house, "one by one", viewers=1)
    print(f"event to viewer        p50 {seen.share(0.5)}, p99 {seen.share(0.99)}  (aim 150 for the first of a burst)")


async def _steps(house: House, models: ModelServer) -> None:
    """What a step costs when the model answers at once."""
    models.replies("root", ["```repl\nx = 1\n```"] * 19 + ["FINAL(done)"], when="step by step")
    run_id = await asyncio.to_thread(ask, house, "step by step", RUN)
    await _follow(house, run_id)
    run = await asyncio.to_thread(run_of, house, run_id)
    print(
        f"20 steps               {run['seconds'] * 1000 / 20:6.1f} ms a step, model server included  (aim 10 without)"
    )


async def _wide(house: House, models: ModelServer) -> None:
    batch = f"```repl\nprint(len(llm_batch([f'MOCK_SLEEP_200 {{i}}' for i in range({WIDE})])))\n```"
    for turn in range(3):
        word = f"all at once {turn}"
        models.replies("root", [batch, "FINAL(done)"], when=word)
        seen = await _watched(house, word, viewers=VIEWERS)
        print(
            f"batch of {WIDE} × 200 ms {seen.longest_cell:5.2f} s      (aim 2.5) {VIEWERS} viewers, "
            f"event p50 {seen.share(0.5)}, worst {seen.share(1)}"
        )


async def _watched(house: House, question: str, *, viewers: int) -> Seen:
    """As the first of so many viewers saw it."""
    run_id = await asyncio.to_thread(ask, house, question, RUN)
    return (await asyncio.gather(*[_follow(house, run_id) for _ in range(viewers)]))[0]


async def _follow(house: House, run_id: str) -> Seen:
    seen, cells = Seen(), set()
    async with socket(house, f"/ws/runs/{run_id}") as opened:
        async for message in opened:
            now = time.time()
            for event in json.loads(message.data).get("events", ()):
                seen.ages.append(now - datetime.fromisoformat(event["at"]).timestamp())
                if event["data"].get("kind") == "cell":
                    cells.add(event["node"])
                elif event["type"] == "node.finished" and event["node"] in cells:
                    seen.longest_cell = max(seen.longest_cell, event["data"]["seconds"])
    seen.ages.sort()
    return seen


def _shown(seconds: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds)


if __name__ == "__main__":
    main()
