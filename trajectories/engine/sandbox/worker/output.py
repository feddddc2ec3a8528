"""What a cell prints: the first and the last half of the limit are kept, the rest is counted."""

import builtins
import io
import threading
from typing import Any

from .matches import Match, Matches
from .quoting import Quoter
from .texts import ContextText, Record

_JOIN_EVERY = 4096
_LOOK_INTO = 100
_SEARCHED_CHARS = 32_768
_SEARCH_SECONDS = 0.05


class Output(io.TextIOBase):
    """Standard output and error of the model's code. What threads of earlier cells write is dropped."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._half = limit // 2
        self._muted: set[int | None] = set()
        self._open = False
        self._clear()

    def begin(self) -> None:
        self._clear()
        self._open = True

    def end(self) -> None:
        self._open = False
        main = threading.main_thread()
        self._muted = {thread.ident for thread in threading.enumerate() if thread is not main}

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._open and not (self._muted and threading.get_ident() in self._muted):
            self._keep(text)
        return len(text)

    def value(self) -> str:
        head, tail = "".join(self._head), "".join(self._tail)[-self._half :]
        cut = self.chars - len(head) - len(tail)
        return f"{head}\n… {cut:,} characters left out …\n{tail}" if cut > 0 else head + tail

    @property
    def truncated(self) -> bool:
        return self.chars > self._head_chars + min(self._tail_chars, self._half)

    def _clear(self) -> None:
        self.chars = 0
        self._head: list[str] = []
        self._tail: list[str] = []
        self._head_chars = self._tail_chars = 0

    def _keep(self, text: str) -> None:
        self.chars += len(text)
        room = self._half - self._head_chars
        if room > 0:
            begin, text = text[:room], text[room:]
            self._head.append(begin)
            self._head_chars += len(begin)
        if text:
            text = text[-self._half :]
            self._tail.append(text)
            self._tail_chars += len(text)
            if self._tail_chars > 4 * self._half or len(self._tail) > _JOIN_EVERY:
                joined = "".join(self._tail)[-self._half :]
                self._tail, self._tail_chars = [joined], len(joined)


class Printer:
    """`print`. Notes the pieces of the documents that come out whole."""

    def __init__(self, output: Output, record: Record) -> None:
        self._output = output
        self._record = record
        self._print = builtins.print

    def print(self, *values: Any, file: Any = None, **how: Any) -> None:
        self._print(*values, file=file, **how)
        if file is None:
            for value in values:
                self._note(value)

    def find_printed(self, quoter: Quoter) -> None:
        """Pieces that came out inside formatted or joined text, as far as they are found in an instant."""
        text = self._output.value()[:_SEARCHED_CHARS]
        if not text:
            return
        quoter.begin(_SEARCH_SECONDS)
        for part in quoter.parts(text):
            lines = part.splitlines() if isinstance(part, str) else ()
            for piece in [part, *(piece for line in lines for piece in quoter.parts(line))]:
                if not isinstance(piece, str):
                    self._record.note("printed", *piece)
        quoter.end()

    def _note(self, value: Any) -> None:
        kind = type(value)
        if kind is ContextText:
            self._note_span(value.document, value.start, value.end)
        elif kind is Match:
            self._note_span(*value.shown)
        elif kind is Matches or kind is list or kind is tuple:
            for item in value[:_LOOK_INTO]:
                if type(item) is ContextText or type(item) is Match:
                    self._note(item)

    def _note_span(self, document: int, start: int, end: int) -> None:
        half = self._output.limit // 2
        if end - start <= 2 * half:
            self._record.note("printed", document, start, end)
        else:
            self._record.note("printed", document, start, start + half)
            self._record.note("printed", document, end - half, end)
