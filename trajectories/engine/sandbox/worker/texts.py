"""The documents as strings whose pieces know where they come from, and the record of what was looked at."""

from collections.abc import Iterable
from typing import Any, SupportsIndex

Span = tuple[int, int, int]
"""Document, start, end."""

MAX_READS = 500
REMEMBERED = 8192
_MERGE_EVERY = 4096
_WORTH_REMEMBERING = 40


class Record:
    """What the code of this cell read, and the latest pieces it cut (to find them again inside prompts)."""

    def __init__(self) -> None:
        self.pieces: list[Span] = []
        self.forgotten = 0
        """How many pieces were dropped from the front of `pieces` so far."""
        self._reads: dict[str, list[Span]] = {}

    def note(self, how: str, document: int, start: int, end: int) -> None:
        if start >= end:
            return
        reads = self._reads.setdefault(how, [])
        reads.append((document, start, end))
        if len(reads) > _MERGE_EVERY:
            reads[:] = merged(reads)[: _MERGE_EVERY // 2]
        if how != "printed" and end - start >= _WORTH_REMEMBERING:
            self.remember(document, start, end)

    def remember(self, document: int, start: int, end: int) -> None:
        self.pieces.append((document, start, end))
        if len(self.pieces) > 2 * REMEMBERED:
            del self.pieces[:REMEMBERED]
            self.forgotten += REMEMBERED

    def take(self) -> list[tuple[int, int, int, str]]:
        """All reads of the cell, merged; of very many the longest. Starts anew."""
        reads, self._reads = {how: merged(spans) for how, spans in self._reads.items()}, {}
        if "printed" in reads and "slice" in reads:
            reads["slice"] = _not_within(reads["slice"], reads["printed"])
        found = [(*span, how) for how, spans in reads.items() for span in spans]
        found.sort(key=lambda read: read[1] - read[2])
        return sorted(found[:MAX_READS])


def merged(spans: Iterable[Span]) -> list[Span]:
    """Without overlaps, in order; pieces that touch become one."""
    result: list[Span] = []
    for document, start, end in sorted(spans):
        if result and result[-1][0] == document and start <= result[-1][2]:
            result[-1] = (document, result[-1][1], max(end, result[-1][2]))
        else:
            result.append((document, start, end))
    return result


def _not_within(spans: list[Span], others: list[Span]) -> list[Span]:
    """The spans that do not lie wholly in one of the others (both merged)."""
    kept = []
    at = 0
    for span in spans:
        while at < len(others) and (others[at][0], others[at][2]) < (span[0], span[2]):
            at += 1
        inside = at < len(others) and others[at][0] == span[0] and others[at][1] <= span[1]
        if not inside:
            kept.append(span)
    return kept


class _LooksLikeStr(type):
    """`type(context) == str` holds and `print(type(context))` says what the model was told."""

    def __eq__(cls, other: object) -> bool:
        return other is str or other is cls

    def __hash__(cls) -> int:
        return hash(str)

    def __repr__(cls) -> str:
        return "<class 'str'>"


class ContextText(str, metaclass=_LooksLikeStr):
    """A document or an exact piece of one. Slices and stripped pieces know their place; all else is plain `str`."""

    __slots__ = ("_record", "document", "start")
    document: int
    start: int
    _record: Record

    @property
    def end(self) -> int:
        return self.start + len(self)

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        piece = str.__getitem__(self, key)
        if not isinstance(key, slice):
            return piece
        start, _, step = key.indices(len(self))
        return self._known("slice", start, piece) if step == 1 else piece

    def strip(self, chars: str | None = None) -> str:
        start = len(self) - len(str.lstrip(self, chars))
        return self._known("slice", start, str.strip(self, chars))

    def lstrip(self, chars: str | None = None) -> str:
        piece = str.lstrip(self, chars)
        return self._known("slice", len(self) - len(piece), piece)

    def rstrip(self, chars: str | None = None) -> str:
        return self._known("slice", 0, str.rstrip(self, chars))

    def piece(self, how: str, start: int, end: int) -> "ContextText":
        """The same as a slice, noted as read in another way."""
        return self._known(how, start, str.__getitem__(self, slice(start, end)))

    def plain(self, start: int, end: int) -> str:
        """A piece without a note, for looking around on our own account."""
        return str.__getitem__(self, slice(start, end))

    def __copy__(self) -> "ContextText":
        return self

    def __deepcopy__(self, memo: object) -> "ContextText":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return (str, (str(self),))

    def _known(self, how: str, start: int, piece: str) -> "ContextText":
        begin, end = self.start + start, self.start + start + len(piece)
        if piece:
            self._record.note(how, self.document, begin, end)
        if len(piece) == len(self):
            return self
        known = str.__new__(ContextText, piece)
        known.document, known.start, known._record = self.document, begin, self._record
        return known


ContextText.__name__ = ContextText.__qualname__ = "str"
ContextText.__module__ = "builtins"


def context_text(text: str, document: int, record: Record) -> ContextText:
    """A whole document."""
    whole = str.__new__(ContextText, text)
    whole.document, whole.start, whole._record = document, 0, record
    return whole
