"""What was spent, and on what."""

from decimal import Decimal

from trajectories.charts import _groups
from trajectories.charts._bars import Bars
from trajectories.charts._chart import SEQUENCE, Chart, Json, money_axis, nothing
from trajectories.charts._groups import Group, grouped, query, spent, stack, title_of
from trajectories.charts._record import Call, Record
from trajectories.charts._table import Column, Row, Value, mark, room
from trajectories.charts._words import calls_words, capital, percent, usd

VIEWS = _groups.VIEWS
PRICED = {"cost": ">0"}


def chart(record: Record, by: str) -> Chart:
    measure = f"Cost {VIEWS[by]}, US dollars"
    if not record.calls:
        return nothing("No model was asked", measure)
    if record.unpriced == len(record.calls):
        return nothing("No price of a model here is known", measure)
    groups = grouped(record, by)
    head, rows = _table(record, by, groups)
    if not record.usd:
        return Chart(title=_nothing_paid(record), measure=measure, columns=head, rows=rows)
    drawn = [group for group in groups if spent(group.calls).usd]
    sums = [spent(group.calls).usd for group in drawn]
    bars = Bars(names=[group.label for group in drawn], lying=by != "step")
    return Chart(
        title=_title(record, drawn),
        measure=measure,
        traces=_traces(record, by, drawn, bars),
        layout=bars.layout(
            money_axis(max(sums)), annotations=bars.ends(list(map(float, sums)), lambda at: usd(sums[at]))
        ),
        columns=head,
        rows=rows,
    )


def _nothing_paid(record: Record) -> str:
    if not record.unpriced:
        return "The models that were asked cost nothing"
    return f"Unknown: {calls_words(record.unpriced)} without a known price, the others cost nothing"


def _traces(record: Record, by: str, groups: list[Group], bars: Bars) -> list[Json]:
    divided = stack(record, by, len(SEQUENCE))
    cells = [divided.divide(group) for group in groups]
    most = room(len(groups) * len(divided.parts))
    traces = []
    for place, (part, color) in enumerate(zip(divided.parts, SEQUENCE, strict=False)):
        priced = [[call for call in cell[place] if call.usd] for cell in cells]
        sums = [spent(calls).usd for calls in priced]
        text = [
            f"{group.label}, {part}: {usd(amount)}, {calls_words(len(calls))}"
            for group, amount, calls in zip(groups, sums, priced, strict=True)
        ]
        terms = divided.terms.get(part)
        marks = [
            mark(calls, _usd, usd, query=query(group.terms, terms, PRICED), most=most)
            for group, calls in zip(groups, priced, strict=True)
        ]
        if any(sums):
            traces.append(bars.trace(part, color, [float(each) for each in sums], text=text, customdata=marks))
    return traces


def _title(record: Record, groups: list[Group]) -> str:
    if record.unpriced:
        return f"At least {usd(record.usd)}: {calls_words(record.unpriced)} without a known price"
    dearest = max(groups, key=lambda group: spent(group.calls).usd)
    return f"{title_of(dearest.label)} cost {percent(spent(dearest.calls).usd, record.usd)} of the run"


def _table(record: Record, by: str, groups: list[Group]) -> tuple[list[Column], list[Row]]:
    """A row for each group and part; the rows' money adds up to the run's to the last digit."""
    divided = stack(record, by)
    cells = [
        (group, part, calls)
        for group in groups
        for part, calls in zip(divided.parts, divided.divide(group), strict=True)
        if calls
    ]
    most = room(len(cells))
    head = [
        Column(name=capital(VIEWS[by].removeprefix("by ")), unit="text"),
        Column(name=divided.name, unit="text"),
        Column(name="Calls"),
        Column(name="Tokens in", unit="tokens"),
        Column(name="Tokens out", unit="tokens"),
        Column(name="Cost", unit="usd"),
        Column(name="Part", unit="share"),
    ]
    return head, [
        Row(
            cells=_cells(record, group, part, calls),
            mark=mark(calls, _usd, usd, query=query(group.terms, divided.terms.get(part)), most=most),
        )
        for group, part, calls in cells
    ]


def _cells(record: Record, group: Group, part: str, calls: list[Call]) -> tuple[Value, ...]:
    money = spent(calls)
    return (
        group.label,
        part,
        sum(call.calls for call in calls),
        sum(call.input_tokens for call in calls),
        sum(call.output_tokens for call in calls),
        money,
        float(money.usd / record.usd) if money.usd else None if money.unpriced else 0.0,
    )


def _usd(call: Call) -> Decimal:
    return call.usd or Decimal(0)
