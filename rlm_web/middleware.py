"""What every answer of the server carries."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
