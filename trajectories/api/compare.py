"""Runs beside one another."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from trajectories import access, comparison, representations
from trajectories.api.bodies import Body, json_answer
from trajectories.api.comparison_shapes import Comparison
from trajectories.api.errors import ApiError
from trajectories.models import Run

router = Router(tags=["Runs"])
RunId = Annotated[str, Field(max_length=40)]


class Compared(Body):
    model_config = Body.model_config | {"strict": False}

    r: list[RunId] = []
    """Two to four runs."""
    base: RunId | None = None
    """The one the others are told against; the first."""


@router.get("/compare", response=Comparison, summary="Two to four runs side by side")
def compare(request: HttpRequest, wanted: Query[Compared]) -> HttpResponse:
    runs = [access.get_run(request.user, run_id) for run_id in _checked(wanted.r)]
    base = _base(wanted)
    return json_answer(comparison_json(comparison.compare(runs, base), request))


def _checked(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ApiError(422, "same_run_twice", "A run is named twice in “r”; name each once.")
    if not comparison.FEWEST <= len(ids) <= comparison.MOST:
        named = {0: "None was named", 1: "One was named"}.get(len(ids), f"{len(ids)} were named")
        raise ApiError(422, "wrong_count", f"{named}; name two to four runs, as in ?r=ID&r=ID.")
    return ids


def _base(wanted: Compared) -> int:
    if wanted.base is None:
        return 0
    if wanted.base not in wanted.r:
        raise ApiError(422, "wrong_base", "“base” must be one of the runs in “r”.")
    return wanted.r.index(wanted.base)


def comparison_json(found: comparison.Comparison, request: HttpRequest) -> dict[str, Any]:
    """Data classes become objects with their fields."""
    first = found.first_divergence
    letters = dict(zip(comparison.LETTERS, found.records, strict=False))
    return {
        "base": found.records[found.base].run.id,
        "runs": [{"letter": letter, **_run(record.run, request)} for letter, record in letters.items()],
        "figures": found.figures,
        "settings": {
            "differ": [setting for setting in found.settings if setting.differs],
            "equal": [setting for setting in found.settings if not setting.differs],
        },
        "answers": [{"text": each.text, "difference": each.difference, "note": each.note} for each in found.answers],
        "steps": [_row(row) for row in found.rows],
        "steps_left_out": found.left_out,
        "counts": found.counts,
        "differences": found.divergences,
        "first_difference": first and {"run": found.records[first[0]].run.id, "difference": first[1]},
    }


def _run(run: Run, request: HttpRequest) -> dict[str, Any]:
    told = representations.run_json(run, request)
    names = ("id", "question", "status", "ended_by", "cost", "created_at", "finished_at", "last_seq", "url")
    return {name: told[name] for name in names}


def _row(row: comparison.Row) -> dict[str, Any]:
    return {
        "id": comparison.row_id(row),
        "result": row.result,
        "sides": [None if thing is None else comparison.side(thing) for thing in row.sides],
        "beside": row.beside,
        "differs": row.differs,
        "notes": row.notes,
        "items": row.items,
        "below": [_row(each) for each in row.below],
        "left_out": row.left_out,
    }
