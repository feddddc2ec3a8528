"""Prices: of which models they are known, and what a run would have cost at others'."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from trajectories import access, charts, repricing
from trajectories.api import shapes
from trajectories.api.bodies import json_answer
from trajectories.api.errors import ApiError

router = Router(tags=["Models"])


@router.get("/prices", response=shapes.PricedModels, summary="Names of all models whose price is known")
def priced(request: HttpRequest) -> HttpResponse:
    return json_answer({"items": repricing.priced_names(request.user), "next": None})


@router.get("/runs/{run_id}/repriced", response=shapes.Repriced, summary="What a run would have cost with other models")
def repriced(request: HttpRequest, run_id: str) -> HttpResponse:
    """A query word for each role: `?worker=openai/gpt-5-mini`, or prices per million tokens, `?root=0.25 / 2.00`."""
    run = access.get_run(request.user, run_id)
    record = charts.read_record(run)
    wanted = {role: name for role, name in request.GET.items() if name}
    asked = set(record.by_role)
    for role in wanted:
        if role not in asked:
            raise ApiError(
                422, "no_such_role", f"This run has no role {role[:40]!r}. Use one of: {', '.join(sorted(asked))}."
            )
    try:
        rates = {role: repricing.find_rate(request.user, name) for role, name in wanted.items()}
    except repricing.UnknownPrice as error:
        raise ApiError(422, "unknown_price", str(error)) from error
    made = repricing.repriced(record, "repriced", rates)
    recorded = repricing.as_recorded(record)
    return json_answer({"recorded": _json(recorded), "repriced": _json(made), "assumption": repricing.ASSUMPTION})


def _json(variant: repricing.Variant) -> dict[str, Any]:
    return {
        "models": variant.models,
        "cost": {
            "usd": None if variant.unpriced and not variant.usd else variant.usd,
            "kind": variant.kind,
            "unpriced_calls": variant.unpriced,
        },
        "prices": variant.note or None,
    }
