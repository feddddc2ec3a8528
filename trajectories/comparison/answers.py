"""The answers side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from trajectories.comparison.difference import Difference, difference
from trajectories.comparison.record import Record

SAYS_PARAGRAPHS = "These answers are long, so they are compared paragraph by paragraph, not word by word."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str | None
    difference: Difference | None
    """Against the baseline's; None for the baseline itself."""

    @property
    def note(self) -> str:
        return SAYS_PARAGRAPHS if self.difference and self.difference.by == "paragraphs" else ""


def answers(records: Sequence[Record], base: int) -> list[Answer]:
    reference = records[base].run.answer or ""
    return [
        Answer(
            text=record.run.answer,
            difference=None if run == base else difference(reference, record.run.answer or ""),
        )
        for run, record in enumerate(records)
    ]
