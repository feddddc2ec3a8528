"""One run: the answer first, with its sources beside it, the key figures and what happened."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from frontend.answer_page import answer_context
from frontend.place import own_place
from trajectories import access, deletion
from trajectories.models import Run
from trajectories.representations import documents_of


@require_safe
@login_required
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?source=N` opens that source beside the answer."""
    shown = access.get_run(request.user, run_id)
    context = answer_context(shown, own_place(shown), documents_of(shown), request.GET.get("source", ""))
    return render(request, "frontend/run.html", context)


@require_POST
@login_required
def delete_run(request: HttpRequest, run_id: str) -> HttpResponse:
    gone = access.get_run(request.user, run_id)
    if gone.is_live:
        messages.error(request, "This run is still at work. Stop it first, then delete it.")
        return redirect("run", gone.id)
    deletion.discard(Run.objects.filter(pk=gone.pk))
    messages.success(request, "The run was deleted.")
    return redirect("runs")
