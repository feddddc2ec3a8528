"""Tokens by the root's steps, each with all below it."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from trajectories.charts._chart import SEQUENCE, Chart, bar, nothing, percent
from trajectories.charts._record import Call, Record

MEASURE = "Tokens by root step, with all below it"
MOST_BARS = 90
KINDS: tuple[tuple[str, str, Callable[[Call], int]], ...] = (
    ("in", SEQUENCE[1], lambda call: call.input_tokens - call.cache_read_tokens),
    ("in, from cache", SEQUENCE[3], lambda call: call.cache_read_tokens),
    ("out", SEQUENCE[0], lambda call: call.output_tokens),
)


def chart(record: Record) -> Chart:
    total = sum(call.tokens for call in record.calls)
    if not total:
        return nothing("No tokens were used", MEASURE)
    groups = _groups(record)
    labels = [label for label, _step, _calls in groups]
    traces = []
    for name, color, count in KINDS:
        values = [sum(map(count, calls)) for _label, _step, calls in groups]
        text = [f"{label}: {value:,} {name}" for label, value in zip(labels, values, strict=True)]
        traces.append(bar(name, color, x=labels, y=values, text=text, customdata=[step for _, step, _ in groups]))
    label, _step, most = max(groups, key=lambda group: _tokens(group[2]))
    return Chart(
        title=f"{label} used {percent(_tokens(most), total)} of the tokens",
        measure=MEASURE,
        traces=traces,
        layout={
            "xaxis": {
                "type": "category",
                "showgrid": False,
                "tickvals": labels,
                "ticktext": [_short(each) for each in labels],
            },
            "yaxis": {"tickformat": "~s", "rangemode": "tozero", "nticks": 6},
        },
        columns=["Step", *(name for name, _color, _count in KINDS), "Together"],
        rows=[
            [label, *(f"{sum(map(count, calls)):,}" for _, _, count in KINDS), f"{_tokens(calls):,}"]
            for label, _step, calls in groups
        ],
    )


def _groups(record: Record) -> list[tuple[str, int | None, list[Call]]]:
    """(name, node to open, calls) of each step, or of several together where there are many, and of what is in none."""
    by_step: dict[int | None, list[Call]] = defaultdict(list)
    for call in record.calls:
        by_step[call.step].append(call)
    size = -(-len(record.steps) // MOST_BARS) or 1
    groups: list[tuple[str, int | None, list[Call]]] = []
    for first in range(0, len(record.steps), size):
        steps = record.steps[first : first + size]
        name = f"Step {first + 1}" if len(steps) == 1 else f"Steps {first + 1}–{first + len(steps)}"
        groups.append((name, steps[0], [call for step in steps for call in by_step[step]]))
    if by_step[None]:
        groups.append(("Last chance", by_step[None][0].number, by_step[None]))
    return groups


def _short(label: str) -> str:
    return label.removeprefix("Steps ").removeprefix("Step ")


def _tokens(calls: Sequence[Call]) -> int:
    return sum(call.tokens for call in calls)
