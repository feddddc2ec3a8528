"""Refuses an answer whose quotations do not stand in the documents.

Quotations are stretches in quotation marks of some length; with `sentences`, every sentence of the answer must share
enough of its words with one place it names as a source. Where a quotation stands is told with its span.
"""

import re
from collections.abc import Sequence

from trajectories.engine.gates._claim import Claim, Gate, Options, Verdict, abstained, refused
from trajectories.engine.types import Document

TITLE = "Grounded"
SAYS = "What the answer quotes stands in the documents, word for word."
PLACES = ("answer", "call")
OPTIONS: dict[str, Options] = {
    "shortest": {"type": "integer", "minimum": 4, "maximum": 200, "description": "characters of a quotation"},
    "needs_sources": {"type": "boolean", "description": "an answer must name the places it rests on"},
    "needs_quotation": {"type": "boolean", "description": "a text without any quotation is refused"},
}
FREE = True

SHORTEST = 12
MOST_QUOTATIONS = 50
WINDOW = 4 << 20
MOST_CHARS = 512 << 20
"""Of documents that are searched through for one answer."""
_QUOTED = re.compile(r"“([^“”]+)”|„([^„“]+)“|«([^«»]+)»|\"([^\"\n]+)\"")
_SPACE = re.compile(r"\s+")


class _Grounded:
    def __init__(self, shortest: int, needs_sources: bool, needs_quotation: bool) -> None:
        self._shortest = shortest
        self._needs_sources = needs_sources
        self._needs_quotation = needs_quotation

    async def judge(self, claim: Claim) -> Verdict:
        if self._needs_sources and claim.on == "answer" and not claim.sources:
            return refused(
                "The answer names no sources. Give FINAL the places it rests on: FINAL(answer, sources=[…])."
            )
        quotations = quotations_in(claim.text, self._shortest)
        if not quotations:
            if self._needs_quotation:
                return refused("Nothing is quoted. Quote the words that the answer rests on, in quotation marks.")
            return abstained("There is no quotation to look up.")
        places = find(quotations, claim)
        missing = [quotation for quotation in quotations if quotation not in places]
        if missing:
            return refused(
                f"This does not stand in the documents: “{missing[0][:200]}”. Quote exactly, or don't quote."
            )
        return Verdict(accepted=True, reason=f"{len(quotations)} found word for word.", found=tuple(places.values()))


def make(options: Options) -> Gate:
    return _Grounded(
        options.get("shortest", SHORTEST), bool(options.get("needs_sources")), bool(options.get("needs_quotation"))
    )


def quotations_in(text: str, shortest: int = SHORTEST) -> list[str]:
    """Each once, white space as single spaces."""
    found = (next(filter(None, match.groups())) for match in _QUOTED.finditer(text))
    tidy = (_SPACE.sub(" ", quotation).strip(" .,;:…") for quotation in found)
    return list(dict.fromkeys(quotation for quotation in tidy if len(quotation) >= shortest))[:MOST_QUOTATIONS]


def find(quotations: Sequence[str], claim: Claim) -> dict[str, tuple[int, int, int]]:
    """Where each stands: first among the sources that the answer names, then in the documents, window by window."""
    patterns = {quotation: _pattern(quotation) for quotation in quotations}
    places: dict[str, tuple[int, int, int]] = {}
    for source in claim.sources:
        for quotation in [each for each in patterns if each not in places]:
            if hit := patterns[quotation].search(source.text):
                places[quotation] = (source.document, source.start + hit.start(), source.start + hit.end())
    left = MOST_CHARS
    for number, document in enumerate(claim.documents):
        wanted = {each: pattern for each, pattern in patterns.items() if each not in places}
        if not wanted or left <= 0:
            break
        left -= document.text.chars
        places |= _in_document(number, document, wanted)
    return places


def _in_document(
    number: int, document: Document, patterns: dict[str, "re.Pattern[str]"]
) -> dict[str, tuple[int, int, int]]:
    overlap = 2 * max(len(quotation) for quotation in patterns) + 200
    places: dict[str, tuple[int, int, int]] = {}
    for start in range(0, max(1, document.text.chars), WINDOW):
        text = document.text.read(start, start + WINDOW + overlap)
        for quotation, pattern in patterns.items():
            if quotation not in places and (hit := pattern.search(text)):
                places[quotation] = (number, start + hit.start(), start + hit.end())
        if len(places) == len(patterns):
            break
    return places


def _pattern(quotation: str) -> "re.Pattern[str]":
    """The same words with any white space between them."""
    return re.compile(r"\s+".join(re.escape(word) for word in quotation.split()))
