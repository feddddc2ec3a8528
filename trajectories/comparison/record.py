"""What of a run its comparison needs: its nodes as a tree, read once from the rows. Texts stay where they are; they are
told apart by their hashes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

from trajectories.coverage import Coverage, Read, coverage_of
from trajectories.models import Document, Event, Run
from trajectories.models import Node as NodeRow

COLUMNS = (
    "number",
    "parent",
    "kind",
    "depth",
    "name",
    "status",
    "started_at",
    "finished_at",
    "role",
    "model",
    "batch",
    "index",
    "input_tokens",
)
JSON_COLUMNS = ("data", "texts", "error")


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    number: int
    kind: str
    depth: int
    name: str
    status: str
    start: float
    """Seconds since the run's start."""
    seconds: float | None
    """None while it runs."""
    role: str
    model: str
    batch: int | None
    index: int | None
    input_tokens: int | None
    usd_text: str | None
    unpriced: int
    """Calls in it without a known price."""
    error: str
    """“TypeError: …” or empty."""
    label: str
    ending: str
    """How its code ended the run (`answer`, `answer_variable`), or empty."""
    accepted: bool | None
    """A gate's verdict."""
    reads: tuple[Read, ...]
    prompt: tuple[tuple[str, str], ...]
    """(role, hash) of each message of a call's request."""
    texts: dict[str, str]
    """Hash by name: response, code, stdout, thought, question, answer."""
    follows: int | None
    """Of a gate: the call it judged; of a call: the one that it was made instead of."""
    instead_of: "Node | None" = None
    """That call itself, which is no child of its parent any more."""
    below: list["Node"] = field(default_factory=list)

    @property
    def usd(self) -> Decimal | None:
        """Of the node and all below it, as far as it has prices; None: unknown, or not known yet."""
        amount = None if self.usd_text is None else Decimal(self.usd_text)
        return amount if amount or not self.unpriced else None

    @property
    def tries(self) -> list["Node"]:
        """All calls made for the same thing, this one, the last, at their end."""
        chain = [self]
        while chain[0].instead_of is not None:
            chain.insert(0, chain[0].instead_of)
        return chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run."""

    run: Run
    documents: tuple[Document, ...]
    roots: tuple[Node, ...]
    """Nodes without a parent: one, or one for each question of a session."""
    coverage: tuple[Coverage, ...]
    steps: int
    """Of the root."""
    failed: int
    """Calls and cells that failed."""
    largest_prompt: int | None
    """Tokens of the longest request of the root itself."""
    profile: str
    """Of the prompts that were really used."""
    models: Mapping[str, Counter[str]]
    """Role → model → calls."""

    def all(self) -> Iterator[Node]:
        waiting = list(self.roots)
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.below
            if node.instead_of is not None:
                waiting.append(node.instead_of)


def read_record(run: Run) -> Record:
    nodes: dict[int, Node] = {}
    roots: list[Node] = []
    began = run.started_at.timestamp() if run.started_at else 0.0
    for values in _rows(run):
        node, parent = _node(values, began)
        nodes[node.number] = node
        above = nodes.get(parent) if parent is not None else None
        siblings = above.below if above else roots
        if not _is_under_a_call(node, nodes):
            siblings.append(node)
    _leave_out_replaced(nodes)
    documents = tuple(link.document for link in run.rundocument_set.select_related("document"))
    return Record(
        run=run,
        documents=documents,
        roots=tuple(roots),
        coverage=tuple(coverage_of(run, (read for node in nodes.values() for read in node.reads))),
        steps=sum(child.kind == "step" for root in roots for child in root.below),
        failed=sum(node.status == "failed" and node.kind in ("lm", "cell") for node in nodes.values()),
        largest_prompt=_largest_prompt(roots),
        profile=_profile(run),
        models=_models(nodes),
    )


def _is_under_a_call(node: Node, nodes: Mapping[int, Node]) -> bool:
    """A gate comes under the call it judged; a call remembers the one that it was made instead of."""
    followed = nodes.get(node.follows) if node.follows is not None else None
    if followed is None or followed.kind != "lm":
        return False
    if node.kind == "gate":
        followed.below.append(node)
        return True
    node.instead_of = followed
    return False


def _leave_out_replaced(nodes: Mapping[int, Node]) -> None:
    replaced = {node.instead_of.number for node in nodes.values() if node.instead_of is not None}
    if replaced:
        for node in nodes.values():
            node.below = [child for child in node.below if child.number not in replaced]


def _rows(run: Run) -> Iterator[tuple[Any, ...]]:
    """JSON columns come as text: parsed here, each row at once, they cost a third."""
    found = NodeRow.objects.filter(run=run).order_by("number")
    found = found.annotate(**{f"{name}_text": Cast(name, TextField()) for name in JSON_COLUMNS})
    columns = (*COLUMNS, *(f"{name}_text" for name in JSON_COLUMNS))
    return found.values_list(*columns).iterator(chunk_size=2_000)


def _node(values: tuple[Any, ...], began: float) -> tuple[Node, int | None]:
    """The node, and its parent's number."""
    number, parent, kind, depth, name, status, start, end, role, model, batch, index, tokens, *json = values
    data, texts, error = (orjson.loads(text) if text else {} for text in json)
    request = texts.get("request") or {}
    reads = data.get("reads") or ()
    cost = (data.get("subtree") or data).get("cost") or {}
    node = Node(
        number=number,
        kind=kind,
        depth=depth,
        name=name,
        status=status,
        start=start - began,
        seconds=None if end is None else end - start,
        role=role,
        model=model,
        batch=batch,
        index=index,
        input_tokens=tokens,
        usd_text=cost.get("usd"),
        unpriced=int(cost.get("unpriced_calls") or 0),
        error=_error(error),
        label=str(data.get("label") or ""),
        ending=_ending(data.get("ending")),
        accepted=data.get("accepted"),
        follows=data.get("of") or data.get("before"),
        reads=tuple((str(read["document"]), read["start"], read["end"], read["how"]) for read in reads),
        prompt=tuple((message["role"], message["sha"]) for message in request.get("messages") or ()),
        texts={key: reference["sha"] for key, reference in texts.items() if "sha" in reference},
    )
    return node, parent


def _error(error: Any) -> str:
    if not error:
        return ""
    return f"{error.get('kind') or 'error'}: {error.get('message') or ''}".rstrip(": ")


def _ending(told: Any) -> str:
    return str(told.get("how") or "answer") if isinstance(told, dict) else str(told or "")


def _largest_prompt(roots: list[Node]) -> int | None:
    turns = [call for root in roots for step in root.below if step.kind == "step" for call in step.below]
    return max((call.input_tokens for call in turns if call.kind == "lm" and call.input_tokens), default=None)


def _profile(run: Run) -> str:
    """As the log tells it: the policy may leave the choice to the engine."""
    first = Event.objects.filter(run=run, seq=1).values_list("data", flat=True).first()
    return str(orjson.loads(first)["data"].get("profile") or "") if first else ""


def _models(nodes: Mapping[int, Node]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for node in nodes.values():
        if node.kind == "lm":
            found.setdefault(node.role or "unnamed", Counter())[node.model or "unknown"] += 1
    return found
