"""Bodies, query strings and answers of the API: how they are read (strictly) and written."""

from typing import Any, Literal

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import Schema
from ninja.parser import Parser
from pydantic import ConfigDict

from trajectories import representations
from trajectories.api.errors import WORDS, ApiError

RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
DEEPEST = 32
"""Levels of lists and objects in a body."""


class Body(Schema):
    """A JSON object whose fields are known; another one is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Removal(Body):
    """How something is deleted."""

    model_config = Body.model_config | {"strict": False}

    for_good: bool = False


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        if not is_json(request):
            raise ApiError(415, *WORDS[415])
        return read_json(request.body)

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        """What is empty (`?status=&q=x`) counts as left out."""
        _refuse_nul(data)
        given = super().parse_querydict(data, list_fields, request)
        return {name: value for name, value in given.items() if value != ""}


def is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json" or (request.content_type or "").endswith("+json")


def read_json(data: bytes) -> Any:
    """Raises `ApiError` for what is not JSON, is nested without end, or has characters no database keeps."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ApiError(
            400, "not_json", f"The body is not JSON ({error.msg}, line {error.lineno}); correct it."
        ) from None
    _check(value, 1)
    return value


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise ApiError(422, "nul_character", "Texts must not contain the character NUL (\\u0000); remove it.")
        return
    if not isinstance(value, list | dict):
        return
    if depth > DEEPEST:
        raise ApiError(422, "too_deep", f"The body is nested more than {DEEPEST} levels deep; flatten it.")
    for part in value if isinstance(value, list) else [*value, *value.values()]:
        _check(part, depth + 1)


def _refuse_nul(data: "MultiValueDict[str, str]") -> None:
    if any("\0" in text for key, values in data.lists() for text in (key, *values)):
        raise ApiError(422, "nul_character", "The address must not contain the character NUL (%00); remove it.")


def json_answer(value: Any, status: int = 200) -> HttpResponse:
    """Anything `representations` makes, or JSON text that is ready."""
    content = value if isinstance(value, bytes) else representations.encode(value)
    return HttpResponse(content, status=status, content_type="application/json; charset=utf-8")
