"""What of a run's record its story is made from. Only data; where it comes from is the business of others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One node. Times are seconds since the run's start."""

    number: int
    parent: int | None
    kind: str
    depth: int
    name: str
    status: str
    start: float
    end: float | None
    model: str
    batch: int | None
    attempt: int | None
    usd: Decimal | None
    """Of the node and all below it; None: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event that belongs to no start or end of a node: a limit reached, a tier raised, a reply repaired."""

    type: str
    node: int | None
    at: float
    """Seconds since the run's start."""
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A cited passage, and the root's step in which it was first seen."""

    source: int
    """Its number, from 1."""
    step: int | None
    """Number of the step's node; None: no read of it was recorded."""
    by_model: bool
    """Whether a model saw it there, rather than code alone."""


@dataclass(kw_only=True)
class Traced:
    """One run."""

    nodes: dict[int, Brief]
    """All, by number, in order."""
    details: Mapping[int, Json]
    """What events said of the nodes near the root (`is_near`) beyond their columns, with `error`."""
    happenings: Sequence[Happening]
    seen: Sequence[Seen]
    document_names: Mapping[str, str]
    status: str
    ended_by: str
    error: Json | None
    children: dict[int | None, list[Brief]] = field(init=False)

    def __post_init__(self) -> None:
        self.children = defaultdict(list)
        for node in self.nodes.values():
            self.children[node.parent].append(node)

    @property
    def roots(self) -> list[Brief]:
        """One; several when a session answered several questions."""
        return [node for node in self.children[None] if node.kind == "rlm"]

    def of(self, node: Brief, *kinds: str) -> list[Brief]:
        """What lies directly below a node."""
        return [child for child in self.children.get(node.number, []) if child.kind in kinds]

    def below(self, node: Brief) -> Iterator[Brief]:
        """All below a node."""
        waiting = [node.number]
        while waiting:
            for child in self.children.get(waiting.pop(), []):
                waiting.append(child.number)
                yield child

    def detail(self, node: Brief) -> Json:
        return self.details.get(node.number, {})

    @property
    def is_live(self) -> bool:
        return self.status in ("queued", "running")


def near(nodes: Iterable[Brief]) -> set[int]:
    """Numbers of those whose data is told of: roots, their steps, and what lies directly below both."""
    roots, steps, found = set[int](), set[int](), set[int]()
    for node in nodes:
        if node.parent is None:
            roots.add(node.number)
        elif node.parent in roots:
            steps.add(node.number)
        elif node.parent not in steps:
            continue
        found.add(node.number)
    return found


# ------------------------------------------------------------------------------------------------ sources

SEEN = ("printed", "peek", "sent")
"""Ways of reading by which a model sees a text."""


def first_seen(
    sources: Sequence[Json], reads: Iterable[tuple[int, str, int, int, str]], nodes: Mapping[int, Brief]
) -> list[Seen]:
    """In which step of the root each source was first shown to a model; else, first read by code."""
    waiting = {how: _by_document(sources) for how in (True, False)}
    earliest: list[dict[bool, int]] = [{} for _ in sources]
    for node, document, start, end, how in sorted(reads):
        pending = waiting[how in SEEN].get(document)
        if not pending:
            continue
        met = [index for index in pending if start < sources[index]["end"] and sources[index]["start"] < end]
        for index in met:
            earliest[index][how in SEEN] = node
            pending.remove(index)
    found = []
    for index, known in enumerate(earliest):
        by_model = True in known
        step = _step_above(known[by_model], nodes) if known else None
        found.append(Seen(source=index + 1, step=step, by_model=by_model))
    return found


def _by_document(sources: Sequence[Json]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, source in enumerate(sources):
        found[str(source["document"])].append(index)
    return found


def _step_above(number: int | None, nodes: Mapping[int, Brief]) -> int | None:
    """The root's step that a node belongs to."""
    while number is not None:
        node = nodes.get(number)
        if node is None:
            return None
        above = nodes.get(node.parent or 0)
        if node.kind == "step" and (above is None or above.parent is None):
            return number
        number = node.parent
    return None
