"""Searching: in a run (`finding.py`) and across runs (`across.py`), with the words of `words.py`.

    line → query.py → patterns.py       what is asked for
    rows, texts → sources.py → taken.py (held.py)       what there is, taken in within a time limit and remembered
    finding.py → snippets.py → telling.py       what fits, where, and how it is told

Whoever shows a run to others hands in what they see of it (`Seen`), so that nothing else is searched.
"""

from trajectories.search.across import (
    FoundRuns,
    Position,
    RunHit,
    asks_for_text,
    fitting_runs,
    node_line,
    older,
    search_runs,
)
from trajectories.search.finding import MOST_HITS, Found, Hit, search_run
from trajectories.search.query import WrongQuery
from trajectories.search.sources import Seen
from trajectories.search.telling import found_json, run_hit_json, words_json
from trajectories.search.words import NODE_WORDS, RUN_WORDS, Word

__all__ = [
    "MOST_HITS",
    "NODE_WORDS",
    "RUN_WORDS",
    "Found",
    "FoundRuns",
    "Hit",
    "Position",
    "RunHit",
    "Seen",
    "Word",
    "WrongQuery",
    "asks_for_text",
    "fitting_runs",
    "found_json",
    "node_line",
    "older",
    "run_hit_json",
    "search_run",
    "search_runs",
    "words_json",
]
