"""Cutting a prompt into own words and exact pieces of the documents.

A prompt made by an f-string or a join has lost where its parts came from. The pieces the code cut lately are looked
for in it first, then whatever else of the documents can be found by a few probes, both within a small time. A piece
then travels to the host as (document, start, end); the host reads the text there itself, so a wrong claim of this
process can only give it other text of the same documents.
"""

import time
from collections.abc import Iterator, Sequence

from .texts import ContextText, Record, Span

Part = str | Span
"""Own words, or a piece of a document."""

SHORTEST_PIECE = 40
SHORTEST_FOUND = 120
"""By probing. Shorter stretches may stand anywhere by chance."""
MOST_PIECES = 64
MOST_SEARCHED = 50_000_000
"""Characters of all documents up to which probes are tried."""
_PROBE = 48
_NEAR = 1 << 22
_LATEST = 64
_BUDGET_SECONDS = 0.75


class Quoter:
    def __init__(self, texts: Sequence[ContextText], record: Record) -> None:
        self._texts = texts
        self._record = record
        self._next = 0
        """Number of the piece that is expected next: pieces are mostly used in the order they were cut."""
        self._near = (0, 0)
        """Document and offset where the last probe was found."""
        self._probing = sum(map(len, texts)) <= MOST_SEARCHED
        self._barren: set[str] = set()
        self._deadline = 0.0

    def begin(self) -> None:
        """Before the texts of one call: sets the clock."""
        self._barren.clear()
        self._deadline = time.monotonic() + _BUDGET_SECONDS

    def parts(self, text: str) -> list[Part]:
        """The text in parts; joined they are the text."""
        if type(text) is ContextText:
            return [(text.document, text.start, text.end)] if len(text) >= SHORTEST_PIECE else [str(text)]
        parts: list[Part] = []
        done = 0
        for at, (document, start, end) in sorted(self._find_all(text)):
            if at > done:
                parts.append(text[done:at])
            parts.append((document, start, end))
            done = at + end - start
        if done < len(text) or not parts:
            parts.append(text[done:])
        return parts

    def _find_all(self, text: str) -> list[tuple[int, Span]]:
        found: list[tuple[int, Span]] = []
        gaps = [(0, len(text))]
        while gaps and len(found) < MOST_PIECES and time.monotonic() < self._deadline:
            low, high = gaps.pop()
            gap = text[low:high]
            if len(gap) < SHORTEST_PIECE or gap in self._barren:
                continue
            hit = self._known_piece(gap) or self._probed_piece(gap)
            if hit is None:
                self._barren.add(gap)
                continue
            at, span = hit
            found.append((low + at, span))
            gaps += [(low, low + at), (low + at + span[2] - span[1], high)]
        return found

    def _known_piece(self, gap: str) -> tuple[int, Span] | None:
        for number, (document, start, end) in self._candidates():
            if end - start > len(gap):
                continue
            source = self._texts[document]
            at = gap.find(source.plain(start, min(end, start + _PROBE)))
            if at >= 0 and gap.startswith(source.plain(start, end), at):
                self._next = number + 1
                return at, (document, start, end)
        return None

    def _candidates(self) -> Iterator[tuple[int, Span]]:
        """The piece expected next and its neighbours, then the latest, longest first."""
        pieces, base = self._record.pieces, self._record.forgotten
        for number in (self._next, self._next - 1, self._next + 1):
            if base <= number < base + len(pieces):
                yield number, pieces[number - base]
        first = max(0, len(pieces) - _LATEST)
        latest = [(base + first + offset, piece) for offset, piece in enumerate(pieces[first:])]
        yield from sorted(latest, key=lambda item: item[1][1] - item[1][2])

    def _probed_piece(self, gap: str) -> tuple[int, Span] | None:
        if not self._probing or len(gap) < SHORTEST_FOUND:
            return None
        for quarter in (2, 1, 3):
            at = (len(gap) - _PROBE) * quarter // 4
            probe = gap[at : at + _PROBE]
            place = self._locate(probe) if len(set(probe)) >= 8 else None
            if place is None:
                continue
            document, start = place
            before = _same_before(gap, at, self._texts[document], start)
            after = _same_after(gap, at, self._texts[document], start)
            if before + after >= SHORTEST_FOUND:
                self._near = (document, start + after)
                return at - before, (document, start - before, start + after)
        return None

    def _locate(self, probe: str) -> tuple[int, int] | None:
        document, offset = self._near
        if document < len(self._texts):
            at = str.find(self._texts[document], probe, max(0, offset - _PROBE), offset + _NEAR)
            if at >= 0:
                return document, at
        for text in self._texts:
            at = str.find(text, probe)
            if at >= 0:
                return text.document, at
            if time.monotonic() > self._deadline:
                return None
        return None


def _same_after(gap: str, at: int, text: ContextText, start: int) -> int:
    """How many characters from gap[at] and text[start] on are the same."""
    most = min(len(gap) - at, len(text) - start)
    same, step = 0, 1024
    while same < most:
        size = min(step, most - same)
        if gap[at + same : at + same + size] == text.plain(start + same, start + same + size):
            same, step = same + size, step * 2
        elif size == 1:
            break
        else:
            step = size // 2
    return same


def _same_before(gap: str, at: int, text: ContextText, start: int) -> int:
    """How many characters just before gap[at] and text[start] are the same."""
    most = min(at, start)
    same, step = 0, 1024
    while same < most:
        size = min(step, most - same)
        if gap[at - same - size : at - same] == text.plain(start - same - size, start - same):
            same, step = same + size, step * 2
        elif size == 1:
            break
        else:
            step = size // 2
    return same
