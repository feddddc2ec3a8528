"""Exact pieces of documents inside other texts: an answer that quotes, code with a pasted line.

White space counts as one space. A piece of `SHORTEST` bytes or more holds one of the text's own blocks of half that
length, cut at regular places, as a whole; so one pass over the documents for these blocks finds every piece.
The pass is bounded by a clock: a text that could not be compared with everything has no known pieces (None).
"""

import hashlib
import re
import threading
import time
from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import re2
from django.conf import settings
from django.utils.module_loading import import_string

from trajectories import engine
from trajectories.models import Document
from trajectories.sharing.patterns import Clock, OutOfTime, Spans
from trajectories.spans import merged

SHORTEST = 20
"""Bytes; a shorter piece is a fact or a phrase, not a quotation."""
BLOCK = SHORTEST // 2
WINDOW = 1 << 20
PER_LOOK = 256
"""Blocks found between two looks at the clock."""
OVERLAP = 4_096
"""Characters that follow one another in a document are looked at together, at least so many."""
STRIDE = 16
MOST_KNOWN = 20_000
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Flow:
    """A text with its white space as single spaces."""

    data: bytes
    at: "array[int]"
    """For each byte, which character of the text it belongs to."""
    covered: bytearray
    """1 for each byte that is known to be part of a piece."""


class Pieces:
    """Finds pieces of some documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._key = "".join(document.text_sha256 or document.id for document in documents)

    def find(self, texts: Collection[str], clock: Clock) -> dict[str, Spans | None]:
        """By text: [start, end) of each piece in characters, in order; None where the time was too short."""
        found = {text: _known.get(self._key, text) for text in texts}
        new = [text for text, spans in found.items() if spans is None]
        if new:
            fresh = self._compare({text: _flow(text) for text in new}, clock)
            for text, spans in fresh.items():
                _known.keep(self._key, text, spans)
            found |= fresh
        return found

    def _compare(self, flows: dict[str, _Flow], clock: Clock) -> dict[str, Spans]:
        """Empty when the time was too short, a document cannot be read, or there is too much to compare."""
        places = _blocks(flows.values())
        try:
            if places:
                blocks = _any_of(places)
                for window in self._windows(clock):
                    _search(window, blocks, places, clock)
        except (OutOfTime, engine.DocumentError, re2.error):
            return {}
        return {text: _spans(flow) for text, flow in flows.items()}

    def _windows(self, clock: Clock) -> Iterator[bytes]:
        open_text = import_string(settings.OPEN_TEXT)  # this floor of the house does not know where documents lie
        for document in self._documents:
            text = open_text(document)
            for first in range(0, text.chars, WINDOW):
                began = time.monotonic()
                window = text.read(first, first + WINDOW + OVERLAP)
                flowing = " ".join(window.split()).encode("utf-8", "replace")
                clock.take(began)
                yield flowing


def _flow(text: str) -> _Flow:
    data, at = bytearray(), array("l")
    for word in _WORD.finditer(text):
        if data:
            data += b" "
            at.append(word.start() - 1)
        raw = word[0].encode("utf-8", "replace")
        data += raw
        if len(raw) == len(word[0]):
            at.extend(range(word.start(), word.end()))
        else:
            for place, letter in enumerate(word[0], start=word.start()):
                at.extend([place] * len(letter.encode("utf-8", "replace")))
    return _Flow(bytes(data), at, bytearray(len(data)))


_Places = dict[bytes, list[tuple[_Flow, int]]]


def _blocks(flows: Collection[_Flow]) -> _Places:
    """Block → where it stands in which text."""
    places: _Places = defaultdict(list)
    for flow in flows:
        if len(flow.data) >= SHORTEST:
            for at in range(0, len(flow.data) - BLOCK + 1, BLOCK):
                places[flow.data[at : at + BLOCK]].append((flow, at))
    return places


def _any_of(blocks: Collection[bytes]) -> Any:
    options = re2.Options()
    options.max_mem = 256 << 20
    options.log_errors = False
    options.never_capture = True
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(b"|".join(map(re2.escape, blocks)), options)


def _search(window: bytes, blocks: Any, places: _Places, clock: Clock) -> None:
    """Marks what of the texts stands in this window. Raises `OutOfTime`."""
    began, at, looks = time.monotonic(), 0, 0
    while (match := blocks.search(window, at)) is not None:
        at = match.start() + 1  # blocks overlap
        for flow, place in places[match.group()]:
            if flow.covered.find(0, place, place + BLOCK) >= 0:
                _extend(flow, place, window, match.start())
        looks += 1
        if looks % PER_LOOK == 0:
            began = clock.take(began)
    clock.take(began)


def _extend(flow: _Flow, place: int, window: bytes, at: int) -> None:
    """Marks the longest stretch round a block that text and document share, if it is long enough."""
    start = place - _alike_before(flow.data, place, window, at)
    end = place + _alike_from(flow.data, place, window, at)
    if end - start >= SHORTEST:
        flow.covered[start:end] = b"\1" * (end - start)


def _alike_from(one: bytes, at: int, other: bytes, there: int) -> int:
    """How many bytes from these places on are the same: in strides that grow while they are, and shrink at the end."""
    length, step, most = 0, STRIDE, min(len(one) - at, len(other) - there)
    while step:
        next_place = there + length
        if length + step <= most and one.startswith(other[next_place : next_place + step], at + length):
            length, step = length + step, 2 * step
        else:
            step //= 2
    return length


def _alike_before(one: bytes, at: int, other: bytes, there: int) -> int:
    """How many bytes up to these places are the same."""
    length, step, most = 0, STRIDE, min(at, there)
    while step:
        last = there - length
        if length + step <= most and one.endswith(other[last - step : last], 0, at - length):
            length, step = length + step, 2 * step
        else:
            step //= 2
    return length


def _spans(flow: _Flow) -> Spans:
    spans, at = [], 0
    while (start := flow.covered.find(1, at)) >= 0:
        end = flow.covered.find(0, start)
        at = len(flow.data) if end < 0 else end
        spans.append((flow.at[start], flow.at[at - 1] + 1))
    return merged(spans)


class _Known:
    """What was found, so that a page that is looked at again costs nothing."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, Spans] = OrderedDict()
        self._lock = threading.Lock()
        """Guards `_found`, which threads of requests share."""

    def get(self, documents: str, text: str) -> Spans | None:
        with self._lock:
            return self._found.get(_digest(documents, text))

    def keep(self, documents: str, text: str, spans: Spans) -> None:
        with self._lock:
            self._found[_digest(documents, text)] = spans
            if len(self._found) > MOST_KNOWN:
                self._found.popitem(last=False)


def _digest(documents: str, text: str) -> bytes:
    return hashlib.blake2b(f"{documents}\0{text}".encode("utf-8", "replace"), digest_size=16).digest()


_known = _Known()
