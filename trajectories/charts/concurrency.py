"""How many model calls were in flight, over time."""

from trajectories.charts._chart import Chart, calls_words, clock, level, nothing, percent, time_axis
from trajectories.charts._record import Record

MEASURE = "Calls in flight over time"
MOST_POINTS = 240


def chart(record: Record) -> Chart:
    if not record.calls:
        return nothing("No model was asked", MEASURE)
    counts, newest = _in_flight(record)
    width = record.seconds / len(counts)
    times = [round(index * width, 6) for index in range(len(counts))]
    most = max(counts)
    shapes, notes = [], []
    if record.limit is not None and record.limit <= 2 * most:
        shape, note = level(record.limit, across="y", text=f"limit {record.limit}")
        shapes.append(shape)
        notes.append(note)
    quiet = record.seconds - sum(end - start for start, end in record.busy)
    return Chart(
        title=f"{calls_words(most)} ran at once at the peak" if most > 1 else "The calls ran one after the other",
        measure=MEASURE
        + (f"; nothing ran for {percent(quiet, record.seconds)} of it" if quiet > record.seconds / 100 else ""),
        traces=[
            {
                "type": "scatter",
                "mode": "lines",
                "name": "in flight",
                "x": times,
                "y": counts,
                "customdata": newest,
                "line": {"shape": "hv", "width": 1, "color": "var(--seq-2)"},
                "fill": "tozeroy",
                "fillcolor": "var(--seq-2)",
                "text": [
                    f"{clock(time)}: {calls_words(count)} in flight" for time, count in zip(times, counts, strict=True)
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        layout={
            "xaxis": time_axis(record.seconds),
            "yaxis": {"rangemode": "tozero", "tickformat": "d", "nticks": min(6, most + 1)},
            "shapes": shapes,
            "annotations": notes,
        },
        columns=["From", "Calls in flight"],
        rows=[
            [clock(time), f"{count:,}"]
            for index, (time, count) in enumerate(zip(times, counts, strict=True))
            if index == 0 or counts[index - 1] != count
        ],
    )


def _in_flight(record: Record) -> tuple[list[int], list[int | None]]:
    """The most calls in flight in each of so many equal parts of the run, and the call that began last there."""
    counts = [0] * MOST_POINTS
    newest: list[int | None] = [None] * MOST_POINTS
    flying, at = 0, 0
    for time, change, number in record.moments():
        part = min(MOST_POINTS - 1, max(0, int(time / record.seconds * MOST_POINTS)))
        for between in range(at + 1, part + 1):
            counts[between], newest[between] = flying, newest[at]
        at = part
        flying += change
        counts[at] = max(counts[at], flying)
        if change > 0:
            newest[at] = number
    return counts, newest
