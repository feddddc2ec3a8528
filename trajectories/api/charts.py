"""Figures over a run's costs and times, and over what it read."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from trajectories import access, charts, coverage, representations, stretches
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError
from trajectories.models import Run

router = Router(tags=["Runs"])

BIGGEST = 2**62


@router.get("/runs/{run_id}/charts/{name}.csv", summary="All rows behind a figure of a run, as a file")
def table(request: HttpRequest, run_id: str, name: str, by: str = "") -> HttpResponse:
    return table_answer(access.get_run(request.user, run_id), name, by)


@router.get("/runs/{run_id}/charts/{name}", summary="A Plotly figure of a run, at most 300 marks")
def chart(request: HttpRequest, run_id: str, name: str, by: str = "") -> HttpResponse:
    """`by` chooses another view of the same, such as `tier` for `cost`."""
    return figure_answer(access.get_run(request.user, run_id), name, by)


class Stretch(Body):
    model_config = Body.model_config | {"strict": False}

    document: Annotated[str, Field(max_length=40)] | None = None
    start: Annotated[int, Field(ge=0, le=BIGGEST)] = 0
    end: Annotated[int, Field(ge=0, le=BIGGEST)] = BIGGEST


@router.get("/runs/{run_id}/strips", summary="How near each piece of the documents came to the answer")
def strips(request: HttpRequest, run_id: str, wanted: Query[Stretch]) -> HttpResponse:
    """Of all documents; with `document`, of its characters `start` to `end` in finer steps, with the nodes that read
    them."""
    run = access.get_run(request.user, run_id)
    if wanted.document is None:
        return json_answer(coverage.strips(coverage.coverage_of(run)))
    document = run.documents.filter(pk=wanted.document).first()
    if document is None:
        raise ApiError(404, "no_such_document", f"This run has no document {wanted.document!r}; see its “documents”.")
    if wanted.start >= wanted.end:
        raise ApiError(422, "wrong_value", "“end” must be greater than “start”.")
    return json_answer(stretches.stretch_json(run, document, wanted.start, wanted.end))


@router.get("/runs/{run_id}/critical", response=shapes.Critical, summary="What a run's time was spent in")
def critical(request: HttpRequest, run_id: str) -> HttpResponse:
    return json_answer(representations.critical_json(access.get_run(request.user, run_id)))


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
