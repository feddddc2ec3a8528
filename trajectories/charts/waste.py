"""What went into calls that brought nothing new: failed ones, tries before an answer, repeated requests, cut replies,
pieces of documents sent again; and output that the model never saw. Each call counts once, where it is named first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from trajectories.charts._bars import Bars
from trajectories.charts._chart import SEQUENCE, Chart, count_axis, money_axis, nothing
from trajectories.charts._groups import tokens
from trajectories.charts._record import SUB_CALL, Call, Record
from trajectories.charts._table import Column, Row, mark, room
from trajectories.charts._words import Spent, calls_words, count, duration, percent, several, usd
from trajectories.charts._words import spent as spent_words
from trajectories.engine.calls import NOT_BILLED
from trajectories.spans import Covered

VIEWS = {"cost": "money", "tokens": "tokens", "time": "time"}
MILLION = Decimal(1_000_000)
AGAIN = "pieces sent again"


class Lost(NamedTuple):
    """What one call added to a kind of waste."""

    number: int
    usd: Decimal | None
    """None: unknown."""
    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    name: str
    lost: Sequence[Lost]
    query: str = ""

    @property
    def money(self) -> Spent:
        known = [each.usd for each in self.lost if each.usd is not None]
        return Spent(sum(known, Decimal(0)), len(self.lost) - len(known))

    def sum(self, by: str) -> Any:
        return self.money.usd if by == "cost" else sum(_amount(each, by) for each in self.lost)


MEASURES = {
    "cost": "Money for calls that brought nothing new, US dollars",
    "tokens": "Tokens of calls that brought nothing new",
    "time": "Time of calls that brought nothing new, summed over calls",
}
WORDS: dict[str, Callable[[Any], str]] = {"cost": usd, "tokens": count, "time": duration}


def chart(record: Record, by: str) -> Chart:
    if not record.calls:
        return nothing("No model was asked", MEASURES[by])
    kinds = [kind for kind in _kinds(record) if kind.lost]
    rows = [_row(kind, len(kinds)) for kind in kinds] + _unseen(record)
    if not kinds:
        return Chart(
            title="No call failed, was repeated or was cut",
            measure=MEASURES[by],
            columns=COLUMNS if rows else (),
            rows=rows,
        )
    sums = [kind.sum(by) for kind in kinds]
    bars = Bars(names=[kind.name for kind in kinds])
    words = [
        spent_words(kind.money) if by == "cost" else WORDS[by](amount) for kind, amount in zip(kinds, sums, strict=True)
    ]
    trace = bars.trace(
        "lost",
        SEQUENCE[1],
        list(map(float, sums)),
        text=[f"{kind.name}: {word}, {calls_words(len(kind.lost))}" for kind, word in zip(kinds, words, strict=True)],
        customdata=[
            mark(kind.lost, lambda each: _amount(each, by), WORDS[by], query=kind.query, most=room(len(kinds)))
            for kind in kinds
        ],
    )
    most = max(sums)
    axis = {"cost": money_axis(Decimal(most)), "tokens": count_axis(float(most))}.get(by, {"ticksuffix": " s"})
    axis = {**axis, "range": [0, float(most) * 1.3 or 1], "nticks": 4}
    return Chart(
        title=_title(record, by, kinds, sum(sums)),
        measure=MEASURES[by] + ("; pieces sent again are an estimate" if kinds[-1].name == AGAIN else ""),
        traces=[trace] if any(sums) else [],
        layout=bars.layout(axis, annotations=bars.ends(list(map(float, sums)), lambda place: words[place])),
        columns=COLUMNS,
        rows=rows,
    )


COLUMNS = (
    Column(name="Kind", unit="text"),
    Column(name="Nodes"),
    Column(name="Cost", unit="usd"),
    Column(name="Tokens", unit="tokens"),
    Column(name="Time", unit="seconds"),
    Column(name="Not shown", unit="characters"),
)


def _title(record: Record, by: str, kinds: Sequence[Kind], lost: Any) -> str:
    number = sum(len(kind.lost) for kind in kinds)
    if by == "time":
        return f"{calls_words(number)} brought nothing new for {duration(lost)}"
    if by == "tokens":
        return f"{percent(lost, tokens(record.calls))} of the tokens brought nothing new"
    unpriced = sum(kind.money.unpriced for kind in kinds)
    if not lost:
        return f"{calls_words(number)} brought nothing new" + (
            ", at an unknown cost" if unpriced else " and cost nothing"
        )
    least = "At least " if unpriced else ""
    return f"{least}{usd(lost)}, {percent(lost, record.usd)} of the cost, brought nothing new"


# ---------------------------------------------------------------------------------------------- kinds


def _kinds(record: Record) -> list[Kind]:
    """Each call in one of them at most, aside from tries before an answer: they are no part of what was answered."""
    failed = [call for call in record.calls if call.status == "failed"]
    stopped = [call for call in record.calls if call.status == "cancelled"]
    answered = [call for call in record.calls if not call.failed]
    repeated = _repeated(answered)
    first = [call for call in answered if call.number not in repeated]
    cut = [call for call in first if call.finish_reason == "length"]
    whole = [call for call in first if call.finish_reason != "length"]
    return [
        Kind(name="failed calls", lost=list(map(_all_of, failed)), query="kind:lm status:failed"),
        Kind(name="stopped calls", lost=list(map(_all_of, stopped)), query="kind:lm status:cancelled"),
        Kind(name="tries before an answer", lost=[_tries(call) for call in answered if call.retries]),
        Kind(name="repeated requests", lost=[_all_of(call) for call in answered if call.number in repeated]),
        Kind(name="cut replies", lost=list(map(_all_of, cut))),
        Kind(name=AGAIN, lost=list(_sent_again(whole))),
    ]


def _all_of(call: Call) -> Lost:
    return Lost(call.number, call.usd, call.tokens, call.seconds)


def _tries(call: Call) -> Lost:
    """A refusal is not billed; of a try that broke off nobody knows what it cost."""
    known = all(retry.get("kind") in NOT_BILLED for retry in call.retries)
    seconds = sum((retry.get("seconds") or 0.0) + (retry.get("wait_seconds") or 0.0) for retry in call.retries)
    return Lost(call.number, Decimal(0) if known else None, 0, min(seconds, call.seconds))


def _repeated(calls: Sequence[Call]) -> set[int]:
    """Calls to a model that was asked just the same before."""
    seen: set[tuple[Any, ...]] = set()
    repeated = set()
    for call in calls:
        request = tuple((message["role"], message["sha"]) for message in call.request())
        if not request:
            continue
        if (call.model, request) in seen:
            repeated.add(call.number)
        seen.add((call.model, request))
    return repeated


def _sent_again(calls: Sequence[Call]) -> Iterator[Lost]:
    """Of each call from code, the part of its input that quotes what an earlier one was sent."""
    covered: dict[str, Covered] = {}
    for call in calls:
        if call.kind != SUB_CALL or not call.sent:
            continue
        again = 0
        for document, start, end in call.sent:
            again += end - start - covered.setdefault(document, Covered()).add(start, end)
        length = sum(message["chars"] for message in call.request())
        part = Decimal(min(again, length)) / length if length else Decimal(0)
        if part:
            yield Lost(call.number, _input_usd(call, part), int(call.input_tokens * part), 0.0)


def _input_usd(call: Call, part: Decimal) -> Decimal | None:
    """What this part of its input cost: of the whole without the output."""
    output = (call.price or {}).get("output")
    if call.usd is None or output is None:
        return None
    return max(Decimal(0), call.usd - call.output_tokens * Decimal(output) / MILLION) * part


def _unseen(record: Record) -> list[Row]:
    """Output that was printed and never shown to the model: no money, but work that it could not use."""
    cells = [cell for cell in record.cells if cell.printed > cell.shown]
    if not cells:
        return []
    unseen = sum(cell.printed - cell.shown for cell in cells)
    found = mark(cells, lambda cell: cell.printed - cell.shown, lambda number: several(number, "character"))
    return [Row(cells=("output not shown", len(cells), None, None, None, unseen), mark=found)]


# ---------------------------------------------------------------------------------------------- amounts


def _amount(lost: Lost, by: str) -> Any:
    return {"cost": lost.usd or Decimal(0), "tokens": lost.tokens, "time": lost.seconds}[by]


def _row(kind: Kind, kinds: int) -> Row:
    seconds = kind.sum("time") if kind.name != AGAIN else None
    cells = (kind.name, len(kind.lost), kind.money, kind.sum("tokens"), seconds, None)
    found = mark(kind.lost, lambda each: each.usd or Decimal(0), usd, query=kind.query, most=room(kinds))
    return Row(cells=cells, mark=found)
