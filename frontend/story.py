"""What a run did, in sentences made from its nodes: the same nodes always give the same words. No model is asked.

Step 2 searched 3 documents and asked gpt-5-mini 350 questions; 4 failed.        0:07 · 11.4 s · $0.007
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q

from trajectories.models import Node, Run

LOOKS = ("peek", "slice")
"""Ways of reading that code chose by position."""
SHELVES = {"lm": "replies", "cell": "cells", "gate": "gates"}
"""Kind of a step's child → where `_Step` keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a sentence."""

    text: str
    node: int | None = None
    """A link to this node."""
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One line of the story."""

    node: int
    kind: str
    """The glyph: what the step mostly did."""
    parts: tuple[Part, ...]
    start: float
    """Seconds since the run began."""
    seconds: float | None
    usd: Decimal | None
    running: bool = False


@dataclass(frozen=True, slots=True)
class _Calls:
    """Sub-calls of one cell to one model, or sub-runs."""

    kind: str
    model: str
    count: int
    failed: int
    first: int


@dataclass(slots=True)
class _Step:
    node: Node
    replies: list[Node] = field(default_factory=list)
    cells: list[Node] = field(default_factory=list)
    gates: list[Node] = field(default_factory=list)


def story(run: Run, document_names: Mapping[str, str]) -> list[Sentence]:
    """One sentence for each step of the root, in order."""
    nodes = Node.objects.filter(run=run).order_by("number").defer("texts")
    root = nodes.filter(kind="rlm", parent=None).first()
    if root is None:
        return []
    steps = {node.number: _Step(node) for node in nodes.filter(parent=root.number, kind="step")}
    for child in nodes.filter(parent__in=list(steps), kind__in=SHELVES):
        getattr(steps[child.parent], SHELVES[child.kind]).append(child)
    calls = _calls_by_cell(run, [cell.number for step in steps.values() for cell in step.cells])
    return [
        _sentence(number, step, calls, root.started_at, document_names)
        for number, step in enumerate(steps.values(), start=1)
    ]


def _calls_by_cell(run: Run, cells: Sequence[int]) -> dict[int, list[_Calls]]:
    rows = (
        Node.objects.filter(run=run, parent__in=cells)
        .values("parent", "kind", "model")
        .annotate(count=Count("number"), failed=Count("number", filter=Q(status="failed")), first=Min("number"))
        .order_by("parent", "first")
    )
    found = defaultdict(list)
    for row in rows:
        found[row["parent"]].append(_Calls(row["kind"], row["model"], row["count"], row["failed"], row["first"]))
    return found


def _sentence(
    number: int, step: _Step, calls: Mapping[int, list[_Calls]], began: float, names: Mapping[str, str]
) -> Sentence:
    node = step.node
    made = [call for cell in step.cells for call in calls.get(cell.number, [])]
    clauses = [
        *_reading(step, names),
        *_asking(made),
        *_printing(step),
        *_troubles(step, made),
        *_judging(step),
        *_ending(step),
    ]
    running = node.status == "running"
    if not clauses:
        clauses = [[Part(text="is at work" if running else _idle(step))]]
    parts = [
        Part(text=f"Step {number}", node=node.number),
        Part(text=" "),
        *_joined(clauses),
        Part(text="." if not running else " …"),
    ]
    return Sentence(
        node=node.number,
        kind=_kind(step, made),
        parts=tuple(parts),
        start=node.started_at - began,
        seconds=None if node.finished_at is None else node.finished_at - node.started_at,
        usd=node.subtree_usd,
        running=running,
    )


def _kind(step: _Step, made: Sequence[_Calls]) -> str:
    if step.gates:
        return "gate"
    if any(call.kind == "rlm" for call in made):
        return "rlm"
    if made:
        return "lm"
    return "cell" if step.cells else "step"


def _joined(clauses: Sequence[Sequence[Part]]) -> Iterable[Part]:
    for index, clause in enumerate(clauses):
        if index:
            yield Part(text=" and " if index == len(clauses) - 1 else ", ")
        yield from clause


# ------------------------------------------------------------------------------------------------ clauses

Clauses = list[list[Part]]


def _reading(step: _Step, names: Mapping[str, str]) -> Clauses:
    looked: dict[str, int] = {}
    found: dict[str, int] = {}
    for read in _reads(step):
        if read["how"] in LOOKS:
            looked[read["document"]] = looked.get(read["document"], 0) + read["end"] - read["start"]
        elif read["how"] == "grep":
            found[read["document"]] = found.get(read["document"], 0) + 1
    clauses: Clauses = []
    if looked:
        clauses.append([Part(text=f"read {_number(sum(looked.values()), 'character')} of {_names(looked, names)}")])
    if found:
        clauses.append([Part(text=f"found {_number(sum(found.values()), 'place')} in {_names(found, names)}")])
    return clauses or _called(step)


def _called(step: _Step) -> Clauses:
    """What the code called, where no read was recorded."""
    label = str(step.node.data.get("label") or "")
    searched = [name for name in ("grep", "peek") if name in label]
    if searched == ["grep"]:
        return [[Part(text="searched with "), Part(text="grep", code=True), Part(text=" and found nothing")]]
    return [[Part(text="looked at the beginning")]] if searched else []


def _printing(step: _Step) -> Clauses:
    shown = sum(int(cell.data.get("shown_chars") or 0) for cell in step.cells)
    printed = sum(int(cell.data.get("stdout_chars") or 0) for cell in step.cells)
    if not shown:
        return []
    said = f"{shown:,} of {_number(printed, 'character')}" if printed > shown else _number(shown, "character")
    return [[Part(text=f"printed {said}")]]


def _asking(made: Sequence[_Calls]) -> Clauses:
    clauses: Clauses = []
    for call in made:
        if call.kind == "rlm":
            clauses.append(
                [Part(text="gave "), Part(text=_number(call.count, "part"), node=call.first), Part(text=" to sub-runs")]
            )
        elif call.kind == "lm":
            asked = Part(text=_number(call.count, "question"), node=call.first)
            clauses.append([Part(text=f"asked {call.model.rpartition('/')[2] or 'a model'} "), asked])
    return clauses


def _troubles(step: _Step, made: Sequence[_Calls]) -> Clauses:
    clauses: Clauses = []
    if failed := sum(call.failed for call in made):
        clauses.append([Part(text=f"got no answer to {failed:,} of them")])
    for cell in step.cells:
        if cell.error:
            said = f"{cell.error.get('kind')}: {cell.error.get('message', '')}"[:120].strip().rstrip(":")
            clauses.append([Part(text="stopped on "), Part(text=said, code=True, node=cell.number)])
        if cell.data.get("repl_lost"):
            clauses.append([Part(text="lost its variables, because the code had to be killed")])
    for reply in step.replies:
        if reply.status == "failed" and reply.error:
            clauses.append(
                [
                    Part(text="got no reply from the model: "),
                    Part(text=str(reply.error.get("message", ""))[:160].rstrip("."), node=reply.number),
                ]
            )
    return clauses


def _judging(step: _Step) -> Clauses:
    return [
        [
            Part(text="was let through by the gate " if gate.data.get("accepted") else "was sent back by the gate "),
            Part(text=gate.name, node=gate.number),
        ]
        for gate in step.gates
    ]


def _ending(step: _Step) -> Clauses:
    for cell in step.cells:
        ending: Any = cell.data.get("ending")
        if ending:
            variable = ending.get("variable") if isinstance(ending, dict) else None
            said = [Part(text="gave the answer", node=cell.number)]
            return [[*said, Part(text=" from "), Part(text=str(variable), code=True)] if variable else said]
    return []


def _idle(step: _Step) -> str:
    if step.node.status == "cancelled":
        return "was stopped"
    if step.cells:
        return "ran code that printed nothing"
    return "replied without code"


# ------------------------------------------------------------------------------------------------ words


def _reads(step: _Step) -> Iterable[Mapping[str, Any]]:
    for cell in step.cells:
        yield from cell.data.get("reads") or []


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _names(documents: Mapping[str, int], names: Mapping[str, str]) -> str:
    if len(documents) > 1:
        return f"{len(documents):,} documents"
    return names.get(str(next(iter(documents))), "the document")
