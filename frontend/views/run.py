"""One run: the answer first, with its sources beside it, the key figures and what happened."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.answer_page import answer_context
from frontend.place import own_place
from trajectories import access
from trajectories.representations import documents_of


@require_safe
@login_required
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?source=N` opens that source beside the answer."""
    shown = access.get_run(request.user, run_id)
    context = answer_context(shown, own_place(shown), documents_of(shown), request.GET.get("source", ""))
    return render(request, "frontend/run.html", context)
