"""The workbench: tree, time line and detail of one run. The page is a frame; `trace.js` fills it from the API."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.place import own_place
from trajectories import access

KINDS = ("rlm", "step", "lm", "cell", "gate")


@require_safe
@login_required
def trace(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?node=N` or `?batch=N` selects; the script reads it."""
    run = access.get_run(request.user, run_id)
    return render(request, "frontend/trace.html", {"run": run, "place": own_place(run), "tab": "trace", "kinds": KINDS})
