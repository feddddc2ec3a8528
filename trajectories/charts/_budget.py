"""The caps of a run's policy, and what the engine kept back inside them for the last chance."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from trajectories.charts._record import Json, Record
from trajectories.engine.budget import LAST_CHANCE_OUTPUT_TOKENS, MOST_SECONDS_KEPT, SHARE_OF_TIME

Amount = Decimal | int | float
KEYS = {"cost": "cost_usd", "tokens": "tokens", "calls": "calls", "seconds": "seconds"}
CHARACTERS_A_TOKEN = 3
TOKENS_A_MESSAGE = 16
"""As the engine reckons before a call."""
MILLION = Decimal(1_000_000)


def cap(record: Record, by: str) -> Amount | None:
    """The policy's limit on money, tokens, calls or seconds; None where there is none."""
    value = record.limits.get(KEYS[by])
    if value is None:
        return None
    try:
        return Decimal(str(value)) if by == "cost" else float(value) if by == "seconds" else int(value)
    except (InvalidOperation, TypeError, ValueError):
        return None


def kept_back(record: Record, by: str) -> Amount | None:
    """What was set aside for the last chance at the last turn: exact for calls and time, reckoned for the others.

    None where it cannot be known, or where the last chance was taken and so is among what was used."""
    turns = [call for call in record.calls if call.is_turn]
    if not turns or turns[-1].step is None:
        return None
    if by == "calls":
        return 1
    if by == "seconds":
        limit = cap(record, by)
        return None if limit is None else min(MOST_SECONDS_KEPT, float(limit) * SHARE_OF_TIME)
    tokens_in = _tokens_in(turns[-1].request())
    if by == "tokens":
        return tokens_in + LAST_CHANCE_OUTPUT_TOKENS
    price = turns[-1].price
    if price is None or price.get("input") is None or price.get("output") is None:
        return None
    dearest = max(Decimal(price["input"]), Decimal(price.get("cache_write") or 0))
    return (tokens_in * dearest + LAST_CHANCE_OUTPUT_TOKENS * Decimal(price["output"])) / MILLION


def _tokens_in(messages: Sequence[Json]) -> int:
    """What the engine expects a request of this length to have at most."""
    return sum(message["chars"] for message in messages) // CHARACTERS_A_TOKEN + TOKENS_A_MESSAGE * len(messages)
