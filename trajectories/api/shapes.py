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


class TextWindow(Schema):
    start: int
    end: int
    chars: int
    """Of the whole text."""
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
    follows: str | None
    imported_from: str | None
    title: str
    """The owner's name for it; empty where it has none."""
    tags: list[str]
    pinned: bool
    url: str


class FoundIn(Schema):
    place: str | None
    """`title`, `question`, `answer`, `tag`, `document` or `node`."""
    node: int | None
    """The first of the nodes that fit."""
    text: str | None
    """Which of its texts."""
    nodes: int
    """How many nodes fit."""
    start: int | None
    end: int | None
    before: str | None
    hit: str | None
    after: str | None


class ListedRun(Run):
    found: FoundIn | None = None
    """Where the words of `q` stand."""


class LookedThrough(Schema):
    searched: int
    """Trajectories looked through."""
    complete: bool
    next: str | None
    """Cursor from which on the texts of older runs are still to be looked through."""


class Runs(Schema):
    items: list[ListedRun]
    next: str | None
    texts: LookedThrough | None = None
    """How far a search for words came."""


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


class Clause(Schema):
    text: str
    key: str
    """`total`, `root`, `calls`, `code`, `gates`, `rest` or `workers`; empty for what joins them."""
    node: int | None
    nodes: list[int]


class Critical(Schema):
    seconds: float
    least_seconds: float
    """The same had no call waited for a slot."""
    shares: dict[str, float]
    """Seconds of `root`, `calls`, `queue`, `retries`, `code`, `gates` and `rest`."""
    nodes: list[int]
    leaves: list[int]
    """Calls, cells and gates on the path, in order of time."""
    sentence: list[Clause]


class FoundNode(Schema):
    node: int
    texts: list[str]
    """Names of the node's texts that contain what was looked for."""
    text: str | None
    """The one that the snippet is of; null when only figures were asked for."""
    message: int | None
    """Of a `request`: which of its messages."""
    start: int | None
    end: int | None
    before: str | None
    hit: str | None
    after: str | None


class FoundNodes(Schema):
    total: int
    numbers: list[int]
    """Of all nodes that fit, in order."""
    items: list[FoundNode]
    next: str | None
    nodes: int
    """Nodes looked at so far."""
    complete: bool
    """False: the time was up first; the same request goes on from there."""


class AnswerGroup(Schema):
    how: Literal["same", "alike", "failed", "open"]
    label: str
    sample: str
    count: int
    share: float
    """Of all items."""
    equal: int
    """How many are just like the sample."""
    numbers: list[int]


class AnswerField(Schema):
    name: str
    present: int
    missing: int
    distinct: int
    values: list[dict[str, Any]]
    """{value, count, numbers}, rare ones first."""
    range: dict[str, float] | None = None
    """{least, median, most}, where all are numbers."""


class Dissent(Schema):
    batch: int
    count: int
    answered: int
    groups: list[AnswerGroup]
    more: dict[str, int]
    """{groups, answers} beyond those told."""
    fields: list[AnswerField]


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
    concurrency: int | None


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
    images: bool | None
    own: bool


class Models(Schema):
    items: list[Model]
    next: str | None


class PricedModels(Schema):
    items: list[str]
    """`connection/model`, or `provider/model` of the price list."""
    next: None


class Priced(Schema):
    models: dict[str, str]
    """role → model"""
    cost: Cost
    prices: str | None
    """Where they come from."""


class Repriced(Schema):
    recorded: Priced
    repriced: Priced
    assumption: str


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


class Profile(Schema):
    name: str
    version: int
    title: str
    own: bool
    text: str
    """TOML."""


class Profiles(Schema):
    items: list[Profile]
    next: str | None


class Redact(Schema):
    documents: bool
    prompts: bool
    patterns: list[str]


class Share(Schema):
    id: str
    url: str | None
    """None when it was made under another secret key and cannot be shown again."""
    scope: Literal["answer", "sources", "trajectory"]
    status: Literal["live", "expired", "gone"]
    """`gone`: a run of it was deleted."""
    runs: list[str]
    password: bool
    redact: Redact
    views: int
    last_viewed_at: str | None
    created_at: str
    expires_at: str | None


class Shares(Schema):
    items: list[Share]
    next: str | None


class ShareSample(Schema):
    node: int
    what: str
    text: str


class SharedPassage(Schema):
    document: str
    text: str


class SharedRun(Schema):
    id: str
    title: str
    question: str
    answer: str | None
    documents: list[str]
    sources: list[SharedPassage]
    samples: list[ShareSample]


class SharePreview(Schema):
    """What viewers would see, blacked out; long texts are cut."""

    scope: str
    says: str
    pages: list[str]
    runs: list[SharedRun]
    blacked_out: int
    """Places in what is shown here."""


class Health(Schema):
    status: Literal["ok", "failing"]
    sandbox: str
    worker: str
    version: str
