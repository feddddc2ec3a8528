"""Events as the engine tells them, made up: a small run of every kind of node."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from trajectories import engine
from trajectories.engine.events import cost_json, usage_json
from trajectories.models import Document, Run, RunDocument

START = 1_790_000_000.25
LONG = "a piece of the document that is long enough to be kept as a place, not as words; " * 20


def make_run(question: str = "What is it?", documents: int = 1, **fields: Any) -> Run:
    """Claimed by nobody yet; its documents have no texts in the store."""
    owner, _ = get_user_model().objects.get_or_create(username="owner")
    run = Run.objects.create(owner=owner, question=question, fence=1, status="running", **fields)
    for position in range(documents):
        document = Document.objects.create(
            owner=owner, name=f"{position}.txt", sha256="0" * 64, bytes=1, status="ready"
        )
        RunDocument.objects.create(run=run, document=document, position=position)
    return run


def ids_of(run: Run) -> list[str]:
    return list(RunDocument.objects.filter(run=run).order_by("position").values_list("document_id", flat=True))


def usage(tokens: int) -> engine.Usage:
    return engine.Usage(calls=1, input_tokens=tokens, cache_read_tokens=tokens // 2, output_tokens=tokens // 10)


def finished_call(node: int, tokens: int, usd: str | None, at: float, response: str = "a reply") -> engine.Event:
    cost = engine.Cost(usd=Decimal(usd)) if usd else engine.Cost(usd=None, kind="unknown", unpriced_calls=1)
    data = {
        "status": "succeeded",
        "attempt": 1,
        "queued_ms": 0.25,
        "finish_reason": "stop",
        "usage": usage_json(usage(tokens)),
        "cost": cost_json(cost),
        "reads": [{"document": 0, "start": 3, "end": 9, "how": "sent"}],
        "seconds": 0.5,
        "subtree": {"usage": usage_json(usage(tokens)), "cost": cost_json(cost)},
    }
    return engine.Event(type="node.finished", node=node, at=at, data=data, texts={"response": response}, durable=True)


def started(node: int, parent: int | None, kind: str, at: float, depth: int = 0, **more: Any) -> engine.Event:
    texts = more.pop("texts", {})
    data = {"parent": parent, "kind": kind, "depth": depth, "name": f"{kind} {node}", **more}
    return engine.Event(type="node.started", node=node, at=at, data=data, texts=texts)


def finished(node: int, at: float, usd: str = "0", **more: Any) -> engine.Event:
    texts = more.pop("texts", {})
    subtree = {"usage": usage_json(engine.Usage()), "cost": cost_json(engine.Cost(usd=Decimal(usd)))}
    data = {"status": "succeeded", "seconds": 1.0, "subtree": subtree, **more}
    return engine.Event(type="node.finished", node=node, at=at, data=data, texts=texts)


def first_half() -> Iterator[engine.Event]:
    """Up to the middle of a batch: nodes 1 (rlm), 2 (step), 4 (cell) and 6 (lm) are open."""
    yield engine.Event(
        type="run.started",
        at=START,
        data={"documents": [], "policy": {}, "sandbox": {"kind": "process", "level": "full"}, "profile": "default"},
        texts={"question": "What is it?"},
    )
    request = (engine.Message(role="system", content="You are…"), engine.Message(role="user", content="What is it?"))
    yield started(1, None, "rlm", START + 0.1, texts={"question": "What is it?"})
    yield started(2, 1, "step", START + 0.2)
    yield started(3, 2, "lm", START + 0.3, role="root", model="own/big", call_key="k3", texts={"request": request})
    yield engine.Event(
        type="lm.retried", node=3, at=START + 0.4, data={"attempt": 1, "kind": "overloaded", "message": "busy"}
    )
    yield finished_call(3, 1000, "0.0000123456789", START + 1.0)
    yield started(4, 2, "cell", START + 1.1, texts={"code": "print(1)"})
    prompt = f"Summarise: {LONG}"
    quote = engine.Quote(at=11, length=len(LONG), document=0, start=40)
    asked = (engine.Message(role="user", content=prompt, quotes=(quote,)),)
    for node in (5, 6):
        yield started(
            node, 4, "lm", START + 1.2, role="worker", model="own/small", batch=5, index=node - 5, line=2,
            texts={"request": asked},
        )  # fmt: skip
    yield finished_call(5, 333, "0.000001", START + 2.0)


def second_half() -> Iterator[engine.Event]:
    yield finished_call(6, 100, None, START + 2.5)
    reads = [{"document": 0, "start": 0, "end": 5, "how": "printed"}]
    ending = {"how": "answer", "answer": "It.", "sources": [{"document": 0, "start": 1, "end": 4}]}
    yield finished(
        4, START + 3.0, "0.000001", stdout_chars=3, variables=[], reads=reads, ending=ending,
        texts={"stdout": "1\n\0", "shown": "1"},
    )  # fmt: skip
    yield finished(2, START + 3.1, "0.0000133456789", label="peek", texts={"thought": "Let me look."})
    yield finished(1, START + 3.2, "0.0000133456789", ended_by="answer", texts={"answer": "It is it."})
    total = usage(1000) + usage(333) + usage(100)
    cost = engine.Cost(usd=Decimal("0.0000133456789"), kind="unknown", unpriced_calls=1)
    data = {
        "status": "succeeded",
        "ended_by": "answer",
        "error": None,
        "sources": [{"document": 0, "start": 1, "end": 4, "text": "abc"}],
        "usage": usage_json(total),
        "cost": cost_json(cost),
        "seconds": 3.3,
        "nodes": 6,
        "depth": 0,
    }
    yield engine.Event(type="run.finished", at=START + 3.3, data=data, texts={"answer": "It is it."}, durable=True)


def whole() -> list[engine.Event]:
    return [*first_half(), *second_half()]
