"""How figures, deltas and settings of compared runs are written."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from frontend.templatetags.words import clock, cost, count, duration, share, usd, whole
from trajectories.comparison import Comparison, Delta, Figure, Record

LABELS = {
    "status": "Ended",
    "ended_by": "Ended by",
    "cost": "Cost",
    "seconds": "Time",
    "calls": "Calls",
    "failed": "Failed calls and cells",
    "steps": "Steps",
    "nodes": "Nodes",
    "depth": "Depth reached",
    "input_tokens": "Tokens in",
    "cache_read_tokens": "From cache",
    "cache_write_tokens": "Written to cache",
    "cached": "From cache, of tokens in",
    "output_tokens": "Tokens out",
    "reasoning_tokens": "Of it reasoning",
    "largest_prompt": "Root’s largest prompt",
    "coverage_scanned": "Text only scanned by code",
    "coverage_printed": "Text printed to the model",
    "coverage_sent": "Text sent to a model",
    "coverage_cited": "Text cited",
    "sources": "Sources",
}
WHERE_ANY = ("cache_read_tokens", "cache_write_tokens", "cached", "reasoning_tokens", "failed")
"""Figures that are left out where no run has any."""
ENDINGS = {
    "succeeded": "answered",
    "failed": "failed",
    "cancelled": "cancelled",
    "running": "running",
    "queued": "queued",
}
STYLES = {"better": "good", "worse": "bad", "neutral": "flat"}
LONGEST_VALUE = 400


@dataclass(frozen=True, slots=True)
class DeltaWords:
    text: str
    style: str
    """`good`, `bad`, `flat`"""
    verdict: str
    """“better”, “worse” or empty: what colour says, for those who do not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureWords:
    label: str
    is_coverage: bool
    """Whether it tells of what was read."""
    values: list[str]
    """By column."""
    deltas: list[DeltaWords | None]
    """By column, without the baseline's."""

    @property
    def columns(self) -> list[tuple[str, DeltaWords | None]]:
        return list(zip(self.values, [None, *self.deltas], strict=True))


def figure_words(found: Comparison, order: list[int]) -> list[FigureWords]:
    """`order`: the runs by column, the baseline first."""
    shown = [figure for figure in found.figures if figure.name not in WHERE_ANY or any(figure.values)]
    return [
        FigureWords(
            is_coverage=figure.name.startswith("coverage_"),
            label=LABELS.get(figure.name, figure.name.replace("_", " ")),
            values=[_value(figure, found.records[run], figure.values[run]) for run in order],
            deltas=[_delta(figure, figure.deltas[run]) for run in order[1:]],
        )
        for figure in shown
    ]


def _value(figure: Figure, record: Record, value: Any) -> str:
    if figure.name == "cost":
        return f"{cost(record.run)}{' (estimated)' if record.run.cost_kind == 'estimated' else ''}"
    if value is None:
        return "–"
    if figure.unit == "text":
        return ENDINGS.get(value, value.replace("_", " "))
    if figure.unit == "seconds":
        return _seconds(value)
    if figure.unit == "share":
        return share(value, 1)
    return count(value) if figure.unit == "tokens" else whole(value)


def _seconds(value: float) -> str:
    return duration(value) if value < 60 else clock(value)


def _delta(figure: Figure, delta: Delta | None) -> DeltaWords | None:
    if delta is None:
        return None
    verdict = "" if delta.verdict == "neutral" else delta.verdict
    return DeltaWords(_delta_text(figure, delta), STYLES[delta.verdict], verdict)


def _delta_text(figure: Figure, delta: Delta) -> str:
    if delta.absolute is None:
        values = set(figure.values)
        return "same" if len(values) == 1 else "" if delta.verdict == "neutral" else delta.verdict
    if not delta.absolute:
        return "same"
    sign = "+" if delta.absolute > 0 else "−"
    size: Any = abs(delta.absolute)
    if figure.unit == "share":
        return f"{sign}{share(float(size), 1).removesuffix(' %')} points"
    words = {"usd": usd, "seconds": _seconds, "tokens": count}.get(figure.unit, whole)(size)  # type: ignore[operator]
    return f"{sign}{words}{_relative(delta)}"


def _relative(delta: Delta) -> str:
    if delta.relative is None or abs(delta.relative) < 0.005:
        return ""
    sign = "+" if delta.relative > 0 else "−"
    return f", {sign}{abs(delta.relative) * 100:,.0f}\u00a0%"


# ------------------------------------------------------------------------------------------------ settings


def setting_value(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        said = ", ".join(setting_value(each) for each in value)
    elif isinstance(value, int | float | Decimal):
        said = f"{value:,}"
    else:
        said = str(value)
    return said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"
