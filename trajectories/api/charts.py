"""Figures over a run's costs and times, and over what it read."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from trajectories import access, charts, coverage
from trajectories.api.bodies import json_answer
from trajectories.api.errors import ApiError
from trajectories.models import Run

router = Router(tags=["Runs"])


@router.get("/runs/{run_id}/charts/{name}.csv", summary="All rows behind a figure of a run, as a file")
def table(request: HttpRequest, run_id: str, name: str, by: str = "") -> HttpResponse:
    return table_answer(access.get_run(request.user, run_id), name, by)


@router.get("/runs/{run_id}/charts/{name}", summary="A Plotly figure of a run, at most 300 marks")
def chart(request: HttpRequest, run_id: str, name: str, by: str = "") -> HttpResponse:
    """`by` chooses another view of the same, such as `tier` for `cost`."""
    return figure_answer(access.get_run(request.user, run_id), name, by)


@router.get("/runs/{run_id}/strips", summary="How near each piece of the documents came to the answer")
def strips(request: HttpRequest, run_id: str) -> HttpResponse:
    return json_answer(coverage.strips(coverage.coverage_of(access.get_run(request.user, run_id))))


# ------------------------------------------------------------------------------------------------- for every door


def figure_answer(run: Run, name: str, by: str = "") -> HttpResponse:
    _check(name, by)
    return json_answer(charts.figure(run, name, by))


def table_answer(run: Run, name: str, by: str = "") -> HttpResponse:
    _check(name, by)
    answer = HttpResponse(charts.table(run, name, by), content_type="text/csv; charset=utf-8")
    view = f"-{by}" if by else ""
    answer["Content-Disposition"] = f'attachment; filename="run-{run.pk}-{name}{view}.csv"'
    return answer


def _check(name: str, by: str) -> None:
    if name not in charts.NAMES:
        raise ApiError(404, "no_such_chart", f"There is no chart {name[:40]!r}. Use one of: {', '.join(charts.NAMES)}.")
    views = charts.views(name)
    if by and by not in views:
        raise ApiError(
            422, "no_such_view", f"The chart {name} has no view {by[:40]!r}. Use one of: {', '.join(views)}."
        )
