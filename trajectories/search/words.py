"""The words a query knows, in one place: the parser, the pages' help and the browser's filter read them here.

A word is written `name:value`, such as `kind:cell` or `cost:>0.01`. `NODE_WORDS` choose nodes, `RUN_WORDS` runs.
"""

from dataclasses import dataclass
from typing import Literal

Takes = Literal["choice", "part", "number", "money", "duration", "date", "place"]
"""What stands after the colon: one of a few names, a part of a name, a figure, a day, a place in a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    name: str
    takes: Takes
    help: str
    """What it chooses, in a few words."""
    example: str
    """A value to begin with."""
    choices: tuple[str, ...] = ()

    @property
    def expects(self) -> str:
        """What must come after its colon, as a sentence."""
        return f"After “{self.name}:” comes {self._value()}, such as {self.name}:{self.example}."

    def _value(self) -> str:
        if self.choices:
            return (
                f"one of {', '.join(self.choices[:-1])} or {self.choices[-1]}" if self.choices[1:] else self.choices[0]
            )
        return _VALUES[self.takes]


_VALUES: dict[Takes, str] = {
    "part": "a part of a name",
    "number": "a number, also with >, <, >=, <= or from..to",
    "money": "an amount in dollars, also with >, <, >=, <= or from..to",
    "duration": "a time in ms, s, m or h, also with >, <, >=, <= or from..to",
    "date": "a day as year-month-day, also with >, <, >=, <= or from..to",
    "place": "a document's name, a range of characters after @, or both",
}

STATUSES = ("running", "succeeded", "failed", "cancelled")

SCOPES: dict[str, tuple[str, ...]] = {
    "code": ("code",),
    "prompt": ("request", "question", "notes"),
    "reply": ("response", "reasoning", "reason"),
    "output": ("stdout", "shown"),
    "thought": ("thought",),
    "answer": ("answer",),
    "error": ("error",),
    "name": ("name",),
}
"""What can stand after `in:` → the texts of a node that it means."""

IN = Word(
    name="in",
    takes="choice",
    choices=tuple(SCOPES),
    example="code",
    help="looks for the text only there",
)

NODE_WORDS = (
    Word(
        name="kind",
        takes="choice",
        choices=("rlm", "step", "lm", "cell", "gate"),
        example="cell",
        help="nodes of this kind",
    ),
    IN,
    Word(name="status", takes="choice", choices=STATUSES, example="failed", help="how it ended"),
    Word(name="error", takes="part", example="timeout", help="kind of its error"),
    Word(name="model", takes="part", example="mini", help="the model asked"),
    Word(name="role", takes="part", example="worker", help="what the model was asked as"),
    Word(name="tier", takes="part", example="s", help="the tier asked"),
    Word(name="label", takes="part", example="grep", help="what a cell or step does"),
    Word(name="cost", takes="money", example=">0.01", help="dollars, with all below it"),
    Word(name="time", takes="duration", example=">2s", help="how long it took"),
    Word(name="tokens", takes="number", example=">1000", help="in and out"),
    Word(name="depth", takes="number", example=">1", help="how deep in the recursion"),
    Word(name="node", takes="number", example="12", help="its number"),
    Word(name="batch", takes="number", example="12", help="calls made at once"),
    Word(name="reads", takes="place", example="@1200-4000", help="what read that document, or that range"),
)

RUN_WORDS = (
    Word(
        name="status",
        takes="choice",
        choices=("queued", *STATUSES),
        example="failed",
        help="how it ended",
    ),
    Word(
        name="is",
        takes="choice",
        choices=("pinned", "live", "imported", "forked", "shared"),
        example="pinned",
        help="what it is",
    ),
    Word(name="marked", takes="choice", choices=("right", "wrong"), example="right", help="by a thumb on its answer"),
    Word(name="tag", takes="part", example="checked", help="a tag of it"),
    Word(name="document", takes="part", example="report", help="name of a document it read"),
    Word(name="model", takes="part", example="mini", help="a model of its policy"),
    Word(name="policy", takes="part", example="balanced", help="name of its policy"),
    Word(name="error", takes="part", example="timeout", help="kind of its error"),
    Word(name="cost", takes="money", example=">0.01", help="dollars"),
    Word(name="time", takes="duration", example=">1m", help="how long it took"),
    Word(name="tokens", takes="number", example=">10k", help="in and out"),
    Word(name="calls", takes="number", example=">100", help="model calls"),
    Word(name="nodes", takes="number", example=">100", help="nodes of its trace"),
    Word(name="date", takes="date", example=">2026-01-31", help="day it was asked"),
    Word(
        name="in",
        takes="choice",
        choices=("question", "title", *SCOPES),
        example="code",
        help="looks for the text only there",
    ),
)

ELSEWHERE = {
    **{word.name: "nodes of one run; use it in the trace of a run" for word in NODE_WORDS},
    **{word.name: "runs; use it on the page Runs" for word in RUN_WORDS},
}
"""What a word chooses that is not known where it was written."""
