"""The items of two sets of sub-calls: which of the one was asked what an item of the other was asked, and how they
came out. Thousands are counted; only those that differ are ever listed.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from trajectories.comparison.essences import Essences
from trajectories.comparison.record import Node

Placed = tuple[int, Node]
"""An item and its place in its set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """How the items of a set of calls stand to the baseline's."""

    count: int
    failed: int
    same: int = 0
    asked_otherwise: int = 0
    """At the same place, with another prompt."""
    answered_otherwise: int = 0
    """Asked the same, with another outcome."""
    missing: int = 0
    """Of the baseline's, those that this set does not have."""
    extra: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPairs:
    pairs: list[tuple[int, int]]
    """Place in the one set, place in the other."""
    extra: list[int]
    """Places in the other set that have no counterpart."""


def pair_items(ours: Sequence[Node], theirs: Sequence[Node], essences: Essences) -> ItemPairs:
    """By place and prompt; what is left by prompt; what is left then by place."""
    asked, theirs_asked = ([essences.prompt(item) for item in items] for items in (ours, theirs))
    if asked == theirs_asked:
        return ItemPairs(pairs=[(at, at) for at in range(len(ours))], extra=[])
    keys: tuple[Callable[[Placed], Hashable], ...] = (
        lambda placed: (_place(placed), essences.prompt(placed[1])),
        lambda placed: essences.prompt(placed[1]),
        _place,
    )
    left, rest = list(enumerate(ours)), list(enumerate(theirs))
    pairs: list[tuple[int, int]] = []
    for key in keys:
        waiting: dict[Hashable, deque[Placed]] = defaultdict(deque)
        for placed in left:
            waiting[key(placed)].append(placed)
        unpaired = []
        for placed in rest:
            mates = waiting.get(key(placed))
            if mates:
                pairs.append((mates.popleft()[0], placed[0]))
            else:
                unpaired.append(placed)
        taken = {at for at, _ in pairs}
        left, rest = [placed for placed in left if placed[0] not in taken], unpaired
        if not left or not rest:
            break
    return ItemPairs(pairs=sorted(pairs), extra=[at for at, _ in rest])


def _place(placed: Placed) -> int:
    at, node = placed
    return at if node.index is None else node.index


def counted(ours: Sequence[Node], theirs: Sequence[Node], found: ItemPairs, essences: Essences) -> Items:
    same = asked_otherwise = 0
    for at, beside in found.pairs:
        one, other = ours[at], theirs[beside]
        if essences.number(one) == essences.number(other):
            same += 1
        elif essences.prompt(one) != essences.prompt(other):
            asked_otherwise += 1
    return Items(
        count=len(theirs),
        failed=failures(theirs),
        same=same,
        asked_otherwise=asked_otherwise,
        answered_otherwise=len(found.pairs) - same - asked_otherwise,
        missing=len(ours) - len(found.pairs),
        extra=len(found.extra),
    )


def failures(items: Sequence[Node]) -> int:
    return sum(item.status == "failed" for item in items)
