"""Settings: model connections, prices, policies, API tokens, and what this installation is.

Lists are rendered here; changes go through the API (`settings.js`), but for tokens, which have no place in the API."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.installation import describe
from trajectories import accounts, engine, policies, prompt_profiles
from trajectories import connections as kept_connections
from trajectories.api.models import models_json
from trajectories.models import ApiToken, Connection


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    return redirect("settings_connections")


@require_safe
@login_required
def connections(request: HttpRequest) -> HttpResponse:
    providers = [name for name in engine.PROVIDERS if name != kept_connections.OFFLINE.provider]
    rows = Connection.objects.visible_to(request.user)
    return _page(request, "connections", {"connections": rows, "providers": providers})


@require_safe
@login_required
def prices(request: HttpRequest) -> HttpResponse:
    names = [name for name in kept_connections.connections_of(request.user) if name != "offline"]
    context = {
        "models": models_json(request.user),
        "connection_names": names,
        "profiles": prompt_profiles.names_for(request.user)[1:],
        "tiers": engine.TIERS,
    }
    return _page(request, "prices", context)


@require_safe
@login_required
def policies_page(request: HttpRequest) -> HttpResponse:
    return _page(request, "policies", {"policies": policies.named(request.user)})


@require_safe
@login_required
def profiles_page(request: HttpRequest) -> HttpResponse:
    return _page(request, "profiles", {"profiles": prompt_profiles.listed(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """POST makes a token, which is shown on the answer and never again."""
    made = None
    if request.method == "POST":
        made = accounts.make_token(request.user, request.POST.get("name", "").strip()[:80] or "token")
    address = request.build_absolute_uri("/").rstrip("/")
    return _page(
        request, "tokens", {"tokens": ApiToken.objects.filter(user=request.user), "made": made, "address": address}
    )


@require_POST
@login_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    get_object_or_404(ApiToken, pk=token_id, user=request.user).delete()
    messages.success(request, "The token was revoked. It opens nothing any more.")
    return redirect("settings_tokens")


@require_safe
@login_required
def about(request: HttpRequest) -> HttpResponse:
    return _page(request, "about", {"installation": describe(Path(settings.DATA_DIR))})


def _page(request: HttpRequest, section: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, f"frontend/settings_{section}.html", {"section": section, **context})
