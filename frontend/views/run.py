"""One run: the answer first, with its sources beside it, the key figures and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from frontend import passages
from frontend.answers import answer_html
from frontend.figures import figures
from frontend.story import story
from trajectories import access, documents, engine
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

    @property
    def address(self) -> str:
        return f"{reverse('document', args=[self.document.id])}?at={self.start}-{self.end}"

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
    used = documents_of(shown)
    sources = _sources(shown, {document.id: document for document in used})
    context = {
        "run": shown,
        "tab": "answer",
        "documents": used,
        "sources": sources,
        "answer": answer_html(shown.answer or "", [source.address for source in sources]),
        "source_data": [source.for_script() for source in sources],
        "figures": [] if shown.is_live else figures(shown, used),
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
    gone.delete()
    documents.remove_unused()
    messages.success(request, "The run was deleted.")
    return redirect("runs")


def _sources(shown: Run, documents: Mapping[str, Document]) -> list[Source]:
    known = [source for source in shown.sources if source["document"] in documents]
    return [
        Source(
            number=number,
            document=documents[source["document"]],
            start=source["start"],
            end=source["end"],
            text=source.get("text", ""),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """What a run without an answer says instead of one."""

    title: str
    advice: str
    message: str = ""
    """As recorded."""
    settings: bool = False
    """Whether the settings are where to go."""


CONNECTION_TROUBLES = {
    "auth": ("The model’s server refused the key", "Check the key of the connection, then ask again."),
    "rate_limit": ("The model’s server is asked too often", "Wait a little, or lower the concurrency of the policy."),
    "timeout": ("The model did not answer in time", "Check the connection, then ask again."),
    "overloaded": ("The model’s server is overloaded", "Wait a little, then ask again."),
    "network": ("The model’s server cannot be reached", "Check that it runs and that its address is right, then ask again."),
    "bad_request": ("The model’s server refused the request", "Check the name of the model in the policy, then ask again."),
    "malformed": ("The model’s server sent something unreadable", "Check the address of the connection, then ask again."),
}  # fmt: skip
TROUBLES = {
    "context_length": ("A prompt was too long for the model", "Choose a model with a larger window, then ask again."),
    "isolation": ("This machine isolates code too little", "Settings, About says what it offers and what is wanted."),
    "interrupted": ("The server stopped in the middle of this run", "What was recorded is kept. Ask again."),
    "budget": ("A limit of the policy was reached", "Raise the limit, or ask a narrower question."),
}
UNKNOWN = ("This run ended without an answer", "Look at its last steps in the trace, then ask again.")


def todo(shown: Run) -> Todo | None:
    if shown.is_live or shown.answer:
        return None
    if shown.status == Run.Status.CANCELLED:
        return Todo(
            title="This run was stopped", advice="What it did until then is kept below. Ask again to have it answered."
        )
    error = shown.error or {}
    kind = "budget" if shown.ended_by.startswith("limit_") else str(error.get("kind", ""))
    title, advice = CONNECTION_TROUBLES.get(kind) or TROUBLES.get(kind) or UNKNOWN
    message = str(error.get("message", ""))
    return Todo(title=title, advice=advice, message=message, settings=kind in CONNECTION_TROUBLES)
