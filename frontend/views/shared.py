"""Pages that are seen through a shared link: the owner's templates, without anything that leads elsewhere."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from frontend.answer_page import answer_context
from frontend.comparing.page import compare_context
from frontend.coverage_page import coverage_context
from frontend.link_doors import Locked, Opened, dead_page, open_run, open_share, page_door, shared_page
from frontend.place import shared_place
from frontend.views.cost import cost_context, with_plotly
from frontend.views.trace import trace_context
from trajectories import shared, shared_comparison, sharing
from trajectories.models import Share

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@sensitive_post_parameters("password")
@page_door
def first(request: HttpRequest, token: str) -> HttpResponse:
    """`/s/{token}`: the answer of the one run, or the comparison. The password is sent here."""
    if request.method in UNSAFE:
        return _unlock(request, token)
    try:
        share = open_share(request, token)
    except Locked:
        return _ask_password(request)
    if len(sharing.runs_of(share)) > 1:
        response = _comparison(request, token, share)
    else:
        response = _page(request, open_run(request, token, None, "answer"), "answer")
    return _counted(request, token, share, response)


@page_door
def page(request: HttpRequest, token: str, name: str, position: int | None = None) -> HttpResponse:
    """One of the pages of a run: `name` is answer, trace, cost or coverage."""
    if request.method in UNSAFE:
        return dead_page(request)
    try:
        opened = open_run(request, token, position, name)
    except Locked:
        return redirect("shared", token)
    return _counted(request, token, opened.share, _page(request, opened, name))


def elsewhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Every other address below `/s`."""
    return dead_page(request)


# ------------------------------------------------------------------------------------------------ pages


def _page(request: HttpRequest, opened: Opened, name: str) -> HttpResponse:
    seen = opened.see()
    base: dict[str, Any] = {"until": opened.share.expires_at, "shared_tags": seen.tags}
    if opened.is_one_of_many:
        base["comparison"] = reverse("shared", args=[opened.token])
    if name == "answer":
        return _answer(request, opened, seen, base)
    if name == "cost":
        context = cost_context(shared.record(seen), opened.place, request.GET)
        return with_plotly(shared_page(request, "frontend/cost.html", base | context))
    if name == "coverage":
        context = coverage_context(seen.run, opened.place, shared.coverage(seen))
        return shared_page(request, "frontend/coverage.html", base | context)
    return shared_page(request, "frontend/trace.html", base | trace_context(seen.run, opened.place))


def _comparison(request: HttpRequest, token: str, share: Share) -> HttpResponse:
    seen, parts = shared_comparison.see_all(share), sharing.SCOPES[share.scope].parts
    read = shared_comparison.records(seen)
    places = [shared_place(token, each.run, parts, each.position) for each in seen]
    fetch = shared_comparison.fetch(seen, read)
    context = compare_context(read, places, request.GET, fetch=fetch, read_only=True)
    return shared_page(request, "frontend/compare.html", {"until": share.expires_at, **context})


def _answer(request: HttpRequest, opened: Opened, seen: sharing.Seen, base: dict[str, Any]) -> HttpResponse:
    if seen.run.is_live and not seen.scope.lets("socket"):
        return shared_page(
            request, "frontend/link_waiting.html", base | {"run": seen.run, "place": opened.place, "tab": "answer"}
        )
    context = answer_context(seen.run, opened.place, seen.documents, seen=seen)
    return shared_page(request, "frontend/run.html", base | context)


# ------------------------------------------------------------------------------------------------ doors


def _unlock(request: HttpRequest, token: str) -> HttpResponse:
    share = sharing.find(token)
    if request.method != "POST" or not share.password:
        raise sharing.DeadLink
    try:
        right = sharing.fits(share, request.POST.get("password", "")[: sharing.LONGEST_PASSWORD])
    except sharing.TooSoon as error:
        response = _ask_password(request, str(error), 429)
        response["Retry-After"] = str(error.seconds)
        return response
    if not right:
        return _ask_password(request, "This is not the password. Check it with whoever sent the link.", 422)
    response = redirect("shared", token)
    proof, seconds = sharing.proof(share), sharing.HOURS * 3600
    _set_cookie(request, response, sharing.cookie_name(share), proof, seconds, f"/s/{token}")
    for run in sharing.runs_of(share):  # a browser sends it to a socket by the socket's path
        _set_cookie(request, response, sharing.cookie_name(share, run.pk), proof, seconds, f"/ws/runs/{run.pk}")
    return response


def _ask_password(request: HttpRequest, error: str = "", status: int = 200) -> HttpResponse:
    """Tells nothing of what the link shows."""
    return shared_page(request, "frontend/link_locked.html", {"error": error}, status)


def _counted(request: HttpRequest, token: str, share: Share, response: HttpResponse) -> HttpResponse:
    """Counts a view, once for each viewer and visit; the owner's own look is none."""
    name = f"visit-{share.pk}"
    is_own = request.user.is_authenticated and request.user.pk == share.owner_id
    if request.method == "HEAD" or is_own or response.status_code != 200:
        return response
    if not sharing.is_counted(share, request.COOKIES.get(name)):
        sharing.count(share)
    _set_cookie(request, response, name, sharing.ticket(share), sharing.VISIT, f"/s/{token}")
    return response


def _set_cookie(request: HttpRequest, response: HttpResponse, name: str, value: str, seconds: int, path: str) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path=path, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
