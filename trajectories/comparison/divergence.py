"""Where two runs first differ. Both logs are followed turn by turn, call by call, until a reply, a piece of code, an
output or a read is another one; then it is said whether the model had been asked the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from trajectories.comparison.essences import Calls, Essences, Step
from trajectories.comparison.record import Node, Record

What = Literal["reply", "code", "call", "output", "read", "error", "gate", "ending", "length"]
Cause = Literal["reply", "prompt", "none"]
"""`reply`: the model answered differently to the same prompt; `prompt`: the prompt already differed; `none`: no model
was asked at this place."""

RECURSION = 24
ROLES = {"system": "instructions", "user": "message", "assistant": "reply"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    what: What
    cause: Cause
    sentence: str
    nodes: tuple[int | None, int | None]
    """In the baseline, in the other run; None where it has nothing at this place."""
    steps: tuple[int | None, int | None]
    """Of the root, from 1; None: the last chance, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What differs, before it is known in which step of the root."""

    what: What
    cause: Cause
    says: str
    """Goes on after “Step 2: ”."""
    one: Node | None
    other: Node | None


class Divergences:
    def __init__(self, essences: Essences, names: Sequence[str]) -> None:
        """`names`: what the runs are called, “A”, “B”."""
        self._essences = essences
        self._names = names

    def between(self, records: Sequence[Record], base: int, run: int) -> Divergence | None:
        """None: no difference that counts."""
        called = (self._names[base], self._names[run])
        for one, other in zip_longest(records[base].roots, records[run].roots):
            found = _Walk(self._essences, called).roots(one, other)
            if found is not None:
                return found
        return None


class _Walk:
    """Follows one question in two runs."""

    def __init__(self, essences: Essences, called: tuple[str, str]) -> None:
        self._essences = essences
        self._one, self._other = called

    def roots(self, one: Node | None, other: Node | None) -> Divergence | None:
        if one is None or other is None:
            having = self._other if one is None else self._one
            place = _Place(
                what="length", cause="none", says=f"only {having} went on to this question", one=one, other=other
            )
            return self._told(place, None, None)
        for ours, theirs in zip_longest(self._essences.steps(one), self._essences.steps(other)):
            found = self._step(ours, theirs, (one, other), 0)
            if found is not None:
                return self._told(found, ours, theirs)
        return None

    def _told(self, place: _Place, ours: Step | None, theirs: Step | None) -> Divergence:
        steps = tuple(step.position or None if step else None for step in (ours, theirs))
        at = next((f"Step {step}" for step in steps if step), "Last chance" if ours or theirs else "Question")
        return Divergence(
            what=place.what,
            cause=place.cause,
            sentence=f"{at}: {place.says}.",
            nodes=(place.one.number if place.one else None, place.other.number if place.other else None),
            steps=(steps[0], steps[1]),
        )

    # ------------------------------------------------------------------------------------------ a turn

    def _step(self, ours: Step | None, theirs: Step | None, above: tuple[Node, Node], level: int) -> _Place | None:
        if ours is None or theirs is None:
            return self._length(ours, theirs, above)
        if self._essences.number(ours) == self._essences.number(theirs):
            return None
        return self._reply(ours, theirs) or self._cells(ours, theirs, level) or self._gates(ours, theirs)

    def _length(self, ours: Step | None, theirs: Step | None, above: tuple[Node, Node]) -> _Place:
        longer, shorter = (self._one, self._other) if ours else (self._other, self._one)
        status = above[1 if ours else 0].status
        ended = {"succeeded": "had its answer", "running": "is not so far yet"}.get(status, "had ended without one")
        one, other = (step.node if step else None for step in (ours, theirs))
        return _Place(what="length", cause="none", says=f"{longer} went on, {shorter} {ended}", one=one, other=other)

    def _reply(self, ours: Step, theirs: Step) -> _Place | None:
        """Another reply is one with other code, or, without code, in other words."""
        differs = self._essences.differing(ours, theirs)
        failed = [bool(step.replies) and step.replies[-1].status != "succeeded" for step in (ours, theirs)]
        if failed[0] != failed[1]:
            who = self._one if failed[0] else self._other
            error = (ours if failed[0] else theirs).replies[-1].error or "the call did not end"
            return self._asked(ours, theirs, "error", f"{who} got no reply from the model ({error[:120]})")
        if "code" in differs:
            return self._asked(ours, theirs, "code", "the model wrote other code")
        return self._asked(ours, theirs, "reply", "the model answered differently") if "reply" in differs else None

    def _asked(self, ours: Step, theirs: Step, what: What, says: str) -> _Place:
        one, other = (step.replies[-1] if step.replies else None for step in (ours, theirs))
        if one is None or other is None:
            return _Place(what=what, cause="none", says=says, one=one or ours.node, other=other or theirs.node)
        cause, because = self._cause(one, other)
        return _Place(what=what, cause=cause, says=f"{says} {because}", one=one, other=other)

    def _cause(self, one: Node, other: Node) -> tuple[Cause, str]:
        """Whether the two calls were asked the same, in words that go on a sentence."""
        one, other = one.tries[0], other.tries[0]
        if one.prompt == other.prompt:
            if one.model != other.model:
                return "reply", f"to the same prompt; {self._one} asked {one.model}, {self._other} {other.model}"
            return "reply", "to the same prompt"
        return "prompt", f"to a prompt that already differed, {_where(one, other)}"

    # ------------------------------------------------------------------------------------------ its cells

    def _cells(self, ours: Step, theirs: Step, level: int) -> _Place | None:
        calls = self._calls(ours, theirs, level)
        if calls is not None:
            return calls
        for one, other in zip_longest(ours.cells, theirs.cells):
            what, says = self._cell(one, other)
            if what is not None:
                return _Place(what=what, cause="none", says=says, one=one or ours.node, other=other or theirs.node)
        return None

    def _cell(self, one: Node | None, other: Node | None) -> tuple[What | None, str]:
        if one is None or other is None:
            return "length", f"the same code ran further in {self._other if one is None else self._one}"
        if (one.status, one.error) != (other.status, other.error):
            return "error", f"the same code {_end(one)} in {self._one} and {_end(other)} in {self._other}"
        if one.texts.get("stdout") != other.texts.get("stdout"):
            return "output", "the same code printed something else"
        if self._essences.places(one) != self._essences.places(other):
            return "read", "the same code read other places of the documents"
        if one.ending != other.ending:
            return "ending", f"the code ended the run only in {self._one if one.ending else self._other}"
        return None, ""

    def _gates(self, ours: Step, theirs: Step) -> _Place | None:
        for one, other in zip_longest(ours.gates, theirs.gates):
            if one is None or other is None or one.accepted != other.accepted:
                gate = one or other
                says = f"the gate {gate.name if gate else ''} judged differently"
                return _Place(what="gate", cause="none", says=says, one=one or ours.node, other=other or theirs.node)
        return None

    # ------------------------------------------------------------------------------------------ sub-calls

    def _calls(self, ours: Step, theirs: Step, level: int) -> _Place | None:
        """The first sub-call that was asked, or answered, something else."""
        for one, other in zip_longest(self._essences.calls(ours), self._essences.calls(theirs)):
            if one is None or other is None:
                having, whose = (one, self._one) if one else (other, self._other)
                says = f"the same code asked only in {whose} for {_amount(having)}" if having else ""
                return self._count(one, other, ours, theirs, says)
            place = self._items(one, other, level)
            if place is not None:
                return place
        return None

    def _count(self, one: Calls | None, other: Calls | None, ours: Step, theirs: Step, says: str) -> _Place:
        nodes = (one.node if one else ours.node, other.node if other else theirs.node)
        return _Place(what="call", cause="none", says=says, one=nodes[0], other=nodes[1])

    def _items(self, one: Calls, other: Calls, level: int) -> _Place | None:
        for ours, theirs in zip(one.items, other.items, strict=False):
            if self._essences.number(ours) != self._essences.number(theirs):
                return self._call(ours, theirs, level)
        if len(one.items) == len(other.items):
            return None
        says = f"the same code asked for {_amount(one)} in {self._one} and for {_amount(other)} in {self._other}"
        at = min(len(one.items), len(other.items))
        nodes = [calls.items[min(at, len(calls.items) - 1)] for calls in (one, other)]
        return _Place(what="call", cause="none", says=says, one=nodes[0], other=nodes[1])

    def _call(self, one: Node, other: Node, level: int) -> _Place:
        if self._essences.prompt(one) != self._essences.prompt(other):
            says = "the same code asked a sub-model something else; its prompt already differed"
            return _Place(what="call", cause="prompt", says=says, one=one, other=other)
        if one.kind == "rlm" and other.kind == "rlm":
            return self._inside(one, other, level)
        if one.status != other.status:
            failed, whose = (one, self._one) if one.status != "succeeded" else (other, self._other)
            says = f"a sub-model did not answer in {whose} ({(failed.error or failed.status)[:120]}), asked the same"
            return _Place(what="error", cause="reply", says=says, one=one, other=other)
        models = f"; {self._one} asked {one.model}, {self._other} {other.model}" if one.model != other.model else ""
        says = f"a sub-model answered differently to the same prompt{models}"
        return _Place(what="reply", cause="reply", says=says, one=one, other=other)

    def _inside(self, one: Node, other: Node, level: int) -> _Place:
        """Where two sub-RLMs with the same task part."""
        steps = zip_longest(self._essences.steps(one), self._essences.steps(other))
        for ours, theirs in steps if level < RECURSION else ():
            place = self._step(ours, theirs, (one, other), level + 1)
            if place is not None:
                position = next(step.position for step in (ours, theirs) if step)
                says = f"in a sub-RLM, step {position}: {place.says}" if level == 0 else place.says
                return _Place(what=place.what, cause=place.cause, says=says, one=place.one, other=place.other)
        return _Place(what="reply", cause="none", says="a sub-RLM ended otherwise", one=one, other=other)


def _end(cell: Node) -> str:
    if cell.error:
        return f"stopped on {cell.error[:120]}"
    return "ran through" if cell.status == "succeeded" else "was stopped"


def _amount(calls: Calls) -> str:
    noun = "sub-RLM" if calls.kind == "rlm" else "answer"
    return f"{len(calls.items):,} {noun}{'' if len(calls.items) == 1 else 's'}"


def _where(one: Node, other: Node) -> str:
    """Which message of two prompts differs first."""
    for index, (ours, theirs) in enumerate(zip_longest(one.prompt, other.prompt)):
        if ours == theirs:
            continue
        role = (ours or theirs)[0]
        if index == 0 and role == "system":
            return "in the instructions"
        if index <= 1 and role == "user":
            return "in the question or in what was said of the documents"
        if role == "assistant":
            return "in the wording of an earlier reply"
        return "in what was told beside the output, such as what is left of the limits"
    return "in a way that was not recorded"
