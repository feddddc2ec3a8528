"""Model connections. Keys go in and never come out."""

from collections.abc import Callable
from typing import Annotated, Any

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from trajectories import connections, engine, policies, registry
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError
from trajectories.models import Connection

router = Router(tags=["Models"])

Short = Annotated[str, Field(max_length=40)]
Url = Annotated[str, Field(max_length=2_000)]
Key = Annotated[str, Field(max_length=8_000)]
Flights = Annotated[int, Field(ge=0, le=10_000)]


class NewConnection(Body):
    name: Short
    provider: Short
    base_url: Url = ""
    api_key: Key = ""
    concurrency: Flights | None = None
    """Requests in flight that its server is asked at most; null or 0: no limit of its own."""


class ConnectionChanges(Body):
    name: Short | None = None
    provider: Short | None = None
    base_url: Url | None = None
    api_key: Key | None = None
    concurrency: Flights | None = None


def connection_json(row: Connection) -> dict[str, Any]:
    return {
        "name": row.name,
        "provider": row.provider,
        "base_url": row.base_url,
        "has_key": bool(row.encrypted_key),
        "from_environment": row.from_environment,
        "concurrency": row.concurrency,
    }


OFFLINE_JSON = {
    "name": "offline",
    "provider": "offline",
    "base_url": "",
    "has_key": False,
    "from_environment": False,
    "concurrency": None,
}


@router.get("/connections", response=shapes.Connections, summary="Model connections")
def listing(request: HttpRequest) -> HttpResponse:
    rows = Connection.objects.visible_to(request.user)
    return json_answer({"items": [OFFLINE_JSON, *(connection_json(row) for row in rows)], "next": None})


@router.post("/connections", response={201: shapes.Connection}, summary="Add a model connection")
def create(request: HttpRequest, body: NewConnection) -> HttpResponse:
    row = _written(lambda: connections.add(request.user, connections.Changes(**body.model_dump())))
    return json_answer(connection_json(row), 201)


@router.patch("/connections/{name}", response=shapes.Connection, summary="Change a model connection")
def change(request: HttpRequest, name: str, body: ConnectionChanges) -> HttpResponse:
    row = _row(request, name)
    changes = connections.Changes(**body.model_dump())
    return json_answer(connection_json(_written(lambda: connections.change(row, changes))))


@router.delete("/connections/{name}", response={204: None}, summary="Remove a model connection")
def delete(request: HttpRequest, name: str) -> HttpResponse:
    row = _row(request, name)
    if row.from_environment:
        raise ApiError(409, "from_environment", f"{name} comes from the environment; unset its key there.")
    row.delete()
    return HttpResponse(status=204)


@router.post("/connections/{name}/test", response=shapes.ConnectionTest, summary="Ask a connection for its models")
def test(request: HttpRequest, name: str) -> HttpResponse:
    """`{"ok": true, "models": […]}`, or `{"ok": false, "kind", "message"}` with the reason."""
    known = connections.connections_of(request.user)
    if name not in known:
        raise Http404(_missing(name))
    try:
        models = async_to_sync(connections.list_models)(known[name])
    except engine.ProviderError as error:
        return json_answer({"ok": False, "kind": error.kind, "message": str(error), "models": []})
    registry.fill(request.user, name, models)
    return json_answer({"ok": True, "kind": None, "message": "", "models": models})


def _row(request: HttpRequest, name: str) -> Connection:
    if name == connections.OFFLINE.name:
        raise ApiError(409, "built_in", "The connection offline is always there; it cannot be changed or removed.")
    row = Connection.objects.visible_to(request.user).filter(name=name).first()
    if row is None:
        raise Http404(_missing(name))
    return row


def _missing(name: str) -> str:
    return f"There is no connection {name[:40]!r}; /api/v1/connections lists yours."


def _written(write: Callable[[], Connection]) -> Connection:
    """The connection as it is kept now. Its models are asked for at once, so that the next page knows them."""
    try:
        row = write()
    except connections.NameTaken as error:
        raise ApiError(409, "name_taken", str(error)) from error
    except connections.WrongConnection as error:
        raise ApiError(422, "wrong_value", str(error)) from error
    registry.fill_known_host(row.owner, row.name, connections.address_of(connections.as_engine(row)))
    policies.default_models(row.owner, wait=0)
    return row
