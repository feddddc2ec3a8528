"""How what the limits count grew over time: money, tokens, calls, and the time itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

from trajectories.charts._budget import cap
from trajectories.charts._chart import Chart, Json, count_axis, label, level, money_axis, nothing, time_axis
from trajectories.charts._record import Call, Record
from trajectories.charts._table import Column, Mark, Row, Unit, mark, room
from trajectories.charts._words import Spent, calls_words, clock, count, duration, percent, usd

VIEWS = {"cost": "money", "tokens": "tokens", "calls": "calls", "seconds": "time at work"}
MOST_POINTS = 240
NEAR = 2.5
"""A limit farther away than so many times what was used would flatten the line; it is told in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One of the views: what a call adds, and how that is written."""

    measure: str
    unit: Unit
    amount: Callable[[Call], Any]
    words: Callable[[Any], str]
    half: str
    """“Half of the money was spent”"""


COUNTED = {
    "cost": Counted(
        measure="Money spent over time, US dollars",
        unit="usd",
        amount=lambda call: call.usd or Decimal(0),
        words=usd,
        half="Half of the money was spent",
    ),
    "tokens": Counted(
        measure="Tokens used over time",
        unit="tokens",
        amount=lambda call: call.tokens,
        words=count,
        half="Half of the tokens were used",
    ),
    "calls": Counted(
        measure="Calls that had ended, over time",
        unit="count",
        amount=lambda call: call.calls,
        words=calls_words,
        half="Half of the calls had ended",
    ),
}


def chart(record: Record, by: str) -> Chart:
    if by == "seconds":
        return _at_work(record)
    counted = COUNTED[by]
    calls = sorted(record.calls, key=lambda call: call.ended)
    if not calls:
        return nothing("No model was asked", counted.measure)
    if by == "cost":
        calls = [call for call in calls if call.usd is not None]
        if not calls:
            return nothing("No price of a model here is known", counted.measure)
    sums = list(accumulate(map(counted.amount, calls)))
    if not sums[-1]:
        return nothing(_nothing(record, by), counted.measure)
    return _drawn(record, by, counted, calls, sums)


def _nothing(record: Record, by: str) -> str:
    if by == "tokens":
        return "No tokens were used"
    return "No price of a paid model is known" if record.unpriced else "The models that were asked cost nothing"


def _drawn(record: Record, by: str, counted: Counted, calls: list[Call], sums: list[Any]) -> Chart:
    kept = _spread(len(calls))
    most = room(len(kept))
    marks = [
        mark(calls[after + 1 : last + 1], counted.amount, counted.words, most=most)
        for after, last in pairwise([-1, *kept])
    ]
    times = [0.0, *(calls[index].ended for index in kept), record.seconds]
    amounts = [sums[0] * 0, *(sums[index] for index in kept), sums[-1]]
    text = [f"{counted.words(amount)} after {clock(time)}" for time, amount in zip(times, amounts, strict=True)]
    limit = cap(record, by)
    lines = _limit(limit, sums[-1], counted.words)
    end = label(counted.words(sums[-1]), x=record.seconds, y=float(sums[-1]), xanchor="right", yanchor="bottom")
    return Chart(
        title=_title(record, by, counted, calls, sums),
        measure=counted.measure + _told(limit, sums[-1], counted.words),
        traces=[_line("used", times, amounts, text, [None, *marks, None])],
        layout={
            "xaxis": time_axis(record.seconds),
            "yaxis": money_axis(sums[-1]) if by == "cost" else count_axis(sums[-1]),
            "shapes": [shape for shape, _note in lines],
            "annotations": [end, *(note for _shape, note in lines)],
        },
        columns=[Column(name="After", unit="seconds"), Column(name="Together", unit=counted.unit)],
        rows=[
            Row(cells=(calls[index].ended, Spent(sums[index], 0) if by == "cost" else sums[index]), mark=each)
            for index, each in zip(kept, marks, strict=True)
        ],
    )


def _spread(number: int) -> list[int]:
    """At most so many indexes, evenly, the last among them."""
    step = -(-number // MOST_POINTS)
    return sorted({*range(0, number, step), number - 1})


def _title(record: Record, by: str, counted: Counted, calls: Sequence[Call], sums: Sequence[Any]) -> str:
    if by == "cost" and record.unpriced:
        return f"At least {usd(sums[-1])}: {calls_words(record.unpriced)} without a known price"
    half = next(call.ended for call, amount in zip(calls, sums, strict=True) if amount * 2 >= sums[-1])
    return f"{counted.half} after {clock(half)} of {clock(record.seconds)}"


# ---------------------------------------------------------------------------------------------- time


def _at_work(record: Record) -> Chart:
    """Time passes anyhow; the line rises only while a model was asked or code ran."""
    measure = "Time in which a model was asked or code ran, over time"
    if not record.busy:
        return nothing("Nothing has ended yet", measure)
    times, amounts = [0.0], [0.0]
    for start, end in _joined(record.busy, MOST_POINTS // 2):
        times += [start, end]
        amounts += [amounts[-1], amounts[-1] + end - start]
    times, amounts = [*times, record.seconds], [*amounts, amounts[-1]]
    text = [f"{duration(amount)} at work after {clock(time)}" for time, amount in zip(times, amounts, strict=True)]
    limit = cap(record, "seconds")
    lines = _limit(limit, record.seconds, duration)
    trace = _line("at work", times, amounts, text, [None] * len(times))
    return Chart(
        title=f"Something was at work for {percent(record.seconds - record.idle, record.seconds)} of the time",
        measure=measure + _told(limit, record.seconds, duration),
        traces=[{**trace, "line": {"width": 2, "color": "var(--seq-1)"}}],
        layout={
            "xaxis": time_axis(record.seconds),
            "yaxis": {"rangemode": "tozero", "nticks": 6, "ticksuffix": " s"},
            "shapes": [shape for shape, _note in lines],
            "annotations": [note for _shape, note in lines],
        },
        columns=[
            Column(name="From", unit="seconds"),
            Column(name="To", unit="seconds"),
            Column(name="Idle before", unit="seconds"),
        ],
        rows=[
            Row(cells=(start, end, start - before))
            for (_, before), (start, end) in pairwise([(0.0, 0.0), *record.busy])
        ],
    )


def _joined(spans: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most so many stretches: those with the shortest gaps between them become one."""
    if len(spans) <= most:
        return list(spans)
    gaps = sorted((after[0] - before[1] for before, after in pairwise(spans)), reverse=True)
    widest = gaps[most - 2]
    joined = [spans[0]]
    for span in spans[1:]:
        if span[0] - joined[-1][1] >= widest and len(joined) < most:
            joined.append(span)
        else:
            joined[-1] = (joined[-1][0], span[1])
    return joined


# ---------------------------------------------------------------------------------------------- drawing


def _line(
    name: str, times: Sequence[float], amounts: Sequence[Any], text: Sequence[str], marks: Sequence[Mark | None]
) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [round(time, 6) for time in times],
        "y": [float(amount) for amount in amounts],
        "customdata": marks,
        "line": {"shape": "hv", "width": 2, "color": "var(--seq-1)"},
        "text": text,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _limit(limit: Any, used: Any, words: Callable[[Any], str]) -> list[tuple[Json, Json]]:
    if limit is None or float(limit) > NEAR * float(used):
        return []
    return [level(float(limit), across="y", text=f"limit {words(limit)}")]


def _told(limit: Any, used: Any, words: Callable[[Any], str]) -> str:
    if limit is None:
        return "; no limit"
    return f"; {percent(float(used), float(limit))} of the limit of {words(limit)}"
