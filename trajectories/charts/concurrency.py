"""How many model calls were in flight, over time, and how many waited meanwhile."""

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from trajectories.charts._chart import QUIET, SEQUENCE, Chart, Json, count_axis, label, level, nothing, time_axis
from trajectories.charts._record import Record
from trajectories.charts._table import Column, Mark, Row, room
from trajectories.charts._words import calls_words, clock, duration, percent
from trajectories.spans import without

VIEWS = {"time": "over time"}
MEASURE = "Calls in flight over time"
MOST_POINTS = 240
LONG_IDLE = 0.06
"""A gap of this part of the run or more is marked."""
FLYING, QUEUED, PAUSED = "in flight", "waiting for a place", "waiting to try again"
COLORS = {FLYING: SEQUENCE[1], QUEUED: SEQUENCE[3], PAUSED: SEQUENCE[0]}
Span = tuple[float, float, int]
"""(start, end, call)"""
Change = tuple[float, int, int]
"""(time, +1 or −1, call)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How many calls were at something, at chosen moments."""

    name: str
    numbers: list[int]
    marks: list[Mark | None]


def chart(record: Record, by: str) -> Chart:
    if not record.calls:
        return nothing("No model was asked", MEASURE)
    spans = _spans(record)
    changes = {name: _changes(spans[name]) for name in spans}
    times = _busiest(changes[FLYING], MOST_POINTS // len(spans), record.seconds)
    starts = [round(place * record.seconds / len(times), 6) for place in range(len(times))]
    bands = [_band(name, spans[name], changes[name], times) for name in spans]
    most = record.peak
    return Chart(
        title=f"{calls_words(most)} ran at once at the peak" if most > 1 else "The calls ran one after the other",
        measure=_measure(record, bands),
        traces=[_area(band, starts) for band in bands],
        layout=_layout(record, bands, most),
        columns=[Column(name="From", unit="seconds"), *(Column(name=band.name.capitalize()) for band in bands)],
        rows=_rows(starts, bands),
    )


def _measure(record: Record, bands: Sequence[Band]) -> str:
    words = MEASURE
    if len(bands) > 1:
        words += ", and below them those that waited"
    if record.idle > record.seconds / 100:
        words += f"; nothing ran for {percent(record.idle, record.seconds)} of it"
    return words + (f"; {calls_words(record.in_flight)} still going on not counted" if record.in_flight else "")


# ---------------------------------------------------------------------------------------------- counting


def _spans(record: Record) -> dict[str, Sequence[Span]]:
    """When each call was at what; only what there was."""
    paused = [(start, end, call.number) for call in record.calls if call.retries for start, end in call.pauses]
    queued = [(call.asked, call.began, call.number) for call in record.calls]
    queued += [(wait.asked, wait.ended, wait.number) for wait in record.waits]
    waits = {QUEUED: [span for span in queued if span[1] - span[0] > 0.001], PAUSED: paused}
    return {FLYING: record.flights, **{name: spans for name, spans in waits.items() if spans}}


def _changes(spans: Sequence[Span]) -> list[Change]:
    """In order; at the same moment what ends goes before what begins."""
    return sorted([(start, 1, call) for start, _end, call in spans] + [(end, -1, call) for _start, end, call in spans])


def _busiest(changes: Sequence[Change], parts: int, seconds: float) -> list[float]:
    """Of each of so many equal parts of the run, a moment at which the most spans hold it."""
    counts = [0, *accumulate(change for _time, change, _call in changes)]
    starts = [place * seconds / parts for place in range(parts)]
    bounds = [*(bisect_left(changes, (start, -1, 0)) for start in starts), len(changes)]
    times = []
    for start, (first, last) in zip(starts, pairwise(bounds), strict=True):
        best = max(range(first, last + 1), key=counts.__getitem__)
        times.append(start if best == first else changes[best - 1][0])
    return times


def _band(name: str, spans: Sequence[Span], changes: Sequence[Change], times: Sequence[float]) -> Band:
    most = room(MOST_POINTS)
    began = {call: start for start, _end, call in reversed(spans)}
    numbers, marks = [], []
    for time, holding in zip(times, _holding(changes, times), strict=True):
        listed = heapq.nsmallest(most, holding, key=began.__getitem__)
        words = tuple(f"for {duration(time - began[call])}" for call in listed)
        numbers.append(len(holding))
        marks.append(Mark(tuple(listed), words, len(holding)) if listed else None)
    return Band(name=name, numbers=numbers, marks=marks)


def _holding(changes: Sequence[Change], times: Sequence[float]) -> Iterator[set[int]]:
    """The calls of the spans that hold each of the times, which are in order. One set, changed as it goes."""
    holding: set[int] = set()
    done = 0
    for time in times:
        while done < len(changes) and changes[done][0] <= time:
            _time, change, call = changes[done]
            (holding.add if change > 0 else holding.discard)(call)
            done += 1
        yield holding


# ---------------------------------------------------------------------------------------------- drawing


def _area(band: Band, starts: Sequence[float]) -> Json:
    drawn: Json = (
        {"fill": "tozeroy"}
        if band.name == FLYING
        else {"stackgroup": "waiting", "yaxis": "y2", "line": {"shape": "hv", "width": 0}}
    )
    return {
        "type": "scatter",
        "mode": "lines",
        "name": band.name,
        "x": starts,
        "y": band.numbers,
        "customdata": band.marks,
        "line": {"shape": "hv", "width": 1, "color": COLORS[band.name]},
        "fillcolor": COLORS[band.name],
        "text": [
            f"{clock(at)}: {calls_words(number)} {band.name}" for at, number in zip(starts, band.numbers, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        **drawn,
    }


def _layout(record: Record, bands: Sequence[Band], most: int) -> Json:
    limit = record.limit if record.limit is not None and record.limit <= 2 * most else None
    lines = [] if limit is None else [level(limit, across="y", text=f"limit {limit}")]
    gaps = _gaps(record)
    layout: Json = {
        "xaxis": time_axis(record.seconds),
        "yaxis": {**count_axis(most), "range": [0, max(most, limit or 0) * 1.14]},
        "shapes": [*map(_shade, gaps), *(shape for shape, _note in lines)],
        "annotations": [*(_idle_words(gap, record) for gap in gaps), *(note for _shape, note in lines)],
    }
    if len(bands) > 1:
        waiting = max(map(sum, zip(*(band.numbers for band in bands[1:]), strict=True)))
        axis = {
            "gridcolor": "var(--line)",
            "zerolinecolor": "var(--line-strong)",
            "fixedrange": True,
            "automargin": True,
        }
        layout["yaxis"] |= {"domain": [0.4, 1]}
        layout["yaxis2"] = {**axis, **count_axis(waiting), "nticks": 3, "domain": [0, 0.26], "anchor": "x"}
        layout["xaxis"] |= {"anchor": "y2"}
    return layout


def _gaps(record: Record) -> list[tuple[float, float]]:
    idle = without([(0.0, record.seconds)], record.busy)
    return [(start, end) for start, end in idle if end - start >= LONG_IDLE * record.seconds]


def _shade(gap: tuple[float, float]) -> Json:
    span = {"x0": gap[0], "x1": gap[1], "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "rect", "layer": "below", "fillcolor": "var(--inset)", "line": {"width": 0}, **span}


def _idle_words(gap: tuple[float, float], record: Record) -> Json:
    words = duration(gap[1] - gap[0])
    wide = gap[1] - gap[0] > 2 * LONG_IDLE * record.seconds
    place = {"x": sum(gap) / 2, "y": 0.7, "yref": "paper", "font": {"color": QUIET, "size": 12}}
    return label(f"idle {words}" if wide else words, **place)


def _rows(starts: Sequence[float], bands: Sequence[Band]) -> list[Row]:
    """Where something changed."""
    rows, before = [], None
    for place, start in enumerate(starts):
        numbers = tuple(band.numbers[place] for band in bands)
        if numbers != before:
            rows.append(
                Row(
                    cells=(start, *numbers), mark=next((band.marks[place] for band in bands if band.marks[place]), None)
                )
            )
        before = numbers
    return rows
