"""The rows of one owner: filled from the shipped file when a server names its models, changed by the owner, and read.

What an owner has written is never written over; what came from the file follows the file.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from trajectories import engine
from trajectories.engine import pricing
from trajectories.models import KnownModel
from trajectories.registry.shipped import Shipped, host_of, shipped_of

PRICE_KINDS = ("input", "cache_read", "cache_write", "output")
MOST_FILLED = 500
"""Models of one server that get rows; some resellers name thousands."""
TIERS = "ABCD"


def fill(owner: Any, connection: str, names: Iterable[str]) -> int:
    """Makes rows for models that the shipped file knows and the owner does not. How many."""
    known = set(KnownModel.objects.visible_to(owner).filter(connection=connection).values_list("name", flat=True))
    rows: list[KnownModel] = []
    for name in names:
        shipped = shipped_of(name)
        if shipped is None or shipped.ignore or name in known or len(name) > 200 or len(rows) >= MOST_FILLED:
            continue
        known.add(name)
        rows.append(
            KnownModel(
                owner=owner, connection=connection, name=name, origin=KnownModel.Origin.SHIPPED, **_columns(shipped)
            )
        )
    KnownModel.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def fill_known_host(owner: Any, connection: str, address: str) -> None:
    """Rows for the usual models of a well-known server, before anybody has asked it."""
    host = host_of(address)
    if host is not None:
        fill(owner, connection, host.models)


def refill_shipped() -> None:
    """Rows that came from the file follow its present words. Called at each start."""
    for row in KnownModel.objects.filter(origin=KnownModel.Origin.SHIPPED):
        shipped = shipped_of(row.name)
        columns = _columns(shipped) if shipped else {"tier": "", "profile": "", "takes_images": None}
        if any(getattr(row, name) != value for name, value in columns.items()):
            KnownModel.objects.filter(pk=row.pk, origin=KnownModel.Origin.SHIPPED).update(**columns)


def _columns(shipped: Shipped) -> dict[str, Any]:
    return {"tier": shipped.tier, "profile": shipped.profile, "takes_images": shipped.images}


def put(owner: Any, connection: str, name: str, changes: Mapping[str, Any]) -> KnownModel:
    """Writes what the owner says of a model; fields that are left out stay as they are."""
    with transaction.atomic():
        row, _ = KnownModel.objects.get_or_create(
            owner=owner, connection=connection, name=name, defaults=_columns(shipped_of(name) or Shipped(patterns=()))
        )
        for field, value in changes.items():
            setattr(row, field, value)
        row.origin = KnownModel.Origin.OWN
        row.save()
    return row


# ------------------------------------------------------------------------------------------------- reading


def specs_of(owner: Any, names: Iterable[str] = ()) -> dict[str, engine.ModelSpec]:
    """By `connection/model`: everything the owner has rows for, and what the file knows of the names given."""
    specs = {name: _shipped_spec(shipped_of(name)) for name in names}
    rows = KnownModel.objects.visible_to(owner)
    return specs | {f"{row.connection}/{row.name}": _spec(row) for row in rows}


def prices_of(owner: Any) -> dict[str, engine.Price]:
    """The owner's own prices by `connection/model`; they go before the price list's."""
    return {name: spec.price for name, spec in specs_of(owner).items() if spec.price is not None}


def tiers_of(owner: Any, connections: Mapping[str, engine.Connection]) -> dict[str, str]:
    """The model that stands for each tier: the cheapest whose price is known, else the first by name."""
    best: dict[str, tuple[tuple[bool, Decimal, str], str]] = {}
    for row in KnownModel.objects.visible_to(owner).exclude(tier=""):
        connection = connections.get(row.connection)
        if connection is None or row.tier not in TIERS:
            continue
        name = f"{row.connection}/{row.name}"
        price = pricing.price_of(connection, row.name, _price(row))
        rank = (price is None, price.output if price else Decimal(0), name)
        if row.tier not in best or rank < best[row.tier][0]:
            best[row.tier] = (rank, name)
    return {tier: best[tier][1] for tier in sorted(best)}


def _shipped_spec(shipped: Shipped | None) -> engine.ModelSpec:
    if shipped is None:
        return engine.ModelSpec()
    return engine.ModelSpec(
        tier=shipped.tier or None,  # type: ignore[arg-type]
        profile=shipped.profile or None,
        takes_images=shipped.images,
    )


def _spec(row: KnownModel) -> engine.ModelSpec:
    return engine.ModelSpec(
        tier=row.tier or None,  # type: ignore[arg-type]
        context_window=row.context_window,
        price=_price(row),
        profile=row.profile or None,
        takes_images=row.takes_images,
    )


def _price(row: KnownModel) -> engine.Price | None:
    if row.prices is None:
        return None
    amount = {kind: Decimal(value) for kind in PRICE_KINDS if (value := row.prices.get(kind)) is not None}
    return engine.Price(
        input=amount["input"],
        output=amount["output"],
        cache_read=amount.get("cache_read"),
        cache_write=amount.get("cache_write"),
        source="own",
        as_of=row.updated_at.date().isoformat(),
    )
