"""The shapes of a comparison for OpenAPI; the data classes of `trajectories.comparison` make the answers."""

from typing import Any, Literal

from ninja import Schema

from trajectories.api.bodies import RunStatus
from trajectories.api.shapes import Cost


class ComparedRun(Schema):
    letter: Literal["A", "B", "C", "D"]
    id: str
    question: str
    status: RunStatus
    ended_by: str | None
    cost: Cost
    created_at: str
    finished_at: str | None
    last_seq: int
    url: str


class FigureDelta(Schema):
    absolute: int | float | str | None
    """Null for words, which are only the same or not."""
    relative: float | None
    verdict: Literal["better", "worse", "neutral"]


class ComparedFigure(Schema):
    name: str
    unit: Literal["text", "usd", "seconds", "count", "tokens", "share"]
    better: Literal["lower", "higher"] | None
    values: list[int | float | str | None]
    deltas: list[FigureDelta | None]
    """Against the baseline; null for itself, and where one of the two is not known."""


class ComparedSetting(Schema):
    name: str
    values: list[Any]


class ComparedSettings(Schema):
    differ: list[ComparedSetting]
    equal: list[ComparedSetting]


class TextPart(Schema):
    how: Literal["same", "gone", "new"]
    text: str


class TextDifference(Schema):
    parts: list[TextPart]
    by: Literal["words", "paragraphs"]


class ComparedAnswer(Schema):
    text: str | None
    difference: TextDifference | None
    note: str


class ComparedSide(Schema):
    kind: Literal["step", "last_chance", "lm", "rlm", "batch", "loop"]
    node: int
    name: str
    position: int | None
    count: int | None
    start: float
    seconds: float | None
    usd: str | None
    unpriced: int
    error: str


class ComparedItems(Schema):
    count: int
    failed: int
    same: int
    asked_otherwise: int
    answered_otherwise: int
    missing: int
    extra: int


class ComparedRow(Schema):
    id: str
    result: Literal["same", "changed", "onlya", "onlyb"]
    """`onlya`: only the baseline has it; `onlyb`: the baseline has it not."""
    sides: list[ComparedSide | None]
    beside: list[Literal["base", "same", "changed", "missing", "extra", "absent"]]
    differs: list[list[str]]
    notes: list[list[str]]
    items: list[ComparedItems | None]
    below: list["ComparedRow"]
    left_out: int


class RunDifference(Schema):
    what: Literal["reply", "code", "call", "output", "read", "error", "gate", "ending", "length"]
    cause: Literal["reply", "prompt", "none"]
    """`reply`: the model answered differently to the same prompt; `prompt`: the prompt already differed."""
    sentence: str
    nodes: list[int | None]
    """In the baseline, in the other run."""
    steps: list[int | None]


class FirstDifference(Schema):
    run: str
    difference: RunDifference


class Comparison(Schema):
    base: str
    runs: list[ComparedRun]
    figures: list[ComparedFigure]
    settings: ComparedSettings
    answers: list[ComparedAnswer]
    steps: list[ComparedRow]
    steps_left_out: int
    counts: dict[str, int]
    differences: list[RunDifference | None]
    """By run: where it first differs from the baseline."""
    first_difference: FirstDifference | None
