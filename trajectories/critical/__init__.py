"""The exact critical path: the chain of nodes that a run's time was spent in, from who awaited whom.

What is recorded says it exactly. Below a node the calls of one batch were awaited together, at the end of the last of
them; everything else was awaited one by one. So a group of calls could begin only when the one that ended last before
it had ended; where code called from threads, groups overlap, and the same rule finds the one that was waited for.

    182 s = 61 s root + 97 s slowest of 16 + 24 s code; more workers would save at most 12 s

Times are whole microseconds since the run's start. `critical.js` says the same in the browser, number for number.
"""

from trajectories.critical.path import Clause, CriticalPath, critical_path
from trajectories.critical.record import read_spans, retried_ms
from trajectories.critical.sentence import Part, words
from trajectories.models import Run

__all__ = ["Clause", "CriticalPath", "Part", "path_of", "retried_ms", "sentence", "words"]


def sentence(run: Run) -> list[Part]:
    """“182 s = 61 s root + …”, piece by piece; empty for a run without nodes."""
    path = path_of(run)
    return words(path) if path else []


def path_of(run: Run, now: float | None = None) -> CriticalPath | None:
    """None for a run without nodes. While the run goes on: the path until now, in seconds since its start."""
    spans = read_spans(run, now)
    return critical_path(spans, live=run.is_live) if spans else None
