"""What the engine tells while it works. The log of these is the trajectory; everything else is derived from it.

An `Event` has small `data`, which travels to every viewer as it is, and large `texts`, which the recorder keeps once
each by their hash and replaces by references. `seq` is given by the recorder: one number an event, no gaps.

`data` by type (keys that are None may be left out):

`run.started`    documents [{id, name, chars}], policy, sandbox {kind, level, findings}, profile;  texts: question
`node.started`   parent, kind, depth, name, role, tier, model, profile, batch, index, line, call_key
                 texts: lm: request (messages);  cell: code;  rlm: question
`node.finished`  status, error {kind, message, traceback?}, seconds, queued_ms
                 lm:    attempt, finish_reason, usage, cost, price, reported_model,
                        reads [{document, start, end, how: "sent"}]
                 cell:  stdout_chars, truncated, shown_chars, variables, variables_hash, reads, repl_lost,
                        ending {how, variable, sources [{document, start, end}]}
                 step:  label, notes (what the model was told beside its output), unexplored
                 rlm:   ended_by, sources
                 step, cell, rlm: subtree {usage, cost} (the node and all below it)
                 texts: lm: response, reasoning;  cell: stdout, shown;  step: thought;  rlm: answer
`lm.retried`     attempt, kind, message, wait_seconds, seconds
`budget.reached` limit, message
`run.resumed`    reason
`run.finished`   status, ended_by, error, sources, usage, cost, seconds, nodes, depth;  texts: answer

usage  {calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, estimated}
cost   {usd: "0.0123" | null, kind: "exact" | "estimated" | "unknown", unpriced_calls}
documents in reads and sources are indexes in `run.started`'s list; the doors to the outside turn them into ids.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from trajectories.engine.types import Cost, Message, Price, QuotingText, Read, Source, Usage, Variable

TextValue = str | QuotingText | tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    type: str
    node: int | None = None
    at: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    data: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, TextValue] = field(default_factory=dict)
    durable: bool = False
    """True: `emit` returns only when the event is safely stored (a reply is stored before it is used)."""


Emit = Callable[[Event], Awaitable[None]]
Delta = Callable[[int, str], None]
"""(node, words): a reply as it is being written. May be lost, never needed."""


def usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated": usage.estimated,
    }


def cost_json(cost: Cost) -> dict[str, Any]:
    """Unknown is never 0: where nothing that was called has a price, `usd` is null."""
    unknown = cost.usd is None or (cost.unpriced_calls and not cost.usd)
    usd = None if unknown else format(cost.usd or 0, "f")
    return {"usd": usd, "kind": cost.kind, "unpriced_calls": cost.unpriced_calls}


def price_json(price: Price) -> dict[str, Any]:
    names = ("input", "cache_read", "cache_write", "output")
    figures = {name: None if (value := getattr(price, name)) is None else format(value, "f") for name in names}
    return {**figures, "source": price.source, "as_of": price.as_of}


def read_json(read: Read) -> dict[str, Any]:
    return {"document": read.document, "start": read.start, "end": read.end, "how": read.how}


def source_json(source: Source) -> dict[str, Any]:
    return {"document": source.document, "start": source.start, "end": source.end, "text": source.text}


def variable_json(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "type": variable.type,
        "size": variable.size,
        "preview": variable.preview,
        "changed": variable.changed,
    }
