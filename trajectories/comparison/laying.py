"""Many sequences laid side by side: the baseline's things in order, with those of the other runs beside and between."""

from collections import defaultdict, deque
from collections.abc import Sequence

from trajectories.comparison.essences import Calls, Essences
from trajectories.comparison.items import Items, counted, failures, pair_items
from trajectories.comparison.likeness import Pairing, Thing
from trajectories.comparison.record import Node

Sides = tuple[Thing | None, ...]
"""By run."""
Open = list[Thing | None]
"""The same while it is being filled."""


def alone(run: int, thing: Thing, runs: int) -> Open:
    row: Open = [None] * runs
    row[run] = thing
    return row


def laid_out(lists: Sequence[Sequence[Thing]], base: int, pairing: Pairing) -> list[Sides]:
    rows = [alone(base, thing, len(lists)) for thing in lists[base]]
    gaps: list[list[Open]] = [[] for _ in range(len(rows) + 1)]
    for run, things in enumerate(lists):
        if run == base:
            continue
        mates = {theirs: ours for ours, theirs in pairing.pairs(lists[base], things)}
        loose: dict[int, list[Thing]] = defaultdict(list)
        gap = 0
        for index, thing in enumerate(things):
            if index in mates:
                rows[mates[index]][run] = thing
                gap = mates[index] + 1
            else:
                loose[gap].append(thing)
        for gap, extra in loose.items():
            gaps[gap] = _joined(gaps[gap], run, extra, pairing, len(lists))
    laid = [*gaps[0]]
    for row, between in zip(rows, gaps[1:], strict=True):
        laid += [row, *between]
    return [tuple(row) for row in laid]


def _joined(known: list[Open], run: int, extra: Sequence[Thing], pairing: Pairing, runs: int) -> list[Open]:
    """Rows the baseline has not, with those of one more run; what two other runs share is one row."""
    firsts = [next(thing for thing in row if thing is not None) for row in known]
    joined: list[Open] = []
    row_at = extra_at = 0
    for row, index in [*pairing.pairs(firsts, extra), (len(known), len(extra))]:
        joined += known[row_at:row]
        joined += [alone(run, thing, runs) for thing in extra[extra_at:index]]
        if row < len(known):
            known[row][run] = extra[index]
            joined.append(known[row])
        row_at, extra_at = row + 1, index + 1
    return joined


def laid_items(sides: Sides, base: int, essences: Essences) -> tuple[list[Items | None], list[Sides]]:
    """How the items of each run's calls stand to the baseline's, and all items side by side."""
    reference = sides[base]
    ours = reference.items if isinstance(reference, Calls) else []
    rows = [alone(base, item, len(sides)) for item in ours]
    extras: list[Open] = []
    counts: list[Items | None] = []
    for run, side in enumerate(sides):
        if not isinstance(side, Calls):
            counts.append(None)
            continue
        if side is reference or not ours:
            counts.append(Items(count=len(side.items), failed=failures(side.items)))
            continue
        found = pair_items(ours, side.items, essences)
        counts.append(counted(ours, side.items, found, essences))
        for at, theirs in found.pairs:
            rows[at][run] = side.items[theirs]
        _add_extras(extras, run, [side.items[at] for at in found.extra], essences, len(sides))
    return counts, [tuple(row) for row in [*rows, *extras]]


def _add_extras(extras: list[Open], run: int, items: Sequence[Node], essences: Essences, runs: int) -> None:
    """What two other runs were asked alike is one row."""
    waiting: dict[int, deque[Open]] = defaultdict(deque)
    for row in extras:
        first = next(thing for thing in row if thing is not None)
        waiting[essences.prompt(first)].append(row)  # type: ignore[arg-type]
    for item in items:
        mates = waiting.get(essences.prompt(item))
        if mates:
            mates.popleft()[run] = item
        else:
            extras.append(alone(run, item, runs))
