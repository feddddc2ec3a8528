"""The form of a story: sentences made of pieces, some of which lead to nodes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

LONGEST_SAID = 160
"""Characters of what a model, a gate or an error said that a sentence repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a sentence."""

    text: str
    node: int | None = None
    """A link to this node."""
    code: bool = False
    source: int | None = None
    """A link to this source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One line of the story."""

    node: int | None
    kind: str
    """The glyph: what it was mostly about."""
    parts: tuple[Part, ...]
    start: float | None = None
    """Seconds since the run began; None: it is about the whole."""
    seconds: float | None = None
    usd: Decimal | None = None
    running: bool = False

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


Clause = list[Part]


def plain(text: str) -> Clause:
    return [Part(text=text)]


def joined(clauses: Sequence[Clause]) -> Iterator[Part]:
    """“a, b and c”"""
    for index, clause in enumerate(clauses):
        if index:
            yield Part(text=" and " if index == len(clauses) - 1 else ", ")
        yield from clause


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def said(text: str) -> str:
    """What somebody said, short enough for a sentence and without its full stop."""
    text = " ".join(text.split())
    return f"{text[: LONGEST_SAID - 1].rstrip()}…" if len(text) > LONGEST_SAID else text.rstrip(".: ")


def short_model(model: str) -> str:
    """Without its connection."""
    return model.rpartition("/")[2] or "a model"
