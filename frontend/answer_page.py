"""What the page Answer shows of a run, from whatever place it is looked at."""

from collections.abc import Sequence
from typing import Any

from frontend import passages
from frontend.answers import render_answer
from frontend.figures import figures
from frontend.place import Place
from frontend.sources import Source, sources_of
from frontend.story import story
from frontend.troubles import todo
from trajectories import engine
from trajectories.models import Document, Run


def answer_context(run: Run, place: Place, used: Sequence[Document], source: str = "") -> dict[str, Any]:
    """For `run.html` and its parts. `used`: the run's documents; `source`: number of the one to show beside it."""
    sources = sources_of(run, {document.id: document for document in used}, place)
    quotes = [each.text for each in sources]
    context = {
        "run": run,
        "place": place,
        "tab": "answer",
        "documents": used,
        "sources": sources,
        "doubtful": [each for each in sources if each.check != "checked"],
        "answer": render_answer(
            run.answer or "", quotes, [each.address or f"#source-{each.number}" for each in sources]
        ),
        "source_data": [each.for_script() for each in sources],
        "figures": [] if run.is_live else figures(run, used, place),
        "story": story(run, {document.id: document.name for document in used}),
        "limits": run.policy.get("limits", {}),
        "todo": todo(run),
    }
    return context | (_opened(sources, source) if place.documents else {})


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
