"""The page of a file: the same templates as the run's own pages, filled from a record, with its scripts and styles."""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

import frontend
from frontend.answer_page import answer_of
from frontend.answers import render_answer
from frontend.coverage_page import coverage_rows, strip_context
from frontend.figures import figures_with
from frontend.file import record as records
from frontend.file.bundle import bundle
from frontend.file.costs import tables
from frontend.file.record import FileRecord
from frontend.passages import Passage, lines_of
from frontend.place import Place
from frontend.sources import Check, Source
from frontend.story import Part, tell, with_time
from frontend.troubles import todo
from frontend.views.trace import KINDS
from trajectories import critical
from trajectories.critical.path import Span, critical_path
from trajectories.exporters import Frame, Recorded

STATIC = Path(frontend.__file__).parent / "static" / "frontend"
FIRST_STYLES = ("tokens.css", "app.css", "pages.css", "workbench.css")
"""Those that others build on, in order; the rest follows."""
PLACE = Place(pages="#", data="file", socket="")
"""Addresses within the file: `#/trace?node=7`."""
DATA_STANDS_HERE = "<!-- data -->"
AROUND = 600
"""Characters of context on each side of a cited passage that go into the file."""
EARLY = "document.documentElement.dataset.js='';"
"""Run before anything is drawn, so that what only scripts can show does not flash."""


class FilePage:
    """`exporters.Page`"""

    def frame(self, recorded: Recorded) -> Frame:
        shown = render_to_string("frontend/file.html", _context(recorded))
        before, _, after = shown.partition(DATA_STANDS_HERE)
        return Frame(before=before, after=after)

    def nodes(self, recorded: Recorded) -> Iterator[dict[str, Any]]:
        return records.nodes(recorded)


def _context(recorded: Recorded) -> dict[str, Any]:
    record = records.read(recorded)
    run = record.run
    sources = _sources(record, recorded)
    quotes = [source.text for source in sources]
    passages = _passages(sources, recorded)
    covered = record.coverage()
    return {
        "run": run,
        "place": PLACE,
        "in_file": True,
        "documents": record.documents,
        "sources": sources,
        "doubtful": [each for each in sources if each.check in ("changed", "gone")],
        "answer": render_answer(answer_of(run), quotes, [f"#source-{each.number}" for each in sources]),
        "source": sources[0] if sources else None,
        "source_data": [each.for_script() for each in sources],
        "passages": passages,
        "passage": _passage(sources[0], passages[0]) if sources else None,
        "figures": figures_with(run, record.documents, PLACE, largest=_largest_prompt(record)),
        "story": _story(record),
        "profile": _profile(record),
        "limits": run.policy.get("limits", {}),
        "todo": todo(run),
        "tables": tables(record),
        "kinds": KINDS,
        **coverage_rows(covered),
        **strip_context(covered),
        **assets(),
    }


def _story(record: FileRecord) -> Any:
    spans = [_span(row) for row in record.rows if row["end"] is not None]
    path = critical_path(spans) if spans and not record.run.is_live else None
    parts = critical.words(path) if path else []
    return with_time(tell(record.traced()), [Part(text=part.text, node=part.node) for part in parts])


def _span(row: dict[str, Any]) -> Span:
    return Span(
        **{name: row[name] for name in ("number", "parent", "kind", "depth", "batch", "index", "follows")},
        start=round(row["start"] * 1e6),
        end=round(row["end"] * 1e6),
        queued=round((row["queued_ms"] or 0) * 1000),
        retried=round((row["retried_ms"] or 0) * 1000),
    )


def _profile(record: FileRecord) -> str:
    """The prompt profile that the root was told."""
    roots = [row["number"] for row in record.rows if row["parent"] is None]
    return str(record.details.get(roots[0], {}).get("profile") or "") if roots else ""


def _largest_prompt(record: FileRecord) -> int | None:
    """Tokens of the longest request of the root itself."""
    kinds = {row["number"]: row["kind"] for row in record.rows}
    own = [
        row for row in record.rows if row["kind"] == "lm" and row["depth"] == 0 and kinds.get(row["parent"]) != "gate"
    ]
    return max((row["input_tokens"] or 0 for row in own), default=None)


# ------------------------------------------------------------------------------------------------ sources


def _sources(record: FileRecord, recorded: Recorded) -> list[Source]:
    documents = {document.pk: document for document in record.documents}
    known = [source for source in record.run.sources if str(source["document"]) in documents]
    return [
        Source(
            number=number,
            document=documents[str(source["document"])],
            start=source["start"],
            end=source["end"],
            text=source.get("text") or "",
            check=_check(source, recorded),
            address="",
        )
        for number, source in enumerate(known, start=1)
    ]


def _check(source: dict[str, Any], recorded: Recorded) -> Check:
    if recorded.passage is None:
        return "untold"
    try:
        present = recorded.passage(str(source["document"]), source["start"], source["end"])
    except LookupError:
        return "gone"
    return "checked" if present.replace("\0", "�") == source.get("text") else "changed"


def _passages(sources: list[Source], recorded: Recorded) -> list[dict[str, Any]]:
    """Each source with what stands around it, as far as the record lets it be seen."""
    found = []
    for source in sources:
        start, text = source.start, source.text
        if recorded.passage is not None and source.check == "checked":
            start = max(0, source.start - AROUND)
            text = recorded.passage(source.document.pk, start, source.end + AROUND)
        found.append({"document": source.document.pk, "start": start, "end": start + len(text), "text": text})
    return found


def _passage(source: Source, told: dict[str, Any]) -> Passage:
    lines = lines_of(told["text"], told["start"], (source.start, source.end))
    return Passage(start=told["start"], end=told["end"], lines=tuple(lines))


# ------------------------------------------------------------------------------------------------ scripts and styles


@cache
def assets() -> dict[str, str]:
    """The script and the styles of the file, and the policy that lets exactly these in."""
    script = bundle(STATIC / "js", "file.js")
    names = [*FIRST_STYLES, *sorted({path.name for path in STATIC.glob("*.css")} - set(FIRST_STYLES))]
    style = "\n".join((STATIC / name).read_text("utf-8") for name in names)
    scripts = f"{_digest(EARLY)} {_digest(script)}"
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return {"early": EARLY, "script": script, "style": style, "policy": policy}


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
