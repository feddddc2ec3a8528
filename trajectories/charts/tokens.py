"""Tokens by kind: of each step of the root with all below it, or of other groups of calls."""

from collections.abc import Callable

from trajectories.charts import _groups
from trajectories.charts._bars import Bars
from trajectories.charts._chart import SEQUENCE, Chart, Json, count_axis, nothing
from trajectories.charts._groups import Group, grouped, query, title_of, tokens
from trajectories.charts._record import Call, Record
from trajectories.charts._table import Column, Row, mark, room
from trajectories.charts._words import capital, count, percent

VIEWS = {"step": "by root step", **_groups.VIEWS}
Kind = tuple[str, str, Callable[[Call], int]]
KINDS: tuple[Kind, ...] = (
    ("in", SEQUENCE[1], lambda call: call.input_tokens - call.cache_read_tokens - call.cache_write_tokens),
    ("in, from cache", SEQUENCE[3], lambda call: call.cache_read_tokens),
    ("in, written to cache", SEQUENCE[2], lambda call: call.cache_write_tokens),
    ("out", SEQUENCE[0], lambda call: call.output_tokens - call.reasoning_tokens),
    ("out, reasoning", SEQUENCE[0], lambda call: call.reasoning_tokens),
)
"""All that was read and all that was written, each token once."""
HATCHED = {"out, reasoning": {"shape": "/", "fgcolor": "var(--surface)", "size": 6, "solidity": 0.35}}


def chart(record: Record, by: str) -> Chart:
    measure = f"Tokens {VIEWS[by]}" + (", with all below it" if by == "step" else "")
    total = tokens(record.calls)
    if not total:
        return nothing("No tokens were used" if record.calls else "No model was asked", measure)
    groups = grouped(record, by)
    kinds = [kind for kind in KINDS if any(kind[2](call) for call in record.calls)]
    sums = [tokens(group.calls) for group in groups]
    bars = Bars(names=[group.label for group in groups], lying=by != "step")
    most = groups[sums.index(max(sums))]
    return Chart(
        title=f"{title_of(most.label)} used {percent(tokens(most.calls), total)} of the tokens",
        measure=measure
        + ("; estimated where none were reported" if any(call.estimated for call in record.calls) else ""),
        traces=[_trace(kind, groups, bars, room(len(groups) * len(kinds))) for kind in kinds],
        layout=bars.layout(count_axis(max(sums)), annotations=bars.ends(sums, lambda at: count(sums[at]))),
        columns=[
            Column(name=capital(VIEWS[by].removeprefix("by ")), unit="text"),
            *(Column(name=capital(name), unit="tokens") for name, _color, _number in KINDS),
            Column(name="Together", unit="tokens"),
        ],
        rows=[_row(group, len(groups)) for group in groups],
    )


def _trace(kind: Kind, groups: list[Group], bars: Bars, most: int) -> Json:
    name, color, number = kind
    values = [sum(map(number, group.calls)) for group in groups]
    text = [f"{group.label}: {value:,} {name}" for group, value in zip(groups, values, strict=True)]
    marks = [
        mark([call for call in group.calls if number(call)], number, count, query=query(group.terms), most=most)
        for group in groups
    ]
    trace = bars.trace(name, color, values, text=text, customdata=marks)
    if name in HATCHED:
        trace["marker"]["pattern"] = HATCHED[name]
    return trace


def _row(group: Group, groups: int) -> Row:
    values = [sum(map(number, group.calls)) for _name, _color, number in KINDS]
    found = mark(group.calls, lambda call: call.tokens, count, query=query(group.terms), most=room(groups))
    return Row(cells=(group.label, *values, sum(values)), mark=found)
