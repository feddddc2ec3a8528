"""The form of a chart, and what all of them share: the look of the axes, and how numbers are written on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

MOST_MARKS = 300
"""Plotly draws as many in well under a second."""
SEQUENCE = ("var(--seq-1)", "var(--seq-2)", "var(--seq-3)", "var(--seq-4)")
FAILED = "var(--err)"
QUIET = "var(--text-2)"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    """The finding, as a sentence without a full stop."""
    measure: str
    """What is measured, and in which unit."""
    traces: Sequence[Json]
    """Empty when there is nothing to draw; the title says why."""
    layout: Json = field(default_factory=dict)
    columns: Sequence[str]
    """Head of the table that says the same as the figure; all but the first are numbers."""
    rows: Sequence[Sequence[str]]

    def figure(self) -> Json:
        base: Json = {
            "title": {"text": self.title},
            "meta": {"measure": self.measure, "columns": list(self.columns), "rows": [list(row) for row in self.rows]},
            "margin": {"l": 52, "r": 16, "t": 16, "b": 32},
            "font": {"size": 12, "color": "var(--text-3)"},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": len(self.traces) > 1,
            "legend": {"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top", "traceorder": "normal"},
            "hovermode": "closest",
            "bargap": 0.32,
            "barmode": "stack",
            "xaxis": AXIS,
            "yaxis": AXIS,
        }
        layout = {key: _joined(base.get(key), self.layout.get(key)) for key in base.keys() | self.layout.keys()}
        return {"data": [dict(trace) for trace in self.traces], "layout": layout}


AXIS: Json = {
    "gridcolor": "var(--line)",
    "zerolinecolor": "var(--line-strong)",
    "linecolor": "var(--line-strong)",
    "fixedrange": True,
    "automargin": True,
}


def _joined(base: Any, own: Any) -> Any:
    return {**base, **own} if isinstance(base, dict) and isinstance(own, dict) else base if own is None else own


def nothing(title: str, measure: str) -> Chart:
    """A chart without anything to draw."""
    return Chart(title=title, measure=measure, traces=[], columns=[], rows=[])


def bar(name: str, color: str, **more: Any) -> Json:
    marker = {"color": color, "line": {"width": 0}}
    return {
        "type": "bar",
        "name": name,
        "marker": marker,
        "hovertemplate": "%{text}<extra></extra>",
        "textposition": "none",
        **more,
    }


def level(value: float, *, across: str, text: str) -> tuple[Json, Json]:
    """A dashed line over the whole figure (`across` is the axis it crosses) and the words beside it."""
    other = "y" if across == "x" else "x"
    span = {f"{other}0": 0, f"{other}1": 1, f"{other}ref": "paper"}
    shape = {
        "type": "line",
        f"{across}0": value,
        f"{across}1": value,
        **span,
        "line": {"color": QUIET, "width": 1, "dash": "dash"},
    }
    anchor = {"x": value, "y": 1, "yref": "paper", "xanchor": "left", "yanchor": "top", "xshift": 4}
    if across == "y":
        anchor = {"x": 1, "y": value, "xref": "paper", "xanchor": "right", "yanchor": "bottom"}
    note = {**anchor, "text": text, "showarrow": False, "font": {"color": "var(--text)"}}
    return shape, note


# ---------------------------------------------------------------------------------------------- words


def usd(amount: Decimal) -> str:
    places = Decimal("0.0001") if 0 < amount < Decimal("0.01") else Decimal("0.01")
    return f"${amount.quantize(places):,}"


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def percent(part: float | Decimal, whole: float | Decimal) -> str:
    return f"{100 * float(part) / float(whole):.0f} %" if whole else "0 %"


def calls_words(number: int) -> str:
    return "1 call" if number == 1 else f"{number:,} calls"


def time_axis(seconds: float) -> Json:
    """Some six ticks at round times, written as minutes and seconds (tenths for short runs)."""
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800)
    step = next((step for step in steps if seconds / step <= 7), 3600 * (1 + seconds // 25_200))
    ticks = [number * step for number in range(int(seconds / step) + 1)]
    words = [clock(tick + 1e-6) if step >= 1 else duration(tick) if tick else "0" for tick in ticks]
    return {"tickvals": ticks, "ticktext": words, "range": [0, seconds], "showgrid": False}


def money_axis(most: Decimal) -> Json:
    return {
        "tickprefix": "$",
        "tickformat": ".2f" if most >= Decimal("0.05") else ".4f",
        "rangemode": "tozero",
        "nticks": 6,
    }


def quantile(ordered: Sequence[float], part: float) -> float:
    """The smallest value that at least this part of all does not exceed."""
    index = -int(-len(ordered) * part // 1) - 1
    return ordered[max(0, min(len(ordered) - 1, index))]
