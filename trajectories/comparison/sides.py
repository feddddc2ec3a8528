"""One run's part of a row, in words and figures: what a step, a call or a set of calls is called, took and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from trajectories.comparison.essences import Calls, Step
from trajectories.comparison.likeness import Thing
from trajectories.comparison.record import Node
from trajectories.comparison.rows import Row

SideKind = Literal["step", "last_chance", "lm", "rlm", "batch", "loop"]
LONGEST_NAME = 120
NAMES = {("lm", True): "llm_batch", ("lm", False): "llm_call", ("rlm", True): "rlm_batch", ("rlm", False): "rlm_call"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    kind: SideKind
    """`batch`: calls made at once; `loop`: calls made one after the other."""
    node: int
    """Of calls: the first."""
    name: str
    position: int | None
    """Of a step: its place among those of its rlm node, from 1."""
    count: int | None
    """Of calls: how many."""
    start: float
    """Seconds since the run's start."""
    seconds: float | None
    """None while it runs."""
    usd: Decimal | None
    """As far as there are prices."""
    unpriced: int
    """Calls in it without a known price."""
    error: str
    """The first thing that went wrong in it."""


def side(thing: Thing) -> Side:
    if isinstance(thing, Step):
        kind: SideKind = "last_chance" if thing.is_last_chance else "step"
        return _made(kind, [thing.node], _step_name(thing), _step_error(thing), position=thing.position or None)
    if isinstance(thing, Calls):
        failed = next((item.error for item in thing.items if item.error), "")
        kind = "batch" if thing.is_batch else "loop"
        name = f"{NAMES[thing.kind, thing.is_batch]} ×{len(thing.items):,}"
        return _made(kind, thing.items, name, failed, count=len(thing.items))
    return _made("rlm" if thing.kind == "rlm" else "lm", [thing], _short(thing.name), thing.error)


def _made(
    kind: SideKind,
    nodes: Sequence[Node],
    name: str,
    error: str,
    *,
    position: int | None = None,
    count: int | None = None,
) -> Side:
    tries = [call for node in nodes for call in node.tries]
    ends = [call.start + call.seconds for call in tries if call.seconds is not None]
    start = min(call.start for call in tries)
    known = [call.usd for call in tries if call.usd is not None]
    return Side(
        kind=kind,
        node=nodes[0].number,
        name=name,
        position=position,
        count=count,
        start=start,
        seconds=max(ends) - start if len(ends) == len(tries) else None,
        usd=sum(known, Decimal(0)) if known else None,
        unpriced=sum(call.unpriced for call in tries),
        error=_short(error),
    )


def _step_name(step: Step) -> str:
    if step.is_last_chance:
        return "Last chance"
    done = step.node.label or ", ".join(cell.name for cell in step.cells) or ("Python" if step.cells else "no code")
    return f"{step.position} · {_short(done)}"


def _step_error(step: Step) -> str:
    return next((part.error for part in [*step.replies, *step.cells] if part.error), "")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_NAME else f"{flat[: LONGEST_NAME - 1]}…"


def row_id(row: Row) -> str:
    """The numbers of its nodes by run, `0` where a run has none: the same whichever run is the baseline."""
    return "-".join(_side_id(thing) for thing in row.sides)


def _side_id(thing: Thing | None) -> str:
    if thing is None:
        return "0"
    if isinstance(thing, Calls):
        return f"b{thing.node.number}"
    return str(thing.number if isinstance(thing, Node) else thing.node.number)
