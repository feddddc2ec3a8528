"""The start page: choose documents, ask. `/runs/new` is the same composer filled from a document or an earlier run."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from frontend.views import account
from frontend.views.runs import with_totals
from trajectories import access, documents, engine, policies, prompt_profiles
from trajectories.models import Document, Run
from trajectories.representations import document_json, documents_of

RECENT = 6
OFFERED_GATES = (
    ("not_empty", "call"),
    ("no_refusal", "call"),
    ("not_truncated", "call"),
    ("grounded", "answer"),
    ("confirmation", "answer"),
    ("judge", "answer"),
)
"""Where a question is asked; all of them are in the editor of policies."""
JUDGED = {"call": "replies", "answer": "the answer"}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if "token" in request.GET:
        return account.redeem_link(request, request.GET["token"])
    if not request.user.is_authenticated:
        return redirect("sign_in")
    runs = Run.objects.visible_to(request.user)
    context = _composer(request) | {
        "recent": with_totals(runs)[:RECENT],
        "runs_in_all": runs.count(),
        "samples": documents.samples(),
    }
    return render(request, "frontend/home.html", context)


@require_safe
@login_required
def run_new(request: HttpRequest) -> HttpResponse:
    """`?document=ID` (several times) or `?run=ID` fill the form."""
    return render(request, "frontend/run_new.html", _composer(request))


def _composer(request: HttpRequest) -> dict[str, Any]:
    """What the form for a question starts with."""
    before = access.get_run(request.user, request.GET["run"]) if request.GET.get("run") else None
    chosen = documents_of(before) if before else _wanted(request)
    choices = [choice for choice in policies.named(request.user) if choice["policy"] is not None]
    shown = [choice for choice in choices if choice["name"] != "default"] or choices
    return {
        "chosen": [document_json(document) for document in chosen if document.deleted_at is None],
        "question": before.question if before else request.GET.get("question", ""),
        "policies": shown,
        "profiles": prompt_profiles.names_for(request.user),
        "gates": [{**engine.describe_gate(name), "on": on, "words": JUDGED[on]} for name, on in OFFERED_GATES],
        "selected": _selected(shown, before),
        "asked": _asked(before) if before else None,
        "most_bytes": settings.MAX_DOCUMENT_BYTES,
        "most_gigabytes": settings.MAX_DOCUMENT_BYTES // 10**9,
    }


def _wanted(request: HttpRequest) -> list[Document]:
    ids = request.GET.getlist("document")
    found = Document.objects.visible_to(request.user).listed().in_bulk(ids)
    return [found[each] for each in ids if each in found]


def _asked(before: Run) -> dict[str, Any]:
    """Its policy, and of what no policy said yet when it was asked, the default."""
    try:
        return engine.policy_json(engine.policy_from_json(before.policy))
    except engine.PolicyError:
        return before.policy  # the form says what is wrong with it


def _selected(choices: list[dict[str, Any]], before: Run | None) -> dict[str, Any]:
    """The policy of the earlier run, else the middle way where a model is connected, else offline."""
    by_name = {choice["name"]: choice for choice in choices}
    earlier = str(before.policy.get("name", "")).removesuffix(" (changed)") if before else ""
    wanted = (earlier, "balanced", "offline")
    return next((by_name[name] for name in wanted if name in by_name), choices[0])
