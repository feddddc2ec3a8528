"""A run as it can be searched: its rows and their texts, taken in piece by piece within a time limit.

A search goes on where the last one stopped, and takes in what is new of a run that is still at work. Some runs are
remembered between searches, as many as fit into some memory.
"""

import gc
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import QuerySet

from trajectories.models import Node, Run
from trajectories.search.held import HeldTexts, Text, check, parts
from trajectories.search.rows import SCOPE_OF, Place, Row, Said, Taken
from trajectories.search.sources import OwnRecord, Seen, Source, ToldRecord

AT_ONCE = 1_000
"""Nodes taken in between two looks at the clock."""
ROW_BYTES = 1_000
"""About what a node takes beside its texts."""
MOST_REMEMBERED = 256 << 20
"""Bytes of all runs together."""


class TakenRun:
    """`lock` lets one search at a time take things in and look through them."""

    def __init__(self, run_id: str, seen: Seen | None = None) -> None:
        self.lock = threading.Lock()
        self.rows: list[Row] = []
        """By number."""
        self._source: Source = ToldRecord(run_id, seen) if seen else OwnRecord()
        self.texts = HeldTexts(self._source.texts)
        self._run_id = run_id
        self._seq = -1
        """Last number of the log when all of it had been taken in; −1: not yet."""
        self._at: dict[int, int] = {}
        self._open: set[int] = set()
        self._said: dict[int, set[bytes]] = defaultdict(set)
        """By rlm node: digests of what its turns were sent and answered so far."""

    @property
    def weight(self) -> int:
        """Bytes it takes, about."""
        return self.texts.bytes + ROW_BYTES * len(self.rows)

    def row(self, number: int | None) -> Row | None:
        at = None if number is None else self._at.get(number)
        return None if at is None else self.rows[at]

    def take_in(self, deadline: float, seq: int | None = None) -> None:
        """What the run's rows say now; `seq`: last number of its log, where that is known. Raises `OutOfTime`."""
        if seq is None:
            seq = Run.objects.values_list("last_seq", flat=True).get(pk=self._run_id)
        if seq == self._seq:
            return
        mine = Node.objects.filter(run=self._run_id).order_by("number")
        with _no_collecting():
            self._take_all(mine, deadline)
        self._seq = seq

    def _take_all(self, mine: "QuerySet[Node]", deadline: float) -> None:
        for numbers in parts(sorted(self._open), AT_ONCE):
            self._take(mine.filter(number__in=numbers))
            check(deadline)
        while self._take(mine.filter(number__gt=self.rows[-1].number if self.rows else 0)[:AT_ONCE]):
            check(deadline)

    def _take(self, nodes: "QuerySet[Node]") -> int:
        waiting: dict[bytes, list[tuple[Row, Said]]] = {}
        taken = self._source.nodes(nodes)
        for each in taken:
            row = self._put(each.row)
            for said in self._new(row, each):
                waiting.setdefault(said.digest, []).append((row, said))
        new = [digest for digest in waiting if self.texts.number(digest) is None]
        fetched = self._source.texts([digest for digest in new if _readiest(waiting[digest]).raw is None])
        for digest, users in waiting.items():
            self._hold(digest, fetched.get(digest), users)
        return len(taken)

    def _put(self, row: Row) -> Row:
        """The row in its place; one that was there keeps the texts it had."""
        at = self._at.get(row.number)
        if at is None:
            self._at[row.number] = len(self.rows)
            self.rows.append(row)
            self._name_step(row)
        else:
            row.places, row.label = self.rows[at].places, self.rows[at].label
            self.rows[at] = row
        (self._open.add if row.ended is None else self._open.discard)(row.number)
        return row

    def _name_step(self, cell: Row) -> None:
        """A step is called after its cells."""
        step = self.row(cell.parent)
        if cell.kind == "cell" and step is not None and step.kind == "step":
            step.label = f"{step.label}, {cell.label}" if step.label else cell.label

    def _new(self, row: Row, taken: Taken) -> list[Said]:
        """The texts that were not known of this node; of a turn's prompt, what no earlier turn was sent or answered."""
        known = {(place.name, place.message) for place in row.places}
        home = self._conversation(row) if row.kind == "lm" else None
        new = []
        for said in taken.texts:
            if (said.name, said.message) in known:
                continue
            if home is not None and said.name in ("request", "response"):
                is_repeated = said.name == "request" and said.digest in self._said[home]
                self._said[home].add(said.digest)
                if is_repeated:
                    continue
            new.append(said)
        return new

    def _conversation(self, row: Row) -> int | None:
        """The rlm node whose turn a call is; None for a call from code, which stands alone."""
        above = self.row(row.parent)
        while above is not None and above.kind != "cell":
            if above.kind == "rlm":
                return above.number
            above = self.row(above.parent)
        return None

    def _hold(self, digest: bytes, fetched: Text | None, users: list[tuple[Row, Said]]) -> None:
        said = _readiest(users)
        text = fetched if said.raw is None else said.raw
        number = self.texts.number(digest)
        if number is None:
            if text is None:
                return  # it is gone
            number = self.texts.add(digest, text, SCOPE_OF[said.name], is_kept=said.is_kept)
        for row, each in users:
            row.places.append(Place(each.name, each.message, number))
            self.texts.use(number, SCOPE_OF[each.name])


def _readiest(users: list[tuple[Row, Said]]) -> Said:
    """The same text may stand in one row and be kept for another; where it must be held, that one counts."""
    if len(users) == 1:
        return users[0][1]
    return min((said for _, said in users), key=lambda said: (said.is_kept, said.raw is None))


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Nothing of what is taken in is rubbish; looking for some in it again and again takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# ---------------------------------------------------------------------------------------------- remembered

_remembered: OrderedDict[tuple[str, str], TakenRun] = OrderedDict()
"""By run and by what is seen of it; the one used last stands last."""
_guard = threading.Lock()
"""Guards `_remembered`; requests are answered in several threads."""


def taken_run(run_id: str, seen: Seen | None = None) -> TakenRun:
    """The run as it was left by the last search, or nothing yet."""
    key = (run_id, seen.key if seen else "")
    with _guard:
        run = _remembered.pop(key, None) or TakenRun(run_id, seen)
        _remembered[key] = run
        total = sum(each.weight for each in _remembered.values())
        while total > MOST_REMEMBERED and len(_remembered) > 1:
            total -= _remembered.popitem(last=False)[1].weight
    return run
