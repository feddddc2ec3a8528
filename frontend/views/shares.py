"""Links to what is one's own: making them, with a look at what viewers would see, and the list of them.

Plain forms. A script may send the form from a dialog and take the parts it needs out of the page that answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trajectories import access, shared, sharing
from trajectories.models import Run, Share

DAY = 24 * 3600
EXPIRIES = (("tomorrow", DAY), ("in 7 days", 7 * DAY), ("in 30 days", 30 * DAY), ("in 90 days", 90 * DAY))
USUAL = {"scope": "sources", "expires_in": str(7 * DAY)}
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """A choice of the form."""

    words: str
    seconds: str
    """Empty: never."""
    at: datetime | None


# ------------------------------------------------------------------------------------------------ making


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def share_run(request: HttpRequest, run_id: str) -> HttpResponse:
    return _share(request, [access.get_run(request.user, run_id)])


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def share_comparison(request: HttpRequest) -> HttpResponse:
    """`?r=ID&r=ID…` in the order of comparison."""
    ids = list(dict.fromkeys(request.GET.getlist("r")))
    if not 1 <= len(ids) <= sharing.MOST_RUNS:
        raise Http404("A link shows one to four runs. Choose them on the page that compares them.")
    return _share(request, [access.get_run(request.user, run_id) for run_id in ids])


def _share(request: HttpRequest, runs: Sequence[Run]) -> HttpResponse:
    """POST makes a link, or with `preview` shows what its viewers would see."""
    given = request.POST if request.method == "POST" else None
    context: dict[str, Any] = {"runs": runs, "scopes": sharing.SCOPES.values(), "expiries": _expiries()}
    context["wanted"] = _wanted(given)
    status = 200
    if given is not None:
        try:
            context |= _look(request, runs, given) if "preview" in given else _made(request, runs, given)
        except sharing.WrongShare as error:
            context["error"], status = str(error), 422
    return render(request, "frontend/share.html", context, status=status)


def _look(request: HttpRequest, runs: Sequence[Run], given: QueryDict) -> dict[str, Any]:
    return {"preview": shared.preview(sharing.draft(request.user, runs, _wish(given)))}


def _made(request: HttpRequest, runs: Sequence[Run], given: QueryDict) -> dict[str, Any]:
    share, token = sharing.make(request.user, runs, _wish(given))
    return {"made": share, "url": request.build_absolute_uri(f"/s/{token}")}


def _wish(given: QueryDict) -> sharing.Wish:
    expires_in = given.get("expires_in", "")
    if expires_in and not (expires_in.isascii() and expires_in.isdigit() and len(expires_in) < 12):
        raise sharing.WrongShare("Choose from the list when the link stops working.")
    redaction = sharing.Redaction(
        documents="documents" in given,
        prompts="prompts" in given,
        patterns=tuple(line.strip("\r") for line in given.get("patterns", "").replace("\0", "").split("\n")),
    )
    return sharing.Wish(
        scope=given.get("scope", ""),
        expires_in=int(expires_in) if expires_in else None,
        password=given.get("password", ""),
        redaction=redaction,
    )


def _wanted(given: QueryDict | None) -> dict[str, Any]:
    """What the form is filled with. A password is never sent back."""
    if given is None:
        return USUAL
    names = ("scope", "expires_in", "documents", "prompts", "patterns")
    return {name: given.get(name, "") for name in names}


def _expiries() -> list[Expiry]:
    now = timezone.now()
    timed = [Expiry(words=words, seconds=str(s), at=now + timedelta(seconds=s)) for words, s in EXPIRIES]
    return [*timed, Expiry(words="never", seconds="", at=None)]


# ------------------------------------------------------------------------------------------------ the list


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A line of the list."""

    share: Share
    scope: sharing.Scope
    redaction: sharing.Redaction
    status: str
    runs: list[Run]
    """Those that are still there."""
    url: str
    """Empty when it cannot be shown again."""


@require_safe
@login_required
@never_cache
def links(request: HttpRequest) -> HttpResponse:
    """`?run=ID` lists those of one run; `?page=N`."""
    mine = Share.objects.visible_to(request.user).filter(revoked_at=None).order_by("-created_at", "-id")
    run = None
    if request.GET.get("run"):
        run = access.get_run(request.user, request.GET["run"])
        mine = mine.filter(sharerun__run=run)
    number = request.GET.get("page", "1")
    page = max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    found = list(mine.prefetch_related("sharerun_set__run")[(page - 1) * PAGE : page * PAGE + 1])
    context = {
        "section": "shares",
        "run": run,
        "links": [_link(request, share) for share in found[:PAGE]],
        "page": page,
        "has_more": len(found) > PAGE,
    }
    return render(request, "frontend/settings_shares.html", context)


def _link(request: HttpRequest, share: Share) -> Link:
    token = sharing.token_of(share)
    return Link(
        share=share,
        scope=sharing.SCOPES[share.scope],
        redaction=sharing.redaction_of(share.redaction),
        status=sharing.status_of(share),
        runs=[link.run for link in share.sharerun_set.all() if link.run.deleted_at is None],
        url=request.build_absolute_uri(f"/s/{token}") if token else "",
    )


@require_POST
@login_required
def revoke(request: HttpRequest, share_id: str) -> HttpResponse:
    sharing.revoke(access.get_share(request.user, share_id))
    messages.success(request, "The link was revoked. It shows nothing any more.")
    return redirect("settings_shares")
