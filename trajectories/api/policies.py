"""Policies by name."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Body as JsonBody
from ninja import Router

from trajectories import policies
from trajectories.api import shapes
from trajectories.api.bodies import json_answer
from trajectories.api.errors import ApiError
from trajectories.models import NamedPolicy

router = Router(tags=["Policies"])
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@router.get("/policies", response=shapes.Policies, summary="Policies that can be chosen now")
def listing(request: HttpRequest) -> HttpResponse:
    return json_answer({"items": policies.named(request.user), "next": None})


@router.put("/policies/{name}", response=shapes.Policy, summary="Keep a policy under a name")
def put(request: HttpRequest, name: str, body: JsonBody[dict[str, Any]]) -> HttpResponse:
    """The body needs only what differs from the default policy."""
    if not NAME.fullmatch(name):
        raise ApiError(
            422, "wrong_name", "The name of a policy has 1 to 60 small letters, digits, hyphens or underscores."
        )
    policies.keep(request.user, name, body)
    return json_answer(next(one for one in policies.named(request.user) if one["name"] == name))


@router.delete("/policies/{name}", response={204: None}, summary="Delete a policy of one's own")
def delete(request: HttpRequest, name: str) -> HttpResponse:
    if name in policies.BUILT_IN_NAMES:
        raise ApiError(409, "built_in", f"The policy {name} is built in; it cannot be deleted.")
    gone, _ = NamedPolicy.objects.visible_to(request.user).filter(name=name).delete()
    if not gone:
        raise Http404(f"There is no policy {name[:60]!r} of yours; /api/v1/policies lists them.")
    return HttpResponse(status=204)
