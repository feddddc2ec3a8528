"""The worker: copies out of a passage the sentences that answer best, with their offsets. No language model.

It knows the prompts of our own planner (one JSON list as the answer) and makes the best of any other prompt: it looks
for a question and a text in it and quotes, or says that it can only quote.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trajectories.engine.errors import ProviderError
from trajectories.engine.offline import LABEL, central
from trajectories.engine.offline.passage import Passage
from trajectories.engine.offline.question import Question, understand
from trajectories.engine.offline.scoring import Scored, Scorer

ENOUGH = 0.5
"""Match below which a sentence is not called an answer."""
MOST_QUOTES = 6
MOST_SENTENCES = 3
"""Of a passage without a question."""
SENTENCES_A_BLOCK = 8

_PASSAGE = "\nPassage:\n"
_OWN = re.compile(r"^(Question|Weights of its words|Section): (.*)$", re.MULTILINE)
_TAGGED_QUESTION = re.compile(r"<(question|query)>\s*(.+?)\s*</\1>", re.DOTALL | re.IGNORECASE)
_NAMED_QUESTION = re.compile(r"^\W*(?:question|query|task|q)\W*:[ \t*]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
_ASKED = re.compile(r"[^.!?\n]*[^.!?\s][?？]")
_FENCED = re.compile(r"(?:```\w*|\"\"\")\n(.+?)\n(?:```|\"\"\")", re.DOTALL)
_TAGGED_TEXT = re.compile(r"<(\w+)>\s*(.+?)\s*</\1>", re.DOTALL)
_NAMED_TEXT = re.compile(
    r"^\W*(?:text|passage|context|document|excerpt|chunk|content|input|source)s?(?: \d+)?\W*:[ \t]*\n?",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a prompt asks for."""

    question: str
    """Empty: for sentences that represent the passage."""
    passage: str
    section: str = ""
    weights: Mapping[str, float] | None = None
    """What each term of the question says; None: to be found out from the passage."""
    is_own: bool = False
    """Written by our planner: the answer is a JSON list."""


def reply(prompt: str, schema: Any = None) -> str:
    """The answer to a prompt of any shape. Raises `ProviderError` for a schema that quotations cannot fill."""
    reading = read_own(prompt) or read_any(prompt)
    passage = Passage(reading.passage, above=reading.section, english=understand(reading.question).english)
    found = _represent(passage) if not reading.question else _answer(passage, reading)
    if reading.is_own and schema is None:
        return json.dumps(found, ensure_ascii=False)
    quotes = [item["quote"] for item in found if item.get("match", 1.0) >= ENOUGH]
    if schema is not None:
        return json.dumps(_fill(schema, quotes), ensure_ascii=False)
    return _in_words(quotes, reading)


def read_own(prompt: str) -> Reading | None:
    """A prompt of our planner's cells (`cells/ask.py.txt`, `cells/sample.py.txt`)."""
    head, mark, passage = prompt.partition(_PASSAGE)
    if not mark or not head.startswith("Copy from the passage the sentences that"):
        return None
    named = {match[1]: match[2] for match in _OWN.finditer(head)}
    try:
        question = json.loads(named.get("Question", '""'))
        weights = json.loads(named.get("Weights of its words", "{}"))
    except ValueError:
        return None
    if not isinstance(question, str) or not isinstance(weights, dict):
        return None
    numbers = {term: float(weight) for term, weight in weights.items() if isinstance(weight, int | float)}
    return Reading(
        question=question, passage=passage, section=named.get("Section", ""), weights=numbers or None, is_own=True
    )


def read_any(prompt: str) -> Reading:
    """Where the question and where the text may stand in somebody else's prompt."""
    question, without = _find_question(prompt)
    marked = _TAGGED_TEXT.search(without) or _FENCED.search(without)
    if marked and len(marked[marked.lastindex or 0]) > 80:
        return Reading(question=question, passage=marked[marked.lastindex or 0])
    named = _NAMED_TEXT.search(without)
    return Reading(question=question, passage=without[named.end() :] if named else without)


def _find_question(prompt: str) -> tuple[str, str]:
    """The question, and the prompt without it. Without any, the first line is the task, if a text follows it."""
    for pattern in (_TAGGED_QUESTION, _NAMED_QUESTION):
        if match := pattern.search(prompt):
            return match[match.lastindex or 0], prompt[: match.start()] + prompt[match.end() :]
    edges = [*_ASKED.finditer(prompt, 0, 2_000), *_ASKED.finditer(prompt, max(2_000, len(prompt) - 1_000))]
    if edges:
        asked = edges[0] if edges[0].start() < 600 else edges[-1]
        return asked[0].strip(), prompt[: asked.start()] + prompt[asked.end() :]
    first, _, rest = prompt.partition("\n")
    if not rest.strip() or understand(first).kind == "summarise":
        return "", rest or first
    return first.strip(), rest


def _answer(passage: Passage, reading: Reading) -> list[dict[str, Any]]:
    question = understand(reading.question)
    weights = reading.weights or _weights(passage, question)
    return [_item(passage, question, scored) for scored in Scorer(passage, question, weights).best(MOST_QUOTES)]


def _item(passage: Passage, question: Question, scored: Scored) -> dict[str, Any]:
    sentence = scored.sentence
    start = _start_with_term(passage, scored)
    item: dict[str, Any] = {
        "quote": passage.text[start : sentence.end],
        "start": start,
        "score": round(scored.score, 3),
        "match": round(scored.match, 3),
        "section": " › ".join(" ".join(title.split()) for title in passage.segments.path(sentence.section)),
    }
    items = _items(passage, scored.number) if question.kind == "list" else []
    if items:
        item["items"] = items
    elif more := _more(passage, scored.number, 3 if question.kind == "define" else 1):
        item["more"] = [more]
    return item


def _start_with_term(passage: Passage, scored: Scored) -> int:
    """A definition is quoted with its term, which stands on the line above."""
    lead = scored.sentence.lead
    is_term = lead >= 0 and lead == scored.number - 1 and passage.sentences[lead].kind == "term"
    if is_term and any(letter.isalpha() for letter in passage.at(lead)):
        return passage.sentences[lead].start
    return scored.sentence.start


def _items(passage: Passage, number: int) -> list[tuple[int, int]]:
    """The marked items that this sentence introduces, each to the end of its first sentence."""
    sentences = passage.sentences
    lead = number if sentences[number].kind != "item" else sentences[number].lead
    items: dict[int, tuple[int, int]] = {}
    for sentence in sentences:
        if lead >= 0 and sentence.kind == "item" and sentence.lead == lead:
            items.setdefault(sentence.paragraph, (sentence.start, sentence.end))
    return list(items.values()) if len(items) > 1 else []


def _more(passage: Passage, number: int, count: int) -> tuple[int, int] | None:
    """What follows in the same paragraph, at most so many sentences."""
    sentences = passage.sentences
    end = number + 1
    while end < len(sentences) and end - number <= count and sentences[end].paragraph == sentences[number].paragraph:
        end += 1
    return None if end == number + 1 else (sentences[number + 1].start, sentences[end - 1].end)


def _weights(passage: Passage, question: Question) -> dict[str, float]:
    """By how few blocks of the passage a term stands in."""
    blocks = len(passage.sentences) // SENTENCES_A_BLOCK + 1
    held = {
        term: len({number // SENTENCES_A_BLOCK for number in passage.places.get(term, ())}) for term in question.terms
    }
    return {term: math.log(1 + (blocks - count + 0.5) / (count + 0.5)) for term, count in held.items()}


def _represent(passage: Passage) -> list[dict[str, Any]]:
    return [
        {"quote": passage.at(number), "start": passage.sentences[number].start, "score": round(score, 3)}
        for number, score in central.most_central(passage, MOST_SENTENCES)
    ]


def _in_words(quotes: list[str], reading: Reading) -> str:
    if quotes:
        shown = "\n\n".join(f"“{quote}”" for quote in quotes[:3])
    elif reading.passage.strip():
        shown = "Not found in the text."
    else:
        shown = "There is no text in this prompt; without a language model I can only quote from one."
    return f"{shown}\n\n{LABEL}"


def _fill(schema: Any, quotes: list[str]) -> Any:
    """A value of the schema made of quotations only."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "string" and "enum" not in schema and quotes:
        return quotes[0]
    if kind == "array" and schema.get("items", {}).get("type") == "string":
        return quotes
    if kind == "object" and isinstance(schema.get("properties"), dict):
        return {name: _fill(part, quotes) for name, part in schema["properties"].items()}
    raise ProviderError(
        "schema",
        "offline/extractive can only quote: it cannot fill this schema with quotations. "
        "Ask without a schema, or connect a language model in the settings.",
    )
