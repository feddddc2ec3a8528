"""What the command palette offers: pages, runs and documents, as JSON for its script."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from frontend.templatetags.words import ago, count
from trajectories.models import Document, Run

MOST_RUNS = 40
MOST_FOUND = 8
LONGEST = 160
"""Characters of a name."""
PAGES = (
    ("Ask a question", "home"),
    ("Runs", "runs"),
    ("Documents", "documents"),
    ("Compare runs", "compare"),
    ("Settings: connections", "settings_connections"),
    ("Settings: models and prices", "settings_prices"),
    ("Settings: prompt profiles", "settings_profiles"),
    ("Settings: policies", "settings_policies"),
    ("Settings: new policy", "settings_policy_new"),
    ("Settings: shared links", "settings_shares"),
    ("Settings: API tokens", "settings_tokens"),
    ("Settings: about this installation", "settings_about"),
)
DELETED = ("Recently deleted runs", "runs"), ("Recently deleted documents", "documents")


@require_safe
@login_required
def palette(request: HttpRequest) -> JsonResponse:
    """`?q=` looks through all runs and documents; without it, those pinned and the latest."""
    words = request.GET.get("q", "").strip()[:200]
    runs, documents = Run.objects.visible_to(request.user), Document.objects.visible_to(request.user).listed()
    if words:
        said = Q(title__icontains=words) | Q(question__icontains=words) | Q(answer__icontains=words)
        runs = runs.filter(said | Q(pk__in=_tagged(request, words)))[:MOST_FOUND]
        documents = documents.filter(name__icontains=words)[:MOST_FOUND]
        return JsonResponse({"runs": _runs(runs), "documents": _documents(documents)})
    pinned = runs.exclude(pinned_at=None).order_by("-pinned_at")[:MOST_RUNS]
    latest = runs.filter(pinned_at=None).order_by("-created_at")[:MOST_RUNS]
    return JsonResponse(
        {"runs": [*_runs(pinned), *_runs(latest)], "pages": _pages(), "documents": _documents(documents[:MOST_RUNS])}
    )


def _tagged(request: HttpRequest, words: str) -> Any:
    return Run.objects.visible_to(request.user).filter(tags__name=words.lower()).values("pk")


def _pages() -> list[dict[str, str]]:
    pages = [{"label": label, "address": reverse(name)} for label, name in PAGES]
    return pages + [{"label": label, "address": f"{reverse(name)}?deleted=1"} for label, name in DELETED]


def _runs(runs: "QuerySet[Run]") -> list[dict[str, Any]]:
    return [
        {
            "label": " ".join(run.label[:LONGEST].split()),
            "address": reverse("run", args=[run.pk]),
            "aside": ago(run.created_at),
            "pinned": run.pinned_at is not None,
        }
        for run in runs.only("title", "question", "created_at", "pinned_at")
    ]


def _documents(documents: "QuerySet[Document]") -> list[dict[str, Any]]:
    return [
        {
            "label": each.name[:LONGEST],
            "address": reverse("document", args=[each.pk]),
            "aside": f"{count(each.chars)} chars",
        }
        for each in documents.only("name", "chars")
    ]
