"""The figures of each run beside the baseline's, and what is better. What is unknown stays unknown and has no delta."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from trajectories.comparison.record import Record
from trajectories.coverage import LEVELS
from trajectories.models import Run

Value = int | float | Decimal | str | None
Better = Literal["lower", "higher"]
Verdict = Literal["better", "worse", "neutral"]
Unit = Literal["text", "usd", "seconds", "count", "tokens", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Against the baseline."""

    absolute: int | float | Decimal | None
    """None for words, which are only the same or not."""
    relative: float | None
    """0.5: half as much again; None where the baseline is 0, and for shares, whose difference is in points."""
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    unit: Unit
    better: Better | None
    """None: neither is."""
    values: tuple[Value, ...]
    """By run."""
    deltas: tuple[Delta | None, ...]
    """By run; None for the baseline itself, and where one of the two is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a figure is taken."""

    name: str
    unit: Unit
    of: Callable[[Record], Value]
    better: Better | None = None


def _cost(record: Record) -> Decimal | None:
    """None unless every call has a price: a sum with gaps is no figure to compare."""
    run = record.run
    if run.cost_usd is None or run.unpriced_calls:
        return None if run.calls else Decimal(0)
    return run.cost_usd


def _share_of_text(level: int) -> Callable[[Record], float | None]:
    def share(record: Record) -> float | None:
        chars = sum(each.document.chars for each in record.coverage)
        return sum(each.chars(level) for each in record.coverage) / chars if chars else None

    return share


def _cached(record: Record) -> float | None:
    run = record.run
    return run.cache_read_tokens / run.input_tokens if run.input_tokens else None


MEASURES = (
    Measure(name="status", unit="text", of=lambda record: record.run.status),
    Measure(name="ended_by", unit="text", of=lambda record: record.run.ended_by or None),
    Measure(name="cost", unit="usd", of=_cost, better="lower"),
    Measure(name="seconds", unit="seconds", of=lambda record: record.run.seconds, better="lower"),
    Measure(name="calls", unit="count", of=lambda record: record.run.calls),
    Measure(name="failed", unit="count", of=lambda record: record.failed, better="lower"),
    Measure(name="steps", unit="count", of=lambda record: record.steps),
    Measure(name="nodes", unit="count", of=lambda record: record.run.nodes),
    Measure(name="depth", unit="count", of=lambda record: record.run.depth),
    Measure(name="input_tokens", unit="tokens", of=lambda record: record.run.input_tokens, better="lower"),
    Measure(name="cache_read_tokens", unit="tokens", of=lambda record: record.run.cache_read_tokens),
    Measure(name="cache_write_tokens", unit="tokens", of=lambda record: record.run.cache_write_tokens),
    Measure(name="cached", unit="share", of=_cached, better="higher"),
    Measure(name="output_tokens", unit="tokens", of=lambda record: record.run.output_tokens, better="lower"),
    Measure(name="reasoning_tokens", unit="tokens", of=lambda record: record.run.reasoning_tokens),
    Measure(name="largest_prompt", unit="tokens", of=lambda record: record.largest_prompt, better="lower"),
    *(
        Measure(name=f"coverage_{name}", unit="share", of=_share_of_text(level))
        for level, name in enumerate(LEVELS)
        if level
    ),
    Measure(name="sources", unit="count", of=lambda record: len(record.run.sources), better="higher"),
)


def figures(records: Sequence[Record], base: int) -> list[Figure]:
    return [_figure(measure, records, base) for measure in MEASURES]


def _figure(measure: Measure, records: Sequence[Record], base: int) -> Figure:
    values = tuple(measure.of(record) for record in records)
    deltas = tuple(None if run == base else _delta(measure, values[base], value) for run, value in enumerate(values))
    return Figure(name=measure.name, unit=measure.unit, better=measure.better, values=values, deltas=deltas)


def _delta(measure: Measure, base: Value, value: Value) -> Delta | None:
    if base is None or value is None:
        return None
    if isinstance(base, str) or isinstance(value, str):
        return Delta(absolute=None, relative=None, verdict=_of_words(measure, str(base), str(value)))
    absolute = _minus(value, base)
    is_share = measure.unit == "share"
    return Delta(
        absolute=absolute,
        relative=None if is_share or not base else float(absolute) / float(base),
        verdict=_verdict(measure.better, float(absolute)),
    )


def _minus(value: Any, base: Any) -> Any:
    """A measure gives numbers of one type."""
    return value - base


def _verdict(better: Better | None, absolute: float) -> Verdict:
    if better is None or not absolute:
        return "neutral"
    return "better" if (absolute < 0) == (better == "lower") else "worse"


def _of_words(measure: Measure, base: str, value: str) -> Verdict:
    """An answer is better than none; all else is only another ending."""
    answered = [each == Run.Status.SUCCEEDED for each in (base, value)]
    if measure.name != "status" or answered[0] == answered[1]:
        return "neutral"
    return "better" if answered[1] else "worse"
