"""How near each piece of the documents came to the answer: a strip for each document, numbers, and every interval."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.coverage_page import coverage_context
from frontend.place import own_place
from trajectories import access
from trajectories.coverage import coverage_of


@require_safe
@login_required
def coverage(request: HttpRequest, run_id: str) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    return render(request, "frontend/coverage.html", coverage_context(run, own_place(run), coverage_of(run)))
