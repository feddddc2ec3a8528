"""Which nodes of a run fit a query, and where."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.models import Run
from trajectories.search.held import OutOfTime
from trajectories.search.patterns import Pattern, pattern
from trajectories.search.query import Among, Between, Query, Reads, Says, parse
from trajectories.search.rows import SCOPE_OF, Place, Row, bits
from trajectories.search.snippets import Snippet, snippet
from trajectories.search.sources import Seen
from trajectories.search.taken import TakenRun, taken_run
from trajectories.search.words import NODE_WORDS

SECONDS = 2.0
"""What one search may take; it says so when that was not enough, and the next one goes on from there."""
MOST_HITS = 100
"""Snippets of one page."""

SHOWN_FIRST = (
    "error",
    "code",
    "response",
    "answer",
    "thought",
    "shown",
    "stdout",
    "question",
    "request",
    "reason",
    "notes",
    "reasoning",
    "name",
)
"""Of a node's texts that fit, the first of these is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    node: int
    texts: tuple[str, ...]
    """Names of its texts that contain what was looked for; none when only figures were asked for."""
    text: str | None
    """The one that the snippet is of."""
    message: int | None
    """Of a request: which of its messages."""
    snippet: Snippet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    numbers: list[int]
    """Of all nodes that fit, in order."""
    hits: list[Hit]
    """One page of them."""
    next: int | None
    """The `after` of the page that follows."""
    nodes: int
    """Nodes taken in so far."""
    is_whole: bool
    """All texts were looked through; else the same search goes on when it is asked again."""


def search_run(
    run: Run,
    line: str,
    *,
    after: int = 0,
    limit: int = 50,
    seen: Seen | None = None,
    seconds: float = SECONDS,
) -> Found:
    """The nodes that fit; an empty line finds none, and gets the run ready to be searched.

    `seen`: for a reader who is not its owner. Raises `WrongQuery`."""
    query = parse(line, NODE_WORDS)
    patterns = {says: pattern(says) for says in query.says}
    deadline = time.monotonic() + seconds
    taken = taken_run(run.pk, seen)
    with taken.lock:
        is_whole = _take_in(taken, deadline)
        if not query.terms:
            return Found(numbers=[], hits=[], next=None, nodes=len(taken.rows), is_whole=is_whole)
        names = seen.documents if seen else _document_names(run, query)
        rows, having, searched = look_through(taken, query, patterns, fitting(taken.rows, query, names), deadline)
        left = [row for row in rows if row.number > after]
        hits = [hit(taken, row, query, patterns, having) for row in left[:limit]]
    return Found(
        numbers=[row.number for row in rows],
        hits=hits,
        next=hits[-1].node if hits and len(left) > limit else None,
        nodes=len(taken.rows),
        is_whole=is_whole and searched,
    )


def _take_in(taken: TakenRun, deadline: float) -> bool:
    try:
        taken.take_in(deadline)
    except OutOfTime:
        return False
    return True


def _document_names(run: Run, query: Query) -> dict[str, str]:
    if not any(isinstance(term, Reads) for term in query.terms):
        return {}
    return dict(run.documents.values_list("id", "name"))


# ---------------------------------------------------------------------------------------------- which fit

Having = dict[Says, set[int]]
"""Numbers of the texts that contain each."""


def look_through(
    taken: TakenRun, query: Query, patterns: Mapping[Says, Pattern], rows: Sequence[Row], deadline: float
) -> tuple[list[Row], Having, bool]:
    """Those of the rows that say what is asked for, where each text was found, and whether there was time for all."""
    scopes = bits(query.scopes)
    having: Having = {}
    is_whole = True
    for says in sorted(query.says, key=lambda says: (says.negated, -len(says.text))):  # what is rare leaves few texts
        is_all = len(rows) == len(taken.rows)
        among = None if is_all else {place.text for row in rows for place in looked_at(row, scopes)}
        having[says], searched = taken.texts.having(patterns[says], scopes, deadline, among)
        is_whole = is_whole and searched
        if says.negated and not searched:
            rows = []  # nobody knows yet which of them
        rows = [row for row in rows if _has(row, scopes, having[says]) != says.negated]
    return list(rows), having, is_whole


def _has(row: Row, scopes: int, found: set[int]) -> bool:
    return any(place.text in found for place in looked_at(row, scopes))


def looked_at(row: Row, scopes: int) -> Iterator[Place]:
    return (place for place in row.places if SCOPE_OF[place.name] & scopes)


def fitting(rows: Sequence[Row], query: Query, names: Mapping[str, str]) -> list[Row]:
    """By figures and names, without a look into texts."""
    tests = [_condition(term, names) for term in query.conditions]
    return [row for row in rows if all(test(row) for test in tests)]


Test = Callable[[Row], bool]


def _condition(term: Any, names: Mapping[str, str]) -> Test:
    match term:
        case Among():
            figure = _NAMES[term.word]
            return lambda row: term.fits(figure(row)) != term.negated
        case Between():
            now = time.time()
            number = _FIGURES[term.word]
            return lambda row: term.fits(number(row, now)) != term.negated
        case Reads():
            documents = {id_ for id_, name in names.items() if term.name in name.lower()}
            return lambda row: _has_read(row, term, documents) != term.negated
    raise TypeError(f"{term} asks nothing of a node")


_NAMES: dict[str, Callable[[Row], str]] = {
    "kind": lambda row: row.kind,
    "status": lambda row: row.status,
    "error": lambda row: row.error,
    "model": lambda row: row.model,
    "role": lambda row: row.role,
    "tier": lambda row: row.tier,
    "label": lambda row: row.label,
}
_FIGURES: dict[str, Callable[[Row, float], Any]] = {
    "cost": lambda row, now: row.usd,
    "time": lambda row, now: row.seconds(now),
    "tokens": lambda row, now: row.tokens,
    "depth": lambda row, now: row.depth,
    "node": lambda row, now: row.number,
    "batch": lambda row, now: row.batch,
}


def _has_read(row: Row, term: Reads, documents: set[str]) -> bool:
    for document, start, end in row.reads:
        if document not in documents:
            continue
        if term.start is None or term.end is None or (start < term.end and term.start < end):
            return True
    return False


# ---------------------------------------------------------------------------------------------- where


def hit(taken: TakenRun, row: Row, query: Query, patterns: Mapping[Says, Pattern], having: Having) -> Hit:
    wanted = [says for says in query.says if not says.negated]
    places = [
        place for place in looked_at(row, bits(query.scopes)) if any(place.text in having[says] for says in wanted)
    ]
    places.sort(key=lambda place: SHOWN_FIRST.index(place.name))
    if not places:
        return Hit(node=row.number, texts=(), text=None, message=None, snippet=None)
    best = places[0]
    says = next(says for says in wanted if best.text in having[says])
    text = taken.texts.read(best.text)
    span = patterns[says].first(text)
    return Hit(
        node=row.number,
        texts=tuple(dict.fromkeys(place.name for place in places)),
        text=best.name,
        message=best.message,
        snippet=snippet(text, span) if span else None,
    )
