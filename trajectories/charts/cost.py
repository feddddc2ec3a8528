"""What was spent, by depth and model."""

from collections import defaultdict
from decimal import Decimal

from trajectories.charts._chart import SEQUENCE, Chart, bar, calls_words, money_axis, nothing, percent, usd
from trajectories.charts._record import Call, Record

MEASURE = "Cost by depth and model, US dollars"
MOST_MODELS = len(SEQUENCE)
MOST_DEPTHS = 20
OTHERS = "other models"


def chart(record: Record) -> Chart:
    if not record.calls:
        return nothing("No model was asked", MEASURE)
    priced = [call for call in record.calls if call.usd is not None]
    if not priced:
        return nothing("No price of a model here is known", MEASURE)
    total = _sum(priced)
    if not total and not record.unpriced:
        return nothing("The models that were asked cost nothing", MEASURE)
    names = _names(priced)
    groups: dict[tuple[int, str], list[Call]] = defaultdict(list)
    for call in priced:
        model = call.model if call.model in names else OTHERS
        groups[min(call.depth, MOST_DEPTHS), model].append(call)
    depths = sorted({depth for depth, _model in groups})
    traces = []
    for model, color in zip(names, SEQUENCE, strict=False):
        cells = [groups.get((depth, model), []) for depth in depths]
        traces.append(
            bar(
                model,
                color,
                orientation="h",
                y=[f"depth {depth}" for depth in depths],
                x=[float(_sum(cell)) for cell in cells],
                text=[
                    f"depth {depth}, {model}: {usd(_sum(cell))}, {calls_words(len(cell))}"
                    for depth, cell in zip(depths, cells, strict=True)
                ],
                customdata=[max(cell, key=_usd).number if cell else None for cell in cells],
            )
        )
    return Chart(
        title=_title(record, depths, groups, total),
        measure=MEASURE,
        traces=traces,
        layout={
            "xaxis": money_axis(total),
            "yaxis": {"autorange": "reversed", "showgrid": False, "tickfont": {"color": "var(--text)"}},
        },
        columns=["Depth and role", "Model", "Calls", "Cost"],
        rows=_table(record),
    )


def _names(calls: list[Call]) -> list[str]:
    """The dearest models, and the rest under one name."""
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for call in calls:
        spent[call.model] += _usd(call)
    ordered = sorted(spent, key=lambda model: (-spent[model], model))
    return ordered if len(ordered) <= MOST_MODELS else [*ordered[: MOST_MODELS - 1], OTHERS]


def _title(record: Record, depths: list[int], groups: dict[tuple[int, str], list[Call]], total: Decimal) -> str:
    if record.unpriced:
        return f"At least {usd(total)}: {calls_words(record.unpriced)} without a known price"
    by_depth = {
        depth: sum((_sum(cell) for (at, _), cell in groups.items() if at == depth), Decimal(0)) for depth in depths
    }
    dearest = max(depths, key=lambda depth: by_depth[depth])
    return f"Depth {dearest} cost {percent(by_depth[dearest], total)} of the run"


def _table(record: Record) -> list[list[str]]:
    cells: dict[tuple[int, str, str], list[Call]] = defaultdict(list)
    for call in record.calls:
        cells[call.depth, call.role, call.model].append(call)
    return [
        [f"depth {depth}, {role or 'no role'}", model, f"{len(cell):,}", _cost_words(cell)]
        for (depth, role, model), cell in sorted(cells.items())
    ][:100]


def _cost_words(calls: list[Call]) -> str:
    known = [call for call in calls if call.usd is not None]
    if not known:
        return "unknown"
    return usd(_sum(known)) if len(known) == len(calls) else f"at least {usd(_sum(known))}"


def _usd(call: Call) -> Decimal:
    return call.usd or Decimal(0)


def _sum(calls: list[Call]) -> Decimal:
    return sum((_usd(call) for call in calls), Decimal(0))
