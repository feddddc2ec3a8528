"""Which part of the root's input came from the provider's cache, turn by turn. Only what was reported counts."""

from trajectories.charts._chart import SEQUENCE, Chart, bar, nothing, percent
from trajectories.charts._record import Record

MEASURE = "Cached part of the root's input by turn, as reported"
MOST_TURNS = 300


def chart(record: Record) -> Chart:
    turns = [call for call in record.calls if call.is_turn and call.input_tokens and not call.estimated][:MOST_TURNS]
    if not turns:
        return nothing("No server reported tokens", MEASURE)
    read = sum(call.cache_read_tokens for call in turns)
    if not read:
        return nothing("No cached input was reported", MEASURE)
    shares = [call.cache_read_tokens / call.input_tokens for call in turns]
    total = sum(call.input_tokens for call in turns)
    return Chart(
        title=f"{percent(read, total)} of the root's input came from the cache",
        measure=MEASURE,
        traces=[
            bar(
                "cached",
                SEQUENCE[1],
                x=list(range(1, len(turns) + 1)),
                y=shares,
                text=[
                    f"turn {number}: {call.cache_read_tokens:,} of {call.input_tokens:,} tokens"
                    for number, call in enumerate(turns, 1)
                ],
                customdata=[call.number for call in turns],
            )
        ],
        layout={
            "xaxis": {"showgrid": False, "tickformat": "d", "nticks": min(10, len(turns) + 1)},
            "yaxis": {"range": [0, 1], "tickformat": ".0%", "nticks": 5},
        },
        columns=["Turn", "Input", "From cache", "Part"],
        rows=[
            [str(number), f"{call.input_tokens:,}", f"{call.cache_read_tokens:,}", percent(share, 1)]
            for number, (call, share) in enumerate(zip(turns, shares, strict=True), 1)
        ],
    )
