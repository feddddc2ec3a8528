"""The workbench: tree, time line and detail of one run. The page is a frame; `trace.js` fills it from the API."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.place import Place, own_place
from trajectories import access
from trajectories.models import Run

KINDS = ("rlm", "step", "lm", "cell", "gate")


@require_safe
@login_required
def trace(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?node=N` or `?batch=N` selects; the script reads it."""
    run = access.get_run(request.user, run_id)
    return render(request, "frontend/trace.html", trace_context(run, own_place(run)))


def trace_context(run: Run, place: Place) -> dict[str, Any]:
    """For `trace.html`."""
    return {"run": run, "place": place, "tab": "trace", "kinds": KINDS}
