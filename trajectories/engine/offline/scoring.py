"""How well each sentence of a passage answers a question: features of the sentence and what stands around it.

The score says "these words are near each other here", never how likely an answer is. The weights were set on public
questions over other texts; `tests/bench/offline_questions.py` measures them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from trajectories.engine.offline import words
from trajectories.engine.offline.expected import holds
from trajectories.engine.offline.passage import Passage
from trajectories.engine.offline.question import Question
from trajectories.engine.offline.segmentation import Sentence

WEIGHTS = {
    "own": 3.0,
    "beside": 1.0,
    "near": 1.0,
    "heading": 0.5,
    "heading_asked": 0.4,
    "lead": 0.6,
    "alike": 0.5,
    "expected": 0.8,
    "pairs": 0.2,
    "close": 0.5,
    "characters": 0.7,
    "definition": 1.2,
    "opening": 0.8,
    "list": 1.0,
    "first": 0.1,
    "not_prose": -3.0,
    "question": -1.2,
    "short": -0.8,
    "long": -0.15,
    "pointer": -0.2,
    "history": -0.5,
}
OPENING_SHARE = 0.8
"""What a term counts in the first sentence below a heading that it makes up."""
CANDIDATES = 60
"""Sentences of a passage that are looked at closely."""

_BEFORE = (0.8, 0.6, 0.45, 0.3, 0.2)
"""What a term counts that stands 1, 2, … sentences before; after the sentence it counts 0.8 of that."""

_DEFINES = re.compile(
    r"\b(is|are|was|means?|refers? to|denotes?|consists? of|defined as|describes?|declares?|specif\w+|indicates?)\b"
)
_COPULAS = frozenset("is are was were mean refer denot consist repres describ declar specifi indic".split())
_IN_BRACKETS = re.compile(r"\w \((\w{2,8}s?)\)")
_OPENING = (1.0, 0.8, 0.6, 0.4)
"""What the first, second … sentence below a heading counts."""
_POINTER = re.compile(
    r"^\W*(see|for (more|further|details|an? example)|refer to)\b"
    r"|\b(is|are) (described|documented|explained|defined|discussed|listed) (in|below|at)\b"
    r"|\b(see|described in) (section|chapter|also|below|above)\b",
    re.IGNORECASE,
)
_LONGEST_POINTER = 160
"""Characters of a sentence that hardly says anything but where to look."""
_HISTORY = re.compile(
    r"\b(change ?log|release notes?|upgrading|bibliograph\w*|references|index|version \d|acknowledg\w*"
    r"|copyright notice|contents)\b",
    re.IGNORECASE,
)
_GENERAL = frozenset(
    words.stem(word)
    for word in """field term word concept command option section chapter target variable flag tag value keyword
    parameter directive setting""".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A sentence and what is to be said for it."""

    sentence: Sentence
    number: int
    """Its place among the passage's sentences."""
    score: float
    match: float
    """0..1: how much of the question's weight stands in the sentence or near it; the measure of confidence."""


class Scorer:
    """Scores the sentences of one passage for one question. `weights`: how much each of its terms says."""

    def __init__(self, passage: Passage, question: Question, weights: Mapping[str, float]) -> None:
        self.passage = passage
        self.question = question
        core = tuple(term for term in question.defined if term not in _GENERAL)
        self._core = core or question.defined
        self.weights = {term: self._weight(term, weights[term]) for term in question.terms if term in weights}
        self.total = sum(self.weights.values()) or 1.0
        self._pairs = set(pairwise(question.sequence))
        self._characters = _fourgrams(question.text)

    def _weight(self, term: str, weight: float) -> float:
        """In "the Essential flag" it is hardly the flag that is asked for."""
        return weight * 0.4 if term in self.question.defined and term not in self._core else weight

    def best(self, count: int) -> list[Scored]:
        """The best sentences, best first."""
        if not self.passage.sentences or not self.weights:
            return []
        base = self._base()
        chosen = sorted(range(len(base)), key=lambda number: (-base[number], number))[:CANDIDATES]
        chosen += [number for number in self._definitions() if number not in chosen]
        scored = [self._scored(number) for number in chosen]
        return sorted(scored, key=lambda item: (-item.score, item.number))[:count]

    def _scored(self, number: int) -> Scored:
        features = self._features(number)
        score = sum(WEIGHTS[name] * value for name, value in features.items())
        match = 0.5 * features["own"] + 0.5 * features["near"]
        lacks_expected = self.question.expected in ("number", "date", "person", "place") and features["expected"] < 0
        return Scored(
            sentence=self.passage.sentences[number],
            number=number,
            score=score,
            match=max(0.0, match - (0.15 if lacks_expected else 0.0)),
        )

    # ---- what can be said of all sentences at once: which terms stand in and around them

    def _base(self) -> list[float]:
        """A first, cheap ranking."""
        base = []
        for number, sentence in enumerate(self.passage.sentences):
            value = self._own[number] + 0.5 * self._beside[number] + 0.5 * self._near[number]
            value += 0.35 * self._heading[sentence.section] + 0.3 * self._lead(number) + 0.3 * self._alike[number]
            if sentence.kind in ("heading", "contents", "run_in"):
                value -= 6.0 if sentence.kind == "contents" else 1.0
            base.append(value - (0.4 if sentence.kind == "term" else 0.0))
        return base

    @cached_property
    def _own(self) -> list[float]:
        own = [0.0] * len(self.passage.sentences)
        for term, weight in self.weights.items():
            there = self._place_sets[term]
            for number in there:
                own[number] += weight / self.total
            for number in self._titled_openings.get(term, frozenset()) - there:
                own[number] += OPENING_SHARE * weight / self.total
        return own

    @cached_property
    def _titled_openings(self) -> dict[str, set[int]]:
        """Term → first sentences below headings of nothing but terms to be explained: "This is a field which …"."""
        found: dict[str, set[int]] = defaultdict(set)
        for number in range(1, len(self.passage.sentences)):
            before = self.passage.sentences[number - 1]
            if before.kind != "heading" or not self.question.defined:
                continue
            title = {term for term in self.passage.heading_terms[before.section][0] if not term.isdigit()}
            for term in title if title <= set(self.question.defined) else ():
                found[term].add(number)
        return found

    @cached_property
    def _beside(self) -> list[float]:
        return self._spread((0.8,), (0.5,))

    @cached_property
    def _near(self) -> list[float]:
        return self._spread(_BEFORE, tuple(0.8 * share for share in _BEFORE))

    def _spread(self, before: Sequence[float], after: Sequence[float]) -> list[float]:
        """Each term counts by the nearest sentence it stands in."""
        count = len(self.passage.sentences)
        total = [0.0] * count
        for term, weight in self.weights.items():
            nearest: dict[int, float] = {}
            for number in self.passage.places.get(term, ()):
                nearest[number] = 1.0
                for distance, share in enumerate(before, 1):
                    if number + distance < count:
                        nearest[number + distance] = max(nearest.get(number + distance, 0.0), share)
                for distance, share in enumerate(after, 1):
                    if number - distance >= 0:
                        nearest[number - distance] = max(nearest.get(number - distance, 0.0), share)
            for number, share in nearest.items():
                total[number] += share * weight / self.total
        return total

    @cached_property
    def _heading(self) -> list[float]:
        """By section."""
        return [
            sum(
                weight * (1.0 if term in own else 0.6 if term in path else 0.0) for term, weight in self.weights.items()
            )
            / self.total
            for own, path in self.passage.heading_terms
        ]

    @cached_property
    def _alike(self) -> list[float]:
        """Terms that are missing, but a word of nearly the same meaning is there."""
        total = [0.0] * len(self.passage.sentences)
        for term, weight in self.weights.items():
            there = set(self.passage.places.get(term, ()))
            others = {number for other in words.alike(term) for number in self.passage.places.get(other, ())}
            for number in others - there:
                total[number] += weight / self.total
        return total

    def _lead(self, number: int) -> float:
        """Terms of the sentence that introduces this one, as far as they are not in it."""
        lead = self.passage.sentences[number].lead
        if lead < 0:
            return 0.0
        both = (
            weight
            for term, weight in self.weights.items()
            if lead in (places := self._place_sets.get(term, frozenset())) and number not in places
        )
        return sum(both) / self.total

    @cached_property
    def _place_sets(self) -> dict[str, frozenset[int]]:
        return {term: frozenset(self.passage.places.get(term, ())) for term in self.weights}

    # ---- what is looked at in the candidates only

    def _features(self, number: int) -> dict[str, float]:
        sentence = self.passage.sentences[number]
        text = self.passage.at(number)
        stems = words.stems(text, english=self.question.english)
        content = [stem for stem in stems if stem not in words.STOP]
        length = len(text)
        return {
            "own": self._own[number],
            "beside": self._beside[number],
            "near": self._near[number],
            "heading": self._heading[sentence.section],
            "heading_asked": self._heading_asked(sentence),
            "lead": self._lead(number),
            "alike": self._alike[number],
            "expected": self._expected(text),
            "pairs": len(self._pairs & set(pairwise(content))) / max(1, len(self._pairs)),
            "close": self._closeness(content),
            "characters": self._shared_characters(text),
            "definition": self._definition(number, text, stems),
            "opening": self._opening(number, sentence),
            "list": self._introduces_list(number),
            "first": 1.0 if self._begins_paragraph(number) else 0.0,
            "not_prose": 1.0 if sentence.kind in ("term", "heading", "contents", "run_in") else 0.0,
            "question": 1.0 if text.endswith("?") else 0.0,
            "short": 0.0 if self._defines_term(number) else 1.0 if length < 35 else 0.4 if length < 55 else 0.0,
            "long": min(1.0, max(0, length - 250) / 450),
            "pointer": self._pointer(text),
            "history": 1.0 if self._history[sentence.section] else 0.0,
        }

    def _pointer(self, text: str) -> float:
        """Worst as an answer to what something is: a sentence that says only where it is explained."""
        if not _POINTER.search(text):
            return 0.0
        return 6.0 if self.question.defined and len(text) < _LONGEST_POINTER else 1.0

    @cached_property
    def _history(self) -> list[bool]:
        """By section: whether it, or one around it, is about changes, sources or the text itself."""
        found: list[bool] = []
        for number, section in enumerate(self.passage.segments.sections):
            found.append(bool(_HISTORY.search(section.title)) or (number > 0 and found[section.parent]))
        return found

    def _heading_asked(self, sentence: Sentence) -> float:
        """How much of the section's title is asked for."""
        title = [term for term in self.passage.heading_terms[sentence.section][0] if not term.isdigit()]
        asked = [self.weights[term] for term in title if term in self.weights]
        return (len(asked) / len(title)) * sum(asked) / self.total if title else 0.0

    def _opening(self, number: int, sentence: Sentence) -> float:
        """The first sentences below a heading that says what is asked."""
        distance = number - self.passage.first_below_heading[number]
        return self._heading_asked(sentence) * _OPENING[distance] if distance < len(_OPENING) else 0.0

    def _introduces_list(self, number: int) -> float:
        """When a list is asked for: whether one follows."""
        return 1.0 if self.question.kind == "list" and number in self._leads_of_lists else 0.0

    @cached_property
    def _leads_of_lists(self) -> frozenset[int]:
        counts = Counter(sentence.lead for sentence in self.passage.sentences if sentence.kind == "item")
        return frozenset(lead for lead, items in counts.items() if lead >= 0 and items > 1)

    def _expected(self, text: str) -> float:
        return holds(self.question.expected, text, self.weights)

    def _closeness(self, content: list[str]) -> float:
        """Different terms of the question within few words."""
        at = [place for place, term in enumerate(content) if term in self.weights]
        different = len({content[place] for place in at})
        if different < 2:
            return 0.0
        return different / (at[-1] - at[0] + 1) * min(1.0, different / 3)

    def _shared_characters(self, text: str) -> float:
        """Share of the question's groups of four characters, for words that stemming does not bring together."""
        if not self._characters:
            return 0.0
        there = _fourgrams(text)
        shared = sum(count for group, count in self._characters.items() if group in there)
        return shared / self._characters.total()

    def _begins_paragraph(self, number: int) -> bool:
        sentences = self.passage.sentences
        return number == 0 or sentences[number].paragraph != sentences[number - 1].paragraph

    # ---- definitions

    def _definitions(self) -> list[int]:
        """Sentences below a term or a heading that is just what was asked for."""
        if not self._core:
            return []
        return [
            number
            for number in range(1, len(self.passage.sentences))
            if self.passage.sentences[number - 1].kind in ("term", "heading")
            and _same(self._core, words.content_stems(self.passage.at(number - 1), english=self.question.english))
        ][:6]

    def _definition(self, number: int, text: str, stems: list[str]) -> float:
        defined = self.question.defined
        if not defined:
            return 0.0
        sentence = self.passage.sentences[number]
        lead = self.passage.at(sentence.lead) if sentence.lead >= 0 else ""
        lead_stems = tuple(words.content_stems(lead, english=self.question.english))
        if number == sentence.lead + 1 and lead_stems in (defined, self._core):
            return 2.2 if self._is_word_for_word(lead) else 1.2
        titled = self._titled(number, sentence)
        return titled if _POINTER.search(text) else max(self._says_what_it_is(text, stems), titled)

    def _defines_term(self, number: int) -> bool:
        """Its term belongs to it and makes it longer."""
        lead = self.passage.sentences[number].lead
        return lead >= 0 and lead == number - 1 and self.passage.sentences[lead].kind == "term"

    def _title(self, sentence: Sentence) -> str:
        return self.passage.segments.sections[sentence.section].title

    def _is_word_for_word(self, title: str) -> bool:
        """Whether its words are those of the question, not only their relatives (`Depends`, not `Dependencies`)."""
        asked = {word.rstrip("s") for word in words.words(self.question.text)}
        said = (word for word in words.words(title) if words.stem(word) in self._core)
        return all(word.rstrip("s") in asked for word in said)

    def _says_what_it_is(self, text: str, stems: list[str]) -> float:
        """“A virtual package is one which …”, “non-maintainer upload (NMU)”."""
        for term in {self.question.defined, self._core}:
            ends = [at + len(term) for at in range(6) if tuple(stems[at : at + len(term)]) == term]
            if ends and ends[0] <= len(term) + 2 and ends[0] < len(stems) and stems[ends[0]] in _COPULAS:
                return 1.3
            if ends and _DEFINES.search(text[:160]):
                return 0.8
        return 1.0 if self._explains_letters(text) else 0.0

    def _explains_letters(self, text: str) -> bool:
        """Whether an abbreviation stands in brackets after capitals or many letters: where it is introduced."""
        if len(self._core) != 1:
            return False
        found = (words.stem(match[1].lower()) for match in _IN_BRACKETS.finditer(text))
        return self._core[0] in found

    def _titled(self, number: int, sentence: Sentence) -> float:
        """Value of standing in the section that is titled by what is asked."""
        title = {term for term in self.passage.heading_terms[sentence.section][0] if not term.isdigit()} - _GENERAL
        core, distance = set(self._core), number - self.passage.first_below_heading[number]
        letters = self._explains_letters(self._title(sentence))
        if title == core and not letters and not self._is_word_for_word(self._title(sentence)):
            return 0.6 if distance == 0 else 0.3 if distance <= 2 else 0.0
        if title == core or letters:
            return 1.0 if distance == 0 else 0.7 if distance <= 2 else 0.3
        if title and title < core and self._core[0] in title:
            return 0.7 if distance == 0 else 0.4 if distance <= 2 else 0.0
        return 0.6 * len(core) / len(title) if core < title and distance == 0 else 0.0


def _same(core: Sequence[str], title: Sequence[str]) -> bool:
    return set(core) == {term for term in title if term not in _GENERAL and not term.isdigit()}


def _fourgrams(text: str) -> Counter[str]:
    """Groups of four characters that do not begin with a space."""
    flat = " ".join(words.words(text))
    return Counter(flat[at : at + 4] for at in range(len(flat) - 3) if flat[at] != " ")
