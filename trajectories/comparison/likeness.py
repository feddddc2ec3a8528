"""How alike two steps, or two sets of sub-calls, are: what decides which of them stand side by side."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.comparison.alignment import Pair, align
from trajectories.comparison.essences import Calls, Essences, Step
from trajectories.comparison.record import Node

CODE, NAMES, CALLS, READS = 0.6, 0.15, 0.15, 0.1
"""Weights of the features of two steps; a feature that neither has does not count."""
ALMOST = 0.9
"""Likeness of two that do the same with another outcome."""
WITHOUT_CODE = 0.6
"""Of two turns that ran no code and said different things."""

Thing = Step | Calls | Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a thing is recognised by."""

    kind: Hashable
    """Things of different kinds have nothing in common."""
    core: Hashable
    """Of two that have it in common only the outcome can differ: the code of a step, the prompt of a call."""
    pieces: frozenset[Hashable]
    """Lines and words of the code; prompts of a set of calls; words of a call's prompt."""
    names: frozenset[str] = frozenset()
    """Functions of the REPL that the code calls."""
    calls: Counter[str] | None = None
    """Sub-calls by kind."""
    places: frozenset[Hashable] = frozenset()
    """What was read."""


class Pairing:
    """Lays steps or sets of calls side by side."""

    def __init__(self, essences: Essences) -> None:
        self._essences = essences
        self._features: dict[int, Features] = {}

    def pairs(self, one: Sequence[Thing], other: Sequence[Thing]) -> list[Pair]:
        """In order, and the same whichever comes first."""
        if [self._essences.number(thing) for thing in one] == [self._essences.number(thing) for thing in other]:
            return [(index, index) for index in range(len(one))]
        if self._order(other) < self._order(one):
            return [(theirs, ours) for ours, theirs in self._aligned(other, one)]
        return self._aligned(one, other)

    def _aligned(self, one: Sequence[Thing], other: Sequence[Thing]) -> list[Pair]:
        ours, theirs = ([self._of(thing).core for thing in things] for things in (one, other))
        return align(ours, theirs, lambda at, beside: self.alike(one[at], other[beside]))

    def _order(self, things: Sequence[Thing]) -> tuple[Any, ...]:
        """Something to sort two sequences by that depends on nothing but what is in them."""
        return len(things), [_wording(thing) for thing in things]

    def alike(self, one: Thing, other: Thing) -> float:
        """0 to 1."""
        if self._essences.number(one) == self._essences.number(other):
            return 1.0
        ours, theirs = self._of(one), self._of(other)
        if ours.kind != theirs.kind:
            return 0.0
        if ours.core == theirs.core:
            return ALMOST
        if isinstance(one, Calls):
            return 0.5 + 0.4 * (_shared(ours.pieces, theirs.pieces) or 0.0)
        if isinstance(one, Step) and not one.cells:
            return WITHOUT_CODE
        return ALMOST * _mean(ours, theirs)

    def _of(self, thing: Thing) -> Features:
        known = self._features.get(id(thing))
        if known is None:
            known = self._features[id(thing)] = self._found(thing)
        return known

    def _found(self, thing: Thing) -> Features:
        facets = self._essences.facets(thing)
        if isinstance(thing, Step):
            children = (child.kind for cell in thing.cells for child in cell.below)
            return Features(
                kind=(thing.is_last_chance, bool(thing.cells)),
                core=(facets["code"], facets["reply"]),
                pieces=self._essences.pieces(thing),
                names=frozenset(word for word in thing.node.label.replace(",", " ").split() if word[:1].isalpha()),
                calls=Counter(children),
                places=frozenset(read for cell in thing.cells for read in cell.reads),
            )
        if isinstance(thing, Calls):
            prompts = [self._essences.prompt(item) for item in thing.items]
            return Features(kind=facets["kind"], core=tuple(prompts), pieces=frozenset(prompts))
        return Features(kind=thing.kind, core=facets["prompt"], pieces=frozenset(thing.name.split()))


def _mean(ours: Features, theirs: Features) -> float:
    features = [
        (CODE, _shared(ours.pieces, theirs.pieces) or 0.0),
        (NAMES, _shared(ours.names, theirs.names)),
        (CALLS, _counts_shared(ours.calls or Counter(), theirs.calls or Counter())),
        (READS, _shared(ours.places, theirs.places)),
    ]
    known = [(weight, value) for weight, value in features if value is not None]
    return sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)


def _shared(ours: frozenset[Any], theirs: frozenset[Any]) -> float | None:
    """Part of two sets that is in both (Dice); None when both are empty."""
    if not ours and not theirs:
        return None
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


def _counts_shared(ours: Counter[str], theirs: Counter[str]) -> float | None:
    kinds = ours.keys() | theirs.keys()
    if not kinds:
        return None
    return sum(min(ours[kind], theirs[kind]) / max(ours[kind], theirs[kind]) for kind in kinds) / len(kinds)


def _wording(thing: Thing) -> tuple[Any, ...]:
    if isinstance(thing, Step):
        cells = [(cell.texts.get("code", ""), cell.texts.get("stdout", "")) for cell in thing.cells]
        return cells, thing.node.texts.get("thought", ""), thing.node.name
    nodes = thing.items if isinstance(thing, Calls) else [thing]
    return [(node.name, node.texts.get("response", node.texts.get("answer", ""))) for node in nodes], "", ""
