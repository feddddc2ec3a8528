"""Texts held in memory to be looked through again and again, each once, and which of them have a pattern.

They lie end to end in blocks, so that a word is looked for in half a megabyte at a time, not in thirty thousand texts
one by one. A prompt made of document text is held as its own words and where the quotations lie in the document's file:
a full pass over 400 MB is not held again. What is too much to hold is read again by each search.
"""

import mmap
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from trajectories.search.patterns import Pattern

MOST_BYTES = 192 << 20
"""Of one run."""
BLOCK_BYTES = 512 << 10
BLOCK_TEXTS = 2_000
OVERHEAD = 120
"""Bytes a text takes beside its letters, about."""
FEW = 1_000
"""Texts that are sooner looked through one by one."""
MOST_MEMOS = 24
BETWEEN = b"\xff"
"""Stands after each text of a block. No text has it, and no words that are looked for match it."""

Value = TypeVar("Value")


class OutOfTime(Exception):
    """What was done is kept; the next try goes on from there."""


def check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise OutOfTime


def parts(values: Iterable[Value], size: int) -> Iterator[list[Value]]:
    values = iter(values)
    while part := list(islice(values, size)):
        yield part


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a document's file."""

    path: str
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


Piece = bytes | Stretch
Text = bytes | tuple[Piece, ...]
Again = Callable[[Sequence[bytes]], dict[bytes, Text]]
"""Digests → their texts, read once more; those that are gone are left out."""


def pieces_of(text: Text) -> tuple[Piece, ...]:
    return (text,) if isinstance(text, bytes) else text


@dataclass(slots=True)
class Block:
    numbers: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where each text begins."""
    pieces: list[Piece] = field(default_factory=list)
    size: int = 0
    digests: list[bytes] = field(default_factory=list)
    """Of texts that are not held: all of the block, or none."""

    @property
    def is_full(self) -> bool:
        return self.size >= BLOCK_BYTES or len(self.numbers) >= BLOCK_TEXTS

    def add(self, number: int, text: Text) -> None:
        self.numbers.append(number)
        self.starts.append(self.size)
        self.pieces += [*pieces_of(text), BETWEEN]
        self.size += sum(map(len, pieces_of(text))) + len(BETWEEN)

    def close(self) -> None:
        """Words that follow one another become one piece."""
        joined: list[Piece] = []
        words: list[bytes] = []
        for piece in [*self.pieces, None]:
            if isinstance(piece, bytes):
                words.append(piece)
                continue
            if words:
                joined.append(b"".join(words))
                words = []
            if piece is not None:
                joined.append(piece)
        self.pieces = joined

    def end(self, index: int) -> int:
        following = self.starts[index + 1] if index + 1 < len(self.starts) else self.size
        return following - len(BETWEEN)


@dataclass(slots=True)
class Memo:
    """In which texts of the first `upto` blocks a pattern is found."""

    upto: int = 0
    found: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Lane:
    """Texts of one kind, so that code is found without a look into prompts."""

    scopes: int = 0
    """Bits of all scopes that its texts are of."""
    held: Block = field(default_factory=Block)
    beyond: Block = field(default_factory=Block)
    """The blocks that texts are being added to."""
    blocks: list[Block] = field(default_factory=list)
    """Those that are full."""
    memos: dict[Pattern, Memo] = field(default_factory=dict)

    def memo(self, pattern: Pattern) -> Memo:
        memo = self.memos.pop(pattern, None) or Memo()
        self.memos[pattern] = memo  # the newest stands last
        if len(self.memos) > MOST_MEMOS:
            del self.memos[next(iter(self.memos))]
        return memo


class HeldTexts:
    """Texts by number, from 0, in the order of coming."""

    def __init__(self, again: Again, most_bytes: int = MOST_BYTES) -> None:
        self.bytes = 0
        self._again = again
        self._most_bytes = most_bytes
        self._numbers: dict[bytes, int] = {}
        self._homes: list[tuple[Lane, Block, int]] = []
        """Of each text: where it lies, and as which of its block."""
        self._lanes: dict[int, Lane] = {}

    def number(self, digest: bytes) -> int | None:
        return self._numbers.get(digest)

    def add(self, digest: bytes, text: Text, scope: int, *, is_kept: bool = True) -> int:
        """Its number. What is not kept elsewhere is held in any case."""
        number = self._numbers[digest] = len(self._homes)
        lane = self._lanes.setdefault(scope, Lane(scopes=scope))
        size = OVERHEAD + sum(len(piece) if isinstance(piece, bytes) else OVERHEAD for piece in pieces_of(text))
        if not is_kept or self.bytes + size <= self._most_bytes:
            self.bytes += size
            block = lane.held
            block.add(number, text)
        else:
            self.bytes += OVERHEAD
            block = lane.beyond
            block.numbers.append(number)
            block.digests.append(digest)
            block.size += sum(map(len, pieces_of(text)))
        self._homes.append((lane, block, len(block.numbers) - 1))
        if block.is_full:
            block.close()
            lane.blocks.append(block)
            lane.held = Block() if block is lane.held else lane.held
            lane.beyond = Block() if block is lane.beyond else lane.beyond
        return number

    def use(self, number: int, scope: int) -> None:
        """It is a text of this scope too."""
        self._homes[number][0].scopes |= scope

    def read(self, number: int) -> bytes:
        """Empty when it is gone."""
        _, block, index = self._homes[number]
        with Files() as files:
            if block.digests:
                text = self._again([block.digests[index]]).get(block.digests[index], b"")
                return files.join(pieces_of(text))
            return files.join(block.pieces)[block.starts[index] : block.end(index)]

    # ------------------------------------------------------------------------------------------ looking through

    def having(
        self, pattern: Pattern, scopes: int, deadline: float, among: set[int] | None = None
    ) -> tuple[set[int], bool]:
        """Numbers of the texts of these scopes (and maybe more) in which the pattern is found, and whether all were
        looked through till the deadline; what was looked through is not looked through again.

        `among`: those alone matter now."""
        if among is not None and len(among) <= FEW:
            return {number for number in among if pattern.first(self.read(number))}, True
        found: set[int] = set()
        with Files() as files:
            for lane in self._lanes.values():
                if not lane.scopes & scopes:
                    continue
                memo = lane.memo(pattern)
                is_whole = self._look(pattern, lane, memo, files, deadline)
                found |= memo.found
                if not is_whole:
                    return found, False
        return found, True

    def _look(self, pattern: Pattern, lane: Lane, memo: Memo, files: "Files", deadline: float) -> bool:
        for block in [*lane.blocks[memo.upto :], lane.held, lane.beyond]:
            if time.monotonic() > deadline:
                return False
            memo.found |= self._found(pattern, block, files)
            if block is not lane.held and block is not lane.beyond:
                memo.upto += 1
        return True

    def _found(self, pattern: Pattern, block: Block, files: "Files") -> set[int]:
        if block.digests:
            texts = self._again(block.digests)
            block = _whole(block, texts)
        data = files.join(block.pieces)
        if not pattern.is_words:
            texts_in = (
                (number, data[start : block.end(index)])
                for index, (number, start) in enumerate(zip(block.numbers, block.starts, strict=True))
            )
            return {number for number, text in texts_in if pattern.first(text)}
        found = set()
        at = 0
        while span := pattern.next(data, at):
            index = bisect_right(block.starts, span[0]) - 1
            found.add(block.numbers[index])
            at = block.end(index)
        return found


def _whole(block: Block, texts: dict[bytes, Text]) -> Block:
    """A block of texts that were read again."""
    whole = Block()
    for number, digest in zip(block.numbers, block.digests, strict=True):
        whole.add(number, texts.get(digest, b""))
    return whole


# ---------------------------------------------------------------------------------------------- documents' files


class Files:
    """Documents' files, open while texts are read."""

    def __init__(self) -> None:
        self._maps: dict[str, mmap.mmap | bytes] = {}

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._maps.values():
            if isinstance(each, mmap.mmap):
                each.close()

    def join(self, pieces: Sequence[Piece]) -> bytes:
        if len(pieces) == 1 and isinstance(pieces[0], bytes):
            return pieces[0]
        return b"".join(piece if isinstance(piece, bytes) else self._stretch(piece) for piece in pieces)

    def _stretch(self, stretch: Stretch) -> bytes:
        known = self._maps.get(stretch.path)
        if known is None:
            known = self._maps[stretch.path] = _mapped(stretch.path)
        piece = known[stretch.start : stretch.end]
        return (
            piece if len(piece) == len(stretch) else piece.ljust(len(stretch))
        )  # cut short: what follows stays in its place


def _mapped(path: str) -> mmap.mmap | bytes:
    with suppress(OSError, ValueError), Path(path).open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return b""  # gone, or empty
