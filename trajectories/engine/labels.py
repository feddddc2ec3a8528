"""Short names for what code does, read from its syntax tree: “grep ×2, llm_batch”, and the strategies behind it."""

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


# ------------------------------------------------------------------------------------------------ strategies

STRATEGIES = ("peek", "grep", "map", "summarise", "compute", "verify")
"""The ones to be recognised in a trajectory (arXiv 2512.24601, section 4, and the authors' blog)."""
_PEEKS = {"peek", "SHOW_VARS"}
_SEARCHES = {"grep", "search", "match", "fullmatch", "findall", "finditer", "find", "index", "count", "startswith"}
_SINGLE = {"llm_call", "llm_query", "rlm_call", "rlm_query"}
_MANY = {"llm_batch", "llm_query_batched", "rlm_batch", "rlm_query_batched"}
_COMPUTES = {"sum", "max", "min", "sorted", "Counter", "mean", "median", "groupby", "round", "len", "set", "loads"}
_SUMMARISING = ("summar", "gist", "overview", "in a few sentences", "key points")
_VERIFYING = (
    "verify",
    "check whether",
    "double-check",
    "confirm",
    "is it correct",
    "is this correct",
    "does the text say",
)


def strategies(codes: Sequence[str]) -> list[str]:
    """Which of `STRATEGIES` a step's code follows, in their own order."""
    found: set[str] = set()
    for code in codes:
        try:
            found |= _strategies(ast.parse(code))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return [name for name in STRATEGIES if name in found]


def _strategies(tree: ast.AST) -> set[str]:
    calls = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    words = " ".join(_texts(tree)).lower()
    asks_in_loop = any(_asks(loop) for loop in ast.walk(tree) if isinstance(loop, _LOOPS))
    asks = bool(calls & (_SINGLE | _MANY))
    found = set()
    if calls & _PEEKS or _slices_context(tree):
        found.add("peek")
    if calls & _SEARCHES:
        found.add("grep")
    if calls & _MANY or asks_in_loop:
        found.add("map")
    if asks and any(word in words for word in _SUMMARISING):
        found.add("summarise")
    if (
        asks
        and any(word in words for word in _VERIFYING)
        or any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    ):
        found.add("verify")
    if calls & (_COMPUTES - {"len"}) or any(isinstance(node, ast.AugAssign) for node in ast.walk(tree)):
        found.add("compute")
    return found


_LOOPS = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _asks(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Call) and _called(node) in _SINGLE for node in ast.walk(tree))


def _texts(tree: ast.AST) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _slices_context(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and any(isinstance(inner, ast.Name) and inner.id == "context" for inner in ast.walk(node.value))
        for node in ast.walk(tree)
    )
