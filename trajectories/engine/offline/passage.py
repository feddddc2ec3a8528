"""A piece of text made ready for scoring: its sentences, and which terms stand where."""

from collections import defaultdict
from functools import cached_property

from trajectories.engine.offline import words
from trajectories.engine.offline.segmentation import Segments, segment


class Passage:
    """A piece of text, its sentences and their terms."""

    def __init__(self, text: str, *, above: str = "", english: bool = True) -> None:
        self.text = text
        self.english = english
        self.segments: Segments = segment(text, above)
        self.sentences = self.segments.sentences

    def at(self, number: int) -> str:
        sentence = self.sentences[number]
        return self.text[sentence.start : sentence.end]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Term → numbers of the sentences it stands in. A definition has the words of its term too."""
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for number, sentence in enumerate(self.sentences):
            for term in words.terms_of(self.at(number), english=self.english):
                found[term][number] = None
                if sentence.kind == "term" and self._defines(number + 1, number):
                    found[term][number + 1] = None
        return {term: list(numbers) for term, numbers in found.items()}

    def _defines(self, number: int, term: int) -> bool:
        return number < len(self.sentences) and self.sentences[number].lead == term

    @cached_property
    def heading_terms(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """Of each section: the terms of its own title, and those of the whole path to it."""
        found: list[tuple[frozenset[str], frozenset[str]]] = []
        for number, section in enumerate(self.segments.sections):
            own = frozenset(words.terms_of(section.title, english=self.english))
            found.append((own, own | (found[section.parent][1] if number else frozenset())))
        return found

    @cached_property
    def first_below_heading(self) -> list[int]:
        """Of each sentence: the first of its section."""
        found: list[int] = []
        for number, sentence in enumerate(self.sentences):
            before = self.sentences[number - 1] if number else None
            goes_on = before and before.section == sentence.section and before.kind != "heading"
            found.append(found[-1] if goes_on else number)
        return found
