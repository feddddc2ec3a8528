"""The API's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger


class Page(Swagger):
    """Swagger from ninja's own static files. It writes styles into its elements, so the page allows inline styles."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        response = super().render_page(request, api, **kwargs)
        response.allow_inline_styles = True  # type: ignore[attr-defined]
        return response
