"""Where readers write: the text as it comes, what to know about it, and where its parts begin."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_TEXT_BYTES = 4 << 30
MOST_PARTS = 10_000
MOST_WARNINGS = 100
MOST_UNPACKED_BYTES = 2 << 30
MOST_FILES = 10_000

_SURROGATES = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """A file gives no text. `str(error)` is one sentence for the user: why, and what to do."""


@dataclass(slots=True)
class Allowance:
    """What archives may still unpack, all levels together."""

    bytes: int = MOST_UNPACKED_BYTES
    files: int = MOST_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of the text with a name of its own: a page, a sheet, a file of an archive."""

    name: str
    start: int
    chars: int


@dataclass(slots=True)
class Output:
    """A text being written to a UTF-8 file. Readers of archives hand it on to the readers of what is inside."""

    path: Path
    chars: int = 0
    blank: bool = True
    """Nothing but white space so far."""
    parts: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    allowance: Allowance = field(default_factory=Allowance)
    archives: int = 0
    """How many archives deep the file is that is being read."""
    _inside: list[str] = field(default_factory=list)
    _bytes: int = 0
    _file: Any = None

    def __enter__(self) -> "Output":
        self._file = self.path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, text: str) -> None:
        """Newlines become \\n; what no text may hold (NUL, half a surrogate pair) is replaced. Raises `Unreadable`."""
        if not text:
            return
        if "\0" in text:
            self.warn("Characters NUL were replaced by spaces.")
        text, data = _cleaned(text)
        if self.blank and not text.isspace():
            self.blank = False
        self._bytes += len(data)
        if self._bytes > MOST_TEXT_BYTES:
            raise Unreadable("The text of this file is longer than 4 GB. Split it into smaller files.")
        self._file.write(data)
        self.chars += len(text)

    def warn(self, sentence: str) -> None:
        """Something to know about the text. Within a part its name stands before it. The same is said once."""
        if self._inside:
            sentence = f"{self._inside[0]}: {sentence}"
        if sentence not in self.warnings and len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(sentence[:500])

    def mark(self) -> tuple[int, int, int, bool]:
        """This place, to `cut` the text at later."""
        return self.chars, self._bytes, len(self.parts), self.blank

    def cut(self, mark: tuple[int, int, int, bool]) -> None:
        """Takes back what was written since the mark."""
        self.chars, self._bytes, parts, self.blank = mark
        del self.parts[parts:]
        self._file.seek(self._bytes)
        self._file.truncate()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What is written meanwhile is a part of this name; parts within parts are not listed."""
        self._inside.append(name)
        start = self.chars
        try:
            yield
        finally:
            self._inside.pop()
            if not self._inside and len(self.parts) < MOST_PARTS:
                self.parts.append(Part(name=name[:255], start=start, chars=self.chars - start))


def clean_text(text: str) -> str:
    """Newlines as \\n, no NUL, no half of a surrogate pair."""
    return _cleaned(text)[0]


def _cleaned(text: str) -> tuple[str, bytes]:
    """The same, with its UTF-8."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", " ")
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\ufffd", text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
        return text, text.encode()
