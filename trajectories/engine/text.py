"""Reading a text in windows of characters, in memory or from a UTF-8 file of any size.

`TextFile` keeps one byte offset for every `STRIDE` characters, so a window anywhere in 400 MB costs one short read.
"""

import array
import mmap
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from trajectories.engine.errors import DocumentError
from trajectories.engine.types import Text

STRIDE = 16_384
_BLOCK = 1 << 20


class TextInMemory:
    """A text that is small enough to be held."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.chars = len(text)

    def read(self, start: int, end: int) -> str:
        return self._text[max(0, start) : max(0, end)]

    @property
    def decoded_bytes(self) -> int:
        return sys.getsizeof(self._text)


class TextPiece:
    """An exact piece of another text, read only when somebody asks for it."""

    def __init__(self, whole: Text, start: int, end: int) -> None:
        within = whole._start if isinstance(whole, TextPiece) else 0
        self._whole: Text = whole._whole if isinstance(whole, TextPiece) else whole
        self._start: int = within + start
        self.chars = end - start

    def read(self, start: int, end: int) -> str:
        start, end = max(0, start), min(self.chars, end)
        return self._whole.read(self._start + start, self._start + end) if start < end else ""

    @property
    def decoded_bytes(self) -> int:
        return -(-decoded_bytes(self._whole) * self.chars // max(1, self._whole.chars))


class TextFile:
    """A UTF-8 file read by character offsets. `offsets[i]` is the byte at which character i * STRIDE begins."""

    def __init__(self, path: Path, chars: int, offsets: "array.array[int]") -> None:
        self.path = path
        self.chars = chars
        self._offsets = offsets

    @classmethod
    def open(cls, path: Path) -> "TextFile":
        """With the index kept beside the file (`….index`), made now if there is none.

        Raises `DocumentError` when the file is missing or is not UTF-8."""
        index = path.with_name(path.name + ".index")
        try:
            if not index.exists():
                write_index(path, index)
            raw = array.array("Q")
            raw.frombytes(index.read_bytes())
        except (OSError, ValueError) as error:
            raise DocumentError("The text of this document cannot be read any more. Upload it again.") from error
        return cls(path, raw[0], raw[1:])

    def read(self, start: int, end: int) -> str:
        start, end = max(0, start), min(self.chars, end)
        if start >= end:
            return ""
        first = start // STRIDE
        after = -(-end // STRIDE)
        begin = self._offsets[first]
        try:
            with self.path.open("rb") as file:
                file.seek(begin)
                stop = self._offsets[after] if after < len(self._offsets) else None
                data = file.read() if stop is None else file.read(stop - begin)
        except OSError as error:
            raise DocumentError("The text of this document is gone. Upload it again.") from error
        skip = start - first * STRIDE
        return data.decode("utf-8")[skip : skip + end - start]

    def byte_offsets(self, places: Iterable[int]) -> dict[int, int]:
        """Where characters begin in the file, in bytes; reads only blocks that are not plain ASCII, each once."""
        offsets: dict[int, int] = {}
        known, block, done, at = -1, "", 0, 0
        for place in sorted({min(max(0, place), self.chars) for place in places}):
            number, rest = divmod(place, STRIDE)
            if number >= len(self._offsets):  # the end of a text that ends with a block
                number, rest = number - 1, STRIDE
            begin = self._offsets[number]
            if self._is_ascii(number):
                offsets[place] = begin + rest
                continue
            if number != known:
                known, block, done, at = number, self.read(number * STRIDE, (number + 1) * STRIDE), 0, begin
            at += len(block[done:rest].encode("utf-8"))
            done = rest
            offsets[place] = at
        return offsets

    def _is_ascii(self, number: int) -> bool:
        """Whether the block has a byte for each character."""
        last = number + 1 >= len(self._offsets)
        end = self.path.stat().st_size if last else self._offsets[number + 1]
        chars = self.chars - number * STRIDE if last else STRIDE
        return end - self._offsets[number] == chars

    @property
    def decoded_bytes(self) -> int:
        """Looks through the file unless it is plain ASCII. Raises `DocumentError`."""
        try:
            if self.path.stat().st_size == self.chars:
                return self.chars
            return self.chars * _widest(self.path)
        except OSError as error:
            raise DocumentError("The text of this document is gone. Upload it again.") from error


def decoded_bytes(text: Text) -> int:
    """Memory of the text as a Python `str`, which holds 1, 2 or 4 bytes for each character, as its widest one needs;
    for kinds of text that do not say it, the most it can be."""
    known = getattr(text, "decoded_bytes", None)
    return known if isinstance(known, int) else 4 * text.chars


def _widest(path: Path) -> int:
    """Bytes a character takes in memory, by the lead bytes of a UTF-8 file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        if re.search(rb"[\xf0-\xf4]", mapped):
            return 4
        return 2 if re.search(rb"[\xc4-\xef]", mapped) else 1


def write_index(path: Path, index: Path) -> int:
    """Writes the index of a UTF-8 file and returns its characters. Raises ValueError when it is not UTF-8."""
    offsets = array.array("Q", [0])
    chars = position = 0
    rest = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            data = rest + block
            cut = _last_whole(data)
            rest, data = data[cut:], data[:cut]
            length = len(data.decode("utf-8"))
            offsets.extend(_marks(data, chars, length, position))
            chars += length
            position += len(data)
    if rest:
        raise ValueError("it ends in the middle of a character")
    if not chars:
        offsets = array.array("Q", [0])
    whole = array.array("Q", [chars]) + offsets
    scratch = index.with_name(f"{index.name}.{os.getpid()}")
    scratch.write_bytes(whole.tobytes())
    scratch.replace(index)
    return chars


def _last_whole(data: bytes) -> int:
    """The end of the last character that is there with all its bytes."""
    at = len(data) - 1
    while at > 0 and data[at] & 0xC0 == 0x80:
        at -= 1
    if at < 0 or data[at] < 0xC0:
        return len(data)
    wanted = 4 if data[at] >= 0xF0 else 3 if data[at] >= 0xE0 else 2
    return at if len(data) - at < wanted else len(data)


def _marks(data: bytes, chars: int, length: int, position: int) -> list[int]:
    """Byte offsets of the characters of this block whose number is a multiple of STRIDE (0 is already there)."""
    wanted = range(-(-max(chars, 1) // STRIDE) * STRIDE, chars + length, STRIDE)
    if length == len(data):
        return [position + number - chars for number in wanted]
    text = data.decode("utf-8")
    marks, at, done = [], position, 0
    for number in wanted:
        step = number - chars
        at += len(text[done:step].encode("utf-8"))
        done = step
        marks.append(at)
    return marks
