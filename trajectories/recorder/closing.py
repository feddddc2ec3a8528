"""Ends the record of a run that its engine did not end: never begun, or cut off with its process.

Whatever happened, every `node.started` gets its one `node.finished`, and `run.finished` is the last event.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trajectories import engine
from trajectories.engine.events import cost_json, usage_json
from trajectories.models import Run, RunDocument
from trajectories.recorder.log import folded
from trajectories.recorder.recorder import FenceLost, KnownDigests, RunRecorder
from trajectories.recorder.rows import TOKENS, Fold, NodeRow
from trajectories.recorder.store import store

Json = dict[str, Any]


@dataclass(slots=True)
class Spent:
    """By a node and all below it."""

    usage: engine.Usage
    cost: engine.Cost

    def add(self, other: "Spent") -> None:
        self.usage += other.usage
        self.cost += other.cost


def end_run(run: Run, *, status: str, ended_by: str, error: Json | None) -> None:
    """Finishes what is open and the run itself, as of its last event (now, if it has none), in one transaction.

    The caller holds the run's lease (`run.fence`). Raises `FenceLost` when it does not any more."""
    fold, rows = folded(run.pk)
    at = fold.last_at or time.time()
    documents = RunDocument.objects.filter(run=run).order_by("position").values_list("document_id", flat=True)
    recorder = RunRecorder(_Nowhere(), run.pk, run.fence, list(documents), fold=fold)
    events = [*_node_endings(fold, rows, status, error, at), _run_ending(fold, rows, status, ended_by, error, at)]
    change = recorder.change(list(enumerate(events, fold.run.last_seq + 1)), KnownDigests())
    if store([change]):
        raise FenceLost(f"Run {run.pk} is held by another process now.")


class _Nowhere:
    """For a recorder whose events are stored by hand."""

    backlog = 0

    def put(self, *args: Any) -> None:
        raise AssertionError("this recorder takes no events")


def _node_endings(
    fold: Fold, rows: dict[int, NodeRow], status: str, error: Json | None, at: float
) -> list[engine.Event]:
    """For each open node, the youngest first: children end before their parents."""
    spent = _spent_below(rows)
    endings = []
    for row in sorted(fold.open.values(), key=lambda row: row.number, reverse=True):
        mine = spent[row.number]
        data: Json = {
            "status": "cancelled" if status == "cancelled" else "failed",
            "error": error,
            "seconds": round(max(0.0, at - row.started_at), 6),
            "subtree": {"usage": usage_json(mine.usage), "cost": cost_json(mine.cost)},
        }
        if row.kind == "lm":
            data |= {"attempt": 1 + len(row.data.get("retries", ())), **data["subtree"]}
        endings.append(engine.Event(type="node.finished", node=row.number, at=at, data=data))
    return endings


def _run_ending(
    fold: Fold, rows: dict[int, NodeRow], status: str, ended_by: str, error: Json | None, at: float
) -> engine.Event:
    total = Spent(engine.Usage(), engine.Cost())
    free = _free_models(rows.values())
    for row in rows.values():
        if row.kind == "lm":
            total.add(_own(row, free))
    started = fold.run.started_at
    data: Json = {
        "status": status,
        "ended_by": ended_by,
        "error": error,
        "sources": [],
        "usage": usage_json(total.usage),
        "cost": cost_json(total.cost),
        "seconds": round(at - started.timestamp(), 6) if started else 0.0,
        "nodes": fold.run.nodes,
        "depth": fold.run.depth,
    }
    return engine.Event(type="run.finished", at=at, data=data)


def _spent_below(rows: dict[int, NodeRow]) -> dict[int, Spent]:
    spent = {number: Spent(engine.Usage(), engine.Cost()) for number in rows}
    free = _free_models(rows.values())
    for row in rows.values():
        if row.kind != "lm":
            continue
        own, number = _own(row, free), row.number
        while number is not None:
            spent[number].add(own)
            number = rows[number].parent  # type: ignore[assignment]
    return spent


def _own(row: NodeRow, free: set[str]) -> Spent:
    """What a call took. Of one that was cut off nobody knows what it cost, unless its model costs nothing."""
    if row.finished_at is None:
        unknown = engine.Cost(usd=None, kind="unknown", unpriced_calls=1)
        return Spent(engine.Usage(calls=1), engine.Cost() if row.model in free else unknown)
    usage, cost = row.data.get("usage"), row.data.get("cost")
    tokens = {name: getattr(row, name) or 0 for name in TOKENS}
    took = engine.Usage(calls=usage["calls"], estimated=usage["estimated"], **tokens) if usage else engine.Usage()
    if cost is None:
        return Spent(took, engine.Cost())
    return Spent(took, engine.Cost(usd=row.cost_usd, kind=cost["kind"], unpriced_calls=cost["unpriced_calls"]))


def _free_models(rows: Iterable[NodeRow]) -> set[str]:
    """Models seen to cost nothing in this run."""
    return {
        row.model
        for row in rows
        if row.model.startswith("offline/") or (row.cost_kind == "exact" and row.cost_usd == 0 and row.input_tokens)
    }
