"""The table of runs with its filters: those pinned, then all others; and what was deleted lately."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.deleted import deleted_page
from trajectories import search, tags
from trajectories.models import Annotation, Document, Run

PAGE = 25
MOST_PINNED = 50
MOST_TAGS = 40
FILTERS = ("status", "q", "document", "policy", "tag", "thumb")


@require_safe
@login_required
def runs(request: HttpRequest) -> HttpResponse:
    """Filters: `status`, `q` (a query), `document`, `policy`, `tag`, `thumb` (up, down); `before` is the last run
    above. `deleted=1` shows what can be restored."""
    if request.GET.get("deleted"):
        gone = Run.objects.deleted_by(request.user).defer("sources")
        return render(request, "frontend/runs_deleted.html", deleted_page(request, gone, "runs", PAGE))
    mine = Run.objects.visible_to(request.user)
    wanted = {name: request.GET.get(name, "").strip() for name in FILTERS}
    later = "before" in request.GET
    mark = mine.filter(pk=request.GET.get("before", "")).first()
    after = (mark.created_at, mark.pk) if mark else None
    shown, trouble = _shown(_filtered(mine, wanted), wanted["q"], after, later)
    context = {
        **shown,
        "trouble": trouble,
        "later": later,
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "statuses": Run.Status.values,
        "policies": sorted({name for name in mine.values_list("policy__name", flat=True).distinct() if name}),
        "document": Document.objects.visible_to(request.user).filter(pk=wanted["document"]).first(),
        "tags": _tags(request, wanted["tag"]),
        "deleted_in_all": Run.objects.deleted_by(request.user).count(),
    }
    return render(request, "frontend/runs.html", context)


def _shown(found: "QuerySet[Run]", line: str, after: search.Position | None, later: bool) -> tuple[dict[str, Any], str]:
    """What of the runs the page shows, and what is wrong with the query: then those that the other filters leave."""
    try:
        if line and search.asks_for_text(line):
            return _searched(found, line, after), ""
        return _listed(search.fitting_runs(found, line) if line else found, after, later), ""
    except search.WrongQuery as error:
        return _listed(found, after, later), str(error)


def _listed(found: "QuerySet[Run]", after: search.Position | None, later: bool) -> dict[str, Any]:
    page = list(with_totals(search.older(found.filter(pinned_at=None), after))[: PAGE + 1])
    return {
        "runs": page[:PAGE],
        "pinned": [] if later else with_totals(found.exclude(pinned_at=None)).order_by("-pinned_at")[:MOST_PINNED],
        "last": page[PAGE - 1].pk if len(page) > PAGE else None,
        "found": found.count(),
    }


def _searched(found: "QuerySet[Run]", line: str, after: search.Position | None) -> dict[str, Any]:
    """Those that have the words, each with where they stand. Raises `search.WrongQuery`."""
    told = search.search_runs(found, line, after=after, limit=PAGE)
    rows = {run.pk: run for run in with_totals(Run.objects.filter(pk__in=list(told.hits)))}
    runs = [rows[run_id] for run_id in told.hits if run_id in rows]
    for run in runs:
        run.hit = told.hits[run.pk]  # type: ignore[attr-defined]
    return {
        "runs": runs,
        "last": told.next[1] if told.next else None,
        "found": len(runs),
        "searched": told,
        "node_line": search.node_line(line),
    }


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
    if wanted["document"]:
        found = found.filter(rundocument__document=wanted["document"])
    if wanted["policy"]:
        found = found.filter(policy__name=wanted["policy"])
    if wanted["tag"]:
        found = found.filter(tags__name=wanted["tag"].lower())
    if wanted["thumb"] in ("up", "down"):
        found = found.with_thumb(wanted["thumb"])  # type: ignore[attr-defined]
    return found
