"""Two sequences laid side by side: which item of one stands beside which item of the other, in order, by how alike they
are (Needleman and Wunsch). Sequences of thousands are first cut at items that are unique and the same in both.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Pair = tuple[int, int]
"""Index in the one sequence, index in the other."""
Alike = Callable[[int, int], float]
"""0 (nothing in common) to 1 (the same), by index in both."""

ALIKE_ENOUGH = 0.4
"""Items less alike than this do not stand beside one another."""
MOST_CELLS = 20_000
"""Of the table that is filled for a stretch; a longer one is looked at along its diagonal only."""


def align(ours: Sequence[Hashable], theirs: Sequence[Hashable], alike: Alike) -> list[Pair]:
    """The pairs in order. Long sequences are cut where an item of `ours` and one of `theirs` are equal and unique."""
    pairs: list[Pair] = []
    for stretch in _stretches(ours, theirs):
        pairs += _best(stretch, alike)
    return pairs


Stretch = tuple[int, int, int, int]
"""From, to in ours; from, to in theirs."""


def _stretches(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[Stretch]:
    """Pieces small enough to be looked at whole, one after the other; a pair of unique twins is a piece."""
    if len(ours) * len(theirs) <= MOST_CELLS:
        return [(0, len(ours), 0, len(theirs))]
    found: list[Stretch] = []
    at = (0, 0)
    for one, other in [*unique_twins(ours, theirs), (len(ours), len(theirs))]:
        found.append((at[0], one, at[1], other))
        if one < len(ours):
            found.append((one, one + 1, other, other + 1))
        at = (one + 1, other + 1)
    return found


def unique_twins(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[Pair]:
    """The longest run of pairs, in order on both sides, of items that occur once in each."""
    counts, others = Counter(ours), Counter(theirs)
    places = {item: index for index, item in enumerate(theirs) if others[item] == 1}
    pairs = [(index, places[item]) for index, item in enumerate(ours) if counts[item] == 1 and item in places]
    return _rising(pairs)


def _rising(pairs: list[Pair]) -> list[Pair]:
    """The longest subsequence whose second numbers rise (patience sorting); the first ones rise already."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(pairs):
        pile = bisect_left(tops, other)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(other)
            piles.append(index)
        else:
            tops[pile], piles[pile] = other, index
    chain: list[Pair] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


class _Line:
    """One row of the table, from column `low` on: the greatest sums so far. Right of it nothing more is gained."""

    __slots__ = ("low", "pairs", "sums")

    def __init__(self, low: int) -> None:
        self.low = low
        self.sums: list[float] = []
        self.pairs: list[bool] = []

    def sum(self, column: int) -> float:
        if column < self.low or not self.sums:
            return 0.0
        return self.sums[min(column - self.low, len(self.sums) - 1)]

    def is_pair(self, column: int) -> bool:
        return 0 <= column - self.low < len(self.pairs) and self.pairs[column - self.low]


def _best(stretch: Stretch, alike: Alike) -> list[Pair]:
    """The pairs of a stretch with the greatest sum of likeness above what is enough."""
    first, last, other_first, other_last = stretch
    rows, columns = last - first, other_last - other_first
    if not rows or not columns:
        return []
    whole = rows * columns <= MOST_CELLS
    half = columns if whole else max(8, MOST_CELLS // (2 * rows))
    table = [_Line(0)]
    for row in range(1, rows + 1):
        middle = row * columns // rows
        above, line = table[-1], _Line(max(1, middle - half))
        table.append(line)
        for column in range(line.low, min(columns, middle + half) + 1):
            likeness = alike(first + row - 1, other_first + column - 1)
            apart = max(above.sum(column), line.sum(column - 1))
            together = above.sum(column - 1) + likeness - ALIKE_ENOUGH
            is_pair = likeness >= ALIKE_ENOUGH and together >= apart - 1e-9
            line.pairs.append(is_pair)
            line.sums.append(together if is_pair else apart)
    return _traced(table, first, other_first, columns)


def _traced(table: list[_Line], first: int, other_first: int, columns: int) -> list[Pair]:
    pairs: list[Pair] = []
    row, column = len(table) - 1, columns
    while row and column:
        if table[row].is_pair(column):
            row, column = row - 1, column - 1
            pairs.append((first + row, other_first + column))
        elif table[row - 1].sum(column) >= table[row].sum(column - 1):
            row -= 1
        else:
            column -= 1
    return pairs[::-1]
