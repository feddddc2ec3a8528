"""What happens when code in the REPL asks for models: plain calls and sub-RLMs, one or a thousand at once.

One failure is that item's result, never an exception; only cancelling stops the rest.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from jsonschema import Draft202012Validator, SchemaError

from trajectories.engine import tools
from trajectories.engine.asking import TooLong
from trajectories.engine.calls import Call, estimated_tokens
from trajectories.engine.earlier import Earlier
from trajectories.engine.errors import EngineError, FailureKind, PolicyError, ProviderError
from trajectories.engine.events import Event
from trajectories.engine.json_replies import fitting
from trajectories.engine.judging import Tally
from trajectories.engine.routing import Ladder
from trajectories.engine.shop import Shop
from trajectories.engine.text import TextInMemory, TextPiece
from trajectories.engine.tree import Node, Tree
from trajectories.engine.types import (
    CallItem,
    CallResult,
    Document,
    HostCall,
    Message,
    Picture,
    Quote,
    QuotingText,
    Read,
    Span,
)

SHORT_PROMPT = 2_000
"""A sub-RLM's prompt up to this length is its question; a longer one only stands in its context."""
TASK_IN_CONTEXT = "The task and its material stand in `context`. Read it there and do what it asks."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTask:
    """What a sub-RLM shall do."""

    question: str
    documents: tuple[Document, ...]
    context_is_list: bool
    ladder: Ladder
    path: str
    batch: int | None = None
    index: int | None = None
    line: int | None = None
    earlier: Earlier | None = None
    """Of a follow-up question: what went before."""
    session: str = ""
    """The name under which the REPL is kept when there is an answer; empty: it is not."""


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

    def __init__(self, shop: Shop, cell: Node, path: str, reach: Reach, solve: Solve) -> None:
        self._shop = shop
        self._cell = cell
        self._path = path
        self._reach = reach
        self._solve = solve
        self._calls = 0
        self.made = 0
        """Items asked for so far."""
        self.tally: Tally = Counter()
        """What the gates said of the replies."""

    async def __call__(self, call: HostCall) -> list[CallResult]:
        self._calls += 1
        self.made += len(call.items) if call.op != "tool" else 0
        path = f"{self._path}/{self._calls}"
        if call.op == "tool":
            return [await self._use_tool(call)]
        if self._levels < 1:
            return [_failed("depth", "Model calls are switched off at this depth. Work with Python.")] * len(call.items)
        try:
            _check(call)
            self._shop.router.ladder(call.role, call.model)
        except EngineError as error:
            return [_failed(_kind(error), str(error))] * len(call.items)
        recursive = call.op == "rlm" and self._levels >= 2
        answer = self._recurse if recursive else self._ask
        prompts = [item.prompt for item in call.items] if recursive else await self._prompts(call.items)
        batch = _Batch(self._shop.tree) if call.batch else None
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(answer(_Item(call, item, prompt, index, f"{path}.{index}", batch)))
                for index, (item, prompt) in enumerate(zip(call.items, prompts, strict=True))
            ]
        return [task.result() for task in tasks]

    async def _prompts(self, items: Sequence[CallItem]) -> list[QuotingText]:
        """Recursive calls that may go no deeper become plain ones: the prompt, then its context."""
        if all(item.context is None for item in items):
            return [item.prompt for item in items]
        return await asyncio.to_thread(lambda: [_with_context(item, self._reach.documents) for item in items])

    async def _use_tool(self, call: HostCall) -> CallResult:
        """Told as an event of the cell: a tool is no model, and its cost is its owner's business."""
        tool = self._shop.tools.get(call.role)
        if tool is None or len(call.items) != 1:
            return _failed("tool", f"There is no tool {call.role[:60]!r} in this run.")
        began = time.monotonic()
        result = await tools.use(tool, call.items[0].prompt.text)
        data = {
            "name": tool.name,
            "line": call.line,
            "seconds": round(time.monotonic() - began, 6),
            "error": result.error_message or None,
        }
        await self._shop.emit(Event(type="tool.called", node=self._cell.number, data=data))
        return result

    @property
    def _levels(self) -> int:
        """Of calls that the code may still make."""
        return self._reach.max_depth - self._reach.depth

    async def _ask(self, item: "_Item") -> CallResult:
        prompt = item.prompt
        try:
            pictures = await _pictures(item.item.pictures, self._reach.documents)
        except EngineError as error:
            return _failed("bad_request", str(error))
        messages = (Message(role="user", content=prompt.text, quotes=prompt.quotes, pictures=pictures),)
        ladder = self._shop.router.ladder(item.call.role, item.call.model, estimated_tokens(messages))
        call = Call(
            route=ladder[0],
            messages=messages,
            name=prompt.text[:200] or "(empty prompt)",
            parent=self._cell,
            depth=self._reach.depth + 1,
            path=item.path,
            budget=self._shop.budget,
            schema=item.call.schema,
            reads=reads_of(prompt.quotes, self._reach.documents),
            batch=item.batch.number() if item.batch else None,
            index=item.index if item.batch else None,
            line=item.call.line,
        )
        try:
            accepted = await self._shop.asker.ask(
                call, ladder, documents=self._reach.documents, tally=self.tally, can_rechunk=self._levels >= 2
            )
        except TooLong:
            return await self._recurse(item)
        except EngineError as error:
            return _failed(_kind(error), str(error))
        return CallResult(value=accepted.value)

    async def _recurse(self, item: "_Item") -> CallResult:
        prompt, context = item.item.prompt, item.item.context
        texts: Sequence[QuotingText | Span] = context if context is not None else (prompt,)
        task = ChildTask(
            question=prompt.text if len(prompt.text) <= SHORT_PROMPT else TASK_IN_CONTEXT,
            documents=tuple(_child_document(text, number, self._reach.documents) for number, text in enumerate(texts)),
            context_is_list=item.item.context_is_list,
            ladder=self._shop.router.ladder(item.call.role if item.call.op == "rlm" else "root", item.call.model),
            path=item.path,
            batch=item.batch.number() if item.batch else None,
            index=item.index if item.batch else None,
            line=item.call.line,
        )
        try:
            answer = await self._solve(task, self._cell)
            return CallResult(value=answer if item.call.schema is None else fitting(answer, item.call.schema))
        except EngineError as error:
            return _failed(_kind(error), str(error))


@dataclass(frozen=True, slots=True)
class _Item:
    """One prompt of a call."""

    call: HostCall
    item: CallItem
    prompt: QuotingText
    """For a plain call: with the context, if the item has one."""
    index: int
    path: str
    batch: "_Batch | None"


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


async def _pictures(numbers: Sequence[int], documents: Sequence[Document]) -> tuple[Picture, ...]:
    """The pictures with these numbers in the REPL's list. Raises `DocumentError`."""
    return await asyncio.to_thread(_read_pictures, numbers, documents) if numbers else ()


def _read_pictures(numbers: Sequence[int], documents: Sequence[Document]) -> tuple[Picture, ...]:
    places = [
        (index, number)
        for index, document in enumerate(documents)
        for number in range(len(document.pictures.names) if document.pictures else 0)
    ]
    shown = []
    for place in numbers:
        index, number = places[place]
        pictures = documents[index].pictures
        assert pictures is not None
        media_type, data = pictures.read(number)
        shown.append(Picture(document=index, number=number, media_type=media_type, data=data))
    return tuple(shown)


def _child_document(given: QuotingText | Span, number: int, documents: Sequence[Document]) -> Document:
    name = f"context {number + 1}"
    if isinstance(given, Span):
        piece = TextPiece(documents[given.document].text, given.start, given.end)
        return Document(id="", name=name, text=piece, origin=to_root(given, documents))
    return Document(id="", name=name, text=TextInMemory(given.text), origin=_whole_quote(given, documents))


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


def _with_context(item: CallItem, documents: Sequence[Document]) -> QuotingText:
    """Raises `DocumentError`."""
    text, quotes = item.prompt.text, list(item.prompt.quotes)
    for given in item.context or ():
        part = _quoted(given, documents) if isinstance(given, Span) else given
        text += "\n\n"
        quotes += [replace(quote, at=quote.at + len(text)) for quote in part.quotes]
        text += part.text
    return QuotingText(text=text, quotes=tuple(quotes))


def _quoted(span: Span, documents: Sequence[Document]) -> QuotingText:
    text = documents[span.document].text.read(span.start, span.end)
    quote = Quote(at=0, length=len(text), document=span.document, start=span.start)
    return QuotingText(text=text, quotes=(quote,))


def _check(call: HostCall) -> None:
    """Raises `PolicyError`, `ProviderError` for a call that cannot be made for any of its items."""
    if not call.role.isidentifier() or len(call.role) > 40:
        raise PolicyError("A role is a short name, such as worker.")
    if call.schema is None:
        return
    try:
        Draft202012Validator.check_schema(call.schema)
    except SchemaError as error:
        raise ProviderError("schema", f"The schema is not a JSON Schema: {error.message[:300]}") from error


def _failed(kind: FailureKind, message: str) -> CallResult:
    return CallResult(error_kind=kind, error_message=message)


def _kind(error: EngineError) -> FailureKind:
    if isinstance(error, ProviderError):
        return error.kind
    if isinstance(error, PolicyError):
        return "bad_request"
    return "budget" if error.kind == "budget" else "engine"
