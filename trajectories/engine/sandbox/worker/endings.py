"""The ways for code to end the run with an answer, and the places in the documents that the answer rests on."""

import itertools
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .calls import LLMError
from .matches import Match, Matches
from .texts import ContextText, Span

ANSWER_CHARS = 1 << 20
MOST_SOURCES = 200
_SHORTEST_QUOTATION = 20
_MOST_QUOTATIONS = 50
_SEARCH_SECONDS = 1.0
_SOURCES_SECONDS = 5.0
_MOST_SEARCHED = 50_000_000
"""Characters of all documents up to which quotations are looked for across lines."""
_QUOTATION = re.compile(r"“([^”]{20,2000})”|\"([^\"\n]{20,2000})\"|^\s*>\s?(.{20,2000})$", re.MULTILINE)


class Ended(BaseException):
    """Leaves the cell at once; not an `Exception`, so that `except Exception` cannot stop it."""


class Endings:
    """FINAL, FINAL_VAR and the `answer` dict of one REPL."""

    def __init__(self, texts: Sequence[ContextText], user_variables: Callable[[], Mapping[str, Any]]) -> None:
        self._texts = texts
        self._user_variables = user_variables
        self._ending: dict[str, Any] | None = None
        self._deadline = 0.0
        self.answer: dict[str, Any] = {"content": "", "ready": False}

    def begin(self) -> None:
        self._ending = None

    def final(self, answer: Any, sources: Any = None) -> None:
        """Ends the run with this answer."""
        self._set("answer", None, answer, sources)
        raise Ended

    def final_var(self, name: str, sources: Any = None) -> None:
        """Ends the run with the value of a variable, given by its name."""
        if not isinstance(name, str):
            raise TypeError("FINAL_VAR wants the variable's name in quotes, as in FINAL_VAR('report')")
        name = name.strip().strip("\"'`")
        variables = self._user_variables()
        if name == "answer" and name not in variables and self.answer.get("content"):
            variables = {"answer": self.answer["content"]}
        if name not in variables:
            raise NameError(f"there is no variable {name!r}. {_made(variables)}")
        self._set("answer_variable", name, variables[name], sources)
        raise Ended

    def adopt(self, value: Any) -> None:
        """The name `answer` was given to something else: that becomes the content, the dict comes back."""
        if value is self.answer:
            return
        if isinstance(value, dict):
            self.answer.update(value)
        elif value is not None:
            self.answer["content"] = value

    def take(self) -> dict[str, Any] | None:
        """How this cell ended the run, if it did. Raises ValueError for an answer that is ready but empty."""
        if self._ending is None and self.answer.get("ready"):
            self.answer["ready"] = False
            content = self.answer.get("content")
            if content is None or content == "":
                raise ValueError('answer["ready"] was set, but answer["content"] is empty')
            self._set("answer", None, content, self.answer.get("sources"))
        return self._ending

    def _set(self, how: str, variable: str | None, value: Any, sources: Any) -> None:
        if isinstance(value, LLMError):
            raise TypeError(f"a failed call cannot be the answer: {value!r}")
        answer = plain_json(value)
        text = answer if isinstance(answer, str) else str(answer)
        if len(text) > ANSWER_CHARS:
            raise ValueError(f"an answer of {len(text):,} characters is over the limit of {ANSWER_CHARS:,}")
        if sources is None:
            spans = _own_place(value) or self._quotations(text)
        else:
            self._deadline = time.monotonic() + _SOURCES_SECONDS
            spans = [self._span(source) for source in itertools.islice(_listed(sources), MOST_SOURCES)]
        self._ending = {"how": how, "variable": variable, "answer": answer, "sources": spans[:MOST_SOURCES]}

    def _span(self, source: Any) -> Span:
        if isinstance(source, Match | ContextText):
            return source.document, source.start, source.end
        if isinstance(source, re.Match) and isinstance(source.string, ContextText) and source.end() > source.start():
            begin = source.string.start
            return source.string.document, begin + source.start(), begin + source.end()
        if isinstance(source, str):
            if time.monotonic() > self._deadline:
                raise ValueError("looking for the sources took too long: give matches of grep or slices of context")
            place = self._search(source) if source else None
            if place is None:
                raise ValueError(f"this source does not stand in the documents word for word: {source[:80]!r}")
            return place
        return self._checked(source)

    def _checked(self, source: Any) -> Span:
        if not _is_span(source):
            raise ValueError(
                "a source is a match of grep, a slice of context or (document, start, end), "
                f"not {type(source).__name__} {str(source)[:80]!r}"
            )
        document, start, end = source
        if not 0 <= document < len(self._texts):
            raise ValueError(f"source {source}: there is no document {document}")
        if not 0 <= start < end <= len(self._texts[document]):
            raise ValueError(f"source {source}: document {document} goes from 0 to {len(self._texts[document])}")
        return document, start, end

    def _quotations(self, answer: str) -> list[Span]:
        """Where the answer's quotations stand, found within a second; those that stand nowhere are left out."""
        spans: list[Span] = []
        deadline = time.monotonic() + _SEARCH_SECONDS
        for match in _QUOTATION.finditer(answer):
            quotation = next(group for group in match.groups() if group).strip().strip('“”"')
            place = self._search(quotation) if len(quotation) >= _SHORTEST_QUOTATION else None
            if place is not None and place not in spans:
                spans.append(place)
            if time.monotonic() > deadline or len(spans) >= _MOST_QUOTATIONS:
                break
        return spans

    def _search(self, words: str) -> Span | None:
        for text in self._texts:
            at = str.find(text, words)
            if at >= 0:
                return text.document, at, at + len(words)
        return self._search_across_lines(words)

    def _search_across_lines(self, words: str) -> Span | None:
        """A quotation with other line breaks and spaces than the document's; what is cited is what stands there."""
        parts = words.split()
        if not 3 <= len(parts) <= 400 or sum(map(len, self._texts)) > _MOST_SEARCHED:
            return None
        regex = re.compile(r"\s+".join(map(re.escape, parts)))
        for text in self._texts:
            found = regex.search(text)
            if found is not None:
                return text.document, found.start(), found.end()
        return None


def plain_json(value: Any, level: int = 0) -> Any:
    """The value as JSON can carry it: text, numbers, lists and dicts of these; anything else as its text."""
    if isinstance(value, Match):
        return str(value.text)
    if value is True or value is False:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, LLMError) or level > 20:
        return repr(value) if level <= 20 else "…"
    if isinstance(value, list | tuple):
        return [_inner(item, level) for item in value]
    if isinstance(value, dict):
        return {str(key): _inner(item, level) for key, item in value.items()}
    return str(value)


def _inner(value: Any, level: int) -> Any:
    return None if value is None else plain_json(value, level + 1)


def _own_place(value: Any) -> list[Span]:
    """Where the answer itself stands, when it is a piece of a document or matches."""
    if isinstance(value, Match | ContextText):
        return [(value.document, value.start, value.end)] if value.end > value.start else []
    if isinstance(value, Matches):
        return [(match.document, match.start, match.end) for match in value]
    return []


def _listed(sources: Any) -> Iterable[Any]:
    if isinstance(sources, Match | re.Match | str) or _is_span(sources):
        return [sources]
    if not isinstance(sources, Iterable):
        raise TypeError("sources must be a list of grep matches, slices of context or (document, start, end)")
    return sources


def _is_span(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 3 and all(type(number) is int for number in value)


def _made(variables: Mapping[str, Any]) -> str:
    names = ", ".join(sorted(variables)[:50])
    return f"Variables made so far: {names}" if names else "No variables have been made yet: assign the answer to one"
