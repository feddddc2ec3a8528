"""What a run cost and where the time went: key figures, charts, and a table with the same numbers under each."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.place import own_place
from frontend.templatetags.words import clock, count, duration, share, usd, whole
from frontend.templatetags.words import cost as cost_words
from trajectories import access, charts
from trajectories.models import Run

ORDER = (
    ("concurrency", "w4"),
    ("cost", "w2"),
    ("tokens", "w2"),
    ("cumulative", "w2"),
    ("latency", "w2"),
    ("cache", "w2"),
)
"""Charts of the page, the widest first; one that is not named here comes after them."""
MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: str
    small: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One chart of the page."""

    name: str
    width: str
    """How many of six columns it takes: `w2`, `w4`."""
    chart: charts.Chart


@require_safe
@login_required
def cost(request: HttpRequest, run_id: str) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    record = charts.read_record(run)
    order = [*ORDER, *((name, "w2") for name in charts.NAMES if name not in dict(ORDER))]
    shown = [Shown(name=name, width=width, chart=charts.chart(record, name)) for name, width in order]
    context = {
        "run": run,
        "place": own_place(run),
        "tab": "cost",
        "figures": key_figures(run, record),
        "charts": shown,
        "plotly": {each.name: each.chart.figure() for each in shown if each.chart.traces},
    }
    response = render(request, "frontend/cost.html", context)
    response.allow_inline_styles = True  # type: ignore[attr-defined]
    return response


def key_figures(run: Run, record: charts.Record) -> list[Figure]:
    limit = (run.policy.get("limits") or {}).get("cost_usd")
    return [
        Figure(name="Cost", value=cost_words(run), small=f"of {usd(limit)}" if limit else run.cost_kind),
        *_by_depth(record),
        Figure(name="Tokens", value=f"{count(run.input_tokens)} in", small=f"{count(run.output_tokens)} out"),
        *_cached(run, record),
        *_failed(record),
        Figure(name="Time", value=_time(run), small=_idle(record)),
        Figure(name="Calls", value=whole(run.calls), small=_attempts(run)),
        Figure(name="Calls at once", value=whole(_peak(record)), small="at the peak"),
    ]


def _by_depth(record: charts.Record) -> list[Figure]:
    """The root and each depth below it, where anything was spent."""
    total = sum((call.usd or Decimal(0) for call in record.calls), Decimal(0))
    if not total:
        return []
    figures = []
    for depth in sorted({call.depth for call in record.calls})[:4]:
        calls = [call for call in record.calls if call.depth == depth]
        spent = sum((call.usd or Decimal(0) for call in calls), Decimal(0))
        name = "Root" if depth == 0 else f"Depth {depth}"
        if all(call.usd is None for call in calls):
            figures.append(Figure(name=name, value="unknown"))
            continue
        least = "at least " if any(call.usd is None for call in calls) else ""
        figures.append(Figure(name=name, value=f"{least}{usd(spent)}", small=share(float(spent), float(total))))
    return figures


def _cached(run: Run, record: charts.Record) -> list[Figure]:
    if not run.cache_read_tokens:
        return []
    part = f"{count(run.cache_read_tokens)} tokens"
    saved = [_saved(call) for call in record.calls if call.cache_read_tokens]
    known = [amount for amount in saved if amount is not None]
    if len(known) < len(saved):
        return [Figure(name="From cache", value=share(run.cache_read_tokens, run.input_tokens), small=part)]
    return [Figure(name="Saved by cache", value=usd(sum(known, Decimal(0))), small=part)]


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
    known = [call.usd for call in failed if call.usd is not None]
    least = "at least " if len(known) < len(failed) else ""
    spent = f"{least}{usd(sum(known, Decimal(0)))}" if known else "cost unknown"
    return [Figure(name="Failed calls", value=whole(len(failed)), small=spent)]


def _idle(record: charts.Record) -> str:
    idle = record.seconds - sum(end - start for start, end in record.busy)
    return f"{duration(idle)} idle" if idle > max(1.0, 0.02 * record.seconds) else ""


def _time(run: Run) -> str:
    seconds = run.seconds
    return duration(seconds) if seconds is None or seconds < 60 else f"{clock(seconds)} min"


def _attempts(run: Run) -> str:
    return f"{whole(run.attempts)} tries" if run.attempts > run.calls else ""


def _peak(record: charts.Record) -> int:
    most = flying = 0
    for _time, change, _call in record.moments():
        flying += change
        most = max(most, flying)
    return most
