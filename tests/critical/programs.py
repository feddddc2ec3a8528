"""Programs of a made-up recursive run, played on a clock of their own: each tells its nodes as a run would have
recorded them and, beside them, the explicit graph of what had to wait for what.

Times are whole microseconds. With more slots the same program ends earlier: how much is simply tried.
"""

import heapq
import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import count

from trajectories.critical.path import Span

# ------------------------------------------------------------------------------------------------ what is played


@dataclass(frozen=True)
class Work:
    """Code that asks nobody."""

    micros: int


@dataclass(frozen=True)
class Call:
    micros: int
    tries: tuple[tuple[int, int], ...] = ()
    """Before the one that was answered: how long it took to fail, how long was waited then."""


@dataclass(frozen=True)
class Judged:
    """A call that gates refused: asked again until the last one, each time after a judgement."""

    calls: tuple[Call, ...]
    judging: int


@dataclass(frozen=True)
class Sub:
    """A sub-RLM."""

    steps: "tuple[Step, ...]"


@dataclass(frozen=True)
class Batch:
    items: "tuple[Call | Judged | Sub, ...]"


@dataclass(frozen=True)
class Threads:
    """Code that goes on at once, and is joined."""

    each: "tuple[tuple[Piece, ...], ...]"


Piece = Work | Call | Judged | Sub | Batch | Threads


@dataclass(frozen=True)
class Step:
    reply: Call
    code: tuple[Piece, ...]
    idle: int = 0
    """After it."""


def made_up(seed: int, *, threads: bool) -> tuple[Step, ...]:
    chance = random.Random(seed)
    return tuple(_step(chance, depth=0, threads=threads) for _ in range(chance.randint(1, 4)))


def _step(chance: random.Random, depth: int, *, threads: bool) -> Step:
    pieces = [_piece(chance, depth, threads=threads) for _ in range(chance.randint(0, 4))]
    return Step(_call(chance), tuple(pieces), chance.choice((0, 0, chance.randrange(5_000_000))))


def _call(chance: random.Random) -> Call:
    failed = [(chance.randrange(1, 900_000), chance.randrange(500_000)) for _ in range(max(0, chance.randint(-4, 2)))]
    return Call(chance.randrange(1, 3_000_000), tuple(failed))


def _piece(chance: random.Random, depth: int, *, threads: bool) -> Piece:
    kind = chance.choice(["work", "call", "batch", "sub", "threads", "batch"])
    if kind == "work":
        return Work(chance.randrange(1, 900_000))
    if kind == "threads" and threads:
        return Threads(
            tuple(
                tuple(_piece(chance, depth + 1, threads=False) for _ in range(chance.randint(1, 3)))
                for _ in range(chance.randint(1, 3))
            )
        )
    if kind == "batch":
        return Batch(tuple(_item(chance, depth) for _ in range(chance.randint(1, 7))))
    return _item(chance, depth) if kind == "sub" else _call(chance)


def _item(chance: random.Random, depth: int) -> Call | Judged | Sub:
    if chance.random() < 0.2:
        return Judged(tuple(_call(chance) for _ in range(chance.randint(2, 4))), chance.randrange(1, 90_000))
    if depth >= 2 or chance.random() < 0.7:
        return _call(chance)
    return Sub(tuple(_step(chance, depth + 1, threads=False) for _ in range(chance.randint(1, 3))))


# ------------------------------------------------------------------------------------------------ playing it


@dataclass
class Graph:
    """What had to wait for what: edges (from, to, micros, label) between moments. Moments are numbered as they come."""

    edges: list[tuple[int, int, int, str]] = field(default_factory=list)
    moments: int = 1

    def add(self, befores: Sequence[int], micros: int = 0, label: str = "") -> int:
        moment = self.moments
        self.moments += 1
        self.edges += [(before, moment, micros, label) for before in befores]
        return moment

    def longest(self, *, free_slots: bool = False) -> tuple[int, dict[str, int]]:
        """The longest path from the first moment to the last, and what it is made of by label."""
        lengths, sums = {0: 0}, {0: dict[str, int]()}
        for before, after, micros, label in sorted(self.edges, key=lambda edge: edge[1]):
            taken = 0 if free_slots and label == "queue" else micros
            if lengths[before] + taken >= lengths.get(after, -1):
                lengths[after] = lengths[before] + taken
                sums[after] = {**sums[before], label: sums[before].get(label, 0) + taken}
        last = self.moments - 1
        return lengths[last], {label: micros for label, micros in sums[last].items() if micros}


@dataclass
class Played:
    spans: list[Span]
    graph: Graph
    micros: int


Place = dict[str, int]
"""Of an item in its batch: {batch, index}."""
Process = Generator["int | Signal", None, int]
"""Sleeps for microseconds or waits for a signal; returns its last moment in the graph."""


class Signal:
    def __init__(self) -> None:
        self.value: int | None = None
        self.waiting: list[Process] = []


class Player:
    def __init__(self, slots: int) -> None:
        self.now = 0
        self.free = slots
        self.queue: list[Signal] = []
        self.graph = Graph()
        self.spans: list[Span] = []
        self._due: list[tuple[int, int, Process]] = []
        self._order = count()
        self._batches = count(1)
        self._done: dict[int, Signal] = {}

    def play(self, steps: Sequence[Step]) -> Played:
        self.spawn(self.rlm(Sub(tuple(steps)), None, 0, None, 0))
        while self._due:
            self.now, _, process = heapq.heappop(self._due)
            self._go_on(process)
        return Played(self.spans, self.graph, self.now)

    def spawn(self, process: Process) -> Signal:
        signal = self._done[id(process)] = Signal()
        self._later(process, 0)
        return signal

    def _later(self, process: Process, micros: int) -> None:
        heapq.heappush(self._due, (self.now + micros, next(self._order), process))

    def _go_on(self, process: Process) -> None:
        try:
            wanted = next(process)
        except StopIteration as end:
            signal = self._done.pop(id(process))
            signal.value = end.value
            for each in signal.waiting:
                self._later(each, 0)
            return
        if isinstance(wanted, int):
            self._later(process, wanted)
        elif wanted.value is None:
            wanted.waiting.append(process)
        else:
            self._later(process, 0)

    # -------------------------------------------------------------------------------------------- nodes

    def begin(self, kind: str, parent: Span | None, depth: int, place: "Place | None" = None) -> Span:
        span = Span(
            number=len(self.spans) + 1,
            parent=parent.number if parent else None,
            kind=kind,
            depth=depth,
            start=self.now,
            end=-1,
            **(place or {}),
        )
        self.spans.append(span)
        return span

    def sleep(self, at: int, micros: int, label: str) -> Generator[int, None, int]:
        if micros:
            yield micros
        return self.graph.add([at], micros, label)

    def rlm(self, sub: Sub, parent: Span | None, depth: int, place: Place | None, at: int) -> Process:
        own = self.begin("rlm", parent, depth, place)
        for step in sub.steps:
            at = yield from self.step(step, own, depth, at)
            at = yield from self.sleep(at, step.idle, "rest")
        own.end = self.now
        return self.graph.add([at])

    def step(self, step: Step, parent: Span, depth: int, at: int) -> Process:
        own = self.begin("step", parent, depth)
        at = yield from self.sleep(at, 40, "rest")
        at = yield from self.call(step.reply, own, depth, None, at, "calls" if depth else "root")
        if step.code:
            at = yield from self.sleep(at, 25, "rest")
            cell = self.begin("cell", own, depth)
            at = yield from self.code(step.code, cell, at)
            cell.end = self.now
        own.end = self.now
        return at

    def code(self, pieces: Sequence[Piece], cell: Span, at: int) -> Process:
        at = yield from self.sleep(at, 300, "code")
        for piece in pieces:
            if isinstance(piece, Work):
                at = yield from self.sleep(at, piece.micros, "code")
            elif isinstance(piece, Threads):
                signals = [self.spawn(self.code(each, cell, at)) for each in piece.each]
                at = yield from self.join(signals)
            else:
                at = yield from self.asked(piece, cell, at)
            at = yield from self.sleep(at, 150, "code")
        return at

    def asked(self, piece: Call | Judged | Sub | Batch, cell: Span, at: int) -> Process:
        if not isinstance(piece, Batch):
            return (yield from self.item(piece, cell, None, at))
        signals, batch = [], next(self._batches)
        for index, item in enumerate(piece.items):
            signals.append(self.spawn(self.item(item, cell, {"batch": batch, "index": index}, at)))
            at = yield from self.sleep(at, 7, "code")
        return (yield from self.join(signals))

    def item(self, item: Call | Judged | Sub, cell: Span, place: Place | None, at: int) -> Process:
        if isinstance(item, Sub):
            return (yield from self.rlm(item, cell, cell.depth + 1, place, at))
        if isinstance(item, Judged):
            return (yield from self.judged(item, cell, place, at))
        return (yield from self.call(item, cell, cell.depth + 1, place, at, "calls"))

    def judged(self, item: Judged, cell: Span, place: Place | None, at: int) -> Process:
        before: Place = {}
        for call in item.calls:
            if before:
                at = yield from self.sleep(at, 3, "rest" if place else "code")
            number = len(self.spans) + 1
            at = yield from self.call(call, cell, cell.depth + 1, (place or {}) | before, at, "calls")
            gate = self.begin("gate", cell, cell.depth, {"follows": number})
            at = yield from self.sleep(at, item.judging, "gates")
            gate.end = self.now
            before = {"follows": number}
        return at

    def join(self, signals: Sequence[Signal]) -> Process:
        yield from signals
        return self.graph.add([signal.value for signal in signals if signal.value is not None])

    def call(self, call: Call, parent: Span, depth: int, place: Place | None, at: int, label: str) -> Process:
        own = self.begin("lm", parent, depth, place)
        if self.free:
            self.free -= 1
        else:
            freed = Signal()
            self.queue.append(freed)
            yield freed
        own.queued = self.now - own.start
        at = self.graph.add([at], own.queued, "queue")
        for failing, wait in call.tries:
            at = yield from self.sleep(at, failing + wait, "retries")
            own.retried += failing + wait
        at = yield from self.sleep(at, call.micros, label)
        own.end = self.now
        self._release()
        return at

    def _release(self) -> None:
        if not self.queue:
            self.free += 1
            return
        freed = self.queue.pop(0)
        freed.value = 0
        for each in freed.waiting:
            self._later(each, 0)
