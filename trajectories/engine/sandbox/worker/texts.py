"""The documents as strings whose pieces know where they come from, and the record of what was looked at."""

import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, SupportsIndex

Span = tuple[int, int, int]
"""Document, start, end."""

MAX_READS = 500
REMEMBERED = 8192
_SETTLE_EVERY = 8192
_MERGE_EVERY = 4096
_WORTH_REMEMBERING = 40


class Record:
    """What the code of this cell read, and the latest pieces it cut (to find them again inside prompts)."""

    def __init__(self) -> None:
        self.pieces: list[Span] = []
        self.forgotten = 0
        """How many pieces were dropped from the front of `pieces` so far."""
        self.slices: list[Span] = []
        """Slices since the last `settle`: a slice has no time for more than to append itself."""
        self._reads: dict[str, list[Span]] = {}

    def note(self, how: str, document: int, start: int, end: int) -> None:
        if start >= end:
            return
        reads = self._reads.setdefault(how, [])
        reads.append((document, start, end))
        if len(reads) > _MERGE_EVERY:
            reads[:] = merged(reads)[: _MERGE_EVERY // 2]
        if how != "printed" and end - start >= _WORTH_REMEMBERING:
            self._remember([(document, start, end)])

    def note_slice(self, document: int, start: int, end: int) -> None:
        self.slices.append((document, start, end))
        if len(self.slices) > _SETTLE_EVERY:
            self.settle()

    def settle(self) -> None:
        """Puts the slices away: merged among the reads, and the longer ones among the pieces."""
        slices, self.slices = self.slices, []
        if slices:
            reads = merged({*self._reads.get("slice", ()), *slices})
            self._reads["slice"] = reads if len(reads) <= _MERGE_EVERY else reads[: _MERGE_EVERY // 2]
            self._remember([span for span in slices[-REMEMBERED:] if span[2] - span[1] >= _WORTH_REMEMBERING])

    def take(self) -> list[tuple[int, int, int, str]]:
        """All reads of the cell, merged; of very many the longest. Starts anew."""
        self.settle()
        reads, self._reads = {how: merged(spans) for how, spans in self._reads.items()}, {}
        if "printed" in reads and "slice" in reads:
            reads["slice"] = _not_within(reads["slice"], reads["printed"])
        found = [(*span, how) for how, spans in reads.items() for span in spans]
        found.sort(key=lambda read: read[1] - read[2])
        return sorted(found[:MAX_READS])

    def _remember(self, spans: Sequence[Span]) -> None:
        self.pieces += spans
        if len(self.pieces) > 2 * REMEMBERED:
            dropped = len(self.pieces) - REMEMBERED
            del self.pieces[:dropped]
            self.forgotten += dropped


def merged(spans: Iterable[Span]) -> list[Span]:
    """Without overlaps, in order; pieces that touch become one."""
    result: list[Span] = []
    which, low, high = -1, 0, 0
    for document, start, end in sorted(spans):
        if document == which and start <= high:
            if end > high:
                high = end
        else:
            result.append((which, low, high))
            which, low, high = document, start, end
    return [*result[1:], (which, low, high)] if which >= 0 else []


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


_item = str.__getitem__
_new = str.__new__


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
        """In as few steps as can be: code that goes through a text takes a slice a million times."""
        piece = _item(self, key)
        if type(key) is not slice or not piece or (key.step is not None and key.step != 1):
            return piece
        start = key.start
        if type(start) is not int or start < 0:
            start = key.indices(len(self))[0]
        known = self if not start and len(piece) == len(self) else _new(ContextText, piece)
        known.document = document = self.document
        known.start = start = self.start + start
        known._record = record = self._record
        slices = record.slices
        slices.append((document, start, start + len(piece)))
        if len(slices) > _SETTLE_EVERY:
            record.settle()
        return known

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
        return self._known(how, start, _item(self, slice(start, end)))

    def plain(self, start: int, end: int) -> str:
        """A piece without a note, for looking around on our own account."""
        return _item(self, slice(start, end))

    def __copy__(self) -> "ContextText":
        return self

    def __deepcopy__(self, memo: object) -> "ContextText":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return (str, (str(self),))

    def _known(self, how: str, start: int, piece: str) -> "ContextText":
        begin, end = self.start + start, self.start + start + len(piece)
        if how == "slice":
            if piece:
                self._record.note_slice(self.document, begin, end)
        else:
            self._record.note(how, self.document, begin, end)
        return self if len(piece) == len(self) else _context_text(piece, self.document, begin, self._record)


ContextText.__name__ = ContextText.__qualname__ = "str"
ContextText.__module__ = "builtins"


def _context_text(text: str, document: int, start: int, record: Record) -> ContextText:
    known = _new(ContextText, text)
    known.document, known.start, known._record = document, start, record
    return known


def whole_text(text: str, document: int, record: Record) -> ContextText:
    """A document's text that was come by in another way than by `load`."""
    return _context_text(text, document, 0, record)


# ------------------------------------------------------------------------------------------------- coming to the texts


class Texts(NamedTuple):
    """The documents of one REPL, or those that a holder has for the REPLs it will fork."""

    texts: list[ContextText]
    record: Record


def load(files: Sequence[int], places: Sequence[Sequence[Any]], held: Texts | None) -> Texts:
    """`places` says where each text is: ["file", index], ["next", bytes] of the one file that holds all such, or
    ["held", number, start, end]."""
    record = held.record if held else Record()
    own = _decoded_each(files, places)
    loaded: list[ContextText] = []
    taken: set[int] = set()
    for number, (kind, *where) in enumerate(places):
        if kind == "held" and held:
            loaded.append(_piece_of(held, number, (where[0], where[1], where[2]), taken))
        else:
            loaded.append(_context_text(next(own), number, 0, record))
    return Texts(loaded, record)


def _piece_of(held: Texts, number: int, place: Span, taken: set[int]) -> ContextText:
    """A whole text is taken as it is, so that not a byte of it is copied; but as one document only."""
    which, start, end = place
    whole = held.texts[which]
    if (start, end) == (0, len(whole)) and which not in taken:
        taken.add(which)
        whole.document = number
        return whole
    return _context_text(whole.plain(start, end), number, 0, held.record)


def _decoded_each(files: Sequence[int], places: Sequence[Sequence[Any]]) -> Iterator[str]:
    sizes = [place[1] for place in places if place[0] == "next"]
    if sizes:
        yield from _decoded(files[0], sizes)
    for kind, *where in places:
        if kind == "file":
            yield from _decoded(files[where[0]], None)


def _decoded(file: int, sizes: Sequence[int] | None) -> Iterator[str]:
    """The texts that follow each other in a file with these bytes, or the one text that it is."""
    length = os.lseek(file, 0, os.SEEK_END)
    if not length:
        os.close(file)
        yield from [""] * (1 if sizes is None else len(sizes))
        return
    with mmap.mmap(file, length, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
        os.close(file)
        at = 0
        for size in [length] if sizes is None else sizes:
            with view[at : at + size] as part:
                text = str(part, "utf-8")
            yield text
            del text  # a large one is not kept twice any longer than it must
            at += size
