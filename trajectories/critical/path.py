"""The path, given when each node began and ended and which were awaited together. Pure, in whole microseconds."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

SHARES = ("root", "calls", "queue", "retries", "code", "gates", "rest")
CLAUSES = ("root", "calls", "code", "gates", "rest")


@dataclass(slots=True, kw_only=True)
class Span:
    """One node, as far as its time goes."""

    number: int
    parent: int | None
    kind: str
    depth: int
    start: int
    end: int
    """Now, while it runs."""
    queued: int = 0
    """Waited for a slot, from its start."""
    retried: int = 0
    """Spent in tries that failed and in the waits after them."""
    batch: int | None = None
    index: int | None = None
    follows: int | None = None
    """The call that a gate judged, or that this call was made instead of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of the sum: the root's own time of one kind, or what its code awaited."""

    key: str
    """One of `CLAUSES`; of `calls` there may be several."""
    micros: int
    queued: int
    retried: int
    nodes: tuple[int, ...]
    """That the time was spent in, in order of time."""
    longest: int | None
    """The one of them that took longest."""
    kind: str
    """Of what was awaited: `lm` or `rlm`; empty for the root's own time."""
    sizes: tuple[int, ...]
    """How many were awaited together, each time; empty for the root's own time."""
    is_batch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalPath:
    micros: int
    """From the start of the first root node to the end of the last."""
    least: int
    """The same had no call waited for a slot: the lower bound for any number of slots."""
    nodes: tuple[int, ...]
    """All on the path, by number."""
    leaves: tuple[int, ...]
    """Calls, cells and gates on the path, in order of time."""
    shares: dict[str, int]
    """By `SHARES`, over all depths; they add up to `micros`."""
    clauses: tuple[Clause, ...]
    """They add up to `micros` too."""
    waited: tuple[int, ...]
    """The calls on the path that waited for a slot, the longest wait first."""
    live: bool


def critical_path(spans: Sequence[Span], *, live: bool = False) -> CriticalPath:
    """Of at least one node, in the order of their numbers. Clips the spans to those above them."""
    spans = _with_items(spans)
    top = _adopt(spans)
    awaited: dict[int, _Awaited] = {}
    for span in reversed(spans):  # those below a node have higher numbers
        above = awaited.setdefault(span.parent or 0, _Awaited())
        above.take(span, _saved(span, awaited.get(span.number)))
    saved = _saved(top, awaited.get(0))
    walk = _Walk(awaited)
    walk.go(top)
    return CriticalPath(
        micros=top.end - top.start,
        least=top.end - top.start - saved,
        nodes=tuple(sorted(walk.nodes)),
        leaves=tuple(span.number for span in sorted(walk.leaves, key=_in_time)),
        shares=walk.shares,
        clauses=tuple(each.clause() for each in sorted(walk.sums.values(), key=_rank) if each.micros),
        waited=tuple(span.number for span in sorted(walk.waited, key=lambda span: (-span.queued, span.number))),
        live=live,
    )


def _with_items(spans: Sequence[Span]) -> list[Span]:
    """Where an item of a batch was more than one call (refused, repaired, raised to another model), what it was made
    of comes below a span of its own, of the kind `item`, whose number is the first call's, negative."""
    firsts: dict[tuple[int, int], int] = {}
    home: dict[int, int] = {}
    for span in spans:
        first = home.get(span.follows or 0)
        if span.batch is not None and span.index is not None:
            first = first or firsts.setdefault((span.batch, span.index), span.number)
        if first:
            home[span.number] = first
    items: dict[int, Span] = {}
    for span in spans:
        first = home.get(span.number, span.number)
        if first != span.number:
            items.setdefault(first, span)
    if not items:
        return list(spans)
    found = []
    for span in spans:
        first = home.get(span.number, span.number)
        if first == span.number and first in items:
            items[first] = replace(span, number=-first, kind="item", queued=0, retried=0)
            found.append(items[first])
        if first in items:
            item = items[first]
            item.end = max(item.end, span.end)
            span.parent, span.batch = item.number, None
        found.append(span)
    return found


def _adopt(spans: Sequence[Span]) -> Span:
    """Clips each to the one above it; returns what stands above the root nodes (a session of several questions has
    several)."""
    by_number: dict[int, Span] = {}
    for span in spans:
        by_number[span.number] = span
        if span.parent not in by_number or span.parent == span.number:
            span.parent = None
    roots = [span for span in spans if span.parent is None]
    start, end = min(span.start for span in roots), max(span.end for span in roots)
    top = Span(number=0, parent=None, kind="top", depth=0, start=start, end=max(start, end))
    for span in spans:
        above = top if span.parent is None else by_number[span.parent]
        span.start = min(max(span.start, above.start), above.end)
        span.end = min(max(span.end, span.start), above.end)
        span.queued = min(max(span.queued, 0), span.end - span.start)
        span.retried = min(max(span.retried, 0), span.end - span.start - span.queued)
    return top


# ------------------------------------------------------------------------------------------------ who awaited whom


@dataclass(slots=True)
class _Group:
    """Nodes that were awaited together."""

    first: int
    start: int
    end: int
    free: int
    """When the last would have ended had none waited for a slot, all begun as they were."""
    last: Span
    """The one that was waited for."""
    is_batch: bool
    size: int = 1
    saved: int = 0
    """How much earlier it would have ended had no call waited for a slot."""

    @property
    def key(self) -> tuple[int, int, int]:
        """Groups in this order: a later one may have awaited the end of an earlier one, never the reverse."""
        return self.end, self.start, self.first

    @property
    def began(self) -> tuple[int, int, int]:
        """What was awaited before it comes before this."""
        return self.start, self.start, self.first


@dataclass(slots=True)
class _Awaited:
    """What one node awaited."""

    groups: list[_Group] = field(default_factory=list)
    batches: dict[int, _Group] = field(default_factory=dict)

    def take(self, span: Span, saved: int) -> None:
        """They come with falling numbers."""
        group = None if span.batch is None else self.batches.get(span.batch)
        if group is None:
            group = _Group(span.number, span.start, span.end, span.end - saved, span, span.batch is not None)
            self.groups.append(group)
            if span.batch is not None:
                self.batches[span.batch] = group
            return
        group.size += 1
        group.first = span.number
        group.start = min(group.start, span.start)
        group.free = max(group.free, span.end - saved)
        if span.end >= group.end:
            group.end, group.last = span.end, span


def _saved(span: Span, awaited: _Awaited | None) -> int:
    """How much earlier a node would have ended had no call waited for a slot. Sorts what it awaited.

    Where code called from threads nobody knows which of the groups that had ended a group followed: it is taken to
    follow the one that would have saved most, so no more than this can be saved."""
    if awaited is None:
        return span.queued
    groups = awaited.groups
    groups.sort(key=lambda group: group.key)
    ended = most = 0
    for group in sorted(groups, key=lambda group: group.began):
        while groups[ended].key < group.began:
            most = max(most, groups[ended].saved)
            ended += 1
        group.saved = most + group.end - group.free
    return groups[-1].end - max(group.end - group.saved for group in groups)


def _chain(groups: Sequence[_Group]) -> list[_Group]:
    """Sorted groups → those that were waited for one after the other, from the last."""
    chain, keys = [], [group.key for group in groups]
    index = len(groups) - 1
    while index >= 0:
        chain.append(groups[index])
        index = bisect_left(keys, groups[index].began) - 1
    return chain


# ------------------------------------------------------------------------------------------------ adding up


@dataclass(slots=True)
class _Sum:
    """A clause while it is added up."""

    key: str
    kind: str = ""
    is_batch: bool = False
    micros: int = 0
    queued: int = 0
    retried: int = 0
    nodes: list[Span] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def clause(self) -> Clause:
        longest = min(self.nodes, key=lambda span: (span.start - span.end, span.number), default=None)
        return Clause(
            key=self.key,
            micros=self.micros,
            queued=self.queued,
            retried=self.retried,
            nodes=tuple(abs(span.number) for span in sorted(self.nodes, key=_in_time)),
            longest=abs(longest.number) if longest else None,
            kind=self.kind,
            sizes=tuple(sorted(self.sizes, reverse=True)),
            is_batch=self.is_batch,
        )


OWN = {"lm": "root", "cell": "code", "gate": "gates"}
"""Kind of a node of the root itself → clause for its time."""


class _Walk:
    """Goes back from the end of a run through what was waited for."""

    def __init__(self, awaited: dict[int, _Awaited]) -> None:
        self._awaited = awaited
        self.nodes: list[int] = []
        self.leaves: list[Span] = []
        self.waited: list[Span] = []
        self.shares = dict.fromkeys(SHARES, 0)
        self.sums: dict[tuple[str, str, bool], _Sum] = {}

    def go(self, top: Span) -> None:
        waiting: list[tuple[Span, _Sum | None]] = [(top, None)]
        while waiting:
            span, home = waiting.pop()
            awaited = self._awaited.get(span.number)
            chain = _chain(awaited.groups) if awaited else []
            own = span.end - span.start - sum(group.last.end - group.last.start for group in chain)
            mine = home or self._sum(OWN.get(span.kind, "rest"))
            self._count(span, own, mine)
            waiting += [(group.last, self._home(span, home, mine, group)) for group in chain]

    def _home(self, span: Span, home: _Sum | None, mine: _Sum, group: _Group) -> _Sum | None:
        """The clause that the time below a node goes to; None: each node of the root has its own."""
        if home or span.kind == "gate":
            return mine
        if span.kind != "cell" or group.last.kind == "gate":
            return None
        calls = self._sum("calls", "rlm" if group.last.kind == "rlm" else "lm", group.is_batch)
        calls.sizes.append(group.size)
        calls.nodes.append(group.last)
        return calls

    def _sum(self, key: str, kind: str = "", is_batch: bool = False) -> _Sum:
        return self.sums.setdefault((key, kind, is_batch), _Sum(key, kind, is_batch))

    def _count(self, span: Span, own: int, home: _Sum) -> None:
        home.micros += own
        if span.kind in ("top", "item"):
            self.shares["rest"] += own
            return
        self.nodes.append(span.number)
        if span.kind in OWN:
            self.leaves.append(span)
        if home.key != "calls":
            home.nodes.append(span)
        if span.kind == "lm":
            self._count_call(span, own, home)
        else:
            self.shares[OWN.get(span.kind, "rest")] += own

    def _count_call(self, span: Span, own: int, home: _Sum) -> None:
        self.shares["queue"] += span.queued
        self.shares["retries"] += span.retried
        self.shares["root" if home.key == "root" else "calls"] += own - span.queued - span.retried
        home.queued += span.queued
        home.retried += span.retried
        if span.queued:
            self.waited.append(span)


def _in_time(span: Span) -> tuple[int, int]:
    return span.start, span.number


def _rank(clause: _Sum) -> tuple[int, str, bool]:
    return CLAUSES.index(clause.key), clause.kind, not clause.is_batch
