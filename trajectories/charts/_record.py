"""What the charts are made from: the run's model calls, read once from its rows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trajectories.models import Node, Run
from trajectories.spans import merged

COLUMNS = (
    "number",
    "parent",
    "kind",
    "depth",
    "name",
    "status",
    "started_at",
    "finished_at",
    "queued_ms",
    "role",
    "model",
    "input_tokens",
    "cache_read_tokens",
    "output_tokens",
    "cost_usd",
    "cost_kind",
    "data__price",
    "data__usage__estimated",
)

HANDOVER = 0.005
"""Seconds for which two calls that follow one another in a slot may seem to overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One model call that has ended. Times are seconds since the run's start."""

    number: int
    depth: int
    is_turn: bool
    """A turn of the root, not a call from code or of a sub-RLM."""
    step: int | None
    """Number of the root's step it belongs to."""
    role: str
    model: str
    """Without its connection."""
    failed: bool
    began: float
    """When it was sent, after its turn in the queue."""
    ended: float
    input_tokens: int
    cache_read_tokens: int
    output_tokens: int
    usd: Decimal | None
    """None: unknown."""
    estimated: bool
    """Its tokens were not reported."""
    price: dict[str, str | None] | None

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def released(self) -> float:
        """When its slot was free for the next: a moment before the record of its end was stored."""
        return self.ended - min(HANDOVER, self.seconds / 4)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What of a run its charts need."""

    run: Run
    calls: tuple[Call, ...]
    steps: tuple[int, ...]
    """Numbers of the root's steps, in order."""
    busy: tuple[tuple[float, float], ...]
    """Stretches in which a model was asked or code ran, merged."""
    seconds: float
    """From the start to the end, or to the last thing that happened."""

    @property
    def unpriced(self) -> int:
        return sum(call.usd is None for call in self.calls)

    def moments(self) -> list[tuple[float, int, int]]:
        """(time, +1 or −1, call) in order: how the number of calls in flight changed."""
        begins = [(call.began, 1, call.number) for call in self.calls]
        return sorted(begins + [(call.released, -1, call.number) for call in self.calls])

    @property
    def limit(self) -> int | None:
        """How many calls the policy lets run at once."""
        value = self.run.policy.get("concurrency")
        return value if isinstance(value, int) else None


def read_record(run: Run) -> Record:
    began = run.started_at.timestamp() if run.started_at else 0.0
    calls: list[Call] = []
    steps: list[int] = []
    step_of: dict[int, int | None] = {}
    kinds: dict[int, str] = {}
    work: list[tuple[float, float]] = []
    end = 0.0
    rows = Node.objects.filter(run=run).order_by("number").values_list(*COLUMNS)
    for values in rows.iterator(chunk_size=2_000):
        row = dict(zip(COLUMNS, values, strict=True))
        number, parent = row["number"], row["parent"]
        is_root_step = row["kind"] == "step" and row["depth"] == 0
        step_of[number] = number if is_root_step else step_of.get(parent)
        kinds[number] = row["kind"]
        if is_root_step:
            steps.append(number)
        end = max(end, (row["finished_at"] or row["started_at"]) - began)
        if row["finished_at"] is None:
            continue
        if row["kind"] not in ("rlm", "step"):
            work.append((row["started_at"] - began, row["finished_at"] - began))
        if row["kind"] == "lm":
            calls.append(_call(row, began, step_of[number], is_turn=kinds.get(parent) != "cell"))
    seconds = run.seconds if run.finished_at and run.seconds is not None else end
    return Record(
        run=run, calls=tuple(calls), steps=tuple(steps), busy=tuple(merged(work)), seconds=max(seconds, 0.001)
    )


def _call(row: dict[str, Any], began: float, step: int | None, *, is_turn: bool) -> Call:
    ended = row["finished_at"] - began
    return Call(
        number=row["number"],
        depth=row["depth"],
        is_turn=is_turn and row["depth"] == 0,
        step=step,
        role=row["role"],
        model=row["model"].partition("/")[2] or row["model"] or "unknown model",
        failed=row["status"] != "succeeded",
        began=min(ended, row["started_at"] - began + (row["queued_ms"] or 0.0) / 1000),
        ended=ended,
        input_tokens=row["input_tokens"] or 0,
        cache_read_tokens=row["cache_read_tokens"] or 0,
        output_tokens=row["output_tokens"] or 0,
        usd=row["cost_usd"] if row["cost_kind"] != "unknown" else None,
        estimated=bool(row["data__usage__estimated"]),
        price=row["data__price"],
    )
