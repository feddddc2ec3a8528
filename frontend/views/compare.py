"""Two to four runs side by side, and the page where they are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from frontend.comparing.page import compare_context
from frontend.place import own_place
from frontend.views.runs import with_totals
from trajectories import access, comparison
from trajectories.models import Run

MOST_NAMED = 20
"""Runs of an address that are looked at."""
MOST_OFFERED = 12
"""Runs of each group that are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs offered for comparing."""

    title: str
    runs: list[Run]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def compare(request: HttpRequest) -> HttpResponse:
    """`?r=ID&r=ID`, two to four times; `base=ID` is the one the others are told against. With fewer runs, with more, or
    with `add`, the page where they are chosen. A form may also send the runs in its body."""
    if request.method == "POST":
        chosen = QueryDict(mutable=True)
        chosen.setlist("r", request.POST.getlist("r")[:MOST_NAMED])
        return redirect(f"{reverse('compare')}?{chosen.urlencode()}")
    named = request.GET.getlist("r")
    ids = list(dict.fromkeys(named))[:MOST_NAMED]
    runs = [access.get_run(request.user, run_id) for run_id in ids]
    if "add" not in request.GET and comparison.FEWEST <= len(runs) <= comparison.MOST:
        records = [comparison.read_record(run) for run in runs]
        return render(request, "frontend/compare.html", compare_context(records, map(own_place, runs), request.GET))
    return _choosing(request, runs, _why(len(runs), len(named)))


def _why(runs: int, named: int) -> str:
    """What was wrong with the address; nothing is lost, the runs stay chosen."""
    if runs > comparison.MOST:
        return f"{runs} runs are chosen; at most {comparison.MOST} can be compared. Untick some."
    if runs < named and runs == 1:
        return "The same run was named twice. Choose another one to compare it with."
    return ""


# ------------------------------------------------------------------------------------------------ choosing


def _choosing(request: HttpRequest, chosen: Sequence[Run], trouble: str) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:200]
    context = {
        "chosen": chosen,
        "groups": _groups(request, chosen, words),
        "q": words,
        "trouble": trouble,
        "most": comparison.MOST,
    }
    return render(request, "frontend/compare_choose.html", context)


def _groups(request: HttpRequest, chosen: Sequence[Run], words: str) -> list[Group]:
    """Those with the same question first, then those with the same documents, then the latest; each run once."""
    others = Run.objects.visible_to(request.user).exclude(pk__in=[run.pk for run in chosen])
    if words:
        said = Q(title__icontains=words) | Q(question__icontains=words) | Q(answer__icontains=words) | Q(pk=words)
        return [Group(title="Found", runs=_offered(others.filter(said)))]
    groups: list[Group] = []
    seen: set[str] = set()
    for title, found in _kinds(others, chosen):
        runs = _offered(found.exclude(pk__in=seen))
        seen |= {run.pk for run in runs}
        if runs:
            groups.append(Group(title=title, runs=runs))
    return groups


def _kinds(others: "QuerySet[Run]", chosen: Sequence[Run]) -> list[tuple[str, "QuerySet[Run]"]]:
    kinds = [("Latest runs", others)]
    if chosen:
        documents = Run.documents.through.objects.filter(run__in=chosen).values("document")
        sharing = Run.documents.through.objects.filter(document__in=documents).values("run")
        kinds = [
            ("The same question", others.filter(question__in=[run.question for run in chosen])),
            ("The same documents", others.filter(pk__in=sharing)),
            *kinds,
        ]
    return kinds


def _offered(found: "QuerySet[Run]") -> list[Run]:
    return list(with_totals(found)[:MOST_OFFERED])
