"""`peek` and `grep`: looking into the documents without printing them whole."""

import re
import threading
from collections.abc import Sequence

from . import patterns
from .channel import CallDropped, Channel, Frame
from .interrupts import Interrupts, TookTooLong
from .matches import Match, Matches
from .scanning import CannotBeStopped, Hit, scan
from .texts import ContextText

MOST_MATCHES = 100_000
MOST_HELPED = 200
"""Searches of one cell that take a helper."""


class Search:
    """The two functions over the documents of this REPL."""

    def __init__(
        self,
        texts: Sequence[ContextText],
        names: Sequence[str],
        interrupts: Interrupts,
        channel: Channel,
        seconds: float,
    ) -> None:
        self._texts = texts
        self._names = names
        self._interrupts = interrupts
        self._channel = channel
        self._seconds = seconds
        self._helped = 0

    def begin_cell(self) -> None:
        self._helped = 0

    def peek(self, n: int = 500, start: int = 0, document: int | str = 0) -> str:
        """n characters of a document from `start` on (negative: from its end)."""
        text = self._document(document)
        begin = max(0, start + len(text)) if start < 0 else start
        return text.piece("peek", begin, begin + max(0, n))

    def grep(
        self,
        pattern: str | re.Pattern[str],
        ignore_case: bool = False,
        limit: int | None = 100,
        around: int = 0,
        document: int | str | None = None,
    ) -> Matches:
        """Matches of a regular expression; ^ and $ match at lines. `around`: lines to show before and after."""
        texts = self._texts if document is None else [self._document(document)]
        most = MOST_MATCHES if limit is None else max(0, min(int(limit), MOST_MATCHES))
        regex = self._compiled(pattern, ignore_case)
        hits, complete = self._found_here(texts, regex, most) or self._found_by_helper(texts, regex, most)
        named = len(self._texts) > 1
        found = Matches(Match(self._texts[hit.document], *hit[1:], int(around), named) for hit in hits)
        found.complete = complete
        return found

    def _compiled(self, pattern: str | re.Pattern[str], ignore_case: bool) -> re.Pattern[str]:
        try:
            with self._interrupts.time_limit(self._seconds):
                return _compiled(pattern, ignore_case)
        except TookTooLong:
            raise self._too_slow(pattern) from None

    def _found_here(
        self, texts: Sequence[ContextText], regex: re.Pattern[str], most: int
    ) -> tuple[list[Hit], bool] | None:
        """None where that could not be interrupted; only the main thread can be."""
        if threading.current_thread() is not threading.main_thread() and not patterns.is_literal(regex):
            return None
        try:
            with self._interrupts.time_limit(self._seconds):
                return scan(texts, regex, most, stoppable=True)
        except TookTooLong:
            raise self._too_slow(regex) from None
        except CannotBeStopped:
            return None

    def _found_by_helper(
        self, texts: Sequence[ContextText], regex: re.Pattern[str], most: int
    ) -> tuple[list[Hit], bool]:
        """In a process of its own, which the host ends when the time is over: this one and its variables stay."""
        self._helped += 1
        if self._helped > MOST_HELPED:
            raise RuntimeError(
                f"grep was called more than {MOST_HELPED} times in this cell with patterns that go on without end (.*, "
                "[^x]+): put several patterns into one with |, or give repetitions an upper bound, as in .{0,200}"
            )
        documents = [text.document for text in texts]
        flags = int(regex.flags & ~re.DEBUG)
        try:
            number = self._channel.open_call()
            frame = {"t": "search", "id": number, "pattern": regex.pattern, "flags": flags}
            self._channel.send_call({**frame, "documents": documents, "most": most})
            (answer,) = self._channel.wait(number)
        except CallDropped:
            raise RuntimeError("the cell ended before this search did") from None
        if answer.get("error"):
            kind, message = answer["error"]
            raise self._too_slow(regex) if kind == "timeout" else RuntimeError(message)
        return [Hit(*hit) for hit in answer["value"]["hits"]], answer["value"]["complete"]

    def _too_slow(self, pattern: str | re.Pattern[str]) -> TimeoutError:
        words = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
        return TimeoutError(
            f"grep was stopped after {self._seconds:g} s: {words!r} takes too long on this text. "
            "Use a simpler pattern: no repetition inside a repetition such as (a+)+, fewer .* in a row, an upper bound "
            "as in .{0,200}."
        )

    def _document(self, which: int | str) -> ContextText:
        if isinstance(which, str):
            if which not in self._names:
                raise LookupError(f"there is no document named {which!r}; see `documents`")
            return self._texts[self._names.index(which)]
        if not -len(self._texts) <= which < len(self._texts):
            raise IndexError(f"there is no document {which}: there are {len(self._texts)}, counted from 0")
        return self._texts[which]


def serve(channel: Channel, texts: Sequence[ContextText]) -> None:
    """What a helper does: searches for a REPL, one search after the other, for as long as each may take."""
    while True:
        wanted = channel.next_command()
        channel.send({"t": "found", "id": wanted["id"], **_answer(texts, wanted)})


def _answer(texts: Sequence[ContextText], wanted: Frame) -> Frame:
    try:
        regex = re.compile(wanted["pattern"], wanted["flags"])
        hits, complete = scan([texts[number] for number in wanted["documents"]], regex, wanted["most"], stoppable=False)
    except (MemoryError, RecursionError, re.error) as error:
        return {"error": f"the search failed: {type(error).__name__}", "hits": [], "complete": False}
    return {"error": None, "hits": hits, "complete": complete}


def _compiled(pattern: str | re.Pattern[str], ignore_case: bool) -> re.Pattern[str]:
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        return re.compile(pattern.pattern, pattern.flags | flags) if ignore_case else pattern
    if not isinstance(pattern, str):
        raise TypeError(f"grep wants a regular expression as text, not {type(pattern).__name__}")
    return re.compile(pattern, flags | re.MULTILINE)
