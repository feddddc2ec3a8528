"""The form of a chart, and what all of them share: how it becomes a Plotly figure, bars, levels and axes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trajectories.charts._table import Column, Mark, Row, words
from trajectories.charts._words import clock, duration, plain

MOST_MARKS = 300
"""Plotly draws as many in well under a second."""
MOST_ROWS = 100
"""Of a table in a figure; the file has all."""
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
    traces: Sequence[Json] = ()
    """Plotly's. `customdata` is a `Mark` for each mark, None where it leads nowhere. Empty when there is nothing to
    draw; the title says why."""
    layout: Json = field(default_factory=dict)
    columns: Sequence[Column] = ()
    rows: Sequence[Row] = ()
    """All of them, with exact values."""

    def figure(self) -> Json:
        """Fit for JSON; texts that Plotly would read as HTML are words."""
        layout = {key: _joined(BASE.get(key), self.layout.get(key)) for key in BASE.keys() | self.layout.keys()}
        return {
            "data": [_as_words({"showlegend": True, **trace}) for trace in self.traces],
            "layout": {
                **_as_words(layout),
                "title": {"text": plain(self.title)},
                "showlegend": len(self.traces) > 1,
                "meta": self._meta(),
            },
        }

    def _meta(self) -> Json:
        """What is no drawing: the measure, and the first rows of the table with their nodes."""
        shown = self.rows[:MOST_ROWS]
        return {
            "measure": self.measure,
            "columns": [column.name for column in self.columns],
            "rows": [self.words(row) for row in shown],
            "marks": [row.mark.json() if row.mark else None for row in shown],
            "all_rows": len(self.rows),
        }

    def words(self, row: Row) -> list[str]:
        return [words(value, column.unit) for value, column in zip(row.cells, self.columns, strict=True)]


def _axis(**more: Any) -> Json:
    return {
        "gridcolor": "var(--line)",
        "zerolinecolor": "var(--line-strong)",
        "linecolor": "var(--line-strong)",
        "fixedrange": True,
        "automargin": True,
        **more,
    }


BASE: Json = {
    "margin": {"l": 52, "r": 16, "t": 16, "b": 32},
    "font": {"size": 12, "color": "var(--text-3)"},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "legend": {"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top", "traceorder": "normal"},
    "hovermode": "closest",
    "bargap": 0.32,
    "barmode": "stack",
    "xaxis": _axis(),
    "yaxis": _axis(),
}


def _joined(base: Any, own: Any) -> Any:
    return {**base, **own} if isinstance(base, dict) and isinstance(own, dict) else base if own is None else own


def _as_words(value: Any) -> Any:
    """Marks as JSON, and every text so that Plotly shows it as it is."""
    if isinstance(value, Mark):
        return value.json()
    if isinstance(value, str):
        return value if value.startswith(("var(--", "%{")) else plain(value)
    if isinstance(value, dict):
        return {key: _as_words(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_words(each) for each in value]
    return value


def nothing(title: str, measure: str) -> Chart:
    """A chart without anything to draw."""
    return Chart(title=title, measure=measure)


def bar(name: str, color: str, **more: Any) -> Json:
    return {
        "type": "bar",
        "name": name,
        "marker": {"color": color, "line": {"width": 0}},
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
    if across == "y":
        return shape, label(text, x=1, y=value, xref="paper", xanchor="right", yanchor="bottom")
    above_bars: Json = {"yref": "paper", "yanchor": "top", "bgcolor": "var(--surface)"}
    return shape, label(text, x=value, y=1, xanchor="left", xshift=4, **above_bars)


def label(text: str, **place: Any) -> Json:
    return {"text": text, "showarrow": False, "font": {"color": "var(--text)", "size": 12}, **place}


# ---------------------------------------------------------------------------------------------- axes


def time_axis(seconds: float) -> Json:
    """Some six ticks at round times, written as minutes and seconds (tenths for short runs)."""
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800)
    step = next((step for step in steps if seconds / step <= 7), 3600 * (1 + seconds // 25_200))
    ticks = [number * step for number in range(int(seconds / step) + 1)]
    words = [clock(tick + 1e-6) if step >= 1 else duration(tick) if tick else "0" for tick in ticks]
    return {"tickvals": ticks, "ticktext": words, "range": [0, seconds], "showgrid": False}


def money_axis(most: Decimal) -> Json:
    digits = 2 if most >= Decimal("0.05") else 3 if most >= Decimal("0.005") else 4
    return {
        "tickprefix": "$",
        "tickformat": f".{digits}f",
        "rangemode": "tozero",
        "nticks": 6,
    }


def count_axis(most: float) -> Json:
    return {"rangemode": "tozero", "tickformat": "~s" if most >= 10_000 else ",d", "nticks": int(min(6, most + 1))}
