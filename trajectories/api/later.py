"""Addresses that the contract names and this version does not have yet. They say so; the OpenAPI is silent of them."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from trajectories.api.errors import ApiError

router = Router()
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
LATER = {
    "/runs/import": "Importing runs",
    "/runs/{run_id}/fork": "Forking a run",
    "/runs/{run_id}/shares": "Sharing a run",
    "/shares": "Sharing a run",
    "/shares/{share_id}": "Sharing a run",
    "/compare": "Comparing runs",
}


def _refusal(what: str) -> Any:
    def refuse(request: HttpRequest) -> None:
        raise ApiError(404, "not_yet", f"{what} is not part of this version yet.")

    return refuse


for _path, _what in LATER.items():
    _name = _path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
    router.api_operation(METHODS, _path, include_in_schema=False, url_name=f"later_{_name}")(_refusal(_what))
