"""The passages that an answer rests on, each held against the document it was taken from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from frontend.place import Place
from trajectories import documents, engine
from trajectories.models import Document, Run

Check = Literal["checked", "changed", "gone", "untold"]
"""The document says the same there; it says something else; it cannot be read any more; nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A passage that the answer rests on."""

    number: int
    document: Document
    start: int
    end: int
    text: str
    """As it was recorded."""
    check: Check

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
            "check": self.check,
        }


def sources_of(
    run: Run, used: Mapping[str, Document], place: Place, recorded: Sequence[Mapping[str, Any]] | None = None
) -> list[Source]:
    """In the order of their numbers, from 1. `used`: the run's documents by id; `recorded`: the same sources as they
    are held against them, where those of the run may not be read as they stand."""
    pairs = zip(run.sources, run.sources if recorded is None else recorded, strict=True)
    known = [(source, kept) for source, kept in pairs if source["document"] in used]
    texts = {id_: _text(used[id_]) for id_ in {source["document"] for source, _ in known}}
    return [
        Source(
            number=number,
            document=used[source["document"]],
            start=source["start"],
            end=source["end"],
            text=source.get("text", ""),
            check=check(texts[source["document"]], source["start"], source["end"], kept.get("text", "")),
            address=place.document(source["document"], source["start"], source["end"]),
        )
        for number, (source, kept) in enumerate(known, start=1)
    ]


def check(document: engine.Text | None, start: int, end: int, text: str) -> Check:
    """Whether a document (None: it cannot be opened) says this at these characters now."""
    if document is None:
        return "gone"
    try:
        present = document.read(start, end)
    except engine.DocumentError:
        return "gone"
    except UnicodeDecodeError:
        return "changed"
    return "checked" if present.replace("\0", "�") == text else "changed"  # as a record keeps a zero byte


def _text(document: Document) -> engine.Text | None:
    try:
        return documents.open_text(document)
    except engine.DocumentError:
        return None
