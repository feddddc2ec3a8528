"""Prompt profiles: what root models are told."""

import re
from typing import Annotated

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from trajectories import prompt_profiles
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError
from trajectories.models import PromptProfile

router = Router(tags=["Policies"])
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class ProfileText(Body):
    text: Annotated[str, Field(max_length=200_000)]
    """TOML."""


@router.get("/profiles", response=shapes.Profiles, summary="Prompt profiles, shipped and own")
def listing(request: HttpRequest) -> HttpResponse:
    return json_answer({"items": prompt_profiles.listed(request.user), "next": None})


@router.put("/profiles/{name}", response=shapes.Profile, summary="Keep a prompt profile of one's own")
def put(request: HttpRequest, name: str, body: ProfileText) -> HttpResponse:
    """It goes before a shipped one of the same name. What it leaves out comes from the profile it extends."""
    if not NAME.fullmatch(name):
        raise ApiError(422, "wrong_name", "The name of a profile has 1 to 60 small letters, digits, - or _.")
    prompt_profiles.keep(request.user, name, body.text)
    return json_answer(next(one for one in prompt_profiles.listed(request.user) if one["name"] == name))


@router.delete("/profiles/{name}", response={204: None}, summary="Delete a prompt profile of one's own")
def delete(request: HttpRequest, name: str) -> HttpResponse:
    gone, _ = PromptProfile.objects.visible_to(request.user).filter(name=name).delete()
    if not gone:
        raise Http404(f"There is no prompt profile {name[:60]!r} of yours; /api/v1/profiles lists them.")
    return HttpResponse(status=204)
