"""Sentences that share most with the others around them (LexRank), to represent a passage. Not a summary.

Source: Erkan and Radev, LexRank: Graph-based Lexical Centrality (2004), https://arxiv.org/abs/1109.2128.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from trajectories.engine.offline import words
from trajectories.engine.offline.passage import Passage

ALIKE = 0.08
"""Cosine from which two sentences count as related."""
DAMPING = 0.85
ROUNDS = 30
MOST_COMPARED = 150
"""Sentences compared with one another: the time grows with their square."""

_DEPENDENT = re.compile(
    r"^(this|these|those|it|they|he|she|then|thus|however|but|also|in this case|for example|such|note|see|if)\b",
    re.IGNORECASE,
)
_SIDE_MATTER = re.compile(r"changelog|version \d|license|appendix|history|upgrading|contents", re.IGNORECASE)


def most_central(passage: Passage, count: int) -> list[tuple[int, float]]:
    """(number of the sentence, its centrality; 1 is the average), best first."""
    numbers = [number for number in range(len(passage.sentences)) if _can_stand_alone(passage, number)]
    numbers = numbers[:: -(-len(numbers) // MOST_COMPARED) or 1]
    centrality = _centrality([_vector(passage, number) for number in numbers])
    ranked = [(number, value * _standing(passage, number)) for number, value in zip(numbers, centrality, strict=True)]
    return sorted(ranked, key=lambda item: (-item[1], item[0]))[:count]


def _can_stand_alone(passage: Passage, number: int) -> bool:
    text = passage.at(number)
    is_sentence = text[-1:] in ".!。" and (text[0].isupper() or text[0] in '"“' or ord(text[0]) >= 0x2E80)
    return passage.sentences[number].kind == "prose" and 60 <= len(text) <= 350 and is_sentence


def _standing(passage: Passage, number: int) -> float:
    """First sentences of sections and paragraphs represent more, sentences that need their forerunners less."""
    sentence, factor = passage.sentences[number], 1.0
    before = passage.sentences[number - 1] if number else None
    if before is None or before.kind == "heading":
        factor *= 1.8
    elif before.paragraph != sentence.paragraph:
        factor *= 1.25
    if _DEPENDENT.match(passage.at(number)):
        factor *= 0.5
    if _SIDE_MATTER.search(passage.segments.sections[sentence.section].title):
        factor *= 0.6
    return factor


def _vector(passage: Passage, number: int) -> dict[str, float]:
    """Terms, the rarer in the passage the heavier, of length 1."""
    counts = Counter(words.content_stems(passage.at(number), english=passage.english))
    total = len(passage.sentences)
    weights = {
        term: (1 + math.log(times)) * math.log(1 + total / (1 + len(passage.places.get(term, ()))))
        for term, times in counts.items()
    }
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def _centrality(vectors: Sequence[dict[str, float]]) -> list[float]:
    count = len(vectors)
    links: list[list[tuple[int, float]]] = [[] for _ in vectors]
    for first in range(count):
        for second in range(first + 1, count):
            cosine = _cosine(vectors[first], vectors[second])
            if cosine >= ALIKE:
                links[first].append((second, cosine))
                links[second].append((first, cosine))
    totals = [sum(cosine for _, cosine in linked) or 1.0 for linked in links]
    rank = [1.0] * count
    for _ in range(ROUNDS):
        rank = [
            1 - DAMPING + DAMPING * sum(rank[other] * cosine / totals[other] for other, cosine in links[number])
            for number in range(count)
        ]
    return rank


def _cosine(first: dict[str, float], second: dict[str, float]) -> float:
    if len(second) < len(first):
        first, second = second, first
    return sum(weight * second[term] for term, weight in first.items() if term in second)
