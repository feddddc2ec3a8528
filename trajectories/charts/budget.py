"""How much of each limit a run used, and what of it was kept back for the last chance."""

from dataclasses import dataclass
from typing import Any

from trajectories.charts._bars import Bars
from trajectories.charts._budget import Amount, cap, kept_back
from trajectories.charts._chart import SEQUENCE, Chart, nothing
from trajectories.charts._groups import spent, tokens
from trajectories.charts._record import Record
from trajectories.charts._table import MOST_IN_A_MARK, Column, Mark, Row, Told, mark
from trajectories.charts._words import count, duration, percent, usd
from trajectories.charts._words import spent as spent_words

VIEWS = {"limit": "by limit"}
MEASURE = "Part of each limit that was used, and kept for the last chance"
NAMES = {"cost": "money", "tokens": "tokens", "calls": "calls", "seconds": "time", "steps": "root steps"}
UNITS = {"cost": "US dollars", "tokens": "tokens", "calls": "calls", "seconds": "seconds", "steps": "steps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One limit."""

    by: str
    amount: Amount
    limit: Amount
    kept: Amount | None
    words: str
    """“$0.55 of $5.00”"""
    mark: Mark | None
    at_least: bool = False

    @property
    def part(self) -> float:
        return float(self.amount) / float(self.limit) if self.limit else 1.0

    @property
    def kept_part(self) -> float:
        """What of the limit was kept back, as far as it was not used."""
        if self.kept is None or not self.limit:
            return 0.0
        return max(0.0, min(float(self.kept) / float(self.limit), 1.0 - self.part))


def chart(record: Record, by: str) -> Chart:
    limits = [used for name in NAMES if (used := _used(record, name)) is not None]
    if not limits:
        return nothing("This run had no limits", MEASURE)
    bars = Bars(names=[NAMES[used.by] for used in limits])
    text = [f"{NAMES[used.by]}: {used.words}" for used in limits]
    kept = ["" if used.kept is None else f"{NAMES[used.by]}: {_words(used.by, used.kept)} kept" for used in limits]
    marks = [used.mark for used in limits]
    traces = [bars.trace("used", SEQUENCE[0], [used.part for used in limits], text=text, customdata=marks)]
    if any(used.kept_part for used in limits):
        parts = [used.kept_part for used in limits]
        traces.append(
            bars.trace("kept for the last chance", SEQUENCE[2], parts, text=kept, customdata=[None] * len(limits))
        )
    ends = [used.part + used.kept_part for used in limits]
    axis = {"range": [0, max(1.0, *ends) * 1.42], "tickformat": ".0%", "tickangle": 0, "nticks": 5}
    return Chart(
        title=_title(record, limits),
        measure=MEASURE,
        traces=traces,
        layout=bars.layout(axis, annotations=bars.ends(ends, lambda place: limits[place].words)),
        columns=[
            Column(name="Limit", unit="text"),
            Column(name="Unit", unit="text"),
            Column(name="Used"),
            Column(name="Of"),
            Column(name="Kept for the last chance"),
            Column(name="Used part", unit="share"),
        ],
        rows=[_row(used) for used in limits],
    )


def _used(record: Record, by: str) -> Used | None:
    """None where there is no such limit."""
    limit = record.run.policy.get("max_steps") if by == "steps" else cap(record, by)
    if not isinstance(limit, int | float) and not (by == "cost" and limit is not None):
        return None
    money = spent(record.calls)
    amount: Any = {
        "cost": money.usd,
        "tokens": tokens(record.calls),
        "calls": sum(call.calls for call in record.calls),
        "seconds": record.seconds,
        "steps": len(record.steps),
    }[by]
    told = spent_words(money) if by == "cost" else _words(by, amount)
    return Used(
        by=by,
        amount=amount,
        limit=limit,
        kept=None if by == "steps" else kept_back(record, by),
        words=f"{told} of {_words(by, limit)}",
        mark=_mark(record, by),
        at_least=by == "cost" and bool(money.unpriced),
    )


def _mark(record: Record, by: str) -> Mark | None:
    """What used the most of it."""
    if by == "cost":
        return mark([call for call in record.calls if call.usd], lambda call: call.usd, usd, query="kind:lm cost:>0")
    if by == "tokens":
        return mark(record.calls, lambda call: call.tokens, count, query="kind:lm")
    if by in ("calls", "seconds"):
        return mark(record.calls, lambda call: call.seconds, duration, query="kind:lm")
    if not record.steps:
        return None
    listed = record.steps[:MOST_IN_A_MARK]
    return Mark(listed, tuple(record.step_names[number] for number in listed), len(record.steps), "kind:step depth:0")


def _words(by: str, amount: Any) -> str:
    if by == "cost":
        return usd(amount)
    if by == "seconds":
        return duration(amount)
    return count(amount) if by == "tokens" else f"{amount:,}"


def _title(record: Record, limits: list[Used]) -> str:
    if record.run.ended_by.startswith("limit_") or record.run.ended_by == "last_chance":
        hit = {"limit_cost": "cost", "limit_tokens": "tokens", "limit_calls": "calls", "limit_time": "seconds"}
        name = NAMES[hit.get(record.run.ended_by, "steps")]
        return f"The limit on {name} was reached"
    nearest = max(limits, key=lambda used: used.part)
    least = "at least " if nearest.at_least else ""
    return f"Nearest to its limit: {NAMES[nearest.by]}, {least}{percent(nearest.part, 1)}"


def _row(used: Used) -> Row:
    amount = Told(used.amount, used.words.partition(" of ")[0])
    kept = Told(used.kept, f"about {_words(used.by, used.kept)}" if used.kept else "–")
    cells = (
        NAMES[used.by],
        UNITS[used.by],
        amount,
        Told(used.limit, _words(used.by, used.limit)),
        kept,
        None if used.at_least and not used.amount else used.part,
    )
    return Row(cells=cells, mark=used.mark)
