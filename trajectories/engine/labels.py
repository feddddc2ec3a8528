"""Short names for what code does, read from its syntax tree: “grep ×2, llm_batch”."""

import ast
from collections import Counter
from collections.abc import Sequence

NAMES = (
    "peek",
    "grep",
    "llm_call",
    "llm_batch",
    "rlm_call",
    "rlm_batch",
    "llm_query",
    "llm_query_batched",
    "rlm_query",
    "rlm_query_batched",
    "SHOW_VARS",
    "FINAL",
    "FINAL_VAR",
)


def label(codes: Sequence[str]) -> str:
    """What a step's code calls, in the order of first use; empty when it has no code."""
    counts: Counter[str] = Counter()
    for code in codes:
        counts.update(_calls(code))
    return ", ".join(name if count == 1 else f"{name} ×{count}" for name, count in counts.items())


def cell_name(code: str) -> str:
    return label([code]) or "Python"


def _calls(code: str) -> list[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = [
        (node.lineno, node.col_offset, node.func.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES
    ]
    return [name for _line, _column, name in sorted(found)]
