"""What is known of models: an owner's own words over what the price list says."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from trajectories import connections, engine, estimates, registry
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError
from trajectories.engine import pricing
from trajectories.models import KnownModel
from trajectories.policies import OFFLINE_MODELS, default_models

router = Router(tags=["Models"])

MOST_DOLLARS = Decimal(1_000_000)
Amount = str | int | float


class Prices(Body):
    """US dollars per million tokens."""

    input: Amount
    output: Amount
    cache_read: Amount | None = None
    cache_write: Amount | None = None


class ModelFacts(Body):
    tier: Literal["", "A", "B", "C", "D"] | None = None
    context_window: Annotated[int, Field(ge=1, le=10**9)] | None = None
    prices: Prices | None = None
    profile: Annotated[str, Field(max_length=60)] | None = None
    images: bool | None = None


class Registry(Body):
    text: Annotated[str, Field(max_length=1_100_000)]
    """YAML or TOML."""


@router.get("/models", response=shapes.Models, summary="Models: own facts, and those in use by the policies")
def listing(request: HttpRequest) -> HttpResponse:
    return json_answer({"items": models_json(request.user), "next": None})


def models_json(owner: Any) -> list[dict[str, Any]]:
    """Every model that something is known of, by name."""
    known = connections.connections_of(owner)
    own = {f"{row.connection}/{row.name}": row for row in KnownModel.objects.visible_to(owner)}
    used = {*OFFLINE_MODELS.values(), *default_models(owner).values()}
    return [_model_json(name, own.get(name), known) for name in sorted({*own, *used})]


@router.get("/models/registry", summary="What is known of models, as a file")
def export_registry(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(registry.registry_toml(KnownModel.objects.visible_to(request.user)), "application/toml")
    response["Content-Disposition"] = 'attachment; filename="models.toml"'
    return response


@router.post("/models/registry", response=shapes.Models, summary="Take in what a file (YAML or TOML) says of models")
def import_registry(request: HttpRequest, body: Registry) -> HttpResponse:
    """All of it or nothing. Entries of connections that do not exist are refused."""
    known = connections.connections_of(request.user)
    try:
        entries = registry.read_registry(body.text)
    except registry.WrongRegistry as error:
        raise ApiError(422, "wrong_registry", str(error)) from None
    for connection, model, _columns in entries:
        if connection not in known:
            raise ApiError(
                422, "wrong_registry", f"{connection}/{model}: there is no connection {connection!r}; add it first."
            )
    with transaction.atomic():
        for connection, model, columns in entries:
            registry.put(request.user, connection, model, columns)
    return json_answer({"items": models_json(request.user), "next": None})


@router.put("/models/{connection}/{path:model}", response=shapes.Model, summary="Say what is known of a model")
def put(request: HttpRequest, connection: str, model: str, body: ModelFacts) -> HttpResponse:
    """Fields that are left out stay as they are; null forgets the own value."""
    known = connections.connections_of(request.user)
    if connection not in known:
        raise ApiError(404, "not_found", f"There is no connection {connection[:40]!r}; add it first.")
    if len(model) > 200:
        raise ApiError(422, "wrong_value", "The name of a model has at most 200 characters.")
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    if body.prices is not None:
        changes["prices"] = _prices(body.prices)
    for name in ("tier", "profile"):
        if name in changes:
            changes[name] = changes[name] or ""
    if "images" in changes:
        changes["takes_images"] = changes.pop("images")
    row = registry.put(request.user, connection, model, changes)
    return json_answer(_model_json(f"{connection}/{model}", row, known))


@router.delete("/models/{connection}/{path:model}", response={204: None}, summary="Forget own facts of a model")
def delete(request: HttpRequest, connection: str, model: str) -> HttpResponse:
    gone, _ = KnownModel.objects.visible_to(request.user).filter(connection=connection, name=model).delete()
    if not gone:
        raise ApiError(404, "not_found", "Nothing of your own is kept of this model.")
    return HttpResponse(status=204)


def _prices(prices: Prices) -> dict[str, str]:
    given = prices.model_dump(exclude_none=True)
    return {kind: _amount(f"prices.{kind}", amount) for kind, amount in given.items()}


def _amount(field: str, value: Amount) -> str:
    try:
        amount = Decimal(str(value)[:40])
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS or amount.as_tuple().exponent < -12:  # type: ignore[operator]
        raise ApiError(422, "wrong_value", f"“{field}” must be US dollars per million tokens, such as “0.25”.")
    return format(amount, "f")


def _model_json(name: str, own: KnownModel | None, known: dict[str, engine.Connection]) -> dict[str, Any]:
    connection, _, model = name.partition("/")
    server = known.get(connection)
    return {
        "model": name,
        "connection": connection,
        "name": model,
        "tier": own.tier or None if own else None,
        "context_window": estimates.window_of(server, model, own),
        "prices": _prices_json(server, model, own),
        "profile": own.profile or None if own else None,
        "images": own.takes_images if own else None,
        "own": own is not None and own.origin == KnownModel.Origin.OWN,
    }


def _prices_json(server: engine.Connection | None, model: str, own: KnownModel | None) -> dict[str, Any] | None:
    """With where they come from; null: unknown."""
    if own is not None and own.prices is not None:
        return {**own.prices, "source": "own", "as_of": own.updated_at.date().isoformat()}
    price = pricing.price_of(server, model) if server else None
    if price is None:
        return None
    kinds = {kind: getattr(price, kind) for kind in registry.PRICE_KINDS}
    return {**kinds, "source": price.source, "as_of": price.as_of}
