"""Drives one system through one piece of work, in a process and an environment of its own, and prints the figures.

    … | python with_SYSTEM.py        the work comes as JSON, the figures go out as JSON

Nothing here imports the project: the peers' environments do not have it.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Work:
    """What to do."""

    url: str
    """Of the model server, ending in /v1."""
    model: str
    question: str
    max_depth: int
    texts: list[str]
    """Files; one run for each of them, all at once."""
    rounds: int
    """How often, at most."""
    seconds: float
    """No further round is begun after so many."""
    record: str = ""
    """A folder to keep the record in, if there shall be one."""


Solve = Callable[[], str]
"""Makes one run and returns its answer."""


def drive(
    prepare: Callable[[Work, Path], Solve],
    about: Callable[[], str],
    record_bytes: Callable[[Work], int] | None = None,
) -> None:
    """Rounds of the work. What `prepare` does, each time, is not timed; the first run of all, a small one, is not
    either."""
    given = json.load(sys.stdin)
    warm_up = Work(**given["warm_up"])
    _tried(prepare(warm_up, Path(warm_up.texts[0])))
    work = Work(**given["work"])
    before = record_bytes(work) if record_bytes and work.record else 0
    seconds, answers = [], []
    with ThreadPoolExecutor(len(work.texts)) as pool:
        while len(seconds) < work.rounds and sum(seconds) < work.seconds:
            solvers = [prepare(work, Path(path)) for path in work.texts]
            began = time.perf_counter()
            answers.append(list(pool.map(_tried, solvers)))
            seconds.append(time.perf_counter() - began)
    kept = record_bytes(work) - before if record_bytes and work.record else None
    figures = {"about": about(), "seconds": seconds, "answers": answers, "record_bytes": kept}
    print(json.dumps(figures), file=sys.__stdout__, flush=True)


def _tried(solve: Solve) -> str:
    try:
        return str(solve())
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is a wrong answer, and told as that
        return f"{type(error).__name__}: {error}"[:500]
