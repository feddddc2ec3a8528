"""Addresses that the contract names and this version does not have yet. They say so; the OpenAPI is silent of them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from trajectories.api.errors import error_response

LATER = {
    "runs/import": "Importing runs",
    "runs/<str:run_id>/fork": "Forking a run",
}


def _refusal(what: str) -> Callable[..., HttpResponse]:
    @csrf_exempt
    def refuse(request: HttpRequest, **_parts: Any) -> HttpResponse:
        return error_response(404, "not_yet", f"{what} is not part of this version yet.")

    return refuse


patterns: list[URLPattern] = [path(address, _refusal(what)) for address, what in LATER.items()]
