"""What a run cost and where the time went: key figures, charts, and a table with the same numbers under each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.costs import key_figures
from frontend.place import Place, own_place
from frontend.what_if import what_if
from trajectories import access, charts

ORDER = (
    ("concurrency", "w4"),
    ("cost", "w2"),
    ("tokens", "w2"),
    ("cumulative", "w2"),
    ("budget", "w2"),
    ("time", "w2"),
    ("latency", "w2"),
    ("cache", "w2"),
    ("waste", "w2"),
)
"""Charts of the page and how many of six columns each takes; one that is not named here comes after them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    cells: list[tuple[str, bool]]
    """(words, whether they are a number)"""
    address: str
    """Where its nodes are; empty where it has none."""
    has_list: bool
    """Whether it sums up several nodes, which the page can list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One chart of the page."""

    name: str
    width: str
    chart: charts.Chart
    by: str
    """The view that is shown."""
    views: Mapping[str, str]
    rows: list[ShownRow]
    file: str
    """Address of the whole table."""
    others: list[tuple[str, str]]
    """The views of the other charts, to be kept when this one's is changed."""

    @property
    def hidden_rows(self) -> int:
        return len(self.chart.rows) - len(self.rows)


@require_safe
@login_required
def cost(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?cost=tier&latency=model` chooses views of charts, `?with-worker=openai/gpt-5-mini` another model for a role."""
    run = access.get_run(request.user, run_id)
    context = cost_context(charts.read_record(run), own_place(run), request.GET)
    return with_plotly(render(request, "frontend/cost.html", context))


def with_plotly(response: HttpResponse) -> HttpResponse:
    """Lets Plotly write its own style rules into the page."""
    response.allow_inline_styles = True  # type: ignore[attr-defined]
    return response


def cost_context(record: charts.Record, place: Place, wanted: Mapping[str, str]) -> dict[str, Any]:
    """For `cost.html`, at any place a run is looked at from. `wanted`: views of charts, and models, by their fields."""
    shown = _shown(record, place, wanted)
    return {
        "run": record.run,
        "place": place,
        "tab": "cost",
        "figures": key_figures(record.run, record),
        "charts": shown,
        "what_if": what_if(record, record.run.owner if place.is_own else None, wanted),
        "chosen_views": [(each.name, each.by) for each in shown if each.by != next(iter(each.views))],
        "last_seq": record.last_seq,
        "plotly": {each.name: each.chart.figure() for each in shown if each.chart.traces or each.chart.rows},
    }


def _shown(record: charts.Record, place: Place, wanted: Mapping[str, str]) -> list[Shown]:
    """An unknown view is the usual one: an old link still shows the page."""
    order = [*ORDER, *((name, "w2") for name in charts.NAMES if name not in dict(ORDER))]
    chosen = {name: by for name, _width in order if (by := wanted.get(name, "")) in charts.views(name)}
    return [_one(record, place, name, width, chosen) for name, width in order]


def _one(record: charts.Record, place: Place, name: str, width: str, chosen: Mapping[str, str]) -> Shown:
    views = charts.views(name)
    by = chosen.get(name) or next(iter(views))
    made = charts.chart(record, name, by)
    return Shown(
        name=name,
        width=width,
        chart=made,
        by=by,
        views=views,
        rows=[_row(made, row, place) for row in made.rows[: charts.MOST_ROWS]],
        file=f"{place.data}/charts/{name}.csv?{urlencode({'by': by})}",
        others=[(other, view) for other, view in chosen.items() if other != name],
    )


def _row(chart: charts.Chart, row: charts.Row, place: Place) -> ShownRow:
    return ShownRow(
        cells=[(words, column.unit != "text") for words, column in zip(chart.words(row), chart.columns, strict=True)],
        address=_address(row.mark, place) if row.mark else "",
        has_list=row.mark is not None and row.mark.total > 1,
    )


def _address(mark: charts.Mark, place: Place) -> str:
    """Of its one node, of all it finds, or of its weightiest."""
    if mark.total > 1 and mark.query:
        return f"{place.trace}?{urlencode({'q': mark.query})}"
    return f"{place.trace}?node={mark.nodes[0]}"
