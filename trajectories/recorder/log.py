"""Reading a run's log."""

from collections.abc import Iterator
from typing import Any

import orjson

from trajectories.models import Event
from trajectories.recorder.rows import Fold, NodeRow

Json = dict[str, Any]


def events_of(run_id: str, after: int = 0) -> Iterator[Json]:
    """In order, as they stand in the log."""
    lines = Event.objects.filter(run_id=run_id, seq__gt=after).order_by("seq").values_list("data", flat=True)
    return (orjson.loads(line) for line in lines.iterator(chunk_size=2_000))


def folded(run_id: str) -> tuple[Fold, dict[int, NodeRow]]:
    """The run's rows as its log says they are."""
    fold, rows = Fold(), {}
    for event in events_of(run_id):
        row = fold.apply(event)
        if row is not None:
            rows[row.number] = row
    return fold, rows
