"""A run's record as its story needs it, from the rows of the database."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from frontend.story.traced import Brief, Happening, Json, Traced, first_seen, near
from trajectories.models import Event, Node, Run
from trajectories.reads import reads_of
from trajectories.recorder.rows import seconds

COLUMNS = (
    "number",
    "parent",
    "kind",
    "depth",
    "name",
    "status",
    "started_at",
    "finished_at",
    "model",
    "batch",
    "attempt",
    "subtree_usd",
)
MOST_HAPPENINGS = 5_000
USUAL = ("node.", "lm.retried", "gate.judged", "run.started", "run.finished")
"""Events of which the nodes tell already."""


def traced_of(run: Run, document_names: Mapping[str, str]) -> Traced:
    began = run.started_at.timestamp() if run.started_at else 0.0
    nodes = {brief.number: brief for brief in _briefs(run, began)}
    return Traced(
        nodes=nodes,
        details=_details(run, near(nodes.values())),
        happenings=list(_happenings(run, began)),
        seen=first_seen(run.sources, reads_of(run), nodes) if run.sources else [],
        document_names=document_names,
        status=run.status,
        ended_by=run.ended_by,
        error=run.error,
    )


def _briefs(run: Run, began: float) -> Iterator[Brief]:
    rows = Node.objects.filter(run=run).order_by("number").values_list(*COLUMNS)
    for number, parent, kind, depth, name, status, start, end, model, batch, attempt, usd in rows.iterator(2_000):
        yield Brief(
            number=number,
            parent=parent,
            kind=kind,
            depth=depth,
            name=name,
            status=status,
            start=start - began,
            end=None if end is None else end - began,
            model=model,
            batch=batch,
            attempt=attempt,
            usd=usd,
        )


def _details(run: Run, numbers: set[int]) -> dict[int, Json]:
    wanted = sorted(numbers)
    found: dict[int, Json] = {}
    for first in range(0, len(wanted), 500):
        rows = Node.objects.filter(run=run, number__in=wanted[first : first + 500])
        for number, data, error in rows.values_list("number", "data", "error"):
            found[number] = {**data, "error": error}
    return found


def _happenings(run: Run, began: float) -> Iterator[Happening]:
    """Those events of a log that are no start and no end; they are few."""
    lines = Event.objects.filter(run=run).order_by("seq")
    for usual in USUAL:
        lines = lines.exclude(data__contains=f'"type":"{usual}')
    for line in lines.values_list("data", flat=True)[:MOST_HAPPENINGS]:
        event: dict[str, Any] = orjson.loads(line)
        yield Happening(type=event["type"], node=event["node"], at=seconds(event["at"]) - began, data=event["data"])
