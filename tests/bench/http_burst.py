"""Measures a burst: 1,000 calls of 200 ms at once through the pooled client, against the model server as a process.

    python -m tests.bench.http_burst [--calls 1000] [--delay-ms 200] [--repeat 3]

The first round opens the connections; the promise is under 1.9 s for every round.
"""

import argparse
import asyncio
import subprocess
import sys
import time

from trajectories.engine import lm
from trajectories.engine.types import Connection, LMClient, Message, Request


async def burst(client: LMClient, calls: int) -> tuple[float, float]:
    """Wall and processor seconds of so many calls at once, all answered right."""
    wall, processor = time.perf_counter(), time.process_time()
    requests = [Request(model="m", messages=(Message(role="user", content=f"question {i}"),)) for i in range(calls)]
    replies = await asyncio.gather(*map(client.complete, requests))
    assert [reply.text for reply in replies] == [f"ANS[question {i}]" for i in range(calls)]
    return time.perf_counter() - wall, time.process_time() - processor


async def measure(url: str, calls: int, repeat: int) -> None:
    async with lm.HTTP() as http:
        client = lm.connect(Connection(name="bench", provider="openai", base_url=url), http)
        for number in range(1, repeat + 1):
            wall, processor = await burst(client, calls)
            print(f"round {number}: {calls} calls in {wall:.2f} s, {processor:.2f} s of processor", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--delay-ms", type=float, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    command = [sys.executable, "-m", "tests.model_server", "--delay-ms", str(options.delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip() if server.stdout else ""
            asyncio.run(measure(url, options.calls, options.repeat))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
