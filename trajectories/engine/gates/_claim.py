"""What a gate is shown, and what it says of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from trajectories.engine.policy import JSON, JudgedThing
from trajectories.engine.types import Document, Message, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing to be judged: what a cell printed, the reply to a call, or the final answer of an rlm node."""

    on: JudgedThing
    text: str
    """What was printed, replied or answered."""
    question: str
    """Of the rlm node; of a call: its prompt."""
    path: str
    """Names the conversation it belongs to; a gate that remembers does so by it."""
    code: str = ""
    """Of a cell."""
    error: str = ""
    """Of a cell: its traceback, empty when it went well."""
    variable: str | None = None
    """Of an answer: the variable it was taken from, if it was."""
    finish_reason: str = ""
    """Of a call."""
    messages: tuple[Message, ...] = ()
    """Of a call: all that was sent."""
    schema: JSON | None = None
    value: JSON | None = None
    """The text read as JSON, where a schema asked for it and it fits."""
    sources: tuple[Source, ...] = ()
    """Of an answer: the places it names."""
    documents: tuple[Document, ...] = ()
    """The inputs of the rlm node it belongs to."""
    ask: Callable[[str, str], Awaitable[str]]
    """(prompt, role) → a model's reply, in the run's budget and recorded below the gate's node. Raises
    `ProviderError`, `BudgetReached`."""
    again: Callable[[], Awaitable[str]] | None = None
    """Of a call: the same question to the same model once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    accepted: bool | None
    """None: abstains."""
    reason: str = ""
    """One sentence that the model and people can act on; empty when there is nothing to say."""
    found: tuple[tuple[int, int, int], ...] = ()
    """(document, start, end) of what was looked for and found; documents as in `Claim.documents`."""
    stops: bool = True
    """A refusal counts towards giving up; one that only asks to look again (a confirmation) does not."""


ACCEPTED = Verdict(accepted=True)


def refused(reason: str) -> Verdict:
    return Verdict(accepted=False, reason=reason)


def abstained(reason: str = "") -> Verdict:
    return Verdict(accepted=None, reason=reason)


class Gate(Protocol):
    """Made once for a run. May ask models; everything else in it is quick."""

    async def judge(self, claim: Claim) -> Verdict: ...


Options = Mapping[str, JSON]
