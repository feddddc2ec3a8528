"""Tools: Python functions of one's own that code in the REPL may call. They run here, on the host's side, with its
rights: only whoever runs the server can put one there, and a policy says by name which of them a run may use.

Arguments and results travel as JSON. What a tool does wrong is an `LLMError` of the kind `tool` in the REPL, no more.
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.engine.errors import PolicyError
from trajectories.engine.types import CallResult

SECONDS = 120.0
MOST_RESULT = 1 << 20
"""Characters of a result as JSON."""
RESERVED = frozenset(
    "context documents images peek grep llm_call llm_batch rlm_call rlm_batch llm_query llm_query_batched rlm_query "
    "rlm_query_batched LLMError FINAL FINAL_VAR answer SHOW_VARS history".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    name: str
    signature: str
    """As in Python: `(city: str, days: int = 3)`."""
    description: str
    """The first paragraph of its docstring; the model reads it."""
    function: Callable[..., Any]


def tool_of(function: Callable[..., Any]) -> Tool:
    """Raises `PolicyError` for one that cannot be offered."""
    name = function.__name__
    if name in RESERVED or name.startswith("_") or not name.isidentifier():
        raise PolicyError(f"A tool cannot be called {name!r}.")
    description = " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
    if not description:
        raise PolicyError(f"The tool {name} needs a docstring: it tells the model what the tool is for.")
    return Tool(name=name, signature=str(inspect.signature(function)), description=description, function=function)


def chosen(names: Sequence[str], tools: Mapping[str, Tool]) -> dict[str, Tool]:
    """Those that a policy names. Raises `PolicyError` when one is not there."""
    for name in names:
        if name not in tools:
            known = ", ".join(sorted(tools)) or "none"
            raise PolicyError(f"The policy names the tool {name[:60]!r}, which this server does not have ({known}).")
    return {name: tools[name] for name in names}


async def use(tool: Tool, arguments: str) -> CallResult:
    """`arguments`: JSON of [positional, named], hostile."""
    try:
        positional, named = json.loads(arguments)
        bound = inspect.signature(tool.function).bind(*positional, **named)
    except (ValueError, TypeError, RecursionError) as error:
        return _failed(f"{tool.name}{tool.signature} was called wrongly: {error}")
    try:
        async with asyncio.timeout(SECONDS):
            value = await _called(tool.function, bound)
        text = json.dumps(value)
    except TimeoutError:
        return _failed(f"{tool.name} took longer than {SECONDS:g} s.")
    except Exception as error:  # noqa: BLE001 - a tool of somebody else's; its failure is the code's to handle
        return _failed(f"{tool.name} failed: {type(error).__name__}: {str(error)[:500]}")
    if len(text) > MOST_RESULT:
        return _failed(f"{tool.name} gave {len(text):,} characters; {MOST_RESULT:,} are the most.")
    return CallResult(value=value)


async def _called(function: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*bound.args, **bound.kwargs)
    return await asyncio.to_thread(function, *bound.args, **bound.kwargs)


def _failed(message: str) -> CallResult:
    return CallResult(error_kind="tool", error_message=message)
