"""Puts the sentences of a run in order; a long story is folded in the middle."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from frontend.story import steps, turns
from frontend.story.traced import Brief, Happening, Traced
from frontend.story.words import Part, Sentence, counted

MOST_SHOWN = 40
"""Sentences from which the middle is folded."""
KEPT_AT_ENDS = 12
MOST_TOLD = 2_000
"""Sentences of the folded middle that are told at all."""
STEP_NAME = re.compile(r"Step \d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    first: list[Sentence]
    middle: list[Sentence]
    """Folded away; empty for a story of usual length."""
    last: list[Sentence]
    whole: list[Sentence]
    """What is about the run as a whole: how it ended, what it cites."""
    left_out: int = 0

    def __iter__(self) -> Iterator[Sentence]:
        yield from (*self.first, *self.middle, *self.last, *self.whole)

    def __bool__(self) -> bool:
        return bool(self.first or self.whole)

    @property
    def folded(self) -> str:
        """“276 more steps, 3,000 questions”"""
        return counted(len(self.middle) + self.left_out, "more step")


def tell(traced: Traced) -> Story:
    names = _names(traced)
    of_steps = _happenings_by_step(traced, names)
    told = [
        steps.sentence(steps.take_apart(traced, traced.nodes[number], name, of_steps.get(number, [])))
        for number, name in names.items()
    ]
    told += [*turns.between(traced), *turns.last_chances(traced)]
    told.sort(key=lambda sentence: (sentence.start or 0.0, sentence.node or 0))
    whole = [*turns.ending(traced), *turns.citing(traced, names)]
    return _folded(told, whole)


def with_time(story: Story, parts: Sequence[Part]) -> Story:
    """With the sentence of the critical path at its end."""
    if not parts:
        return story
    line = Sentence(node=parts[0].node, kind="clock", parts=(Part(text="Time: "), *parts, Part(text=".")))
    return Story(
        first=story.first, middle=story.middle, last=story.last, whole=[*story.whole, line], left_out=story.left_out
    )


def _names(traced: Traced) -> dict[int, str]:
    """Number of each step of a root → what it is called."""
    names: dict[int, str] = {}
    roots = traced.roots
    for question, root in enumerate(roots, start=1):
        before = f"Question {question}, " if len(roots) > 1 else ""
        for place, step in enumerate(traced.of(root, "step"), start=1):
            names[step.number] = before + _name(traced, step, place, bool(before))
    return names


def _name(traced: Traced, step: Brief, place: int, inside: bool) -> str:
    if traced.detail(step).get("compaction"):
        return "a summary" if inside else "A summary"
    name = step.name if STEP_NAME.fullmatch(step.name) else f"Step {place}"
    return name.lower() if inside else name


def _happenings_by_step(traced: Traced, names: dict[int, str]) -> dict[int, list[Happening]]:
    found: dict[int, list[Happening]] = {}
    for each in traced.happenings:
        number = each.node
        while number is not None and number not in names:
            node = traced.nodes.get(number)
            number = node.parent if node else None
        if number is not None:
            found.setdefault(number, []).append(each)
    return found


def _folded(told: list[Sentence], whole: list[Sentence]) -> Story:
    if len(told) <= MOST_SHOWN:
        return Story(first=told, middle=[], last=[], whole=whole)
    middle = told[KEPT_AT_ENDS:-KEPT_AT_ENDS]
    return Story(
        first=told[:KEPT_AT_ENDS],
        middle=middle[:MOST_TOLD],
        last=told[-KEPT_AT_ENDS:],
        whole=whole,
        left_out=max(0, len(middle) - MOST_TOLD),
    )
