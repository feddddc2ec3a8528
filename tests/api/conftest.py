"""An owner with a token, a stranger, and a few rows to ask for."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client

from trajectories import accounts
from trajectories.models import Document, Run, RunDocument

Send = Callable[..., HttpResponse]


@pytest.fixture
def owner(db: None) -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def stranger(db: None) -> Any:
    return get_user_model().objects.create_user("mallory")


@pytest.fixture
def send(owner: Any) -> Send:
    """`send("POST", path, body)` with the owner's token; `body` is JSON unless it is bytes."""
    return sender(owner)


def sender(user: Any) -> Send:
    token = accounts.make_token(user, "tests")
    client = Client(headers={"authorization": f"Bearer {token}"})

    def send(method: str, path: str, body: Any = None, content_type: str = "application/json", **more: Any) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        return client.generic(method, path, data, content_type=content_type, **more)

    return send


def make_document(owner: Any, name: str = "text.txt", status: str = "ready", **fields: Any) -> Document:
    sizes = {"bytes": 10, "chars": 10, "tokens": 3}
    return Document.objects.create(owner=owner, name=name, sha256="0" * 64, status=status, **{**sizes, **fields})


def make_run(owner: Any, *documents: Document, **fields: Any) -> Run:
    run = Run.objects.create(owner=owner, **{"question": "How many?", "status": "succeeded", **fields})
    for position, document in enumerate(documents):
        RunDocument.objects.create(run=run, document=document, position=position)
    return run


@pytest.fixture
def things(owner: Any, stranger: Any) -> SimpleNamespace:
    """Ids of the owner's things and of a stranger's."""
    ready, foreign = make_document(owner), make_document(stranger)
    return SimpleNamespace(
        ready=ready.id,
        processing=make_document(owner, "slow.pdf", "processing").id,
        failed=make_document(owner, "broken.pdf", "failed").id,
        deleted=make_document(owner, "gone.txt", deleted_at="2026-01-01T00:00:00Z").id,
        foreign=foreign.id,
        run=make_run(owner, ready).id,
        running=make_run(owner, ready, status="running").id,
        foreign_run=make_run(stranger, foreign).id,
    )


def error_of(response: HttpResponse) -> dict[str, Any]:
    """The error of an answer, after checking that it has the contract's shape and nothing of a traceback."""
    assert response.headers["Content-Type"].startswith("application/json"), response.content[:300]
    error: dict[str, Any] = orjson.loads(response.content)["error"]
    assert {"code", "message"} <= error.keys()
    assert error["message"][-1] == "." and "Traceback" not in error["message"] and len(error["message"]) < 600
    return error
