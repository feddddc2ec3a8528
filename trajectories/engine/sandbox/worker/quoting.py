"""Cutting a text into own words and exact pieces of the documents.

A prompt made by an f-string or a join has lost where its parts came from, and so have the pieces that `split`,
`splitlines`, `partition` and groups of `re` give. The slices the code cut lately are looked for in it first, then
what follows the piece that was found last, then whatever else of the documents a few probes find; all of it within a
small time. A piece then travels to the host as (document, start, end); the host reads the text there itself, so a
wrong claim of this process can only give it other text of the same documents.
"""

import time
from collections.abc import Iterator, Sequence

from .texts import ContextText, Record, Span

Part = str | Span
"""Own words, or a piece of a document."""

SHORTEST_PIECE = 40
"""Of slices that were cut."""
SHORTEST_NEXT = 16
"""Of a whole line that follows just where it is expected."""
SHORTEST_FOUND = 120
"""By probing. Shorter stretches may stand in several places: they count only where nothing else is the same."""
MOST_PIECES = 64
MOST_PARTS = 400_000
"""In one call. Beyond, texts go as they are."""
_PROBE = 48
_SHORTEST_PROBE = 24
_VARIED = 8
"""Different characters that a probe has, so that rules and blanks are not taken for text."""
_TEMPLATE = 4_000
"""How much at the beginning and the end of a text is compared with the last one."""
_NEAR = 1 << 20
_LATEST = 64
_CALL_SECONDS = 0.75
"""Of processor time, so that what is found does not depend on what else the machine does: for searching whole documents
in one call. Looking near the last piece may take as much again."""
_CELL_SECONDS = 3.0
_MOST_BARREN = 20_000


class Quoter:
    def __init__(self, texts: Sequence[ContextText], record: Record) -> None:
        self._texts = texts
        self._record = record
        self._next = 0
        """Number of the slice that is expected next: they are mostly used in the order they were cut."""
        self._near = (0, 0)
        """Document and offset just behind the piece that was found last."""
        self._barren: set[str] = set()
        """Probes that stand in no document."""
        self._left = _CELL_SECONDS
        self._began = self._deadline = self._end = 0.0
        self._parts_left = MOST_PARTS
        self._last = ""
        self._focus = (0, 0)
        """Where this text differs from the last one: the rest is mostly what the code says each time."""

    def begin_cell(self) -> None:
        self._left = _CELL_SECONDS

    def begin(self, seconds: float = _CALL_SECONDS, another: str = "") -> None:
        """Before the texts of one call: sets the clock, which `end` stops. `another` is a text that will come, by which
        it is seen what is said in each."""
        self._last = another or self._last
        self._record.settle()
        if len(self._barren) > _MOST_BARREN:
            self._barren.clear()
        self._parts_left = MOST_PARTS
        self._began = time.process_time()
        self._deadline = self._began + min(seconds, self._left)
        self._end = self._deadline + seconds

    def end(self) -> None:
        self._left -= time.process_time() - self._began

    def parts(self, text: str) -> list[Part]:
        """The text in parts; joined they are the text."""
        if type(text) is ContextText:
            return [(text.document, text.start, text.end)] if len(text) >= SHORTEST_PIECE else [str(text)]
        if self._parts_left < 0:
            return [text]
        parts: list[Part] = []
        done = 0
        for at, (document, start, end) in sorted(self._find_all(text)):
            if at > done:
                parts.append(text[done:at])
            parts.append((document, start, end))
            done = at + end - start
        if done < len(text) or not parts:
            parts.append(text[done:])
        self._parts_left -= len(parts)
        return parts

    def _find_all(self, text: str) -> list[tuple[int, Span]]:
        self._focus, self._last = _differing(self._last, text), text
        found: list[tuple[int, Span]] = []
        gaps = [(0, len(text))]
        while gaps and len(found) < MOST_PIECES and time.process_time() < self._end:
            low, high = gaps.pop()
            if high - low < SHORTEST_NEXT:
                continue
            gap = text[low:high]
            hit = self._known_piece(gap) or self._following_line(gap) or self._probed_piece(gap, low)
            if hit is not None:
                at, span = hit
                self._near = (span[0], span[2])
                found.append((low + at, span))
                gaps += [(low, low + at), (low + at + span[2] - span[1], high)]
        return found

    # ----------------------------------------------------------------------------------- slices that were cut

    def _known_piece(self, gap: str) -> tuple[int, Span] | None:
        if len(gap) < SHORTEST_PIECE:
            return None
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

    # ----------------------------------------------------------------------------------- what is found by searching

    def _following_line(self, gap: str) -> tuple[int, Span] | None:
        """The next line after the last piece: prompts are mostly made of lines or paragraphs in their order."""
        document, offset = self._near
        if not offset or document >= len(self._texts):
            return None
        text = self._texts[document]
        ahead = text.plain(offset, offset + 2_000)
        begin = offset + len(ahead) - len(ahead.lstrip())
        line = ahead.lstrip().partition("\n")[0].rstrip()
        if len(line) < SHORTEST_NEXT or len(set(line)) < _VARIED:
            return None
        at = gap.find(line)
        return None if at < 0 else self._grown(gap, at, document, begin)

    def _probed_piece(self, gap: str, low: int) -> tuple[int, Span] | None:
        """`low`: where the gap begins in the text."""
        for at, probe in self._probes(gap, low):
            if probe in self._barren or len(set(probe)) < _VARIED:
                continue
            place = self._near_place(probe)
            near = place is not None
            place = place or self._any_place(probe)
            if place is None:
                continue
            hit = self._grown(gap, at, *place)
            _, (document, start, end) = hit
            if near or end - start >= SHORTEST_FOUND or self._only_there(document, start, end):
                return hit
        return None

    def _probes(self, gap: str, low: int) -> Iterator[tuple[int, str]]:
        """From the middle of what is new in this text; then from the middle and the quarters of the gap."""
        first, last = max(0, self._focus[0] - low), min(len(gap), self._focus[1] - low)
        if last - first >= _SHORTEST_PROBE:
            size = min(_PROBE, last - first)
            at = (first + last - size) // 2
            yield at, gap[at : at + size]
        if len(gap) >= _PROBE:
            for quarter in (2, 1, 3):
                at = (len(gap) - _PROBE) * quarter // 4
                yield at, gap[at : at + _PROBE]

    def _grown(self, gap: str, at: int, document: int, start: int) -> tuple[int, Span]:
        """All that is the same around a place where the same begins."""
        text = self._texts[document]
        before = _same_before(gap, at, text, start)
        after = _same_after(gap, at, text, start)
        return at - before, (document, start - before, start + after)

    def _near_place(self, probe: str) -> tuple[int, int] | None:
        document, offset = self._near
        if not offset or document >= len(self._texts):
            return None
        at = str.find(self._texts[document], probe, max(0, offset - _PROBE), offset + _NEAR)
        return (document, at) if at >= 0 else None

    def _any_place(self, probe: str) -> tuple[int, int] | None:
        for text in self._texts:
            if time.process_time() > self._deadline:
                return None
            at = str.find(text, probe)
            if at >= 0:
                return text.document, at
        self._barren.add(probe)
        return None

    def _only_there(self, document: int, start: int, end: int) -> bool:
        """Whether a short stretch stands nowhere else, as far as there is time to look."""
        words = self._texts[document].plain(start, end)
        for text in self._texts:
            at = -1
            while True:
                if time.process_time() > self._deadline:
                    return False
                at = str.find(text, words, at + 1)
                if at < 0:
                    break
                if (text.document, at) != (document, start):
                    return False
        return True


def _differing(one: str, other: str) -> tuple[int, int]:
    """Where the other text differs from the one: without what both begin and end with."""
    begin = _same_start(one[:_TEMPLATE], other[:_TEMPLATE])
    rest = min(len(one) - begin, len(other) - begin, _TEMPLATE)
    return begin, len(other) - _same_start(one[len(one) - rest :][::-1], other[len(other) - rest :][::-1])


def _same_start(one: str, other: str) -> int:
    """How many characters at the beginning are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


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
