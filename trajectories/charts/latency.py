"""How long the model calls took."""

from trajectories.charts._chart import FAILED, SEQUENCE, Chart, bar, calls_words, duration, level, nothing, quantile
from trajectories.charts._record import Call, Record

MEASURE = "Time of model calls, waiting in the queue not counted"
BINS = 32


def chart(record: Record) -> Chart:
    if not record.calls:
        return nothing("No model was asked", MEASURE)
    ordered = sorted(call.seconds for call in record.calls)
    p50, p95 = quantile(ordered, 0.5), quantile(ordered, 0.95)
    width = max(min(ordered[-1], 3 * p95), 0.001) / BINS
    bins: list[list[Call]] = [[] for _ in range(BINS)]
    for call in record.calls:
        bins[min(BINS - 1, int(call.seconds / width))].append(call)
    names = [f"{duration(index * width)}–{duration((index + 1) * width)}" for index in range(BINS - 1)]
    names.append(f"over {duration((BINS - 1) * width)}")
    traces = []
    for label, color, failed in (("answered", SEQUENCE[1], False), ("failed", FAILED, True)):
        cells = [[call for call in cell if call.failed is failed] for cell in bins]
        if failed and not any(cells):
            continue
        traces.append(
            bar(
                label,
                color,
                x=[(index + 0.5) * width for index in range(BINS)],
                y=[len(cell) for cell in cells],
                width=width * 0.88,
                text=[f"{name}: {calls_words(len(cell))} {label}" for name, cell in zip(names, cells, strict=True)],
                customdata=[max(cell, key=lambda call: call.seconds).number if cell else None for cell in cells],
            )
        )
    lines = [level(value, across="x", text=f"{name} {duration(value)}") for name, value in (("p50", p50), ("p95", p95))]
    for value, (_shape, note) in zip((p50, p95), lines, strict=True):
        if value > 0.8 * BINS * width or (value == p50 and p95 - p50 < 10 * width):
            note.update({"xanchor": "right", "xshift": -4})
    return Chart(
        title=_title(len(ordered), p50, p95),
        measure=f"{MEASURE}; {calls_words(len(ordered))}",
        traces=traces,
        layout={
            "xaxis": {"range": [0, width * BINS], "ticksuffix": " s", "showgrid": False, "nticks": 6},
            "yaxis": {"rangemode": "tozero", "tickformat": "d", "nticks": min(6, 1 + max(map(len, bins)))},
            "shapes": [shape for shape, _note in lines],
            "annotations": [note for _shape, note in lines],
        },
        columns=["Took", "Answered", "Failed"],
        rows=[
            [name, f"{sum(not call.failed for call in cell):,}", f"{sum(call.failed for call in cell):,}"]
            for name, cell in zip(names, bins, strict=True)
            if cell
        ],
    )


def _title(number: int, p50: float, p95: float) -> str:
    if number == 1:
        return f"The only call took {duration(p50)}"
    if number < 20:
        return f"Half of the calls took over {duration(p50)}"
    return f"One call in twenty took over {duration(p95)}"
