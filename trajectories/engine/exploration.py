"""Whether an answer may come yet: how much of the text was really read, printed or given to models.

Counted are known stretches of the inputs, each character once, and what code printed; not that some code ran.
A tiny context is exempt, and an answer does not count as grounded in what the same reply was the first to look at.
"""

from collections.abc import Iterable

from trajectories.engine.types import Document, Read

TINY_CONTEXT = 16_384
"""Characters up to which an answer may come without a look."""
ENOUGH_CHARS = 2_000
ENOUGH_PART = 0.02
"""Of a context: enough is the smaller of both, so that a short text need not be read twice."""
LOOKS = frozenset({"peek", "grep", "slice", "printed", "sent"})


class Exploration:
    """Of one rlm node."""

    def __init__(self, documents: tuple[Document, ...]) -> None:
        self.context_chars = sum(document.text.chars for document in documents)
        self._read: dict[int, list[tuple[int, int]]] = {}
        self._printed = 0
        self.asked = 0
        """Prompts given to models."""

    @property
    def is_exempt(self) -> bool:
        return self.context_chars <= TINY_CONTEXT

    @property
    def chars(self) -> int:
        """Distinct characters read or delegated, or characters printed, whichever is more."""
        read = sum(end - start for spans in self._read.values() for start, end in spans)
        return max(read, self._printed)

    @property
    def enough(self) -> bool:
        return self.is_exempt or self.asked > 0 or self.chars >= min(ENOUGH_CHARS, ENOUGH_PART * self.context_chars)

    def note(self, reads: Iterable[Read], printed_chars: int, asked: int) -> None:
        """What one cell did."""
        self._printed += printed_chars
        self.asked += asked
        for read in reads:
            if read.how in LOOKS:
                spans = self._read.setdefault(read.document, [])
                spans.append((read.start, read.end))
                self._read[read.document] = _merged(spans)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
