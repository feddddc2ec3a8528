"""How the cost grew, over time."""

from collections.abc import Sequence
from decimal import Decimal

from trajectories.charts._chart import Chart, calls_words, clock, duration, money_axis, nothing, time_axis, usd
from trajectories.charts._record import Call, Record

MEASURE = "Money spent over time, US dollars"
MOST_POINTS = 250


def chart(record: Record) -> Chart:
    priced = sorted((call for call in record.calls if call.usd is not None), key=lambda call: call.ended)
    if not record.calls:
        return nothing("No model was asked", MEASURE)
    if not priced:
        return nothing("No price of a model here is known", MEASURE)
    sums = _sums(priced)
    if not sums[-1] and not record.unpriced:
        return nothing("The models that were asked cost nothing", MEASURE)
    kept = _spread(len(priced))
    points = [(priced[index].ended, sums[index], priced[index].number) for index in kept]
    times = [0.0, *(time for time, _, _ in points), record.seconds]
    amounts = [Decimal(0), *(amount for _, amount, _ in points), sums[-1]]
    return Chart(
        title=_title(record, priced, sums),
        measure=MEASURE,
        traces=[
            {
                "type": "scatter",
                "mode": "lines",
                "name": "spent",
                "x": [round(time, 6) for time in times],
                "y": [float(amount) for amount in amounts],
                "customdata": [None, *(number for _, _, number in points), None],
                "line": {"shape": "hv", "width": 2, "color": "var(--seq-1)"},
                "text": [f"{usd(amount)} after {clock(time)}" for time, amount in zip(times, amounts, strict=True)],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        layout={"xaxis": time_axis(record.seconds), "yaxis": money_axis(sums[-1])},
        columns=["After", "Spent"],
        rows=[[duration(time), usd(amount)] for time, amount, _ in points],
    )


def _sums(calls: Sequence[Call]) -> list[Decimal]:
    sums, total = [], Decimal(0)
    for call in calls:
        total += call.usd or Decimal(0)
        sums.append(total)
    return sums


def _spread(number: int) -> list[int]:
    """At most so many indexes, evenly, the last among them."""
    step = -(-number // MOST_POINTS)
    return sorted({*range(0, number, step), number - 1})


def _title(record: Record, calls: Sequence[Call], sums: Sequence[Decimal]) -> str:
    total = sums[-1]
    if record.unpriced:
        return f"At least {usd(total)}: {calls_words(record.unpriced)} without a known price"
    half = next(call.ended for call, amount in zip(calls, sums, strict=True) if amount * 2 >= total)
    return f"Half of the money was spent after {clock(half)} of {clock(record.seconds)}"
