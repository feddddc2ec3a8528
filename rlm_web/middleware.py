"""What every answer of the server carries, and what no request of a page does."""

import secrets
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, QueryDict

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'{styles}; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)


class ContentSecurityPolicy:
    """A strict policy on every page. `request.csp_nonce` is for the one inline script of the base template.

    A view that shows Plotly figures sets `response.allow_inline_styles = True`: Plotly writes its own style rules."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]
        response = self.get_response(request)
        styles = " 'unsafe-inline'" if getattr(response, "allow_inline_styles", False) else ""
        policy = POLICY.format(nonce=request.csp_nonce, styles=styles)  # type: ignore[attr-defined]
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response


class ZeroBytes:
    """Takes zero bytes out of the addresses of pages: Postgres keeps none and refuses to look for them.

    The API has a sentence of its own for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(("/api/", "/v1/")):
            if "\0" in request.path_info:
                raise Http404
            if "%00" in request.META.get("QUERY_STRING", ""):
                request.GET = _without_zero_bytes(request.GET)  # type: ignore[assignment]
        return self.get_response(request)


def _without_zero_bytes(given: QueryDict) -> QueryDict:
    cleaned = QueryDict(mutable=True)
    for name, values in given.lists():
        cleaned.setlist(name.replace("\0", ""), [value.replace("\0", "") for value in values])
    return cleaned
