"""Whether a sentence of an answer rests on a passage that was recorded. A pure decision; nothing is asked of a model.

It says what the record holds, not what is true: a sentence without a recorded source may well be right.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Ground = Literal["cited", "quoted", "figures", "none"]
"""It carries a citation; words of a source stand in it exactly; all its figures and quotations stand in one source;
or nothing of the kind was recorded."""

SHORTEST_QUOTE = 12
"""Characters from which the same words in an answer and in a source are taken for a quotation."""
SHORTEST_PHRASE = 3
"""The same for what the answer itself puts into quotation marks."""
MOST_CHARS = 300_000
"""Of all sources together that are looked through."""

_QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]|「([^「」]+)」|『([^『』]+)』")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_EDGES = " \t\n.!?…,;:。！？\"'“”‘’„«»‹›()[]「」『』"


@dataclass(frozen=True, slots=True)
class _Text:
    words: str
    numbers: frozenset[str]


class Sources:
    """The recorded passages of one answer, made ready to be compared with its sentences."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts: list[_Text] = []
        left = MOST_CHARS
        for text in texts:
            words = _normal(text[:left])
            left -= min(left, len(text))
            self._texts.append(_Text(words, frozenset(_numbers(words))))

    def ground(self, sentence: str, *, cited: bool) -> Ground:
        """What a sentence rests on, the strongest first."""
        if cited:
            return "cited"
        words = _normal(sentence)
        if self._quotes(words):
            return "quoted"
        return "figures" if self._has_its_figures(words) else "none"

    def _quotes(self, sentence: str) -> bool:
        """Whether a whole source stands in the sentence, or the whole sentence in a source."""
        inner = sentence.strip(_EDGES)
        for text in self._texts:
            if SHORTEST_QUOTE <= len(text.words) <= len(sentence) and text.words in sentence:
                return True
            if SHORTEST_QUOTE <= len(inner) <= len(text.words) and inner in text.words:
                return True
        return False

    def _has_its_figures(self, sentence: str) -> bool:
        """Whether one source has all its numbers and all it quotes. A lone digit says too little."""
        phrases = [_normal(next(filter(None, found.groups()))).strip(_EDGES) for found in _QUOTED.finditer(sentence)]
        numbers = set(_numbers(sentence))
        telling = any(len(phrase) >= SHORTEST_PHRASE for phrase in phrases) or any(len(each) > 1 for each in numbers)
        return telling and any(
            numbers <= text.numbers and all(phrase in text.words for phrase in phrases) for text in self._texts
        )


def _normal(text: str) -> str:
    """With single spaces for all white space."""
    return " ".join(text.split())


def _numbers(text: str) -> list[str]:
    """“1,204” and “1204” are one number, and so are “03” and “3”."""
    return [_plain(found[0]) for found in _NUMBER.finditer(text)]


def _plain(number: str) -> str:
    if _GROUPED.fullmatch(number):
        number = number.replace(",", "")
    return number.lstrip("0") or "0"
