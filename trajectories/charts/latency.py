"""How long the model calls took, and how long they waited before they were sent: two different things."""

from collections.abc import Callable, Sequence

from trajectories.charts import _groups
from trajectories.charts._bars import Bars
from trajectories.charts._chart import FAILED, QUIET, SEQUENCE, Chart, Json, bar, count_axis, level, nothing
from trajectories.charts._groups import Group, grouped, query, title_of
from trajectories.charts._record import Call, Record
from trajectories.charts._table import Column, Row, mark, room
from trajectories.charts._words import calls_words, capital, duration, percent, quantile

VIEWS = {
    "time": "time of calls",
    "queue": "time in the queue",
    **{by: _groups.VIEWS[by] for by in ("model", "role", "call", "depth")},
}
BINS = 32
PARTS = (0.5, 0.95, 0.99)
ENOUGH = {0.5: 2, 0.95: 20, 0.99: 100}
"""Calls from which on such a quantile is more than the longest call under another name."""
NOTICED = 0.01
"""Seconds in the queue that count as waiting."""


def chart(record: Record, by: str) -> Chart:
    if by == "queue":
        return _queue(record)
    if by == "time":
        measure = "Time of model calls, waiting in the queue not counted"
        return _histogram(record.calls, lambda call: call.seconds, measure) if record.calls else _nobody(measure)
    return _by_group(record, by)


def _nobody(measure: str) -> Chart:
    return nothing("No model was asked", measure)


def _queue(record: Record) -> Chart:
    measure = "Time from being wanted to being sent"
    if not record.calls:
        return _nobody(measure)
    waited = [call for call in record.calls if call.queued >= NOTICED]
    if not waited:
        return nothing("No call had to wait for its turn", measure)
    part = percent(len(waited), len(record.calls))
    drawn = _histogram(waited, lambda call: call.queued, measure)
    ordered = sorted(call.queued for call in waited)
    return Chart(
        title=f"{part} of the calls waited for their turn, half of them over {duration(quantile(ordered, 0.5))}",
        measure=f"{measure}; {calls_words(len(waited))} that waited",
        traces=drawn.traces,
        layout=drawn.layout,
        columns=drawn.columns,
        rows=drawn.rows,
    )


# ---------------------------------------------------------------------------------------------- distribution


def _histogram(calls: Sequence[Call], seconds: Callable[[Call], float], measure: str) -> Chart:
    ordered = sorted(map(seconds, calls))
    quantiles = [quantile(ordered, part) for part in PARTS]
    width = max(min(ordered[-1], 3 * quantiles[1]), 0.001) / BINS
    bins: list[list[Call]] = [[] for _ in range(BINS)]
    for call in calls:
        bins[min(BINS - 1, int(seconds(call) / width))].append(call)
    names = [f"{duration(place * width)}–{duration((place + 1) * width)}" for place in range(BINS - 1)]
    names.append(f"{duration((BINS - 1) * width)} and more")
    traces = [_trace(label, bins, names, width, seconds) for label in ("answered", "failed")]
    lines = _quantile_lines(quantiles, width, len(calls))
    return Chart(
        title=_title(len(ordered), quantiles),
        measure=f"{measure}; {calls_words(len(ordered))}",
        traces=[trace for trace in traces if any(trace["y"])],
        layout={
            "xaxis": {"range": [0, width * BINS], "ticksuffix": " s", "showgrid": False, "nticks": 6},
            "yaxis": count_axis(max(map(len, bins))),
            "shapes": [shape for shape, _note in lines],
            "annotations": [note for _shape, note in lines],
        },
        columns=[Column(name="Took", unit="text"), Column(name="Answered"), Column(name="Failed")],
        rows=[
            Row(
                cells=(name, sum(not call.failed for call in cell), sum(call.failed for call in cell)),
                mark=mark(cell, seconds, duration, most=room(BINS)),
            )
            for name, cell in zip(names, bins, strict=True)
            if cell
        ],
    )


def _trace(
    label: str, bins: list[list[Call]], names: list[str], width: float, seconds: Callable[[Call], float]
) -> Json:
    failed = label == "failed"
    cells = [[call for call in cell if call.failed is failed] for cell in bins]
    return bar(
        label,
        FAILED if failed else SEQUENCE[1],
        x=[(place + 0.5) * width for place in range(BINS)],
        y=[len(cell) for cell in cells],
        width=width * 0.88,
        text=[f"{name}: {calls_words(len(cell))} {label}" for name, cell in zip(names, cells, strict=True)],
        customdata=[mark(cell, seconds, duration, most=room(2 * BINS)) for cell in cells],
    )


def _quantile_lines(quantiles: Sequence[float], width: float, calls: int) -> list[tuple[Json, Json]]:
    """p50, p95 and p99, each with its words where they find room: the later ones lower."""
    lines = []
    for place, (part, value) in enumerate(zip(PARTS, quantiles, strict=True)):
        if calls < ENOUGH[part]:
            continue
        shape, note = level(min(value, BINS * width), across="x", text=f"p{part * 100:.0f} {duration(value)}")
        note["yshift"] = -16 * place
        if value > 0.75 * BINS * width:
            note |= {"xanchor": "right", "xshift": -4}
        lines.append((shape, note))
    return lines


def _title(number: int, quantiles: Sequence[float]) -> str:
    if number == 1:
        return f"The only call took {duration(quantiles[0])}"
    if number < 20:
        return f"Half of the calls took over {duration(quantiles[0])}"
    return f"One call in twenty took over {duration(quantiles[1])}"


# ---------------------------------------------------------------------------------------------- by group


def _by_group(record: Record, by: str) -> Chart:
    measure = f"Half, 95 % and 99 % of the calls took no longer, {VIEWS[by]}; the queue apart"
    if not record.calls:
        return _nobody(measure)
    groups = grouped(record, by)
    bars = Bars(names=[group.label for group in groups])
    ordered = [sorted(call.seconds for call in group.calls) for group in groups]
    traces = [
        _quantile_trace(bars, groups, ordered, part, color)
        for part, color in zip(reversed(PARTS), (SEQUENCE[3], SEQUENCE[2], SEQUENCE[0]), strict=True)
    ]
    queues = [sorted(call.queued for call in group.calls) for group in groups]
    if any(queue[-1] >= NOTICED for queue in queues):
        traces.append(_queue_trace(groups, queues))
    slowest = max(range(len(groups)), key=lambda place: quantile(ordered[place], 0.95))
    return Chart(
        title=_slowest(groups, ordered, slowest),
        measure=measure,
        traces=traces,
        layout=bars.layout({"rangemode": "tozero", "ticksuffix": " s", "nticks": 6}, barmode="overlay"),
        columns=[Column(name=capital(VIEWS[by].removeprefix("by ")), unit="text"), *GROUP_COLUMNS],
        rows=[
            _row(group, took, queue, len(groups)) for group, took, queue in zip(groups, ordered, queues, strict=True)
        ],
    )


GROUP_COLUMNS = (
    Column(name="Calls"),
    Column(name="p50", unit="seconds"),
    Column(name="p95", unit="seconds"),
    Column(name="p99", unit="seconds"),
    Column(name="Longest", unit="seconds"),
    Column(name="Queue p50", unit="seconds"),
    Column(name="Queue p95", unit="seconds"),
    Column(name="Output tokens per second", unit="rate"),
)


def _quantile_trace(bars: Bars, groups: list[Group], ordered: list[list[float]], part: float, color: str) -> Json:
    """A bar to the time that so many of a group's calls did not exceed; leads to the longest of it."""
    values = [quantile(took, part) for took in ordered]
    name = f"p{part * 100:.0f}"
    marks = [
        mark(group.calls, lambda call: call.seconds, duration, query=query(group.terms), most=room(4 * len(groups)))
        for group in groups
    ]
    text = [f"{group.label}: {name} {duration(value)}" for group, value in zip(groups, values, strict=True)]
    return bars.trace(name, color, values, text=text, customdata=marks)


def _queue_trace(groups: list[Group], queues: list[list[float]]) -> Json:
    values = [quantile(queue, 0.95) for queue in queues]
    pairs = list(zip(groups, values, strict=True))
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "queue p95",
        "x": values,
        "y": [group.label for group in groups],
        "marker": {"symbol": "diamond", "size": 10, "color": QUIET, "line": {"color": "var(--surface)", "width": 1}},
        "text": [f"{group.label}: waited for their turn, p95 {duration(value)}" for group, value in pairs],
        "hovertemplate": "%{text}<extra></extra>",
        "customdata": [
            mark(group.calls, lambda call: call.queued, duration, most=room(4 * len(groups))) for group in groups
        ],
    }


def _slowest(groups: list[Group], ordered: list[list[float]], place: int) -> str:
    took = duration(quantile(ordered[place], 0.95))
    label = title_of(groups[place].label)
    if len(groups) == 1:
        return f"{label}: one call in twenty took over {took}" if len(ordered[place]) >= 20 else f"{label}: {took}"
    return f"{label} took the longest: 95 % within {took}"


def _row(group: Group, took: list[float], queue: list[float], groups: int) -> Row:
    written = [(call.output_tokens, call.seconds) for call in group.calls if not call.failed and call.output_tokens]
    seconds = sum(each for _tokens, each in written)
    cells = (
        group.label,
        len(took),
        *(quantile(took, part) for part in PARTS),
        took[-1],
        quantile(queue, 0.5),
        quantile(queue, 0.95),
        sum(tokens for tokens, _seconds in written) / seconds if seconds else None,
    )
    longest = mark(group.calls, lambda call: call.seconds, duration, query=query(group.terms), most=room(groups))
    return Row(cells=cells, mark=longest)
