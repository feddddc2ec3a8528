"""The table of runs with its filters: those pinned, then all others; and what was deleted lately."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trajectories import tags
from trajectories.models import Annotation, Document, Run

PAGE = 25
MOST_PINNED = 50
MOST_TAGS = 40
FILTERS = ("status", "q", "document", "policy", "tag", "thumb")


@require_safe
@login_required
def runs(request: HttpRequest) -> HttpResponse:
    """Filters: `status`, `q` (title, question and answer), `document`, `policy`, `tag`, `thumb` (up, down); `before` is
    the last run above. `deleted=1` shows what can be restored."""
    if request.GET.get("deleted"):
        return _deleted(request)
    mine = Run.objects.visible_to(request.user)
    wanted = {name: request.GET.get(name, "").strip().replace("\0", "") for name in FILTERS}
    found = _filtered(mine, wanted)
    later = "before" in request.GET
    page = list(with_totals(_older(found.filter(pinned_at=None), mine, request.GET.get("before", "")))[: PAGE + 1])
    context = {
        "runs": page[:PAGE],
        "pinned": [] if later else with_totals(found.exclude(pinned_at=None)).order_by("-pinned_at")[:MOST_PINNED],
        "last": page[PAGE - 1] if len(page) > PAGE else None,
        "later": later,
        "found": found.count(),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "statuses": Run.Status.values,
        "policies": sorted({name for name in mine.values_list("policy__name", flat=True).distinct() if name}),
        "document": Document.objects.visible_to(request.user).filter(pk=wanted["document"]).first(),
        "tags": _tags(request, wanted["tag"]),
        "deleted_in_all": Run.objects.deleted_by(request.user).count(),
    }
    return render(request, "frontend/runs.html", context)


def _deleted(request: HttpRequest) -> HttpResponse:
    """The latest deletion first; `before` is the last run above."""
    gone = Run.objects.deleted_by(request.user)
    mark = gone.filter(pk=request.GET.get("before", "")).first()
    older = gone.filter(deleted_at__lt=mark.deleted_at) if mark else gone
    page = list(older.defer("sources").order_by("-deleted_at", "-id")[: PAGE + 1])
    context = {
        "runs": page[:PAGE],
        "last": page[PAGE - 1] if len(page) > PAGE else None,
        "found": gone.count(),
    }
    return render(request, "frontend/runs_deleted.html", context)


def with_totals(found: "QuerySet[Run]") -> "QuerySet[Run]":
    """Newest first, with what a row shows: one query, and one for the tags of all."""
    thumbs = Annotation.objects.filter(run=OuterRef("pk"), node=None, start=None).exclude(thumb=0)
    counted = found.annotate(documents_in_all=Count("rundocument"), thumb=Subquery(thumbs.values("thumb")[:1]))
    return counted.defer("sources").prefetch_related("tags").order_by("-created_at", "-id")


def _tags(request: HttpRequest, wanted: str) -> list[str]:
    """Those to choose from, the one chosen always among them."""
    names = tags.in_use(request.user, MOST_TAGS)
    return [wanted, *names] if wanted and wanted not in names else names


def _filtered(found: "QuerySet[Run]", wanted: dict[str, str]) -> "QuerySet[Run]":
    if wanted["status"] in Run.Status.values:
        found = found.filter(status=wanted["status"])
    if words := wanted["q"]:
        said = Q(title__icontains=words) | Q(question__icontains=words) | Q(answer__icontains=words)
        found = found.filter(said)
    if wanted["document"]:
        found = found.filter(rundocument__document=wanted["document"])
    if wanted["policy"]:
        found = found.filter(policy__name=wanted["policy"])
    if wanted["tag"]:
        found = found.filter(tags__name=wanted["tag"].lower())
    if wanted["thumb"] in ("up", "down"):
        found = found.with_thumb(wanted["thumb"])  # type: ignore[attr-defined]
    return found


def _older(found: "QuerySet[Run]", mine: "QuerySet[Run]", before: str) -> "QuerySet[Run]":
    mark = mine.filter(pk=before).first() if before else None
    if mark is None:
        return found
    return found.filter(Q(created_at__lt=mark.created_at) | Q(created_at=mark.created_at, id__lt=mark.id))
