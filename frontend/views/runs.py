"""The table of runs, with its filters."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trajectories.models import Document, Run

PAGE = 25


@require_safe
@login_required
def runs(request: HttpRequest) -> HttpResponse:
    """Filters: `status`, `q` (question and answer), `document`, `policy`; `before` is the last run above."""
    mine = Run.objects.visible_to(request.user)
    wanted = {name: request.GET.get(name, "").strip() for name in ("status", "q", "document", "policy")}
    found = _filtered(mine, wanted)
    page = list(with_totals(_older(found, mine, request.GET.get("before", "")))[: PAGE + 1])
    context = {
        "runs": page[:PAGE],
        "last": page[PAGE - 1] if len(page) > PAGE else None,
        "later": "before" in request.GET,
        "found": found.count(),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "statuses": Run.Status.values,
        "policies": sorted({name for name in mine.values_list("policy__name", flat=True).distinct() if name}),
        "document": Document.objects.visible_to(request.user).filter(pk=wanted["document"]).first(),
    }
    return render(request, "frontend/runs.html", context)


def with_totals(found: "QuerySet[Run]") -> "QuerySet[Run]":
    """Newest first, with what a row shows, in one query."""
    return found.annotate(documents_in_all=Count("rundocument")).defer("sources").order_by("-created_at", "-id")


def _filtered(found: "QuerySet[Run]", wanted: dict[str, str]) -> "QuerySet[Run]":
    if wanted["status"] in Run.Status.values:
        found = found.filter(status=wanted["status"])
    if wanted["q"]:
        found = found.filter(Q(question__icontains=wanted["q"]) | Q(answer__icontains=wanted["q"]))
    if wanted["document"]:
        found = found.filter(rundocument__document=wanted["document"])
    if wanted["policy"]:
        found = found.filter(policy__name=wanted["policy"])
    return found


def _older(found: "QuerySet[Run]", mine: "QuerySet[Run]", before: str) -> "QuerySet[Run]":
    mark = mine.filter(pk=before).first() if before else None
    if mark is None:
        return found
    return found.filter(Q(created_at__lt=mark.created_at) | Q(created_at=mark.created_at, id__lt=mark.id))
