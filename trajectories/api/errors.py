"""Every error of the API in one shape: `{"error": {"code", "message"}}`, the message one sentence that says what to do.

Views raise `ApiError`. `install` gives a NinjaAPI the handlers for everything else that can be raised in it, and
`ErrorShape` (the outermost middleware) turns what never reached a view (unknown address, wrong method, too large,
foreign host) into the same shape.
"""

import logging
from collections.abc import Callable
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from trajectories import engine

log = logging.getLogger(__name__)

PREFIXES = ("/api/", "/v1/")
SIGN_IN = "Sign in, or send the header “Authorization: Bearer TOKEN” with a token from the settings."
WORDS = {
    400: ("bad_request", "This request cannot be understood; compare it with /api/v1/docs."),
    401: ("not_signed_in", SIGN_IN),
    403: ("forbidden", "This request is refused; sign in again and send the header X-CSRFToken."),
    404: ("not_found", "There is nothing at this address; /api/v1/docs lists what there is."),
    405: ("method_not_allowed", "This address does not take this method; /api/v1/docs lists what there is."),
    413: ("too_large", "The body of this request is too large; send files in chunks through /api/v1/uploads."),
    415: ("wrong_content_type", "Send the body as JSON with the header Content-Type: application/json."),
    429: ("too_many_requests", "Too many requests; wait a moment and try again."),
    500: ("internal", "Something went wrong on the server; its log says what. Try again."),
}


class ApiError(Exception):
    """Ends a request with this status. `extra` stands beside `error` in the body (a 409's `offset`)."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra


def error_response(status: int, code: str, message: str, **extra: Any) -> HttpResponse:
    body = {"error": {"code": code, "message": message}, **extra}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    content_type = "application/json; charset=utf-8"
    return HttpResponse(orjson.dumps(body), status=status, headers=headers, content_type=content_type)


def plain_error(status: int) -> HttpResponse:
    """For what has no sentence of its own."""
    code, message = WORDS.get(status, WORDS[500] if status >= 500 else WORDS[400])
    return error_response(status, code, message)


def install(api: NinjaAPI) -> None:
    def answer(_request: HttpRequest, error: Any) -> HttpResponse:
        return as_response(error)

    for kind in (Exception, Http404, HttpError, ValidationError):  # those for which ninja has answers of its own
        api.add_exception_handler(kind, answer)


def as_response(error: BaseException) -> HttpResponse:
    """The answer to any exception; what nobody foresaw is logged, and the client learns nothing of it."""
    cause = error.__cause__
    if isinstance(error, HttpError) and isinstance(cause, ApiError):
        error = cause  # ninja wraps what the parser of bodies raises
    if isinstance(error, ApiError):
        return error_response(error.status, error.code, error.message, **error.extra)
    if isinstance(error, Http404):
        return error_response(404, "not_found", str(error) or WORDS[404][1])
    if isinstance(error, engine.PolicyError | engine.DocumentError):
        return error_response(422, f"wrong_{error.kind}", str(error))
    if isinstance(error, ValidationError):
        return error_response(422, "wrong_value", sentence(error.errors))
    if isinstance(error, AuthenticationError):
        return plain_error(401)
    if isinstance(error, HttpError):
        return plain_error(error.status_code)
    if isinstance(error, RequestDataTooBig):
        return plain_error(413)
    if isinstance(error, SuspiciousOperation):
        return plain_error(400)
    log.error("A request failed.", exc_info=error)
    return plain_error(500)


# --------------------------------------------------------------------------------------------- one sentence

_BODY = "Send a JSON object as the body of this request; /api/v1/docs shows its fields."
_KINDS = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
_LIMITS = {
    "string_too_long": "has more than {max_length} characters; shorten it",
    "string_too_short": "must not be empty",
    "too_long": "has more than {max_length} items; send fewer",
    "too_short": "needs at least {min_length} of them",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}


def sentence(errors: list[dict[str, Any]]) -> str:
    """What to change in a request, from pydantic's list of findings: the first of them, in our words."""
    if not errors:
        return WORDS[400][1]
    first = errors[0]
    field = _field(first.get("loc", ()))
    if not field:
        return _BODY
    kind = str(first.get("type", ""))
    if kind == "missing":
        return f"Give “{field}”: it is missing."
    if kind == "extra_forbidden":
        return f"“{field}” is not known here; leave it out or correct its name."
    if kind in _KINDS:
        return f"“{field}” {_KINDS[kind]}."
    if kind in _LIMITS:
        return f"“{field}” {_LIMITS[kind].format_map(_Given(first.get('ctx') or {}))}."
    message = str(first.get("msg", "is not right")).removeprefix("Value error, ").rstrip(".")
    return f"“{field}” is not right: {message}."


class _Given(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "what is allowed"


def _field(location: Any) -> str:
    """("body", "payload", "limits", "calls") → limits.calls; empty when the body itself is meant."""
    source, *path = [str(part) for part in location] or [""]
    if source == "body":
        path = path[1:]
    return ".".join(path)[:120]


# --------------------------------------------------------------------------------------------- the last net


@csrf_exempt
def unknown(request: HttpRequest, **_parts: str) -> HttpResponse:
    """For every address under the API's that nothing else answers."""
    return plain_error(404)


class ErrorShape:
    """Gives errors under the API's addresses the contract's shape when something else answered (Django, a proxy)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PREFIXES):
            return self.get_response(request)
        if "\0" in request.path:
            return plain_error(404)
        response = self.get_response(request)
        if response.status_code < 400 or response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        return _reshaped(request, response)


def _reshaped(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    status = response.status_code
    if status == 405:
        allowed = response.headers.get("Allow", "")
        shaped = error_response(405, WORDS[405][0], f"This address does not take {request.method}; use {allowed}.")
        shaped["Allow"] = allowed
        return shaped
    return plain_error(status)
