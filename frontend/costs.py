"""The key figures of what a run cost, all from one reading of its record, so they agree with its charts."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from frontend.templatetags.words import clock, count, duration, share, usd, whole
from trajectories import charts
from trajectories.models import Run

MILLION = Decimal(1_000_000)
MOST_DEPTHS = 3
"""Depths with a figure of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: str
    small: str = ""
    exact: str = ""
    """To the last digit, where the value is rounded."""


def key_figures(run: Run, record: charts.Record) -> list[Figure]:
    read = sum(call.input_tokens for call in record.calls)
    written = sum(call.output_tokens for call in record.calls)
    return [
        _cost(run, record),
        *_by_depth(record),
        Figure(
            name="Tokens",
            value=f"{count(read)} in",
            small=f"{count(written)} out",
            exact=f"{whole(read)} in, {whole(written)} out",
        ),
        *_cached(record),
        *_failed(record),
        Figure(name="Time", value=_time(run), small=_idle(record)),
        Figure(name="Calls", value=whole(sum(call.calls for call in record.calls)), small=_attempts(record)),
        Figure(name="Calls at once", value=whole(record.peak), small="at the peak"),
    ]


def _cost(run: Run, record: charts.Record) -> Figure:
    limit = record.limits.get("cost_usd")
    estimated = any(call.estimated and call.usd for call in record.calls)
    certainty = "estimated" if estimated else "exact" if record.calls and not record.unpriced else ""
    return Figure(
        name="Cost",
        value=_money(list(record.calls)),
        small=f"of {usd(limit)}" if limit is not None else certainty,
        exact=f"{record.usd:f} US dollars"
        + (f" and {whole(record.unpriced)} calls without a known price" if record.unpriced else ""),
    )


def _money(calls: list[charts.Call]) -> str:
    """“$0.55”, “at least $0.40”, “unknown”"""
    known = [call.usd for call in calls if call.usd is not None]
    total = sum(known, Decimal(0))
    if len(known) == len(calls):
        return usd(total)
    return f"at least {usd(total)}" if total else "unknown"


def _by_depth(record: charts.Record) -> list[Figure]:
    """The root and the depths below it, where anything was spent."""
    if not record.usd:
        return []
    figures = []
    deepest = max(call.depth for call in record.calls)
    for depth in range(min(deepest, MOST_DEPTHS) + 1):
        last = depth == MOST_DEPTHS
        calls = [call for call in record.calls if call.depth == depth or (last and call.depth > depth)]
        spent = sum((call.usd for call in calls if call.usd is not None), Decimal(0))
        name = "Root" if depth == 0 else f"Depth {depth}+" if last and deepest > depth else f"Depth {depth}"
        small = share(float(spent), float(record.usd)) if spent else ""
        figures.append(Figure(name=name, value=_money(calls), small=small, exact=f"{spent:f} US dollars"))
    return figures


def _cached(record: charts.Record) -> list[Figure]:
    read = sum(call.cache_read_tokens for call in record.calls)
    if not read:
        return []
    saved = [_saved(call) for call in record.calls if call.cache_read_tokens]
    known = [amount for amount in saved if amount is not None]
    if len(known) < len(saved):
        part = share(read, sum(call.input_tokens for call in record.calls))
        return [Figure(name="From cache", value=part, small=f"{count(read)} tokens")]
    total = sum(known, Decimal(0))
    exact = f"{total:f} US dollars, {whole(read)} tokens"
    return [Figure(name="Saved by cache", value=usd(total), small=f"{count(read)} tokens", exact=exact)]


def _saved(call: charts.Call) -> Decimal | None:
    """What its cached input would have cost more without the cache; None when its prices are unknown."""
    price: dict[str, Any] = call.price or {}
    if price.get("input") is None or price.get("cache_read") is None:
        return None
    return (Decimal(price["input"]) - Decimal(price["cache_read"])) * call.cache_read_tokens / MILLION


def _failed(record: charts.Record) -> list[Figure]:
    failed = [call for call in record.calls if call.failed]
    if not failed:
        return []
    money = _money(failed)
    small = "cost unknown" if money == "unknown" else money
    return [Figure(name="Failed calls", value=whole(len(failed)), small=small)]


def _idle(record: charts.Record) -> str:
    return f"{duration(record.idle)} idle" if record.idle > max(1.0, 0.02 * record.seconds) else ""


def _time(run: Run) -> str:
    seconds = run.seconds
    return duration(seconds) if seconds is None or seconds < 60 else f"{clock(seconds)} min"


def _attempts(record: charts.Record) -> str:
    attempts = sum(call.attempts for call in record.calls)
    return f"{whole(attempts)} tries" if attempts > len(record.calls) else ""
