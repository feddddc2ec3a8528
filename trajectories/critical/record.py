"""A run's nodes as the path needs them, from its rows."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from trajectories.critical.path import Span
from trajectories.models import Node, Run

MICRO = 1_000_000
MOST_IN_FLIGHT = 256
"""Of one worker process."""
COLUMNS = ("number", "parent", "kind", "depth", "started_at", "finished_at", "queued_ms", "batch", "index")


def read_spans(run: Run, now: float | None = None) -> list[Span]:
    """By number. What is open ends `now`, in seconds since the run's start; by this machine's clock without it."""
    began = run.started_at.timestamp() if run.started_at else 0.0
    rows = list(Node.objects.filter(run=run).order_by("number").values_list(*COLUMNS))
    end = max((_micros((row[5] or row[4]) - began) for row in rows), default=0)
    if run.is_live:
        end = max(end, _micros((run.seconds or 0.0) if now is None else now))
    waits = _open_waits(run, rows, began, end) if run.is_live else {}
    retried = retried_ms(run)
    follows = _follows(run)
    return [
        Span(
            number=number,
            parent=parent,
            kind=kind,
            depth=depth,
            start=_micros(started - began),
            end=end if finished is None else _micros(finished - began),
            queued=waits.get(number, 0) if queued_ms is None else round(queued_ms * 1000),
            retried=round(retried.get(number, 0.0) * 1000),
            batch=batch,
            index=index,
            follows=follows.get(number),
        )
        for number, parent, kind, depth, started, finished, queued_ms, batch, index in rows
    ]


def retried_ms(run: Run) -> dict[int, float]:
    """Of the calls that were tried more than once: milliseconds in tries that failed and in the waits after them."""
    tried = Node.objects.filter(run=run, kind="lm").filter(Q(attempt__gt=1) | Q(finished_at=None))
    found: dict[int, float] = {}
    for number, retries in tried.values_list("number", "data__retries"):
        if retries:
            found[number] = sum(
                1000 * ((each.get("wait_seconds") or 0) + (each.get("seconds") or 0)) for each in retries
            )
    return found


def _follows(run: Run) -> dict[int, int]:
    """Gates and calls that were made instead of another → the call they followed."""
    rows = Node.objects.filter(run=run).filter(Q(kind="gate") | Q(data__before__isnull=False))
    return {number: of or before for number, of, before in rows.values_list("number", "data__of", "data__before")}


def _open_waits(run: Run, rows: Sequence[Any], began: float, now: int) -> dict[int, int]:
    """How long calls that have not ended waited for a slot, as far as that follows from the others: first come, first
    served, each in the place of one that has ended."""
    concurrency = run.policy.get("concurrency")
    slots = min(MOST_IN_FLIGHT, concurrency if isinstance(concurrency, int) else MOST_IN_FLIGHT)
    calls = [row for row in rows if row[2] == "lm"]
    ends = sorted(_micros(row[5] - began) for row in calls if row[5] is not None)
    waits = {}
    for rank, row in enumerate(calls):
        if row[5] is None:
            start, freed = _micros(row[4] - began), rank - slots
            sent = start if freed < 0 else ends[freed] if freed < len(ends) else now
            waits[row[0]] = max(0, sent - start)
    return waits


def _micros(seconds: float) -> int:
    return round(seconds * MICRO)
