"""A stretch of a document that somebody looks at: how much of it came how near to the answer, and who read it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from trajectories.coverage import LEVEL_OF, LEVELS, Interval, drawn, flattened
from trajectories.models import Document, Node, Run
from trajectories.reads import NodeRead, reads_of

MOST_NODES = 40
"""Nodes that are listed, the nearest to the answer first."""


def stretch_json(run: Run, document: Document, start: int, end: int) -> dict[str, Any]:
    """Characters start..end of a document of the run, clipped to it, in finer steps than its whole strip has."""
    start, end = max(0, min(start, document.chars)), max(0, min(end, document.chars))
    reads = chain(reads_of(run), _citations(run))
    touching = [read for read in reads if read[1] == document.pk and read[2] < end and start < read[3]]
    intervals = flattened(
        [(LEVEL_OF.get(read[4], 1), max(start, read[2]), min(end, read[3])) for read in touching], end
    )
    readers = _readers(touching)
    return {
        "document": document.pk,
        "name": document.name,
        "chars": document.chars,
        "start": start,
        "end": end,
        "intervals": drawn(intervals, end - start),
        "totals": totals(intervals, end - start),
        "nodes": _named(run, readers[:MOST_NODES]),
        "node_count": len(readers),
    }


def totals(intervals: Iterable[Interval], chars: int) -> dict[str, int]:
    """Characters at each level; what is in no interval is untouched."""
    found = dict.fromkeys(LEVELS, 0)
    for each in intervals:
        found[LEVELS[each.level]] += each.chars
    found[LEVELS[0]] = chars - sum(found.values())
    return found


def _citations(run: Run) -> Iterator[NodeRead]:
    """What the answer cites, as reads of the root's node, which gave it."""
    roots = Node.objects.filter(run=run, kind="rlm", parent=None).order_by("number").values_list("number", flat=True)
    root = (roots.last() or 0) if run.sources else 0
    for source in run.sources:
        yield root, str(source["document"]), source["start"], source["end"], "cited"


def _readers(reads: Iterable[NodeRead]) -> list[dict[str, Any]]:
    """One entry for each node, at its nearest way of reading; the nearest to the answer first, then in order."""
    nearest: dict[int, NodeRead] = {}
    for read in reads:
        known = nearest.get(read[0])
        if known is None or LEVEL_OF[read[4]] > LEVEL_OF[known[4]]:
            nearest[read[0]] = read
    order = sorted(nearest.values(), key=lambda read: (-LEVEL_OF[read[4]], read[0]))
    return [{"number": read[0], "how": read[4], "start": read[2], "end": read[3]} for read in order]


def _named(run: Run, readers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    numbers = [each["number"] for each in readers]
    rows = Node.objects.filter(run=run, number__in=numbers).values("number", "kind", "name")
    known: Mapping[int, Any] = {row["number"]: row for row in rows}
    return [{**each, **known[each["number"]]} for each in readers if each["number"] in known]
