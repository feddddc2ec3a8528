"""Which runs fit a query, the newest first: by their titles, questions, answers, tags and documents' names, and by all
texts of their nodes.

What is asked for must stand together, in what heads a run or in one node of it; what must not be there may stand
nowhere in it. Texts are looked through for a limited time. Where that is over, older runs are found by their heads
alone, and the answer says from where on.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from trajectories.models import Run
from trajectories.search.finding import Hit, hit, look_through, looked_at
from trajectories.search.held import OutOfTime
from trajectories.search.narrowing import narrowed
from trajectories.search.patterns import Pattern, pattern
from trajectories.search.query import Query, Says, parse
from trajectories.search.rows import bits
from trajectories.search.snippets import Snippet, snippet
from trajectories.search.taken import taken_run
from trajectories.search.words import RUN_WORDS, SCOPES

SECONDS = 1.0
"""For texts; as long again for what heads runs."""
AT_ONCE = 50
"""Runs read together."""

Position = tuple[datetime, str]
"""Of a run in the list: when it was made, and its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHit:
    run: str
    """Its id."""
    place: str
    """`title`, `question`, `answer`, `tag`, `document`, `node`; empty where only something must not be there."""
    snippet: Snippet | None
    node: Hit | None = None
    """The first node that fits."""
    nodes: int = 0
    """How many do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRuns:
    hits: dict[str, RunHit]
    """By id of the run, in the order of the list."""
    next: Position | None
    """Where the page that follows goes on; None: there is none."""
    searched: int
    """Runs whose texts were looked through."""
    is_whole: bool
    """There was time for the texts of all runs that were looked at."""
    whole_to: Position | None
    """Else: the last run up to which there was; None: not even for the newest."""


def search_runs(
    runs: "QuerySet[Run]",
    line: str,
    *,
    after: Position | None = None,
    limit: int = 25,
    seconds: float = SECONDS,
) -> FoundRuns:
    """One page. Raises `WrongQuery`."""
    query = parse(line, RUN_WORDS)
    look = _Look(query, time.monotonic() + seconds)
    end = time.monotonic() + 2 * seconds
    hits: dict[str, RunHit] = {}
    last = whole_to = after
    for place, head in enumerate(_heads(older(narrowed(runs, query), after))):
        is_over = time.monotonic() > end or (look.is_over and look.unwanted)  # who can say what is not in older ones?
        if len(hits) >= limit or (is_over and place):  # one is looked at in any case, so that each try comes further
            break
        found = look.at(head)
        if found is not None:
            hits[head.id] = found
        last = head.position
        if not look.is_over:
            whole_to = last
    else:
        last = None
    return FoundRuns(hits=hits, next=last, searched=look.searched, is_whole=not look.is_over, whole_to=whole_to)


def asks_for_text(line: str) -> bool:
    """Whether more than rows must be looked at. Raises `WrongQuery`."""
    return bool(parse(line, RUN_WORDS).says)


def fitting_runs(runs: "QuerySet[Run]", line: str) -> "QuerySet[Run]":
    """Those whose rows fit the conditions of a line; what it says of texts is left. Raises `WrongQuery`."""
    return narrowed(runs, parse(line, RUN_WORDS))


def node_line(line: str) -> str:
    """What of a query for runs can be asked of the nodes of one. Raises `WrongQuery`."""
    query = parse(line, RUN_WORDS)
    scopes = [scope for scope in query.scopes if scope in SCOPES]
    places = [f"in:{','.join(scopes)}"] if scopes else []
    return " ".join([*map(_written, query.says), *places])


def _written(says: Says) -> str:
    sign = "-" if says.negated else ""
    if says.is_expression:
        return f"{sign}/{says.text}/"
    is_word = says.text.isalnum()
    return f"{sign}{says.text}" if is_word or '"' in says.text else f'{sign}"{says.text}"'


# ---------------------------------------------------------------------------------------------- heads


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is read of each run."""

    id: str
    created_at: datetime
    last_seq: int
    texts: tuple[tuple[str, str], ...]
    """(place, text)"""

    @property
    def position(self) -> Position:
        return self.created_at, self.id


def older(runs: "QuerySet[Run]", after: Position | None) -> "QuerySet[Run]":
    """Those that follow in the list."""
    if after is None:
        return runs
    created_at, run_id = after
    return runs.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=run_id))


def _heads(runs: "QuerySet[Run]") -> Iterator[Head]:
    after: Position | None = None
    fields = ("id", "created_at", "last_seq", "title", "question", "answer")
    while True:
        page = older(runs, after).order_by("-created_at", "-id").only(*fields)
        some = list(page.prefetch_related("tags", "rundocument_set__document")[:AT_ONCE])
        for run in some:
            yield _head(run)
        if len(some) < AT_ONCE:
            return
        after = some[-1].created_at, some[-1].id


def _head(run: Run) -> Head:
    told: list[tuple[str, str | None]] = [("title", run.title), ("question", run.question), ("answer", run.answer)]
    told += [("tag", tag.name) for tag in run.tags.all()]
    told += [("document", link.document.name) for link in run.rundocument_set.all()]
    texts = tuple((place, text) for place, text in told if text)
    return Head(id=run.id, created_at=run.created_at, last_seq=run.last_seq, texts=texts)


# ---------------------------------------------------------------------------------------------- looking


class _Look:
    """Looks at one run after the other."""

    def __init__(self, query: Query, deadline: float) -> None:
        self.deadline = deadline
        self.is_over = False
        """The time for texts: from now on only heads are looked at."""
        self.searched = 0
        self.unwanted = {says: pattern(says) for says in query.says if says.negated}
        self._wanted = {says: pattern(says) for says in query.says if not says.negated}
        self._places = query.scopes
        scopes = tuple(scope for scope in SCOPES if not query.scopes or scope in query.scopes)
        self._in_nodes = Query(terms=tuple(self._wanted), scopes=scopes)
        self._has_scopes = bool(scopes)

    def at(self, head: Head) -> RunHit | None:
        texts = [(place, text) for place, text in head.texts if not self._places or place in self._places]
        raw = [(place, text.encode("utf-8", "replace")) for place, text in texts]
        if any(unwanted.first(text) for unwanted in self.unwanted.values() for _, text in raw):
            return None
        found = _in_head(head, raw, self._wanted)
        if self.is_over or not self._has_scopes or (found and not self.unwanted):
            return found
        try:
            is_excluded, in_nodes = self._look_into(head)
        except OutOfTime:
            self.is_over = True
            return None if self.unwanted else found
        self.searched += 1
        return None if is_excluded else found or in_nodes

    def _look_into(self, head: Head) -> tuple[bool, RunHit | None]:
        """Whether it has what must not be there, and what it has of what is wanted. Raises `OutOfTime`."""
        query, scopes = self._in_nodes, bits(self._in_nodes.scopes)
        taken = taken_run(head.id)
        with taken.lock:
            taken.take_in(self.deadline, head.last_seq)
            for unwanted in self.unwanted.values():
                found, is_whole = taken.texts.having(unwanted, scopes, self.deadline)
                if any(place.text in found for row in taken.rows for place in looked_at(row, scopes)):
                    return True, None
                if not is_whole:
                    raise OutOfTime
            if not self._wanted:
                return False, None
            rows, having, is_whole = look_through(taken, query, self._wanted, taken.rows, self.deadline)
            if not is_whole:
                raise OutOfTime
            if not rows:
                return False, None
            first = hit(taken, rows[0], query, self._wanted, having)
        return False, RunHit(run=head.id, place="node", snippet=first.snippet, node=first, nodes=len(rows))


def _in_head(head: Head, texts: Sequence[tuple[str, bytes]], wanted: Mapping[Says, Pattern]) -> RunHit | None:
    """Where all that is wanted stands in what heads a run; the place of the first of it is told."""
    first: tuple[str, Snippet] | None = None
    for compiled in wanted.values():
        spans = ((place, text, compiled.first(text)) for place, text in texts)
        place, text, span = next((each for each in spans if each[2]), ("", b"", None))
        if span is None:
            return None
        first = first or (place, snippet(text, span))
    place, told = first or ("", None)
    return RunHit(run=head.id, place=place, snippet=told)
