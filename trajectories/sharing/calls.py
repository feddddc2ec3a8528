"""Which nodes hold material rather than thought: calls that code made, whose prompts and replies are pieces of
documents, worked on; and the cell by which a history that was summed up is put into the REPL.
"""

from collections.abc import Iterable, Sequence

from trajectories.models import Node

ASKING = ("lm", "rlm")
THINKING = ("step", "rlm")
"""Kinds of nodes whose own calls are turns of a conversation."""
SUMMARY = "Summary of the history"
"""What the step is called in which a history is summed up."""
PER_QUERY = 500

_Node = tuple[str, int | None, str]
"""Kind, parent, name."""


def is_call(kind: str, parent_kind: str | None) -> bool:
    """`parent_kind`: None for a node without a parent."""
    return kind in ASKING and parent_kind is not None and parent_kind not in THINKING


def calls_among(run_id: str, numbers: Iterable[int]) -> set[int]:
    """Those of the nodes that hold material; one that is not known counts as one."""
    wanted = sorted(set(numbers))
    nodes = _read(run_id, wanted)
    parents = {parent for _, parent, _ in nodes.values() if parent is not None and parent not in nodes}
    known = nodes | _read(run_id, sorted(parents))
    return (set(wanted) - nodes.keys()) | {number for number in nodes if _is_material(number, known)}


def _is_material(number: int, known: dict[int, _Node]) -> bool:
    kind, parent, _ = known[number]
    above = known.get(parent, ("", None, "")) if parent is not None else None
    if kind == "cell" and above is not None and above[2] == SUMMARY:
        return True
    return is_call(kind, above[0] if above else None)


def _read(run_id: str, numbers: Sequence[int]) -> dict[int, _Node]:
    found = {}
    for first in range(0, len(numbers), PER_QUERY):
        rows = Node.objects.filter(run_id=run_id, number__in=numbers[first : first + PER_QUERY])
        for number, kind, parent, name in rows.values_list("number", "kind", "parent", "name"):
            found[number] = (kind, parent, name)
    return found
