"""A node's figures and texts, as far as a query can ask for them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from trajectories.search.words import SCOPES

BIT_OF = {scope: 1 << number for number, scope in enumerate(SCOPES)}
SCOPE_OF = {name: BIT_OF[scope] for scope, names in SCOPES.items() for name in names}
"""A text of a node → the bit of the scope under which it is looked for."""
EVERYWHERE = (1 << len(SCOPES)) - 1


def bits(scopes: Iterable[str]) -> int:
    """Of some scopes; of all where none is named."""
    return sum(BIT_OF[scope] for scope in scopes) or EVERYWHERE


@dataclass(frozen=True, slots=True)
class Place:
    """One text of a node."""

    name: str
    message: int | None
    """Of a request: which of its messages."""
    text: int
    """Its number among the texts held."""


@dataclass(slots=True, kw_only=True)
class Row:
    number: int
    parent: int | None
    kind: str
    depth: int
    name: str
    status: str
    began: float
    """Seconds since the epoch; of a call: when it was sent."""
    ended: float | None
    error: str
    """Its kind."""
    model: str
    role: str
    tier: str
    label: str
    """Of a cell: what its code does; a step gets its cells'."""
    batch: int | None
    tokens: int | None
    usd: Decimal | None
    """With all below it; None: unknown."""
    reads: tuple[tuple[str, int, int], ...]
    """(document, start, end)"""
    places: list[Place] = field(default_factory=list)

    def seconds(self, now: float) -> float:
        """At work, waiting for its turn not counted."""
        return max(0.0, (now if self.ended is None else self.ended) - self.began)


@dataclass(frozen=True, slots=True)
class Said:
    """A text of a node as it was read."""

    name: str
    message: int | None
    digest: bytes
    raw: bytes | None
    """In UTF-8; None: still to be fetched by its digest."""
    is_kept: bool = True
    """It can be fetched by its digest, now and again."""


@dataclass(frozen=True, slots=True)
class Taken:
    row: Row
    texts: list[Said]
