"""What a call costs: the price of a model, the cost of its usage, and the usage where a server reports none.

Prices come from the user's own table, else from the list that the package `genai-prices` carries with it (no network).
Arithmetic is exact. What is not known is None, never 0.
"""

import functools
import importlib.metadata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any, cast

from trajectories.engine.types import Connection, Cost, Message, Price, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

BYTES_A_TOKEN = 4
TOKENS_A_MESSAGE = 4
PACKAGE = "genai-prices"

_EXACT = Context(prec=100)
_INEXPRESSIBLE = ("requests_kcount", "output_reasoning_mtok", "input_mchars")
"""Fees that `Price` has no place for; a price without them would be too low."""


def price_of(connection: Connection, model: str, own: Price | None = None, input_tokens: int = 0) -> Price | None:
    """The price of a model now, or None where nobody knows it (a local server, a model not on the list).

    Some models cost more from a certain length of the input on: `input_tokens` says which of their prices is meant.
    """
    if own is not None:
        return own
    now = datetime.now(UTC)
    if connection.provider == "offline":
        free = Decimal(0)
        return Price(
            input=free, output=free, cache_read=free, cache_write=free, source="offline", as_of=now.date().isoformat()
        )
    listed = _listed(connection.provider, connection.base_url.strip(), model)
    return None if listed is None else _price(listed, now, input_tokens)


def listed_price(name: str, input_tokens: int = 0) -> Price | None:
    """The price list's own: of `provider/model`, or of a model whose provider the list can tell by its name."""
    provider, slash, model = name.partition("/")
    listed = _listed(provider, "", model) if slash else _listed("", "", name)
    return None if listed is None else _price(listed, datetime.now(UTC), input_tokens)


@functools.cache
def listed_names() -> tuple[str, ...]:
    """`provider/model` of every model on the price list whose price can be said."""
    names = [f"{provider.id}/{model.id}" for provider in _snapshot().providers for model in provider.models]
    return tuple(sorted(name for name in names if listed_price(name) is not None))


def context_window_of(connection: Connection, model: str) -> int | None:
    """How many tokens of input the model takes, where the list says so."""
    listed = _listed(connection.provider, connection.base_url.strip(), model)
    return None if listed is None else listed.context_window


def cost_of(usage: Usage | None, price: Price | None, provider_cost: Decimal | None = None) -> Cost:
    """What one call cost. The provider's own figure counts before any calculation."""
    if provider_cost is not None:
        return Cost(usd=provider_cost, kind="exact")
    if usage is None or price is None:
        return Cost(usd=None, kind="unknown", unpriced_calls=1)
    usd = _calculated(usage, price)
    is_free = not (price.input or price.output or price.cache_read or price.cache_write)
    return Cost(usd=usd, kind="estimated" if usage.estimated and not is_free else "exact")


def estimate_usage(messages: Iterable[Message], text: str) -> Usage:
    """Usage guessed from the texts: four bytes a token, which is four Latin letters, two Cyrillic ones or one Han."""
    asked = sum(_tokens(message.content) + TOKENS_A_MESSAGE for message in messages)
    return Usage(calls=1, input_tokens=asked, output_tokens=_tokens(text), estimated=True)


def _tokens(text: str) -> int:
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // BYTES_A_TOKEN)


def _calculated(usage: Usage, price: Price) -> Decimal:
    plain = max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens)
    cache_read = price.input if price.cache_read is None else price.cache_read
    cache_write = price.input if price.cache_write is None else price.cache_write
    with localcontext(_EXACT):
        total = (
            plain * price.input
            + usage.cache_read_tokens * cache_read
            + usage.cache_write_tokens * cache_write
            + usage.output_tokens * price.output
        )
        return total.scaleb(-6)  # prices are per million


# ---------------------------------------------------------------------------------------------- the shipped list


@functools.lru_cache(maxsize=1024)
def _listed(provider: str, base_url: str, model: str) -> "ModelInfo | None":
    """The list is asked by address, or by the provider's name when the connection goes to its usual address."""
    snapshot = _snapshot()
    by = (None, base_url) if base_url else (provider or None, None)
    try:
        _, listed = snapshot.find_provider_model(model, None, *by)
    except LookupError:
        return None
    return cast("ModelInfo", listed)


def _price(listed: "ModelInfo", now: datetime, input_tokens: int) -> Price | None:
    prices = listed.get_prices(now)
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    base, output, cache_read, cache_write = (_at(getattr(prices, name), input_tokens) for name in names)
    if base is None or output is None or any(getattr(prices, name) for name in _INEXPRESSIBLE):
        return None
    return Price(
        input=base, output=output, cache_read=cache_read, cache_write=cache_write, source=_source(), as_of=_as_of()
    )


def _at(price: Any, input_tokens: int) -> Decimal | None:
    """The price at this length of the input: beyond a tier's start all tokens cost the tier's price."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if input_tokens > tier.start]
    chosen: Decimal = reached[-1] if reached else price.base
    return chosen


@functools.cache
def _snapshot() -> Any:
    """Imported only when a price is asked for: it takes half a second."""
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


@functools.cache
def _source() -> str:
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"


@functools.cache
def _as_of() -> str:
    """The list does not tell its date; it is at least as new as the newest price in it that is in force."""
    today = datetime.now(UTC).date()
    return max((day for day in _price_dates() if day <= today), default=date(2024, 1, 1)).isoformat()


def _price_dates() -> Iterable[date]:
    for provider in _snapshot().providers:
        for model in provider.models:
            for conditional in model.prices if isinstance(model.prices, list) else ():
                day = getattr(conditional.constraint, "start_date", None)
                if day is not None:
                    yield day
