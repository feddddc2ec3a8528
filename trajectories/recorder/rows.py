"""What a run's rows are, given its events. Pure: used while a run goes on and again by `rebuild`, so both agree.

Events come as they stand in the log: `{seq, at, type, node, data}` with `at` in ISO 8601 and texts as references.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from trajectories import engine

PLACES = Decimal("1e-12")
"""The columns' precision. Rounding each call before adding keeps the sum of the calls equal to the run's total."""
Json = dict[str, Any]


@dataclass(slots=True)
class NodeRow:
    """One row of `Node`, in the order of its columns."""

    number: int
    parent: int | None
    kind: str
    depth: int
    name: str
    status: str
    started_at: float
    finished_at: float | None = None
    queued_ms: float | None = None
    role: str = ""
    tier: str = ""
    model: str = ""
    batch: int | None = None
    index: int | None = None
    attempt: int | None = None
    call_key: str = ""
    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: Decimal | None = None
    cost_kind: str = ""
    subtree_usd: Decimal | None = None
    error: Json | None = None
    data: Json = field(default_factory=dict)
    texts: Json = field(default_factory=dict)


NODE_COLUMNS = tuple(column.name for column in fields(NodeRow))
TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


@dataclass(slots=True)
class RunRow:
    """What of a run's row follows from its log."""

    status: str = "running"
    ended_by: str = ""
    answer: Json | None = None
    """Reference to the answer's payload; its text stands in the row."""
    error: Json | None = None
    sources: list[Json] = field(default_factory=list)
    calls: int = 0
    attempts: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    cost_kind: str = "exact"
    unpriced_calls: int = 0
    nodes: int = 0
    depth: int = 0
    last_seq: int = 0
    sandbox: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


RUN_COLUMNS = tuple(column.name for column in fields(RunRow))


class Fold:
    """Goes along a log. Holds only the nodes that are open, so a run of 100,000 nodes costs it nothing."""

    def __init__(self) -> None:
        self.run = RunRow()
        self.open: dict[int, NodeRow] = {}
        self._reasons: dict[int, Json] = {}
        """Why a call that has ended is made again, by its number, until the call that is made instead."""
        self.last_at: float | None = None
        """When the last event happened, in seconds since the epoch."""
        self._cost = engine.Cost()

    def apply(self, event: Json) -> NodeRow | None:
        """Takes the next event in; returns the row of the node it changed."""
        self.run.last_seq = event["seq"]
        self.last_at = seconds(event["at"])
        match event["type"]:
            case "node.started":
                return self._start(event)
            case "node.finished":
                return self._finish(event)
            case "lm.retried":
                return self._retry(event)
            case (
                "tier.raised"
                | "call.repaired"
                | "history.compacted"
                | "early_stop.noticed"
                | "budget.reached"
                | "tool.called"
            ):
                return self._notice(event)
            case "run.started":
                self.run.started_at = datetime.fromisoformat(event["at"])
                self.run.sandbox = (event["data"].get("sandbox") or {}).get("level") or ""
            case "run.finished":
                self._end(event)
        return None

    def _start(self, event: Json) -> NodeRow:
        data = event["data"]
        row = NodeRow(
            number=event["node"],
            parent=data.get("parent"),
            kind=data["kind"],
            depth=data["depth"],
            name=data["name"],
            status="running",
            started_at=seconds(event["at"]),
            role=data.get("role") or "",
            tier=data.get("tier") or "",
            model=data.get("model") or "",
            batch=data.get("batch"),
            index=data.get("index"),
            call_key=data.get("call_key") or "",
            data=_beyond_columns(data),
            texts=dict(data.get("texts") or {}),
        )
        if "before" in data and (reason := self._reasons.pop(data["before"], None)):
            row.data["because"] = reason
        self.open[row.number] = row
        self.run.nodes += 1
        if row.kind == "rlm":
            self.run.depth = max(self.run.depth, row.depth)
        return row

    def _retry(self, event: Json) -> NodeRow:
        row = self.open[event["node"]]
        row.data.setdefault("retries", []).append(event["data"])
        return row

    def _notice(self, event: Json) -> NodeRow | None:
        """Kept on its node; of one that has ended, on the call that is made instead of it."""
        told, row = {"type": event["type"], **event["data"]}, self.open.get(event["node"])
        if row is None and event["node"] is not None:
            self._reasons[event["node"]] = told
        elif row is not None:
            row.data.setdefault("noticed", []).append(told)
        return row

    def _finish(self, event: Json) -> NodeRow:
        row, data = self.open.pop(event["node"]), event["data"]
        row.status = data["status"]
        row.finished_at = seconds(event["at"])
        row.queued_ms = data.get("queued_ms")
        row.attempt = data.get("attempt")
        row.error = data.get("error")
        row.data.update(_beyond_columns(data))
        row.texts.update(data.get("texts") or {})
        if row.kind == "lm":
            self._account(row, data)
        row.subtree_usd = known_usd(cost_from_json((data.get("subtree") or {}).get("cost") or data.get("cost")))
        return row

    def _account(self, row: NodeRow, data: Json) -> None:
        """What a call took, on its own row and in the run's totals."""
        run, usage = self.run, data.get("usage")
        if usage:
            run.calls += usage["calls"]
            for name in TOKENS:
                setattr(row, name, usage[name])
                setattr(run, name, getattr(run, name) + usage[name])
        run.attempts += row.attempt or 0
        cost = cost_from_json(data.get("cost"))
        if cost is None:
            return
        row.cost_usd, row.cost_kind = cost.usd, cost.kind
        self._cost += cost
        run.cost_usd, run.cost_kind = known_usd(self._cost), self._cost.kind
        run.unpriced_calls = self._cost.unpriced_calls

    def _end(self, event: Json) -> None:
        run, data = self.run, event["data"]
        run.status = data["status"]
        run.ended_by = data["ended_by"]
        run.error = data.get("error")
        run.sources = data.get("sources") or []
        run.answer = (data.get("texts") or {}).get("answer")
        run.finished_at = datetime.fromisoformat(event["at"])


def seconds(at: str) -> float:
    """Since the epoch."""
    return datetime.fromisoformat(at).timestamp()


def cost_from_json(cost: Json | None) -> engine.Cost | None:
    if cost is None:
        return None
    usd = None if cost["usd"] is None else Decimal(cost["usd"]).quantize(PLACES, ROUND_HALF_UP)
    return engine.Cost(usd=usd, kind=cost["kind"], unpriced_calls=cost["unpriced_calls"])


def known_usd(cost: engine.Cost | None) -> Decimal | None:
    """None when nothing of it has a price: unknown is never 0."""
    if cost is None or (cost.unpriced_calls and not cost.usd):
        return None
    return cost.usd


def _beyond_columns(data: Json) -> Json:
    return {key: value for key, value in data.items() if key not in NODE_COLUMNS and value is not None}
