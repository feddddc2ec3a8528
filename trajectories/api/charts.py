"""Figures over a run's costs and times, and over what it read."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from trajectories import access, charts, coverage, representations
from trajectories.api import shapes
from trajectories.api.bodies import json_answer
from trajectories.api.errors import ApiError

router = Router(tags=["Runs"])


@router.get("/runs/{run_id}/charts/{name}", summary="A Plotly figure of a run, at most 300 marks")
def chart(request: HttpRequest, run_id: str, name: str) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    if name not in charts.NAMES:
        raise ApiError(404, "no_such_chart", f"There is no chart {name[:40]!r}. Use one of: {', '.join(charts.NAMES)}.")
    return json_answer(charts.figure(run, name))


@router.get("/runs/{run_id}/strips", summary="How near each piece of the documents came to the answer")
def strips(request: HttpRequest, run_id: str) -> HttpResponse:
    return json_answer(coverage.strips(coverage.coverage_of(access.get_run(request.user, run_id))))


@router.get("/runs/{run_id}/critical", response=shapes.Critical, summary="What a run's time was spent in")
def critical(request: HttpRequest, run_id: str) -> HttpResponse:
    return json_answer(representations.critical_json(access.get_run(request.user, run_id)))
