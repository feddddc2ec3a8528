"""Every address of the product."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from trajectories.api import api, errors, later, openai_compatible

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(later.patterns)),
    path("api/v1/", api.urls),
    path("v1/chat/completions", openai_compatible.chat_completions),
    path("v1/models", openai_compatible.models),
    path("v1/models/<str:name>", openai_compatible.models),
    re_path("^(?:api|v1)(?:/|$)", errors.unknown),
    path("admin/", admin.site.urls),
    path("", include("frontend.urls")),
]

handler400 = "frontend.views.errors.bad_request"
handler403 = "frontend.views.errors.forbidden"
handler404 = "frontend.views.errors.not_found"
handler500 = "frontend.views.errors.broken"
