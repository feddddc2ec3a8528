"""One run: the answer first, with its sources beside it, the key figures and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from frontend import passages
from frontend.answers import answer_html, with_marks
from frontend.figures import figures
from frontend.place import Place, own_place
from frontend.story import story
from frontend.troubles import todo
from trajectories import access, deletion, engine
from trajectories.models import Document, Run
from trajectories.representations import documents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A passage that the answer rests on."""

    number: int
    document: Document
    start: int
    end: int
    text: str

    address: str
    """Where it can be read; empty where documents cannot be opened."""

    def for_script(self) -> dict[str, Any]:
        return {
            "document": self.document.id,
            "name": self.document.name,
            "chars": self.document.chars,
            "start": self.start,
            "end": self.end,
            "address": self.address,
        }


@require_safe
@login_required
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?source=N` opens that source beside the answer."""
    shown = access.get_run(request.user, run_id)
    place = own_place(shown)
    used = documents_of(shown)
    sources = _sources(shown, {document.id: document for document in used}, place)
    context = {
        "run": shown,
        "place": place,
        "tab": "answer",
        "documents": used,
        "sources": sources,
        "answer": _answer(shown, sources),
        "source_data": [source.for_script() for source in sources],
        "figures": [] if shown.is_live else figures(shown, used, place),
        "story": story(shown, {document.id: document.name for document in used}),
        "limits": shown.policy.get("limits", {}),
        "todo": todo(shown),
    }
    return render(request, "frontend/run.html", context | _open_source(request, sources))


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


def _answer(shown: Run, sources: list[Source]) -> SafeString:
    marked = with_marks(shown.answer or "", [source.text for source in sources])
    return answer_html(marked, [source.address for source in sources])


def _sources(shown: Run, documents: Mapping[str, Document], place: Place) -> list[Source]:
    known = [source for source in shown.sources if source["document"] in documents]
    return [
        Source(
            number=number,
            document=documents[source["document"]],
            start=source["start"],
            end=source["end"],
            text=source.get("text", ""),
            address=place.document(source["document"], source["start"], source["end"]),
        )
        for number, source in enumerate(known, start=1)
    ]


def _open_source(request: HttpRequest, sources: list[Source]) -> dict[str, Any]:
    if not sources:
        return {}
    wanted = request.GET.get("source", "")
    number = int(wanted) if wanted.isdecimal() and 1 <= int(wanted[:6]) <= len(sources) else 1
    source = sources[number - 1]
    try:
        passage = passages.around_span(source.document, source.start, source.end)
    except engine.DocumentError as error:
        return {"source": source, "trouble": str(error)}
    return {"source": source, "passage": passage}
