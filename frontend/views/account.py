"""Signing in and out: by a printed link, and in team mode by name and password."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from trajectories import accounts

BACKEND = "django.contrib.auth.backends.ModelBackend"


def redeem_link(request: HttpRequest, token: str) -> HttpResponse:
    """Signs in by a link that works once, and leaves its token behind."""
    user = accounts.redeem_sign_in_token(token)
    if user is not None:
        login(request, user, backend=BACKEND)
        return redirect("home")
    if request.user.is_authenticated:
        return redirect("home")
    messages.error(request, "This sign-in link has been used or is too old. Make a fresh one.")
    return redirect("sign_in")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_target(request))
    by_password = settings.MODE == "team"
    form = AuthenticationForm(request, request.POST if by_password and request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        login(request, form.get_user())
        return redirect(_target(request))
    context = {"form": form, "by_password": by_password, "next": request.GET.get("next", "")}
    return render(request, "frontend/sign_in.html", context, status=422 if form.is_bound else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign_in")


def _target(request: HttpRequest) -> str:
    """Where the reader wanted to go, when that lies on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"
