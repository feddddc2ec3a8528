"""The root: a fixed plan instead of a language model. It writes code for the REPL and looks at what the code printed.

Which plan, is read from the question; where it stands in the plan, from the conversation, so it keeps no state and the
same conversation always gets the same reply. The code is in `cells/`, one file a stage.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from trajectories.engine.errors import ProviderError
from trajectories.engine.offline.extractive import ENOUGH
from trajectories.engine.offline.question import Kind, Question, search_forms, understand
from trajectories.engine.types import Message

MOST_ASKED = 6
"""Questions looked for at once: the question itself, and things compared or options."""
ENOUGH_TO_SHOW = 0.3
"""Match from which a passage is shown that is not claimed to answer."""
ENDING_ENGLISH = (
    r"[a-z]?(?:e|es|s|ed|d|ing|ings|er|ers|or|ors|ion|ions|ation|ations|ive|ives|ment|ments|ly|y|ies|ied|i|al|ally"
    r"|able|ible|ance|ence|ant|ent|ity|ful|ness|ist|ists|ism)?"
)
"""What may follow the beginning of an English word (one letter may be doubled before it)."""
ENDING_ANY = r"\w{0,3}"

_PLANS: dict[Kind, tuple[str, ...]] = {
    "find": ("look", "find", "ask", "answer"),
    "define": ("look", "find", "ask", "answer"),
    "list": ("look", "find", "ask", "answer"),
    "compare": ("look", "find", "ask", "answer"),
    "count": ("look", "count", "answer_count"),
    "headings": ("look", "headings", "answer_headings"),
    "summarise": ("look", "sample", "answer_sample"),
}
_WITHOUT_CALLS = "alone"
"""The stage that follows `ask` where the worker cannot be asked."""
_WITH_DRAFT = frozenset({"ask", _WITHOUT_CALLS, "count", "headings", "sample"})
"""Stages after which the REPL's variable `draft` holds an answer."""
_FILES: dict[str, tuple[str, ...]] = {"ask": ("ask", "show"), "alone": ("alone", "show")}
_THOUGHTS = {
    "look": "First a look at the text: its size and its beginning.",
    "find": "Search for the words of the question and weigh the places by how rare their words are.",
    "ask": "Give the best windows to the extractive worker and keep the quotations that stand in the text exactly.",
    "alone": "The worker cannot be asked, so the sentences of these windows are weighed in Python.",
    "answer": "Put the quotations together and finish.",
    "count": "A number of occurrences is counted, not looked up.",
    "answer_count": "Report the counts and finish.",
    "headings": "Collect the headings and count them by level.",
    "answer_headings": "Report the headings and finish.",
    "sample": "Read windows from all over the text and ask the worker for sentences that represent them.",
    "answer_sample": "Put the sentences together and finish.",
}
_KINDS: dict[Kind, str] = {
    "find": "find a place and quote it",
    "define": "find an explanation and quote it",
    "list": "find a list",
    "compare": "quote both sides of a comparison",
    "count": "count occurrences",
    "headings": "count headings",
    "summarise": "choose representative sentences",
}
_QUESTION = re.compile(r"<question>\n(.*)\n</question>\n<documents>\n", re.DOTALL)
_DONE = re.compile(r"^(\w+): done(?: \((failed)\))?$", re.MULTILINE)


def reply(messages: Sequence[Message]) -> str:
    """The next turn. Raises `ProviderError` when the planner's own code failed, which it cannot repair."""
    question = understand(question_of(messages))
    plan = _PLANS[question.kind]
    if not any(message.role == "assistant" for message in messages):
        return _turn(question, plan, plan[0])
    if _is_last_chance(messages):
        return _last_words(messages)
    stage, failed = _report_in(messages[-1])
    if failed and stage == "ask":
        return _turn(question, plan, _WITHOUT_CALLS)
    if stage == _WITHOUT_CALLS:
        return _turn(question, plan, plan[-1])
    if failed:
        raise ProviderError("engine", "Choosing representative sentences needs the worker: allow a depth of 1 or more.")
    if stage not in plan[:-1]:
        raise _broken(messages[-1].content)
    return _turn(question, plan, plan[plan.index(stage) + 1])


def question_of(messages: Sequence[Message]) -> str:
    """The question of the conversation; all of the first message where it is not marked."""
    first = next((message.content for message in messages if message.role == "user"), "")
    marked = _QUESTION.search(first)
    return marked[1] if marked else first


def _report_in(message: Message) -> tuple[str, bool]:
    """The stage that says in the REPL's output that it is done, and whether it could not do its work."""
    reports = _DONE.findall(message.content)
    return (reports[-1][0], bool(reports[-1][1])) if reports else ("", False)


def _is_last_chance(messages: Sequence[Message]) -> bool:
    """Whether this asks for an answer without a further turn: it follows the REPL's output at once, or comes in its
    place (a turn was broken off) and says what a last reply may be."""
    last = messages[-1]
    return messages[-2].role == "user" or ("FINAL_VAR(" in last.content and not _report_in(last)[0])


def _last_words(messages: Sequence[Message]) -> str:
    """With no turn left: what was found so far. Nothing, when nothing was: then there is no answer."""
    stages = {_report_in(message)[0] for message in messages if message.role == "user"}
    return 'FINAL_VAR("draft")' if stages & _WITH_DRAFT else ""


def _turn(question: Question, plan: tuple[str, ...], stage: str) -> str:
    number = plan.index("ask" if stage == _WITHOUT_CALLS else stage) + 1
    heading = f"Offline planner, no language model. Step {number} of {len(plan)}."
    if number == 1:
        heading += f" The question is taken as: {_KINDS[question.kind]}{_limits(question)}."
    return f"{heading} {_THOUGHTS[stage]}\n\n```repl\n{code(question, stage)}\n```"


def _limits(question: Question) -> str:
    return f" (it also asks to {question.beyond}, which this cannot do)" if question.beyond else ""


def code(question: Question, stage: str) -> str:
    """The cell of a stage: what it needs to know of the question, then the code from its file."""
    parts = [*_parameters(question, stage), *(cell(name) for name in _FILES.get(stage, (stage,)))]
    if not stage.startswith("answer"):
        parts.append(_report(stage))
    return "\n".join(parts)


def _report(stage: str) -> str:
    if stage not in ("ask", "sample"):
        return f'print("{stage}: done")'
    return (
        'if failed:\n    print(len(failed), "calls failed:", failed[0])\n'
        f'print("{stage}: done (failed)" if failed and len(failed) == len(replies) else "{stage}: done")'
    )


def _parameters(question: Question, stage: str) -> list[str]:
    """Assignments that begin a cell. `repr` makes any text of the user a literal."""
    if stage == "find":
        asked = ",\n".join(f"    {_asked(part, about)!r}" for part, about in _questions(question))
        ending = ENDING_ENGLISH if question.english else ENDING_ANY
        return [f"ASKED = [\n{asked},\n]", f"ENDING = {ending!r}"]
    if stage == "answer":
        enough = ENOUGH_TO_SHOW if question.beyond else ENOUGH
        return [f"KIND, BEYOND, ENOUGH = {question.kind!r}, {question.beyond!r}, {enough}"]
    if stage == "count":
        return [f"COUNTED = {question.counted!r}"]
    if stage == "headings":
        return [f"LOOKED_FOR = {question.counted!r}"]
    return []


def _questions(question: Question) -> list[tuple[Question, str]]:
    """The question itself, and what each of its parts asks, with the part's name. Options go first: the words around
    them ("put these in order") are hardly found in a text."""
    parts = question.subjects[: MOST_ASKED - 1]
    if question.kind != "compare":
        return [*((understand(part), part) for part in parts), (question, "")]
    return [(question, ""), *((understand(f"What is {part}?"), part) for part in parts)]


def _asked(question: Question, about: str) -> dict[str, object]:
    return {
        "question": question.text,
        "about": about,
        "terms": search_forms(question),
        "names": [list(name) for name in question.names],
        "defined": list(question.defined),
    }


@cache
def cell(name: str) -> str:
    """The code of a file in `cells/`."""
    file = resources.files("trajectories.engine.offline") / "cells" / f"{name}.py.txt"
    return file.read_text("utf-8").rstrip("\n")


def _broken(output: str) -> ProviderError:
    last = next((line for line in reversed(output.splitlines()) if "Error" in line or "Timeout" in line), "")
    return ProviderError(
        "engine",
        f"The offline planner's code did not finish{': ' + last.strip()[:200] if last else ''}. "
        "Ask about a smaller text, or connect a language model in the settings.",
    )
