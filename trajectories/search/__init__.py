"""Searching: in a run (`finding.py`) and across runs (`runs.py`), with the words of `words.py`.

    line → query.py → patterns.py       what is asked for
    rows, texts → sources.py → taken.py (held.py)       what there is, taken in within a time limit and remembered
    finding.py → snippets.py → telling.py       what fits, where, and how it is told

Whoever shows a run to others hands in what they see of it (`Seen`), so that nothing else is searched.
"""

from trajectories.search.finding import MOST_HITS, Found, Hit, search_run
from trajectories.search.query import WrongQuery
from trajectories.search.sources import Seen
from trajectories.search.telling import found_json, words_json
from trajectories.search.words import NODE_WORDS, RUN_WORDS, Word

__all__ = [
    "MOST_HITS",
    "NODE_WORDS",
    "RUN_WORDS",
    "Found",
    "Hit",
    "Seen",
    "Word",
    "WrongQuery",
    "found_json",
    "search_run",
    "words_json",
]
