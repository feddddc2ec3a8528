"""What the charts are made from: the run's model calls and cells, read once from its rows."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

from trajectories.models import Node, Run
from trajectories.spans import merged, without

ROOT_TURN, SUB_TURN, SUB_CALL, GATE_CALL = "root turns", "sub-RLM turns", "sub-calls", "gate calls"

HANDOVER = 0.005
"""Seconds for which two calls that follow one another in a slot may seem to overlap."""
Json = dict[str, Any]


class Call(NamedTuple):
    """One model call that has ended and counts (it was sent). Times are seconds since the run's start."""

    number: int
    depth: int
    kind: str
    """`ROOT_TURN` (the last chance too), `SUB_TURN`, `SUB_CALL`, `GATE_CALL`."""
    step: int | None
    """Number of the root's step it belongs to."""
    role: str
    tier: str
    model: str
    """With its connection."""
    status: str
    asked: float
    """When code or the loop wanted it."""
    began: float
    """When it was sent, after its turn in the queue."""
    ended: float
    attempts: int
    calls: int
    """As how many it counts: 1, but in some imported records."""
    input_tokens: int
    """All input, from and to the cache included."""
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    """Part of the output."""
    usd: Decimal | None
    """None: unknown."""
    estimated: bool
    """Its tokens were not reported."""
    price: Json | None
    """US dollars per million tokens, as text, at the time of the call."""
    finish_reason: str
    retries: tuple[Json, ...]
    """Attempts that failed and were followed by another: {attempt, kind, seconds, wait_seconds}."""
    sent: tuple[tuple[str, int, int], ...]
    """Pieces of documents in the request: (document, start, end)."""
    texts: str
    """JSON of the references to its texts: read when it is wanted, which for most pages is seldom."""

    @property
    def is_turn(self) -> bool:
        """A turn of the root, not a call from code or of a sub-RLM."""
        return self.kind == ROOT_TURN

    @property
    def failed(self) -> bool:
        return self.status != "succeeded"

    @property
    def seconds(self) -> float:
        """Without the queue."""
        return self.ended - self.began

    @property
    def queued(self) -> float:
        return self.began - self.asked

    @property
    def released(self) -> float:
        """When its slot was free for the next: a moment before the record of its end was stored."""
        return self.ended - min(HANDOVER, self.seconds / 4)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def pauses(self) -> list[tuple[float, float]]:
        """When it waited between two attempts."""
        found, at = [], self.began
        for retry in self.retries:
            at += retry.get("seconds") or 0.0
            found.append((min(at, self.ended), min(at + (retry.get("wait_seconds") or 0.0), self.ended)))
            at = found[-1][1]
        return found

    def request(self) -> list[Json]:
        """References to its messages: {role, sha, chars, head}."""
        messages: list[Json] = (orjson.loads(self.texts).get("request") or {}).get("messages") or []
        return messages


class Cell(NamedTuple):
    """Code that has ended. Times as in `Call`."""

    number: int
    depth: int
    step: int | None
    began: float
    ended: float
    printed: int
    """Characters of its output."""
    shown: int
    """How many of them the model saw."""


class Wait(NamedTuple):
    """A call that ended in the queue: it was never sent."""

    number: int
    asked: float
    ended: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """What of a run its charts need, as of one moment."""

    run: Run
    calls: tuple[Call, ...]
    """In the order of starting."""
    cells: tuple[Cell, ...]
    waits: tuple[Wait, ...]
    steps: tuple[int, ...]
    """Numbers of the root's steps, in order."""
    last_seq: int
    """The log's number up to which this is."""
    in_flight: int
    """Calls that have begun and not ended: they are in no figure yet."""
    seconds: float
    """From the start to the end, or to the last thing that happened."""

    @property
    def unpriced(self) -> int:
        return sum(call.usd is None for call in self.calls)

    @cached_property
    def usd(self) -> Decimal:
        """Of the calls with a known price."""
        return sum((call.usd for call in self.calls if call.usd is not None), Decimal(0))

    @cached_property
    def busy(self) -> list[tuple[float, float]]:
        """Stretches in which a model was asked or code ran, merged."""
        work = [(call.asked, call.ended) for call in self.calls] + [(cell.began, cell.ended) for cell in self.cells]
        return merged(work + [(wait.asked, wait.ended) for wait in self.waits])

    @cached_property
    def idle(self) -> float:
        """Seconds in which nothing went on."""
        return max(0.0, self.seconds - sum(end - start for start, end in self.busy))

    @cached_property
    def flights(self) -> list[tuple[float, float, int]]:
        """(from, to, call): when each was with a model; one that waits before another try is not."""
        found = []
        for call in self.calls:
            whole = [(call.began, call.released)]
            spans = without(whole, call.pauses) if call.retries else whole
            found += [(start, end, call.number) for start, end in spans]
        return found

    @cached_property
    def peak(self) -> int:
        """The most calls in flight at once."""
        begins, ends = sorted(span[0] for span in self.flights), sorted(span[1] for span in self.flights)
        most = done = 0
        for started, begin in enumerate(begins, 1):
            while done < len(ends) and ends[done] <= begin:
                done += 1
            most = max(most, started - done)
        return most

    @cached_property
    def step_names(self) -> dict[int, str]:
        return {number: f"Step {place}" for place, number in enumerate(self.steps, 1)}

    @cached_property
    def by_role(self) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            found[call.role].append(call)
        return found

    @cached_property
    def model_names(self) -> dict[str, str]:
        """Models without their connections, where that does not make two of them one."""
        full = {call.model for call in self.calls}
        short = Counter(short_model(name) for name in full)
        return {name: name if short[short_model(name)] > 1 else short_model(name) for name in full}

    @property
    def limit(self) -> int | None:
        """How many calls the policy lets run at once."""
        value = self.run.policy.get("concurrency")
        return value if isinstance(value, int) else None

    @property
    def limits(self) -> Json:
        """The caps of the policy that was run with."""
        return self.run.policy.get("limits") or {}


def short_model(name: str) -> str:
    return name.partition("/")[2] or name or "unknown model"


# ---------------------------------------------------------------------------------------------- reading


def read_record(run: Run) -> Record:
    """One pass over the run's rows; 10,000 calls in a fifth of a second."""
    reading = _Reading(run)
    for row in _rows(run):
        reading.take(row)
    return reading.record()


class Row(NamedTuple):
    """Columns of `Node` under their own names; money and JSON come as text, which is read by far faster."""

    number: int
    parent: int | None
    kind: str
    depth: int
    status: str
    started_at: float
    finished_at: float | None
    queued_ms: float | None
    role: str
    tier: str
    model: str
    attempt: int | None
    input_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost_kind: str
    run__last_seq: int
    """The log's last number as of the same statement."""
    usd_text: str | None
    data_text: str
    texts_text: str


TEXTS = {"usd_text": "cost_usd", "data_text": "data", "texts_text": "texts"}


def _rows(run: Run) -> Iterator[Row]:
    as_text = {name: Cast(column, TextField()) for name, column in TEXTS.items()}
    nodes = Node.objects.filter(run=run).order_by("number").annotate(**as_text)
    return map(Row._make, nodes.values_list(*Row._fields).iterator(chunk_size=2_000))


class _Reading:
    """Takes a run's rows in, in the order of starting."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.last_seq = run.last_seq
        self._start = run.started_at.timestamp() if run.started_at else 0.0
        self._end = 0.0
        self._calls: list[Call] = []
        self._cells: list[Cell] = []
        self._waits: list[Wait] = []
        self._steps: list[int] = []
        self._in_flight = 0
        self._step_of: dict[int, int | None] = {}
        self._kind_of: dict[int | None, str] = {}
        self._prices: dict[str, Json] = {}

    def take(self, row: Row) -> None:
        number, kind = row.number, row.kind
        is_root_step = kind == "step" and row.depth == 0
        self._step_of[number] = step = number if is_root_step else self._step_of.get(row.parent or 0)
        self._kind_of[number] = kind
        self.last_seq = row.run__last_seq
        if is_root_step:
            self._steps.append(number)
        asked, ended = row.started_at - self._start, (row.finished_at or row.started_at) - self._start
        if ended > self._end:
            self._end = ended
        if kind == "lm":
            if row.finished_at is None:
                self._in_flight += 1
            elif row.input_tokens is None:
                self._waits.append(Wait(number, asked, ended))
            else:
                self._calls.append(self._call(row, step, asked, ended))
        elif kind == "cell" and row.finished_at is not None:
            data = orjson.loads(row.data_text)
            printed, shown = data.get("stdout_chars") or 0, data.get("shown_chars") or 0
            self._cells.append(Cell(number, row.depth, step, asked, ended, printed, shown))

    def _call(self, row: Row, step: int | None, asked: float, ended: float) -> Call:
        data = orjson.loads(row.data_text)
        usage, reads, retries = data.get("usage"), data.get("reads"), data.get("retries")
        return Call(
            row.number,
            row.depth,
            self._kind(row),
            step,
            row.role,
            row.tier,
            row.model,
            row.status,
            asked,
            min(ended, asked + row.queued_ms / 1000) if row.queued_ms else asked,
            ended,
            row.attempt or 0,
            usage.get("calls", 1) if usage else 1,
            row.input_tokens or 0,
            row.cache_read_tokens or 0,
            row.cache_write_tokens or 0,
            row.output_tokens or 0,
            row.reasoning_tokens or 0,
            None if row.usd_text is None or row.cost_kind == "unknown" else Decimal(row.usd_text),
            bool(usage and usage.get("estimated")),
            self._price(data.get("price")),
            data.get("finish_reason") or "",
            tuple(retries) if retries else (),
            tuple((each["document"], each["start"], each["end"]) for each in reads if each["how"] == "sent")
            if reads
            else (),
            row.texts_text,
        )

    def _kind(self, row: Row) -> str:
        above = self._kind_of.get(row.parent)
        if above == "cell":
            return SUB_CALL
        if above == "gate":
            return GATE_CALL
        return SUB_TURN if row.depth else ROOT_TURN

    def _price(self, price: Json | None) -> Json | None:
        """The same object for the same price: a run of thousands of calls has a few."""
        return self._prices.setdefault(str(price), price) if price else None

    def record(self) -> Record:
        run = self.run
        seconds = run.seconds if run.finished_at and run.seconds is not None else self._end
        return Record(
            run=run,
            calls=tuple(self._calls),
            cells=tuple(self._cells),
            waits=tuple(self._waits),
            steps=tuple(self._steps),
            last_seq=self.last_seq,
            in_flight=self._in_flight,
            seconds=max(seconds, 0.001),
        )
