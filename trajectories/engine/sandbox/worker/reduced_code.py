"""Cells made ready for the reduced interpreter, which has no globals(): a function there cannot see the variables."""

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Cell(NamedTuple):
    text: str
    lists: bool
    """It ends with SHOW_VARS(), whose value is shown though nothing prints it."""


def prepared(code: str) -> Cell:
    """With `SHOW_VARS()` given the variables, where these can be had; lines stay the same."""
    try:
        tree = ast.parse(code)
        calls = list(_show_vars(tree))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return Cell(code, lists=False)
    lines = [line.encode("utf-8") for line in code.splitlines(keepends=True)]
    for call in sorted(calls, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0), reverse=True):
        number, at = (call.end_lineno or 1) - 1, (call.end_col_offset or 1) - 1
        lines[number] = lines[number][:at] + b"locals()" + lines[number][at:]
    last = tree.body[-1] if tree.body else None
    return Cell(
        b"".join(lines).decode("utf-8"), lists=bool(calls) and isinstance(last, ast.Expr) and last.value in calls
    )


def _show_vars(node: ast.AST) -> Iterator[ast.Call]:
    """Calls without arguments, not those inside functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not (node.args or node.keywords):
        yield from [node] * (node.func.id == "SHOW_VARS")
    for inner in ast.iter_child_nodes(node):
        yield from _show_vars(inner)
