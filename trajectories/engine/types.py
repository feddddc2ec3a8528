"""The nouns of the engine: what goes in, what a model is asked and answers, what a cell did, what came out.

Only data. Money is `Decimal` US dollars, times are seconds, offsets are characters (Unicode code points)
within one document, unless a field says otherwise.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from trajectories.engine.errors import FailureKind

JSON = Any
NodeKind = Literal["rlm", "step", "lm", "cell", "gate"]
NodeStatus = Literal["running", "succeeded", "failed", "cancelled"]
RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
EndedBy = Literal[
    "answer",
    "answer_variable",
    "last_chance",
    "limit_cost",
    "limit_tokens",
    "limit_calls",
    "limit_time",
    "limit_steps",
    "early_stop",
    "cancel",
    "error",
]
ReadHow = Literal["peek", "grep", "slice", "printed", "sent", "cited"]

# ---------------------------------------------------------------------------------------------- texts


class Text(Protocol):
    """A document's text that can be read in windows without being loaded."""

    chars: int

    def read(self, start: int, end: int) -> str:
        """The characters start..end, clipped to the text."""
        ...


class Pictures(Protocol):
    """The pictures of a document (its pages, for example), read when a model is to see one."""

    names: tuple[str, ...]
    """What each is called; the engine only passes it on."""

    def read(self, number: int) -> tuple[str, bytes]:
        """(media type, bytes). Blocks. Raises `DocumentError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One input of a run."""

    id: str
    """The name the outside knows it by; the engine only passes it on."""
    name: str
    text: Text
    pictures: Pictures | None = None
    origin: "Span | None" = None
    """For a child's context that is an exact piece of one of the root's documents."""
    decoded_bytes: int | None = None
    """Memory of the text as a Python `str`, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An exact piece of a document: `document` is its index in the run's list."""

    document: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Span):
    """A piece of a document that code looked at, and how. Only known spans, never guesses."""

    how: ReadHow


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Where a stretch of some text stands in a document: text[at:at+length] == document[start:start+length]."""

    at: int
    length: int
    document: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotingText:
    """A text and which stretches of it are exact quotations of documents (checked by the host)."""

    text: str
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Span):
    """A piece of a document that an answer rests on, with its text (always equal to the document there)."""

    text: str


# ---------------------------------------------------------------------------------------------- models


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A server that answers model calls. `api_key` never leaves the process."""

    name: str
    provider: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    concurrency: int | None = None
    """Requests in flight that its server is asked at most; None: as many as the process allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture that a model is shown. The record keeps where it stands, not its bytes."""

    document: int
    """Index in the run's list."""
    number: int
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str
    quotes: tuple[Quote, ...] = ()
    """Known quotations of documents in `content`; for the record only, never sent."""
    pictures: tuple[Picture, ...] = ()
    """Shown after the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model. `messages` only ever grows at its end within a conversation (prefix caches)."""

    model: str
    """The provider's own name of the model, without the connection."""
    messages: tuple[Message, ...]
    max_output_tokens: int | None = None
    temperature: float | None = None
    schema: JSON | None = None
    """JSON Schema the answer shall fit, or None for free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call or of many. `input_tokens` counts all input, cached included (the OpenAI way)."""

    calls: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    """Part of `output_tokens`."""
    estimated: bool = False
    """True when the provider reported nothing and the numbers are estimates from the texts' lengths."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens at a date. A snapshot is kept with each call it priced."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    source: str
    """`offline`, `own` (set in settings) or the price list's name."""
    as_of: str
    """ISO date of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What calls cost. Unknown is never 0: `usd` is the priced part, `unpriced_calls` says how many are missing."""

    usd: Decimal | None = Decimal(0)
    kind: Literal["exact", "estimated", "unknown"] = "exact"
    unpriced_calls: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        kind = max(self.kind, other.kind, key=("exact", "estimated", "unknown").index)
        usd = other.usd if self.usd is None else self.usd if other.usd is None else self.usd + other.usd
        return Cost(usd=usd, kind=kind, unpriced_calls=self.unpriced_calls + other.unpriced_calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered."""

    text: str
    finish_reason: str
    """`stop`, `length`, `content_filter` or the provider's own word."""
    usage: Usage | None
    """None when the provider reported none."""
    cost_usd: Decimal | None = None
    """The provider's own figure, where it gives one (OpenRouter)."""
    model: str = ""
    """The model's name as the provider reported it."""
    reasoning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What is known of a model beyond its name. None: nobody said."""

    tier: Literal["A", "B", "C", "D"] | None = None
    context_window: int | None = None
    """Tokens of input."""
    price: Price | None = None
    """The owner's own; goes before the price list's."""
    profile: str | None = None
    """Prompt profile for it as a root."""
    takes_images: bool | None = None


OnDelta = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReply:
    """A reply that was given before, with what it took then: it counts towards the caps, so that the model is told
    the same of what is left, but it is not paid again."""

    reply: Reply
    usage: Usage
    cost: Cost


class Recorded(Protocol):
    """Replies of an earlier run, for one that replays it: they answer at once and for nothing."""

    def reply(self, call_key: str) -> RecordedReply | None: ...


class LMClient(Protocol):
    """One connection to one provider. Raises `ProviderError`; retrying is not its business."""

    async def complete(self, request: Request, on_delta: OnDelta | None = None) -> Reply: ...


# ---------------------------------------------------------------------------------------------- the REPL


@dataclass(frozen=True, slots=True, kw_only=True)
class CallItem:
    """One prompt of a call from the REPL."""

    prompt: QuotingText
    context: tuple[QuotingText | Span, ...] | None = None
    """For sub-RLMs: the texts of the child's context, exact pieces of documents as their places, unread; None: the
    prompt itself is its context."""
    context_is_list: bool = False
    pictures: tuple[int, ...] = ()
    """Numbers in the REPL's list `images`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCall:
    """A request of code in the REPL to the engine. Everything in it is hostile."""

    op: Literal["llm", "rlm", "tool"]
    """`tool`: `role` is its name, the one item's prompt the JSON of its arguments."""
    items: tuple[CallItem, ...]
    batch: bool
    role: str
    model: str | None
    schema: JSON | None
    line: int | None
    """Line of the cell that made the call, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """The answer to one item: a value (text, or the checked object), or an error."""

    value: JSON | None = None
    error_kind: FailureKind | None = None
    error_message: str = ""


HostCalls = Callable[[HostCall], Awaitable[list[CallResult]]]
"""Answers a call item by item, in order. One failure is that item's result, never an exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """An exception of the model's code."""

    kind: str
    """Name of the exception class, or `Killed`, `Timeout`."""
    message: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    name: str
    type: str
    size: int | None
    """len(), where it has one."""
    preview: str
    """At most 200 characters of repr()."""
    changed: bool
    """New, rebound, or changed inside in this cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The code said it is done."""

    how: Literal["answer", "answer_variable"]
    answer: JSON
    """Text, or a JSON value the code gave."""
    variable: str | None
    sources: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What one cell did."""

    stdout: str
    """Up to 1 MiB; beyond that head and tail."""
    stdout_chars: int
    truncated: bool
    error: CellError | None
    ending: Ending | None
    variables: tuple[Variable, ...]
    variables_hash: str
    reads: tuple[Read, ...]
    """Merged, at most 500; documents by index in the sandbox's own list."""
    seconds: float
    """Without the waiting for models."""
    notes: tuple[str, ...] = ()
    """What the model may not have noticed, such as threads that go on; sentences for it."""
    repl_lost: bool = False
    """The REPL had to be killed; the next cell gets a fresh one without the variables."""


class Sandbox(Protocol):
    """A REPL with the documents in it. One user, one rlm node."""

    @property
    def level(self) -> str:
        """The isolation it really has: `container`, `full`, `syscalls`, `interpreter`."""
        ...

    @property
    def libraries(self) -> tuple[str, ...]:
        """What can be imported beside the standard library, with versions, such as `numpy 2.4.6`."""
        ...

    @property
    def dialect(self) -> str:
        """What of Python its code cannot use, in words for the model; empty where it is all of Python."""
        ...

    async def execute(self, code: str, host: HostCalls) -> Execution:
        """Runs a cell. Never raises for what the code does; raises `SandboxError` when the REPL cannot be had."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplSettings:
    """What a REPL is opened with."""

    cell_seconds: float = 30.0
    memory_bytes: int = 1 << 30
    """Working memory over the decoded context."""
    stdout_chars: int = 1 << 20
    depth: int = 1
    """Levels of calls the code may make; at 0 calls raise with a clear sentence."""
    tools: tuple[str, ...] = ()
    """Names of host functions that code may call."""
    libraries: bool = True
    """Whether numpy and pandas are to be had, where they are installed."""


# ---------------------------------------------------------------------------------------------- outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended."""

    status: RunStatus
    ended_by: EndedBy
    answer: str | None
    error_kind: str | None
    error_message: str
    sources: tuple[Source, ...]
    usage: Usage
    cost: Cost
