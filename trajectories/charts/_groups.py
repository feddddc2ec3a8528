"""A run's calls in groups: by depth, kind of call, model, tier, role or step. Each group is a bar of some chart."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trajectories.charts._record import GATE_CALL, ROOT_TURN, SUB_CALL, SUB_TURN, Call, Record
from trajectories.charts._words import Spent, capital

VIEWS = {
    "depth": "by depth",
    "call": "by kind of call",
    "model": "by model",
    "tier": "by tier",
    "role": "by role",
    "step": "by root step",
}
KINDS = (ROOT_TURN, SUB_TURN, SUB_CALL, GATE_CALL)
MOST_DEPTHS = 20
MOST_GROUPS = 20
"""Of models, tiers and roles; the lightest together are one."""
MOST_STEPS = 58
"""Bars for steps; where there are more, several are one bar."""


Terms = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    label: str
    calls: Sequence[Call]
    terms: Terms | None = None
    """What its calls have in common, in the keys of the trace's search; None where they cannot say it."""


def grouped(record: Record, by: str) -> list[Group]:
    """Every call in one group, in the order in which they are shown. `by` is a key of `VIEWS`."""
    if by == "step":
        return _steps(record)
    weighed = _weighed(record, _KEYS[by])
    if by == "depth":
        return [_depth(key, calls) for key, calls in sorted(weighed)]
    if by == "call":
        return [Group(label=KINDS[key], calls=calls) for key, calls in sorted(weighed)]
    values = [key for key, _calls in weighed]
    kept = weighed if len(weighed) <= MOST_GROUPS else weighed[: MOST_GROUPS - 1]
    groups = [Group(label=_label(record, by, key), calls=calls, terms=_terms(by, key, values)) for key, calls in kept]
    rest = [call for _key, calls in weighed[len(kept) :] for call in calls]
    return [*groups, Group(label=f"{len(weighed) - len(kept)} others", calls=rest)] if rest else groups


def _weighed(record: Record, key: Callable[[Call], Any]) -> list[tuple[Any, list[Call]]]:
    """The dearest first, then the longest."""
    found: dict[Any, list[Call]] = defaultdict(list)
    for call in record.calls:
        found[key(call)].append(call)
    return sorted(found.items(), key=lambda item: (-spent(item[1]).usd, -tokens(item[1]), item[0]))


_KEYS: dict[str, Callable[[Call], Any]] = {
    "depth": lambda call: min(call.depth, MOST_DEPTHS),
    "call": lambda call: KINDS.index(call.kind),
    "model": lambda call: call.model,
    "tier": lambda call: call.tier,
    "role": lambda call: call.role,
}


def _depth(depth: int, calls: list[Call]) -> Group:
    deepest = depth == MOST_DEPTHS
    label = f"depth {depth} and more" if deepest else f"depth {depth}"
    return Group(label=label, calls=calls, terms={"depth": f">={depth}" if deepest else depth})


def _label(record: Record, by: str, key: str) -> str:
    return record.model_names[key] if by == "model" else key or f"no {by}"


def _steps(record: Record) -> list[Group]:
    """Each of the root's steps with all below it, or several together where there are many, and what is in none."""
    by_step: dict[int | None, list[Call]] = defaultdict(list)
    for call in record.calls:
        by_step[call.step].append(call)
    size = -(-len(record.steps) // MOST_STEPS) or 1
    groups: list[Group] = []
    for first in range(0, len(record.steps), size):
        steps = record.steps[first : first + size]
        label = f"step {first + 1}" if len(steps) == 1 else f"steps {first + 1}–{first + len(steps)}"
        groups.append(Group(label=label, calls=[call for step in steps for call in by_step[step]]))
    return [*groups, Group(label="last chance", calls=by_step[None])] if by_step[None] else groups


def query(*several: Terms | None) -> str:
    """Words of the trace's search for calls with all of these: `kind:lm depth:1`. Empty where words cannot say it."""
    if any(terms is None for terms in several):
        return ""
    pairs = [(key, str(value)) for terms in several for key, value in (terms or {}).items()]
    if any(not value.isprintable() or set(value) & UNSPEAKABLE or value != value.strip() for _key, value in pairs):
        return ""
    return " ".join(["kind:lm", *(f'{key}:"{value}"' if " " in value else f"{key}:{value}" for key, value in pairs)])


UNSPEAKABLE = set('",')
"""They divide words of the search."""


def _terms(key: str, value: str, all_values: Iterable[str]) -> Terms | None:
    """The search takes a part of a name for the name: None where that would find others, too."""
    others = [other for other in all_values if other != value and value.lower() in other.lower()]
    return {key: value} if value and not others else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a bar is divided into."""

    name: str
    parts: Sequence[str]
    part_of: Callable[[Call], str]
    terms: Mapping[str, Terms]
    """Of the parts of which they can say it."""

    def divide(self, group: Group) -> list[list[Call]]:
        """A group's calls by part, in the order of the parts."""
        cells: dict[str, list[Call]] = {part: [] for part in self.parts}
        for call in group.calls:
            cells[self.part_of(call)].append(call)
        return list(cells.values())


def stack(record: Record, by: str, most: int | None = None) -> Stack:
    """Models, at most so many and the rest as one; kinds of call where the bars are models."""
    if by == "model":
        kinds = [kind for kind in KINDS if any(call.kind == kind for call in record.calls)]
        return Stack(name="Kind of call", parts=kinds, part_of=lambda call: call.kind, terms={})
    order = [record.model_names[name] for name, _calls in _weighed(record, _KEYS["model"])]
    kept = order if most is None or len(order) <= most else order[: most - 1]
    part_of = {name: name if name in kept else OTHER_MODELS for name in order}
    names = record.model_names
    return Stack(
        name="Model",
        parts=kept if len(kept) == len(order) else [*kept, OTHER_MODELS],
        part_of=lambda call: part_of[names[call.model]],
        terms={
            names[model]: terms
            for model in names
            if names[model] in kept and (terms := _terms("model", model, names)) is not None
        },
    )


OTHER_MODELS = "other models"


def spent(calls: Iterable[Call]) -> Spent:
    usd, unpriced = Decimal(0), 0
    for call in calls:
        if call.usd is None:
            unpriced += 1
        else:
            usd += call.usd
    return Spent(usd, unpriced)


def tokens(calls: Iterable[Call]) -> int:
    return sum(call.tokens for call in calls)


def title_of(label: str) -> str:
    """“Depth 1”, but a model's name as it is."""
    return capital(label) if label.split(" ")[0] in _WORDS else label


_WORDS = {"depth", "step", "steps", "root", "sub-RLM", "sub-calls", "gate", "last", "no"}
