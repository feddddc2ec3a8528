"""Derives a run's rows again from its log: the proof that the log is the truth."""

from typing import Any

from django.db import transaction

from trajectories.models import Node, Run
from trajectories.recorder.log import folded
from trajectories.recorder.payloads import payload_text
from trajectories.recorder.rows import NODE_COLUMNS, RUN_COLUMNS, NodeRow, RunRow

CHUNK = 1_000


class RunGoesOn(Exception):
    """A run can be rebuilt when it has ended."""


def rebuild(run: Run) -> list[str]:
    """Stores the rows that follow from the log. Returns a line for each thing that was stored differently before.

    Raises `RunGoesOn`."""
    if run.is_live:
        raise RunGoesOn(f"Run {run.pk} is still going on; rebuild it when it has ended.")
    with transaction.atomic():
        fold, rows = folded(run.pk)
        values = _run_values(fold.run)
        differences = _run_differences(run, values) + _node_differences(run, rows)
        if differences:
            Run.objects.filter(pk=run.pk).update(**values)
            Node.objects.filter(run=run).delete()
            Node.objects.bulk_create((_node(run, row) for row in rows.values()), batch_size=CHUNK)
    return differences


def _run_values(row: RunRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in RUN_COLUMNS}
    if row.answer is not None:
        values["answer"] = payload_text(row.answer["sha"]).replace("\0", "�")
    return values


def _run_differences(run: Run, values: dict[str, Any]) -> list[str]:
    return [
        f"run {run.pk}: {name} was {getattr(run, name)!r}, is {value!r}"
        for name, value in values.items()
        if getattr(run, name) != value
    ]


def _node_differences(run: Run, rows: dict[int, NodeRow]) -> list[str]:
    differences, seen = [], set()
    stored = Node.objects.filter(run=run).order_by("number").values_list(*NODE_COLUMNS)
    for values in stored.iterator(chunk_size=CHUNK):
        number = values[0]
        seen.add(number)
        if number not in rows:
            differences.append(f"node {number}: stands in no event")
            continue
        differences += [
            f"node {number}: {name} was {value!r}, is {getattr(rows[number], name)!r}"
            for name, value in zip(NODE_COLUMNS, values, strict=True)
            if value != getattr(rows[number], name)
        ]
    return differences + [f"node {number}: was missing" for number in rows if number not in seen]


def _node(run: Run, row: NodeRow) -> Node:
    return Node(run=run, **{name: getattr(row, name) for name in NODE_COLUMNS})
