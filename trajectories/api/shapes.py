"""The shapes of answers for OpenAPI. `representations` makes the answers themselves, so nothing is checked twice."""

from typing import Any, Literal

from ninja import Schema

from trajectories.api.bodies import RunStatus

CostKind = Literal["exact", "estimated", "unknown"]


class Error(Schema):
    code: str
    message: str
    """One sentence that says what to do."""


class Failure(Schema):
    error: Error


class Document(Schema):
    id: str
    name: str
    sha256: str
    bytes: int
    chars: int
    tokens: int
    media_type: str
    status: Literal["processing", "ready", "failed"]
    message: str
    warnings: list[str]
    created_at: str


class Documents(Schema):
    items: list[Document]
    next: str | None


class Upload(Schema):
    id: str
    name: str
    offset: int
    """Where to go on."""
    size: int
    chunk_size: int
    """Bytes a chunk may have at most."""


class Kept(Schema):
    document: Document
    """Yours, with the same content: nothing need be sent."""


class Offset(Schema):
    offset: int


class Window(Schema):
    start: int
    end: int
    text: str


class Found(Schema):
    start: int | None
    end: int | None
    next: int | None
    """Where to go on looking, when the time was up before the text."""


class Usage(Schema):
    calls: int
    attempts: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int


class Cost(Schema):
    usd: str | None
    kind: CostKind
    unpriced_calls: int


class Source(Schema):
    document: str
    start: int
    end: int
    text: str


class RunError(Schema):
    kind: str
    message: str


class Run(Schema):
    id: str
    question: str
    status: RunStatus
    ended_by: str | None
    answer: str | None
    error: RunError | None
    documents: list[Document]
    policy: dict[str, Any]
    usage: Usage
    cost: Cost
    sources: list[Source]
    created_at: str
    started_at: str | None
    finished_at: str | None
    seconds: float | None
    nodes: int
    depth: int
    last_seq: int
    sandbox: str
    forked_from: str | None
    imported_from: str | None
    title: str
    """The owner's name for it; empty where it has none."""
    tags: list[str]
    pinned: bool
    url: str


class Runs(Schema):
    items: list[Run]
    next: str | None


class Event(Schema):
    seq: int
    at: str
    type: str
    node: int | None
    data: dict[str, Any]


class Events(Schema):
    events: list[Event]
    last_seq: int
    """Of the whole log."""
    next: int | None
    """The `after` of the page that follows; null at the end."""


class Tree(Schema):
    run: Run
    columns: list[str]
    rows: list[list[Any]]
    last_seq: int


class Node(Schema):
    number: int
    parent: int | None
    kind: Literal["rlm", "step", "lm", "cell", "gate"]
    depth: int
    name: str
    status: Literal["running", "succeeded", "failed", "cancelled"]
    started_at: str
    finished_at: str | None
    queued_ms: float | None
    role: str | None
    tier: str | None
    model: str | None
    batch: int | None
    index: int | None
    attempt: int | None
    usage: dict[str, Any] | None
    cost: Cost | None
    error: dict[str, Any] | None


class Annotation(Schema):
    id: str
    run: str
    node: int | None
    text: str | None
    start: int | None
    end: int | None
    thumb: Literal["up", "down"] | None
    comment: str
    created_at: str
    updated_at: str


class Annotations(Schema):
    items: list[Annotation]
    next: str | None


class Estimate(Schema):
    tokens: int
    window: int | None
    ratio: float | None
    usd_low: str | None
    usd_high: str | None
    seconds_low: float | None
    seconds_high: float | None
    basis: str


class Connection(Schema):
    name: str
    provider: str
    base_url: str
    has_key: bool
    from_environment: bool


class Connections(Schema):
    items: list[Connection]
    next: str | None


class ConnectionTest(Schema):
    ok: bool
    kind: str | None
    message: str
    models: list[str]


class Model(Schema):
    model: str
    connection: str
    name: str
    tier: str | None
    context_window: int | None
    prices: dict[str, str | None] | None
    profile: str | None
    own: bool


class Models(Schema):
    items: list[Model]
    next: str | None


class Policy(Schema):
    name: str
    title: str
    description: str
    built_in: bool
    policy: dict[str, Any] | None
    error: str | None


class Policies(Schema):
    items: list[Policy]
    next: str | None


class Health(Schema):
    status: Literal["ok", "failing"]
    sandbox: str
    worker: str
    version: str
