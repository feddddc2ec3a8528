"""What a run would have cost with other models: its recorded tokens at their prices.

An estimate, and told as one: another model would cut texts into other tokens, cache otherwise and answer otherwise.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from trajectories import connections, engine, registry
from trajectories.charts import Call, Record
from trajectories.engine import pricing

ASSUMPTION = "The same tokens, as many of them from the cache; another model would count and answer differently."
MOST_ROLES = 6
MOST_VARIANTS = 4
MOST_DOLLARS = Decimal(1_000_000)
LONGEST_NAME = 240
LONG_INPUT = 10**9
"""Tokens: a model whose price depends on the length of its input has another one here than at 0."""
PRICES = re.compile(r"\$?(\d{1,9}(?:\.\d{1,12})?)", re.ASCII)


class UnknownPrice(ValueError):
    """One sentence that says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a model costs."""

    name: str
    price: engine.Price
    price_at: Callable[[int], engine.Price] | None = None
    """Where it depends on the tokens of a call's input."""
    source: str
    """“your own”, “genai-prices 0.0.30, 2026-11-01”"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A run as it was, or at other prices."""

    name: str
    models: Mapping[str, str]
    """role → model"""
    usd: Decimal
    """Of the calls whose tokens and price are known."""
    unpriced: int
    """Calls of which one of the two is not."""
    kind: str
    """`exact`, `estimated` or `unknown`"""
    note: str = ""


# ------------------------------------------------------------------------------------------------- prices


def find_rate(owner: Any, name: str) -> Rate:
    """Of `connection/model`, `provider/model`, a model's name alone, or prices as they are written: `0.25 / 2.00`,
    `0.25 / 0.025 / 2.00` (input, cached input, output; US dollars per million tokens). Raises `UnknownPrice`."""
    name = name.strip()[:LONGEST_NAME]
    written = _written(name)
    if written is not None:
        return written
    price_of = _known(owner, name)
    first = price_of(0)
    if first is None:
        raise UnknownPrice(
            f"No price of “{name[:80]}” is known. Choose a model of the list, or write prices per million tokens, "
            "such as 0.25 / 2.00."
        )
    source = "your own" if first.source == "own" else f"{first.source}, {first.as_of}"
    by_length = None if price_of(LONG_INPUT) == first else lru_cache(lambda tokens: price_of(tokens) or first)
    return Rate(name=name, price=first, price_at=by_length, source=source)


def _written(name: str) -> Rate | None:
    """Two or three amounts with slashes between them."""
    found = [PRICES.fullmatch(part.strip()) for part in name.split("/")]
    if len(found) not in (2, 3) or not all(found):
        return None
    amounts = [Decimal(each[1]) for each in found if each]
    if max(amounts) > MOST_DOLLARS:
        raise UnknownPrice(f"A price has at most {MOST_DOLLARS:,} dollars per million tokens.")
    price = engine.Price(
        input=amounts[0],
        output=amounts[-1],
        cache_read=amounts[1] if len(amounts) == 3 else None,
        source="own",
        as_of="",
    )
    words = " / ".join(f"${amount:f}" for amount in amounts)
    return Rate(name=words, price=price, source="your own")


def _known(owner: Any, name: str) -> Callable[[int], engine.Price | None]:
    connection, _, model = name.partition("/")
    server = connections.connections_of(owner).get(connection)
    if server is None:
        return lambda tokens: pricing.listed_price(name, tokens)
    own = registry.prices_of(owner).get(name)
    return lambda tokens: pricing.price_of(server, model, own, tokens) or pricing.listed_price(name, tokens)


def priced_names(owner: Any) -> list[str]:
    """Models whose price is known: the owner's own, and those of the price list."""
    return sorted({*registry.prices_of(owner), *pricing.listed_names()})


# ------------------------------------------------------------------------------------------------- variants


def roles(record: Record) -> dict[str, str]:
    """role → the model that most of its calls asked; the root first, then the dearest."""
    found = record.by_role
    spent = {role: sum([call.usd for call in calls if call.usd], Decimal(0)) for role, calls in found.items()}
    order = sorted(found, key=lambda role: (role != "root", -spent[role], role))[:MOST_ROLES]
    asked = {role: Counter(call.model for call in found[role]) for role in order}
    return {role: record.model_names[max(asked[role], key=lambda model: (asked[role][model], model))] for role in order}


def as_recorded(record: Record) -> Variant:
    estimated = any(call.estimated and call.usd for call in record.calls)
    kind = "unknown" if record.unpriced else "estimated" if estimated else "exact"
    return Variant(name="As recorded", models=roles(record), usd=record.usd, unpriced=record.unpriced, kind=kind)


def repriced(record: Record, name: str, rates: Mapping[str, Rate]) -> Variant:
    """`rates` by role; calls of other roles cost what they did."""
    usd, unpriced = Decimal(0), 0
    for role, calls in record.by_role.items():
        rate = rates.get(role)
        known = [call for call in calls if call.usd is not None or (rate is not None and call.tokens)]
        unpriced += len(calls) - len(known)
        usd += sum((call.usd or Decimal(0) for call in known), Decimal(0)) if rate is None else _at(rate, known)
    return Variant(
        name=name,
        models={**roles(record), **{role: rate.name for role, rate in rates.items()}},
        usd=usd,
        unpriced=unpriced,
        kind="unknown" if unpriced else "estimated",
        note="; ".join(dict.fromkeys(rate.source for rate in rates.values())),
    )


def _at(rate: Rate, calls: Sequence[Call]) -> Decimal:
    """Calls at the same price are counted together: the money is the same, and thousands of them take no time."""
    together: dict[engine.Price, list[Call]] = defaultdict(list)
    if rate.price_at is None:
        together[rate.price] = list(calls)
    else:
        for call in calls:
            together[rate.price_at(call.input_tokens)].append(call)
    costs = [pricing.cost_of(_usage(same), price).usd for price, same in together.items()]
    return sum((usd for usd in costs if usd is not None), Decimal(0))


def _usage(calls: Sequence[Call]) -> engine.Usage:
    return engine.Usage(
        input_tokens=sum([call.input_tokens for call in calls]),
        cache_read_tokens=sum([call.cache_read_tokens for call in calls]),
        cache_write_tokens=sum([call.cache_write_tokens for call in calls]),
        output_tokens=sum([call.output_tokens for call in calls]),
    )


def own_variants(record: Record) -> list[Variant]:
    """The run with each of its own models alone, at the prices that were recorded; none where it asked one model."""
    asked = set(record.by_role)
    rates = _recorded_rates(record) if len(record.model_names) > 1 else {}
    return [
        repriced(record, f"{record.model_names[model]} for all", dict.fromkeys(asked, rate))
        for model, rate in sorted(rates.items())[:MOST_VARIANTS]
    ]


def _recorded_rates(record: Record) -> dict[str, Rate]:
    """model → its price as recorded with its last call."""
    prices: dict[str, Sequence[Any]] = {}
    for call in reversed(record.calls):
        if call.model not in prices and call.price and call.price.get("input") and call.price.get("output"):
            prices[call.model] = tuple(call.price.get(kind) for kind in registry.PRICE_KINDS)
        if len(prices) == len(record.model_names):
            break
    return {model: _recorded(model, record, values) for model, values in prices.items()}


def _recorded(model: str, record: Record, values: Sequence[Any]) -> Rate:
    amounts = {
        kind: Decimal(value) for kind, value in zip(registry.PRICE_KINDS, values, strict=True) if value is not None
    }
    price = engine.Price(
        input=amounts["input"],
        output=amounts["output"],
        cache_read=amounts.get("cache_read"),
        cache_write=amounts.get("cache_write"),
        source="recorded",
        as_of="",
    )
    return Rate(name=record.model_names[model], price=price, source="prices as recorded")
