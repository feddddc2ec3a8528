"""Measures the engine's own time, whole and without a recorder: sandbox, prompts, budget, HTTP, events.

    python -m tests.bench.batch [--repeat 3] [--only batch1000 …]

Each job is a real run against the model server as a process. The aims stand beside the figures.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trajectories import engine

TEXT = "The quick brown fox jumps over the lazy dog.\n" * 5_000
STEP = "x{0} = {0} * 2\nprint('step', {0}, x{0})"
BATCH = "r = llm_batch([f'question {{i}}' for i in range({0})])\nFINAL(f'{{len(r)}} {{r[0]}} {{r[-1]}}')"
SEQUENCE = "r = [llm_call(f'question {i}') for i in range(20)]\nFINAL(f'{len(r)} {r[-1]}')"
CHILDREN = "r = rlm_batch([f'child {i}' for i in range(8)])\nFINAL(f'{len(r)} {r[0]} {r[-1]}')"
CHILD = ["print(len(context))", "a = llm_call('question of ' + context[:7])\nprint(a)", "FINAL('done ' + context[:7])"]
MIX = ["print(context[:40])", BATCH.format(8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to measure: the root's cells, and what the best answer looks like."""

    cells: Sequence[str]
    answer: str
    aim: str
    runs: int = 1
    policy: dict[str, Any] = field(default_factory=dict)


JOBS = {
    "steps10": Job(
        cells=[*(STEP.format(i) for i in range(9)), "FINAL(str(x8))"], answer="16", aim="0.10 s (10 ms a step)"
    ),
    "batch100": Job(cells=[BATCH.format(100)], answer="100 ANS[question 0] ANS[question 99]", aim="0.5 s"),
    "batch1000": Job(cells=[BATCH.format(1000)], answer="1000 ANS[question 0] ANS[question 999]", aim="2.5 s"),
    "sequence20": Job(cells=[SEQUENCE], answer="20 ANS[question 19]", aim="4.2 s"),
    "children8": Job(cells=[CHILDREN], answer="8 done child 0 done child 7", aim="0.6 s", policy={"max_depth": 2}),
    "runs16": Job(cells=MIX, answer="8 ANS[question 0] ANS[question 7]", aim="1.8 s", runs=16),
}


async def main_loop(url: str, names: Sequence[str], repeat: int) -> None:
    made = engine.Engine(sandbox_min="none")
    await made.open()
    try:
        print(f"sandbox: {made.sandbox_kind}, {made.sandbox_level}")
        await measured(made, url, "steps10")
        for name in names:
            times = [await measured(made, url, name) for _ in range(repeat)]
            took = "  ".join(f"{seconds:.3f}" for seconds in times)
            print(f"{name:<11} {took} s, median {statistics.median(times):.3f}   aim {JOBS[name].aim}", flush=True)
    finally:
        await made.close()


async def measured(made: engine.Engine, url: str, name: str) -> float:
    """Seconds for the job; every answer is checked."""
    job = JOBS[name]
    began = time.perf_counter()
    outcomes = await asyncio.gather(*(made.run(task(url, name), nobody) for _ in range(job.runs)))
    seconds = time.perf_counter() - began
    for outcome in outcomes:
        assert outcome.answer == job.answer, (outcome.answer, outcome.error_message)
    return seconds


def task(url: str, name: str) -> engine.Task:
    connection = engine.Connection(name="bench", provider="openai", base_url=url)
    models = {"root": f"bench/{name}", "worker": "bench/worker"}
    return engine.Task(
        question="What jumps?",
        documents=(engine.Document(id="text", name="text.txt", text=engine.TextInMemory(TEXT)),),
        policy=engine.policy_from_json({"models": models, "exploration": "off", **JOBS[name].policy}),
        connections={"bench": connection},
    )


async def nobody(event: engine.Event) -> None:
    """Takes the events and forgets them."""


def script() -> str:
    """The model server's script: the cells of each job; children of `children8` have their own."""
    root = {name: [f"```repl\n{cell}\n```" for cell in job.cells] for name, job in JOBS.items()}
    child = [f"```repl\n{cell}\n```" for cell in CHILD]
    return f"REPLIES = {root!r}\nOPENINGS = {[('children8', 'child ', child)]!r}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=JOBS, default=list(JOBS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.py"
        file.write_text(script())
        command = [sys.executable, "-m", "tests.model_server", "--script", str(file), "--delay-ms", "200"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                url = server.stdout.readline().strip() if server.stdout else ""
                asyncio.run(main_loop(url, options.only, options.repeat))
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
