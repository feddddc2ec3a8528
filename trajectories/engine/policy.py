"""Policies as JSON: every key checked, every mistake one sentence."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from trajectories.engine.errors import PolicyError
from trajectories.engine.types import Limits, Policy

MOST_DEPTH = 8
LEAST_DOLLARS = Decimal("0.000001")
EXPLORATIONS = ("off", "warn", "block")
NOT_YET = {
    "tiers": "Tiers are not part of this version yet. Leave `tiers` out and name a model for each role.",
    "gates": "Gates are not part of this version yet. Leave `gates` out.",
}


def policy_from_json(value: Any, base: Policy | None = None) -> Policy:
    """The base policy with what `value` changes. Raises `PolicyError`."""
    base = base or Policy()
    if not isinstance(value, Mapping):
        raise PolicyError('A policy is an object, such as {"max_depth": 1}.')
    changes: dict[str, Any] = {}
    for key, given in value.items():
        if key in NOT_YET:
            if given:
                raise PolicyError(NOT_YET[key])
            continue
        reader = _READERS.get(key)
        if reader is None:
            raise PolicyError(f"A policy has no key {_shown(key)}. Use: {', '.join(sorted(_READERS))}.")
        changes[key] = reader(key, given, base)
    return replace(base, **changes)


def policy_json(policy: Policy) -> dict[str, Any]:
    limits = policy.limits
    return {
        "name": policy.name,
        "models": dict(policy.models),
        "tiers": {},
        "gates": [],
        "max_depth": policy.max_depth,
        "max_steps": policy.max_steps,
        "limits": {
            "cost_usd": None if limits.cost_usd is None else format(limits.cost_usd, "f"),
            "tokens": limits.tokens,
            "calls": limits.calls,
            "seconds": limits.seconds,
        },
        "concurrency": policy.concurrency,
        "exploration": policy.exploration,
        "profile": policy.profile,
        "cell_seconds": policy.cell_seconds,
    }


def split_model(name: str) -> tuple[str, str]:
    """`connection/model` → both parts; only the first slash divides. Raises `PolicyError`."""
    connection, slash, model = name.partition("/")
    if not (slash and connection and model):
        raise PolicyError(f"{_shown(name)} is not a model. Write it as connection/model, such as openai/gpt-5.")
    return connection, model


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _name(key: str, value: Any, _base: Policy) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60:
        raise PolicyError(f"`{key}` must be a name of 1 to 60 characters.")
    return value


def _models(key: str, value: Any, base: Policy) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise PolicyError('`models` must be an object of role and model, such as {"root": "openai/gpt-5"}.')
    models = dict(base.models)
    for role, model in value.items():
        if not isinstance(role, str) or not role.isidentifier() or len(role) > 40:
            raise PolicyError(f"{_shown(role)} is not a role. Use names such as root, worker, judge.")
        if model is None:
            models.pop(role, None)
            continue
        if not isinstance(model, str) or len(model) > 200:
            raise PolicyError(f"The model of the role {role} must be a text: connection/model.")
        split_model(model)
        models[role] = model
    return models


def _whole(low: int, high: int) -> Callable[[str, Any, Policy], int]:
    def read(key: str, value: Any, _base: Policy) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise PolicyError(f"`{key}` must be a whole number from {low} to {high:,}.")
        return value

    return read


def _seconds(low: float, high: float) -> Callable[[str, Any, Policy], float]:
    def read(key: str, value: Any, _base: Policy) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not low <= value <= high:
            raise PolicyError(f"`{key}` must be a number of seconds from {low:g} to {high:,g}.")
        return float(value)

    return read


def _limits(_key: str, value: Any, base: Policy) -> Limits:
    if not isinstance(value, Mapping):
        raise PolicyError('`limits` must be an object, such as {"cost_usd": "1.00", "seconds": 600}.')
    changes: dict[str, Any] = {}
    for key, given in value.items():
        if key not in _LIMITS:
            raise PolicyError(f"There is no limit {_shown(key)}. Use: {', '.join(sorted(_LIMITS))}.")
        changes[key] = None if given is None else _LIMITS[key](f"limits.{key}", given, base)
    return replace(base.limits, **changes)


def _dollars(key: str, value: Any, _base: Policy) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not LEAST_DOLLARS <= amount <= 1_000_000:
        raise PolicyError(f'`{key}` must be an amount above 0 in US dollars, such as "1.50".')
    return amount


def _exploration(key: str, value: Any, _base: Policy) -> str:
    if value not in EXPLORATIONS:
        raise PolicyError(f"`{key}` must be one of: {', '.join(EXPLORATIONS)}.")
    return str(value)


def _profile(key: str, value: Any, _base: Policy) -> str:
    from trajectories.engine.prompts import profile_names

    names = ("auto", *profile_names())
    if value not in names:
        raise PolicyError(f"`{key}` must be one of: {', '.join(names)}.")
    return str(value)


_LIMITS: dict[str, Callable[[str, Any, Policy], Any]] = {
    "cost_usd": _dollars,
    "tokens": _whole(1, 10**12),
    "calls": _whole(1, 10**9),
    "seconds": _seconds(0.1, 30 * 24 * 3600),
}
_READERS: dict[str, Callable[[str, Any, Policy], Any]] = {
    "name": _name,
    "models": _models,
    "max_depth": _whole(0, MOST_DEPTH),
    "max_steps": _whole(1, 1_000),
    "limits": _limits,
    "concurrency": _whole(1, 1_024),
    "exploration": _exploration,
    "profile": _profile,
    "cell_seconds": _seconds(0.1, 3_600),
}
