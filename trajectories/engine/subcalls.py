"""What happens when code in the REPL asks for models: plain calls and sub-RLMs, one or a thousand at once.

One failure is that item's result, never an exception; only cancelling stops the rest.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import ValidationError

from trajectories.engine.calls import Call, Caller, Route, Router
from trajectories.engine.errors import EngineError, FailureKind, PolicyError, ProviderError
from trajectories.engine.text import TextInMemory
from trajectories.engine.tree import Node, Tree
from trajectories.engine.types import CallItem, CallResult, Document, HostCall, Message, Quote, QuotingText, Read, Span

SHORT_PROMPT = 2_000
"""A sub-RLM's prompt up to this length is its question; a longer one only stands in its context."""
TASK_IN_CONTEXT = "The task and its material stand in `context`. Read it there and do what it asks."
_FENCED = re.compile(r"^\s*```[a-z]*\n(.*)\n```\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTask:
    """What a sub-RLM shall do."""

    question: str
    documents: tuple[Document, ...]
    context_is_list: bool
    route: Route
    path: str
    batch: int | None = None
    index: int | None = None
    line: int | None = None


Solve = Callable[[ChildTask, Node], Awaitable[str]]
"""Runs a sub-RLM below a cell and returns its answer; raises `EngineError` when it got none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a cell's code may call."""

    depth: int
    """Of the rlm node the cell belongs to."""
    max_depth: int
    documents: tuple[Document, ...]
    """The inputs of that rlm node."""


class SubCalls:
    """Answers the host calls of one cell."""

    def __init__(
        self, *, tree: Tree, cell: Node, path: str, reach: Reach, router: Router, caller: Caller, solve: Solve
    ) -> None:
        self._tree = tree
        self._cell = cell
        self._path = path
        self._reach = reach
        self._router = router
        self._caller = caller
        self._solve = solve
        self._calls = 0
        self.made = 0
        """Items asked for so far."""

    async def __call__(self, call: HostCall) -> list[CallResult]:
        self._calls += 1
        self.made += len(call.items)
        path = f"{self._path}/{self._calls}"
        levels = self._reach.max_depth - self._reach.depth
        if levels < 1:
            return [_failed("depth", "Model calls are switched off at this depth. Work with Python.")] * len(call.items)
        try:
            route = self._route(call)
            _check_schema(call.schema)
        except EngineError as error:
            return [_failed(_kind(error), str(error))] * len(call.items)
        recursive = call.op == "rlm" and levels >= 2
        answer = self._recurse if recursive else self._ask
        batch = _Batch(self._tree) if call.batch else None
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(answer(call, item, index, route, f"{path}.{index}", batch))
                for index, item in enumerate(call.items)
            ]
        return [task.result() for task in tasks]

    def _route(self, call: HostCall) -> Route:
        if not call.role.isidentifier() or len(call.role) > 40:
            raise PolicyError("A role is a short name, such as worker.")
        return self._router.route(call.role, call.model)

    async def _ask(
        self, call: HostCall, item: CallItem, index: int, route: Route, path: str, batch: "_Batch | None"
    ) -> CallResult:
        prompt = _with_context(item)
        number = batch.number() if batch else None
        try:
            reply = await self._caller.call(
                Call(
                    route=route,
                    messages=(Message(role="user", content=prompt.text, quotes=prompt.quotes),),
                    name=prompt.text[:200] or "(empty prompt)",
                    parent=self._cell,
                    depth=self._reach.depth + 1,
                    path=path,
                    schema=call.schema,
                    reads=reads_of(prompt.quotes, self._reach.documents),
                    batch=number,
                    index=index if batch else None,
                    line=call.line,
                )
            )
        except EngineError as error:
            return _failed(_kind(error), str(error))
        if reply.finish_reason == "length" and call.schema is not None:
            return _failed("truncated", "The reply was cut at the length limit.")
        return CallResult(value=reply.text) if call.schema is None else _checked(reply.text, call.schema)

    async def _recurse(
        self, call: HostCall, item: CallItem, index: int, route: Route, path: str, batch: "_Batch | None"
    ) -> CallResult:
        texts = item.context if item.context is not None else (item.prompt,)
        is_short = len(item.prompt.text) <= SHORT_PROMPT
        task = ChildTask(
            question=item.prompt.text if is_short else TASK_IN_CONTEXT,
            documents=tuple(_child_document(text, number, self._reach.documents) for number, text in enumerate(texts)),
            context_is_list=item.context_is_list,
            route=route,
            path=path,
            batch=batch.number() if batch else None,
            index=index if batch else None,
            line=call.line,
        )
        try:
            answer = await self._solve(task, self._cell)
        except EngineError as error:
            return _failed(_kind(error), str(error))
        return CallResult(value=answer) if call.schema is None else _checked(answer, call.schema)


class _Batch:
    """Gives all calls of a batch the number of its first node. Who asks first starts its node before anyone else
    can: nothing is awaited between."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._first: int | None = None

    def number(self) -> int:
        if self._first is None:
            self._first = self._tree.next_number()
        return self._first


def _child_document(text: QuotingText, number: int, documents: Sequence[Document]) -> Document:
    origin = _whole_quote(text, documents)
    return Document(id="", name=f"context {number + 1}", text=TextInMemory(text.text), origin=origin)


def _whole_quote(text: QuotingText, documents: Sequence[Document]) -> Span | None:
    """Where in the root's documents the whole text stands, if it is one exact piece."""
    if len(text.quotes) != 1 or text.quotes[0].length != len(text.text):
        return None
    quote = text.quotes[0]
    return to_root(Span(document=quote.document, start=quote.start, end=quote.start + quote.length), documents)


def to_root(span: Span, documents: Sequence[Document]) -> Span | None:
    """A span of an rlm node's inputs as one of the run's documents; None when that is not known."""
    document = documents[span.document]
    if document.id:
        return span
    if document.origin is None:
        return None
    shift = document.origin.start
    return Span(document=document.origin.document, start=shift + span.start, end=shift + span.end)


def reads_of(quotes: Sequence[Quote], documents: Sequence[Document]) -> tuple[Read, ...]:
    """What of the run's documents goes out to a model with a text."""
    reads = []
    for quote in quotes:
        span = to_root(Span(document=quote.document, start=quote.start, end=quote.start + quote.length), documents)
        if span is not None:
            reads.append(Read(document=span.document, start=span.start, end=span.end, how="sent"))
    return tuple(reads)


def _with_context(item: CallItem) -> QuotingText:
    """A recursive call that may go no deeper becomes a plain one: the prompt, then its context."""
    if item.context is None:
        return item.prompt
    text, quotes = item.prompt.text, list(item.prompt.quotes)
    for part in item.context:
        text += "\n\n"
        quotes += [
            Quote(at=quote.at + len(text), length=quote.length, document=quote.document, start=quote.start)
            for quote in part.quotes
        ]
        text += part.text
    return QuotingText(text=text, quotes=tuple(quotes))


def _check_schema(schema: Any) -> None:
    if schema is None:
        return
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ProviderError("schema", f"The schema is not a JSON Schema: {error.message[:300]}") from error


def _checked(text: str, schema: Any) -> CallResult:
    fenced = _FENCED.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
        Draft202012Validator(schema).validate(value)
    except ValueError:
        return _failed("schema", f"The reply is not JSON: {text[:200]}")
    except RecursionError:
        return _failed("schema", "The reply is nested too deeply.")
    except ValidationError as error:
        return _failed("schema", f"The reply does not fit the schema: {error.message[:300]}")
    return CallResult(value=value)


def _failed(kind: FailureKind, message: str) -> CallResult:
    return CallResult(error_kind=kind, error_message=message)


def _kind(error: EngineError) -> FailureKind:
    if isinstance(error, ProviderError):
        return error.kind
    if isinstance(error, PolicyError):
        return "bad_request"
    return "budget" if error.kind == "budget" else "engine"
