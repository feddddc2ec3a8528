"""What the page Answer shows of a run, from whatever place it is looked at."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from frontend import passages
from frontend.answers import Answer, answer_html, render_answer, with_marks
from frontend.coverage_page import strip_context
from frontend.figures import figures
from frontend.place import Place
from frontend.sources import Source, sources_of
from frontend.story import Part, Story, shown, tell, traced_of, with_time
from frontend.troubles import todo
from trajectories import critical, engine, shared
from trajectories.coverage import coverage_of
from trajectories.models import Document, Event, Node, Run
from trajectories.representations import documents_of
from trajectories.sharing import Redactor, Seen


def answer_context(
    run: Run, place: Place, used: Sequence[Document], source: str = "", seen: Seen | None = None
) -> dict[str, Any]:
    """For `run.html` and its parts. `used`: the run's documents; `source`: number of the one to show beside it;
    `seen`: the same run as viewers of a share see it."""
    by_id = {document.id: document for document in used}
    sources = sources_of(run, by_id, place, seen.recorded_sources if seen else None)
    context = {
        "run": run,
        "place": place,
        "tab": "answer",
        "documents": used,
        "sources": sources,
        "doubtful": [each for each in sources if each.check != "checked"],
        "answer": _answer(run, sources, seen),
        "source_data": [each.for_script() for each in sources],
        "figures": [] if run.is_live else figures(run, used, place),
        "profile": seen.redactor.words(profile_of(run)) if seen else profile_of(run),
        "isolation": [] if seen else isolation_of(run),
        "limits": run.policy.get("limits", {}),
        "todo": todo(run),
    }
    if "story" in place.parts:
        context["story"] = told(run, used) if seen is None else told_to_viewers(seen)
    if "strips" in place.parts:
        context |= strip_context(coverage_of(run) if seen is None else shared.coverage(seen))
    return context | (_opened(sources, source) if place.documents else {})


def answer_of(run: Run) -> str:
    """What the page says beside the answer, it does not say in it, too."""
    return (run.answer or "").removesuffix(engine.OFFLINE_LABEL).rstrip()


def _answer(run: Run, sources: Sequence[Source], seen: Seen | None) -> Answer:
    quotes = [each.text for each in sources]
    addresses = [each.address or f"#source-{each.number}" for each in sources]
    if seen is not None and seen.redactor.redaction:  # in what is left nobody can tell what rests on what
        return Answer(html=answer_html(with_marks(answer_of(run), quotes), addresses))
    return render_answer(answer_of(run), quotes, addresses)


def profile_of(run: Run) -> str:
    """The prompt profile that the root was told, as `name@version`."""
    root = Node.objects.filter(run=run, kind="rlm", parent=None)
    return root.values_list("data__profile", flat=True).first() or ""


def isolation_of(run: Run) -> list[str]:
    """What isolated the model's code, and why not more did, in sentences. They tell of the machine: for owners only."""
    first = Event.objects.filter(run=run, seq=1).values_list("data", flat=True).first()
    told = orjson.loads(first)["data"].get("sandbox") if first else None
    return list((told or {}).get("findings") or [])


def told(run: Run, used: Sequence[Document]) -> Story:
    """What happened, and what the time was spent in. The story of a run that has ended is told once and kept."""
    if run.is_live or not run.last_seq:
        return _tell(run, used)
    return _kept(run.pk, run.last_seq)


@lru_cache(maxsize=32)
def _kept(run_id: str, last_seq: int) -> Story:
    run = Run.objects.get(pk=run_id)
    return _tell(run, documents_of(run))


def told_to_viewers(seen: Seen) -> Story:
    return _tell(seen.run, seen.documents, seen.redactor)


def _tell(run: Run, used: Sequence[Document], redactor: Redactor | None = None) -> Story:
    traced = traced_of(run, {document.id: document.name for document in used})
    story = tell(shown(traced, redactor) if redactor else traced)
    path = [] if run.is_live else critical.sentence(run)
    return with_time(story, [Part(text=part.text, node=part.node) for part in path])


def _opened(sources: Sequence[Source], wanted: str) -> dict[str, Any]:
    """The source whose passage is shown, the first unless another is wanted."""
    if not sources:
        return {}
    number = int(wanted) if wanted.isdecimal() and 1 <= int(wanted[:6]) <= len(sources) else 1
    source = sources[number - 1]
    try:
        passage = passages.around_span(source.document, source.start, source.end)
    except engine.DocumentError as error:
        return {"source": source, "trouble": str(error)}
    return {"source": source, "passage": passage}
