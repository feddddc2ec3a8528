"""What an ideal prefix cache would have held: of each request the longest beginning that an earlier request to the same
model had, too. An estimate: counted in characters of the record.

Whole messages are compared by their hashes. Where a request parts from the others inside a message, texts decide:
first the beginnings that travel with the record, then, where those are the same, the whole texts of a bounded number
of messages; what those have in common is taken for the rest of their kind.
"""

import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from trajectories.charts._record import Call, Record
from trajectories.models import Payload

MOST_OF_A_KIND = 64
"""Messages with the same beginning at the same place whose texts are read."""
MOST_TEXTS = 600
MOST_CHARACTERS = 20_000_000
LONGEST_TEXT = 400_000
Json = dict[str, Any]
Pieces = list[str]
"""A text: its own words, and what it quotes of documents as a name for the stretch."""


@dataclass(slots=True)
class Parting:
    """A message that no earlier request had at its place."""

    message: Json
    common: int = 0
    """Characters that it shares with some earlier message there."""


class Requests:
    """The requests of one kind so far, as a tree of messages: what comes after the same messages has one place."""

    def __init__(self) -> None:
        self._after: dict[tuple[int, str, str], int] = {}
        """(place, role, hash) → the place after that message."""
        self.partings: dict[tuple[int, str], list[Parting]] = defaultdict(list)
        """(place, role) → the messages there, in the order of their first use."""

    def add(self, messages: Sequence[Json]) -> tuple[int, Parting | None]:
        """(characters of whole messages that were known, the message at which it parted from all before)."""
        place, common, parted = 0, 0, None
        for message in messages:
            key = place, message["role"], message["sha"]
            if key in self._after:
                common += message["chars"]
            else:
                self._after[key] = len(self._after) + 1
                parting = Parting(message)
                self.partings[place, message["role"]].append(parting)
                parted = parted or parting
            place = self._after[key]
        return common, parted


def held(record: Record, calls: Iterable[Call]) -> dict[int, float]:
    """number of each of these calls → which part of its request, 0 to 1, an ideal cache would have held then."""
    kinds: dict[Kind, Requests] = {_kind(call, call.request()): Requests() for call in calls}
    found: list[tuple[int, int, int, Parting | None]] = []
    for call in sorted(record.calls, key=lambda call: (call.asked, call.number)):
        messages = call.request()
        earlier = kinds.get(_kind(call, messages))
        if earlier is not None:
            common, parted = earlier.add(messages)
            found.append((call.number, sum([message["chars"] for message in messages]), common, parted))
    _compare([several for each in kinds.values() for several in each.partings.values() if len(several) > 1])
    return {
        number: (common + (parted.common if parted else 0)) / length if length else 0.0
        for number, length, common, parted in found
    }


Kind = tuple[str, str]
"""(model, role of the first message): requests of different kinds have nothing in common."""


def _kind(call: Call, messages: Sequence[Json]) -> Kind:
    return call.model, messages[0]["role"] if messages else ""


# ---------------------------------------------------------------------------------------------- inside a message


def _compare(places: Iterable[list[Parting]]) -> None:
    """Fills in `common`."""
    kinds: list[list[Parting]] = []
    for several in places:
        by_head: dict[str, list[Parting]] = defaultdict(list)
        for parting, common in zip(several, _shared([[each.message["head"]] for each in several]), strict=True):
            parting.common = min(common, parting.message["chars"])
            by_head[parting.message["head"]].append(parting)
        kinds += [kind for kind in by_head.values() if len(kind) > 1]
    texts = _texts(kinds)
    for kind in kinds:
        _compare_texts(kind, texts)


def _compare_texts(kind: list[Parting], texts: dict[str, Pieces]) -> None:
    """Of messages with the same beginning."""
    known = [parting for parting in kind if parting.message["sha"] in texts]
    if len(known) < 2:
        return
    for parting, common in zip(known, _shared([texts[parting.message["sha"]] for parting in known]), strict=True):
        parting.common = max(parting.common, min(common, parting.message["chars"]))
    ordered = sorted(texts[parting.message["sha"]] for parting in known)
    by_all = _common(ordered[0], ordered[-1])
    for parting in kind[1:]:
        if parting.message["sha"] not in texts:
            parting.common = max(parting.common, min(by_all, parting.message["chars"]))


def _shared(texts: Sequence[Pieces]) -> Iterator[int]:
    """Of each the characters it shares with the one before it that is most like it: one of its neighbours in order."""
    ordered: list[Pieces] = []
    for text in texts:
        place = bisect_left(ordered, text)
        yield max((_common(text, other) for other in ordered[max(0, place - 1) : place + 1]), default=0)
        ordered.insert(place, text)


def _common(one: Pieces, other: Pieces) -> int:
    """Characters at the beginning of both."""
    length = 0
    for mine, its in zip(one, other, strict=False):
        if mine[:1] == QUOTED and its[:1] == QUOTED:
            shared, goes_on = _common_quotes(mine, its), mine == its
        else:
            shared = _common_words(mine, its)
            goes_on = shared == len(mine) == len(its)
        length += shared
        if not goes_on:
            break
    return length


def _common_words(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


# ---------------------------------------------------------------------------------------------- texts

QUOTED = "\0"


def _quoted(document: str, start: int, end: int) -> str:
    return f"{QUOTED}{document} {start:012} {end:012}"


def _common_quotes(one: str, other: str) -> int:
    """Of two stretches of documents: all that the shorter has, if they begin at the same place."""
    (here, start, end), (there, other_start, other_end) = one.rsplit(" ", 2), other.rsplit(" ", 2)
    return min(int(end), int(other_end)) - int(start) if (here, start) == (there, other_start) else 0


def _texts(kinds: Sequence[Sequence[Parting]]) -> dict[str, Pieces]:
    """By hash, of the first of each kind, the most numerous kinds first, within the bounds."""
    wanted: list[str] = []
    characters = 0
    for kind in sorted(kinds, key=len, reverse=True):
        short = [parting.message for parting in kind if parting.message["chars"] <= LONGEST_TEXT]
        for message in short[:MOST_OF_A_KIND]:
            characters += message["chars"]
            if len(wanted) == MOST_TEXTS or characters > MOST_CHARACTERS:
                break
            wanted.append(message["sha"])
    rows = Payload.objects.filter(sha256__in=[bytes.fromhex(sha) for sha in wanted])
    return {bytes(digest).hex(): _pieces(codec, bytes(data)) for digest, codec, data in rows.values_list(*PAYLOAD)}


PAYLOAD = ("sha256", "codec", "data")


def _pieces(codec: int, data: bytes) -> Pieces:
    if codec == Payload.Codec.PLAIN:
        return [data.decode()]
    text = zlib.decompress(data)
    if codec == Payload.Codec.ZLIB:
        return [text.decode()]
    return [piece if isinstance(piece, str) else _quoted(*piece) for piece in orjson.loads(text)]
