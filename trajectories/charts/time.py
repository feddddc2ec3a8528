"""Where the time went: each moment of the run once, the path that the run waited for, or the time of all calls, however
many ran at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trajectories import critical
from trajectories.charts import _groups
from trajectories.charts._bars import Bars
from trajectories.charts._chart import SEQUENCE, Chart, Json, nothing
from trajectories.charts._groups import grouped, query, title_of
from trajectories.charts._record import Call, Record
from trajectories.charts._table import MOST_IN_A_MARK, Column, Mark, Row, mark, room
from trajectories.charts._words import capital, duration, percent
from trajectories.spans import merged, without

VIEWS = {
    "run": "of the run",
    "path": "of the critical path",
    **{f"{by}": f"of calls, {_groups.VIEWS[by]}" for by in ("call", "depth", "model", "role", "step")},
}
SHORTEST = 0.0005
"""Seconds; less is no share."""
RUN = "Each moment of the run once: the first of these that went on then"
Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What some of the time went into."""

    name: str
    seconds: float
    mark: Mark | None


def chart(record: Record, by: str) -> Chart:
    if by == "run":
        return _run(record)
    return _path(record) if by == "path" else _calls(record, by)


# ---------------------------------------------------------------------------------------------- the run


def _run(record: Record) -> Chart:
    if not (record.calls or record.cells or record.waits):
        return nothing("Nothing has ended yet", RUN)
    shares = [share for share in _shares(record) if share.seconds >= SHORTEST]
    longest = max(shares, key=lambda share: share.seconds)
    part = percent(longest.seconds, record.seconds)
    return _drawn(
        shares,
        _finding(longest, part),
        RUN,
        record.seconds,
        "Of the run",
    )


def _finding(longest: Share, part: str) -> str:
    return (
        f"Nothing went on for {part} of the time"
        if longest.mark is None
        else f"{capital(longest.name)} took {part} of the time"
    )


def _shares(record: Record) -> list[Share]:
    """Adds up to the run's time."""
    kinds: Sequence[tuple[str, list[Span], Mark | None]] = (
        ("the root’s thinking", _service(record, root=True), _longest([call for call in record.calls if call.is_turn])),
        ("sub-calls", _service(record, root=False), _longest([call for call in record.calls if not call.is_turn])),
        ("waiting for a place or a retry", _waiting(record), _most_queued(record)),
        ("code", [(cell.began, cell.ended) for cell in record.cells], _cells(record)),
        ("nothing went on", [(0.0, record.seconds)], None),
    )
    taken: list[Span] = []
    shares = []
    for name, spans, found in kinds:
        own = without(merged(_within(spans, record.seconds)), taken)
        shares.append(Share(name=name, seconds=sum(end - start for start, end in own), mark=found))
        taken = merged([*taken, *own])
    return shares


def _within(spans: Sequence[Span], seconds: float) -> list[Span]:
    clipped = ((max(0.0, start), min(seconds, end)) for start, end in spans)
    return [(start, end) for start, end in clipped if start < end]


def _service(record: Record, *, root: bool) -> list[Span]:
    """When calls of this kind were with a model."""
    spans: list[Span] = []
    for call in record.calls:
        if call.is_turn is root:
            spans += without([(call.began, call.ended)], call.pauses) if call.retries else [(call.began, call.ended)]
    return spans


def _waiting(record: Record) -> list[Span]:
    spans = [(call.asked, call.began) for call in record.calls] + [(wait.asked, wait.ended) for wait in record.waits]
    return spans + [pause for call in record.calls if call.retries for pause in call.pauses]


def _longest(calls: Sequence[Call]) -> Mark | None:
    return mark(calls, lambda call: call.seconds, duration)


def _most_queued(record: Record) -> Mark | None:
    waited = [call for call in record.calls if call.queued > 0.001]
    return mark(waited, lambda call: call.queued, duration)


def _cells(record: Record) -> Mark | None:
    return mark(record.cells, lambda cell: cell.ended - cell.began, duration, query="kind:cell")


# ---------------------------------------------------------------------------------------------- the critical path

PATH = "The chain of nodes that the run waited for: of calls that ran at once only the one it needed"
PATH_NAMES = {
    "root": "the root’s thinking",
    "calls": "sub-calls",
    "queue": "waiting for a place",
    "retries": "tries before an answer",
    "code": "code",
    "gates": "gates",
    "rest": "nothing went on",
}
MICRO = 1_000_000


def _path(record: Record) -> Chart:
    path = critical.path_of(record.run)
    if path is None or not path.micros:
        return nothing("Nothing has begun yet", PATH)
    took = {call.number: call.seconds for call in record.calls}
    took |= {cell.number: cell.ended - cell.began for cell in record.cells}
    shares = [
        Share(name=PATH_NAMES[key], seconds=micros / MICRO, mark=_on_path(path, key, took))
        for key, micros in path.shares.items()
        if micros
    ]
    title = "".join(part.text for part in critical.words(path))
    return _drawn(shares, title, PATH, path.micros / MICRO, "Of the path")


def _on_path(path: critical.CriticalPath, key: str, took: Mapping[int, float]) -> Mark | None:
    """The longest of the nodes that this part of the path was spent in."""
    if key == "queue":
        found = list(path.waited)
    else:
        found = [number for clause in path.clauses if clause.key == key for number in clause.nodes]
    known = sorted({number for number in found if number in took}, key=lambda number: -took[number])
    listed = tuple(known[:MOST_IN_A_MARK])
    return Mark(listed, tuple(duration(took[number]) for number in listed), len(known)) if known else None


# ---------------------------------------------------------------------------------------------- calls


def _calls(record: Record, by: str) -> Chart:
    measure = f"Time {VIEWS[by]}, waiting in the queue not counted"
    if not record.calls:
        return nothing("No model was asked", measure)
    groups = grouped(record, by)
    most = room(2 * len(groups))
    shares = [
        Share(
            name=group.label,
            seconds=sum(call.seconds for call in group.calls),
            mark=mark(group.calls, lambda call: call.seconds, duration, query=query(group.terms), most=most),
        )
        for group in groups
    ]
    total = sum(share.seconds for share in shares)
    longest = max(shares, key=lambda share: share.seconds)
    title = f"{title_of(longest.name)} took {percent(longest.seconds, total)} of the time of all calls"
    return _drawn(shares, title, measure, total, "Of all calls", lying=by != "step")


def _drawn(shares: Sequence[Share], title: str, measure: str, total: float, part: str, *, lying: bool = True) -> Chart:
    bars = Bars(names=[share.name for share in shares], lying=lying)
    seconds = [share.seconds for share in shares]
    words = [f"{duration(share.seconds)}, {percent(share.seconds, total)}" for share in shares]
    text = [f"{share.name}: {word}" for share, word in zip(shares, words, strict=True)]
    trace = bars.trace("time", SEQUENCE[1], seconds, text=text, customdata=[share.mark for share in shares])
    axis: Json = {"range": [0, max(seconds) * 1.2], "ticksuffix": " s", "nticks": 5}
    short = [percent(share.seconds, total) if lying else duration(share.seconds) for share in shares]
    return Chart(
        title=title,
        measure=measure,
        traces=[trace],
        layout=bars.layout(axis, annotations=bars.ends(seconds, lambda place: short[place])),
        columns=[
            Column(name="What", unit="text"),
            Column(name="Time", unit="seconds"),
            Column(name=part, unit="share"),
        ],
        rows=[
            Row(cells=(share.name, share.seconds, share.seconds / total if total else 0.0), mark=share.mark)
            for share in shares
        ],
    )
