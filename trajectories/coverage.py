"""How near each piece of a run's documents came to the answer, from the recorded reads. Known spans only.

Levels, each nearer than the one before: scanned by code, printed to the model, sent to a model, cited. A character
counts at its highest level.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.models import Document, Run
from trajectories.reads import reads_of
from trajectories.spans import merged, without

LEVELS = ("untouched", "scanned", "printed", "sent", "cited")
LEVEL_OF = {"grep": 1, "slice": 1, "peek": 2, "printed": 2, "sent": 3, "cited": 4}
"""How a piece was read → index in `LEVELS`."""

MOST_DRAWN = 4_000
"""Stretches in one strip; finer ones are drawn as one, at the highest level."""

Span = tuple[int, int, int]
"""Level, start, end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of a document at one level."""

    start: int
    end: int
    level: int

    @property
    def chars(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One document of a run."""

    document: Document
    intervals: tuple[Interval, ...]
    """In order, without overlaps; what is in none is untouched."""
    reads: int
    """Recorded reads of it."""

    def chars(self, level: int) -> int:
        """Characters whose highest level is this one."""
        touched = sum(interval.chars for interval in self.intervals if interval.level == level)
        if level:
            return touched
        return self.document.chars - sum(interval.chars for interval in self.intervals)


Read = tuple[str, int, int, str]
"""Document's id, start, end, how."""


def coverage_of(run: Run, reads: Iterable[Read] | None = None) -> list[Coverage]:
    """Of each document, in the run's order. `reads`: all of the run's, where they are known already."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for document, start, end, how in (read[1:] for read in reads_of(run)) if reads is None else reads:
        spans[document].append((LEVEL_OF.get(how, 1), start, end))
    for source in run.sources:
        spans[str(source["document"])].append((LEVEL_OF["cited"], source["start"], source["end"]))
    links = run.rundocument_set.select_related("document")
    return [
        Coverage(
            document=link.document,
            intervals=tuple(flattened(spans[link.document.id], link.document.chars)),
            reads=len(spans[link.document.id]),
        )
        for link in links
    ]


def flattened(spans: Iterable[Span], chars: int) -> list[Interval]:
    """(level, start, end) in any order → intervals at the highest level of each character, clipped to the document."""
    by_level: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for level, start, end in spans:
        start, end = max(0, start), min(chars, end)
        if start < end:
            by_level[level].append((start, end))
    taken: list[tuple[int, int]] = []
    intervals: list[Interval] = []
    for level in sorted(by_level, reverse=True):
        own = merged(by_level[level])
        intervals += [Interval(start=start, end=end, level=level) for start, end in without(own, taken)]
        taken = merged([*taken, *own])
    return sorted(intervals, key=lambda interval: interval.start)


def strips(documents: list[Coverage]) -> dict[str, Any]:
    """What `coverage.js` draws, and the characters at each level over all documents."""
    return {
        "documents": [
            {
                "id": each.document.id,
                "name": each.document.name,
                "chars": each.document.chars,
                "intervals": drawn(each.intervals, each.document.chars),
            }
            for each in documents
        ],
        "chars": sum(each.document.chars for each in documents),
        "totals": {name: sum(each.chars(level) for each in documents) for level, name in enumerate(LEVELS)},
    }


def drawn(intervals: Sequence[Interval], chars: int) -> list[list[int]]:
    """[start, end, level]… of a stretch of so many characters; too many to see: neighbours become one."""
    if len(intervals) <= MOST_DRAWN:
        return [[each.start, each.end, each.level] for each in intervals]
    width = chars / MOST_DRAWN
    joined: list[list[int]] = []
    for each in intervals:
        if joined and each.end - joined[-1][0] <= width:
            joined[-1][1:] = [each.end, max(joined[-1][2], each.level)]
        else:
            joined.append([each.start, each.end, each.level])
    return joined
