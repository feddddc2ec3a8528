"""The documents of one reader, and the reader page for texts of any length."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend import passages
from frontend.deleted import deleted_page
from trajectories import access, engine
from trajectories.models import Document

PAGE = 50
USED_IN = Count("runs", filter=Q(runs__deleted_at=None), distinct=True)
WINDOW = 12_000
"""Characters of the window that is shown without scripts, and first with them."""


@require_safe
@login_required
def documents(request: HttpRequest) -> HttpResponse:
    """`q` looks in names; `before` is the last document of the page above; `deleted=1` shows what can be restored."""
    if request.GET.get("deleted"):
        gone = Document.objects.deleted_by(request.user).defer("parts")
        return render(request, "frontend/documents_deleted.html", deleted_page(request, gone, "documents", PAGE))
    mine = Document.objects.visible_to(request.user).listed()
    words = request.GET.get("q", "").strip()
    found = mine.filter(name__icontains=words) if words else mine
    mark = mine.filter(pk=request.GET.get("before", "")).first()
    older = Q(created_at__lt=mark.created_at) | Q(created_at=mark.created_at, id__lt=mark.id) if mark else Q()
    counted = found.filter(older).annotate(runs_in_all=USED_IN).order_by("-created_at", "-id")
    shown = list(counted[: PAGE + 1])
    context = {
        "documents": shown[:PAGE],
        "last": shown[PAGE - 1] if len(shown) > PAGE else None,
        "words": words,
        "deleted_in_all": Document.objects.deleted_by(request.user).count(),
        "sums": mine.aggregate(number=Count("id"), chars=Sum("chars"), bytes=Sum("bytes")),
    }
    return render(request, "frontend/documents.html", context)


@require_safe
@login_required
def document(request: HttpRequest, document_id: str) -> HttpResponse:
    """`at=START-END` shows and marks a span; `from=N` shows the window that begins there."""
    shown = access.get_document(request.user, document_id)
    context: dict[str, object] = {"document": shown}
    if shown.status == Document.Status.READY:
        span = _span(request.GET.get("at", ""), shown.chars)
        try:
            context |= _window(shown, span, request.GET.get("from", ""))
        except engine.DocumentError as error:
            context["trouble"] = str(error)
    return render(request, "frontend/document.html", context)


def _window(shown: Document, span: tuple[int, int] | None, first: str) -> dict[str, object]:
    if span:
        passage = passages.around_span(shown, *span, around=WINDOW // 2)
    else:
        start = min(int(first), max(0, shown.chars - 1)) if first.isdecimal() and len(first) < 16 else 0
        passage = passages.window(shown, start, start + WINDOW)
    return {
        "passage": passage,
        "span": span,
        "previous": max(0, passage.start - WINDOW) if passage.start else None,
        "following": passage.end if passage.end < shown.chars else None,
    }


def _span(text: str, chars: int) -> tuple[int, int] | None:
    """“120-180” → (120, 180), inside the text; None for anything else."""
    start, dash, end = text.partition("-")
    if not (dash and start.isdecimal() and end.isdecimal() and len(text) < 40):
        return None
    first, last = int(start), min(int(end), chars)
    return (first, last) if first < last else None
