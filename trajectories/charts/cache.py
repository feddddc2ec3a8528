"""How much of the input came from the provider's cache, as reported, beside what an ideal cache would have held."""

from dataclasses import dataclass

from trajectories.charts import _groups
from trajectories.charts._bars import Bars
from trajectories.charts._chart import SEQUENCE, Chart, Json, nothing
from trajectories.charts._groups import Group, grouped, query
from trajectories.charts._prefixes import held
from trajectories.charts._record import Call, Record
from trajectories.charts._table import Column, Row, mark, room
from trajectories.charts._words import count, percent

VIEWS = {"turn": "by turn of the root", **_groups.VIEWS}
MOST_TURNS = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Of one group's input tokens."""

    group: Group
    tokens: int
    reported: int
    ideal: float
    """An estimate."""


def chart(record: Record, by: str) -> Chart:
    measure = f"Cached part of the input {VIEWS[by]}: as reported, and in an ideal prefix cache (an estimate)"
    asked = [call for call in record.calls if call.input_tokens]
    if not asked:
        return nothing("No input was counted" if record.calls else "No model was asked", measure)
    groups = [group for group in _groups_of(record, by) if any(call.input_tokens for call in group.calls)]
    parts = held(record, [call for group in groups for call in group.calls])
    shares = [_shares(group, parts) for group in groups]
    if not shares:
        return nothing("The root was not asked", measure)
    bars = Bars(names=[each.group.label for each in shares], lying=by not in ("turn", "step"))
    reported = [each.reported / each.tokens for each in shares]
    ideal = [each.ideal / each.tokens for each in shares]
    axis = {"range": [0, 1.02], "tickformat": ".0%", "nticks": 5}
    return Chart(
        title=_title(shares, "root’s input" if by == "turn" else "input"),
        measure=measure,
        traces=[
            _trace(bars, "reported", SEQUENCE[0], shares, reported),
            _trace(bars, "ideal, estimated", SEQUENCE[3], shares, ideal),
        ],
        layout=bars.layout(axis, barmode="group", bargap=0.3),
        columns=[
            Column(name=VIEWS[by].removeprefix("by ").capitalize(), unit="text"),
            Column(name="Input", unit="tokens"),
            Column(name="From cache", unit="tokens"),
            Column(name="Part", unit="share"),
            Column(name="Ideal, estimated", unit="tokens"),
            Column(name="Ideal part", unit="share"),
        ],
        rows=[_row(each, len(shares)) for each in shares],
    )


def _groups_of(record: Record, by: str) -> list[Group]:
    if by != "turn":
        return grouped(record, by)
    turns = [call for call in record.calls if call.is_turn and call.input_tokens]
    size = -(-len(turns) // MOST_TURNS) or 1
    return [
        Group(
            label=f"turn {first + 1}" if size == 1 else f"turns {first + 1}–{min(first + size, len(turns))}", calls=part
        )
        for first in range(0, len(turns), size)
        if (part := turns[first : first + size])
    ]


def _shares(group: Group, parts: dict[int, float]) -> Shares:
    return Shares(
        group=group,
        tokens=sum(call.input_tokens for call in group.calls),
        reported=sum(call.cache_read_tokens for call in group.calls),
        ideal=sum(call.input_tokens * parts[call.number] for call in group.calls),
    )


def _trace(bars: Bars, name: str, color: str, shares: list[Shares], values: list[float]) -> Json:
    most = room(2 * len(shares))
    text = [
        f"{each.group.label}, {name}: {percent(value, 1)} of {each.tokens:,} tokens"
        for each, value in zip(shares, values, strict=True)
    ]
    marks = [mark(each.group.calls, _input, count, query=query(each.group.terms), most=most) for each in shares]
    return bars.trace(name, color, values, text=text, customdata=marks)


def _title(shares: list[Shares], what: str) -> str:
    tokens = sum(each.tokens for each in shares)
    reported = sum(each.reported for each in shares)
    ideal = percent(sum(each.ideal for each in shares), tokens)
    if not reported:
        return f"No cached input was reported; an ideal cache would have held {ideal} of the {what}"
    return f"{percent(reported, tokens)} of the {what} came from the cache; {ideal} could have"


def _row(each: Shares, rows: int) -> Row:
    cells = (
        each.group.label,
        each.tokens,
        each.reported,
        each.reported / each.tokens,
        round(each.ideal),
        each.ideal / each.tokens,
    )
    return Row(cells=cells, mark=mark(each.group.calls, _input, count, query=query(each.group.terms), most=room(rows)))


def _input(call: Call) -> int:
    return call.input_tokens
