"""Policies as JSON: every key checked, every mistake one sentence."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from trajectories.engine import gates, stopping
from trajectories.engine.errors import FAILURE_KINDS, PolicyError
from trajectories.engine.policy import ACTIONS, TIERS, Compaction, EarlyStopping, GateSpec, Limits, Policy, Routing

MOST_DEPTH = 8
LEAST_DOLLARS = Decimal("0.000001")
MOST_GATES = 20
MOST_SCHEMA = 64_000
EXPLORATIONS = ("off", "warn", "block")
MODES = ("off", "shadow", "on")
JUDGED = ("cell", "call", "answer")
_PROFILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
ROUTINGS = ("fixed", "cascade", "by_size")


def policy_from_json(value: Any, base: Policy | None = None) -> Policy:
    """The base policy with what `value` changes. Raises `PolicyError`."""
    base = base or Policy()
    if not isinstance(value, Mapping):
        raise PolicyError('A policy is an object, such as {"max_depth": 1}.')
    changes: dict[str, Any] = {}
    for key, given in value.items():
        reader = _READERS.get(key)
        if reader is None:
            raise PolicyError(f"A policy has no key {_shown(key)}. Use: {', '.join(sorted(_READERS))}.")
        changes[key] = reader(key, given, base)
    return _consistent(replace(base, **changes))


def _consistent(policy: Policy) -> Policy:
    """Raises `PolicyError` where one part names what another does not have."""
    wanted = {f"the role {role}": model for role, model in policy.models.items() if model in TIERS}
    wanted |= {f"the routing of {role}": tier for role, how in policy.routing.items() for tier in how.tiers}
    for who, tier in wanted.items():
        if tier not in policy.tiers:
            raise PolicyError(f"{who.capitalize()} wants tier {tier}, which `tiers` does not name a model for.")
    return policy


def policy_json(policy: Policy) -> dict[str, Any]:
    """What `policy_from_json` reads; always all of it."""
    compaction, stopping_ = policy.compaction, policy.early_stopping
    return {
        "name": policy.name,
        "models": dict(policy.models),
        "tiers": dict(policy.tiers),
        "routing": {role: _routing_json(routing) for role, routing in policy.routing.items()},
        "gates": [_gate_json(gate) for gate in policy.gates],
        "failures": {kind: list(actions) for kind, actions in policy.failures.items()},
        "max_depth": policy.max_depth,
        "max_steps": policy.max_steps,
        "limits": _limits_json(policy.limits),
        "subtree_limits": _limits_json(policy.subtree_limits),
        "concurrency": policy.concurrency,
        "exploration": policy.exploration,
        "tell_budget": policy.tell_budget,
        "early_stopping": {"mode": stopping_.mode, "rules": list(stopping_.rules), "patience": stopping_.patience},
        "compaction": None
        if compaction is None
        else {"at_tokens": compaction.at_tokens, "part": compaction.part, "keep_turns": compaction.keep_turns},
        "answer_schema": policy.answer_schema,
        "tools": list(policy.tools),
        "profile": policy.profile,
        "cell_seconds": policy.cell_seconds,
    }


def _routing_json(routing: Routing) -> dict[str, Any]:
    return {"kind": routing.kind, "tiers": list(routing.tiers), "up_to": list(routing.up_to)}


def _gate_json(gate: GateSpec) -> dict[str, Any]:
    return {"gate": gate.gate, "on": gate.on, "roles": list(gate.roles), **gate.options}


def _limits_json(limits: Limits) -> dict[str, Any]:
    return {
        "cost_usd": None if limits.cost_usd is None else format(limits.cost_usd, "f"),
        "tokens": limits.tokens,
        "calls": limits.calls,
        "seconds": limits.seconds,
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
        _check_role(role)
        if model is None:
            models.pop(role, None)
            continue
        if not isinstance(model, str) or len(model) > 200:
            raise PolicyError(
                f"The model of the role {role} must be a text: connection/model, or the letter of a tier."
            )
        if model not in TIERS:
            split_model(model)
        models[role] = model
    return models


def _check_role(role: Any) -> None:
    if not isinstance(role, str) or not role.isidentifier() or len(role) > 40:
        raise PolicyError(f"{_shown(role)} is not a role. Use names such as root, worker, judge.")


def _tiers(key: str, value: Any, base: Policy) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise PolicyError('`tiers` must be an object of tier and model, such as {"A": "openai/gpt-5"}.')
    tiers = dict(base.tiers)
    for tier, model in value.items():
        if tier not in TIERS:
            raise PolicyError(f"{_shown(tier)} is not a tier. Use A (the strongest), B, C and D.")
        if model is None:
            tiers.pop(tier, None)
            continue
        if not isinstance(model, str) or len(model) > 200:
            raise PolicyError(f"The model of the tier {tier} must be a text: connection/model.")
        split_model(model)
        tiers[tier] = model
    return tiers


# ------------------------------------------------------------------------------------------------- routing, gates


def _routing(key: str, value: Any, base: Policy) -> dict[str, Routing]:
    if not isinstance(value, Mapping):
        raise PolicyError('`routing` must be an object by role, such as {"worker": {"kind": "cascade"}}.')
    routing = dict(base.routing)
    for role, given in value.items():
        _check_role(role)
        if given is None:
            routing.pop(role, None)
        else:
            routing[role] = _one_routing(role, given)
    return routing


def _one_routing(role: str, value: Any) -> Routing:
    _check_keys(f"routing.{role}", value, ("kind", "tiers", "up_to"))
    kind, tiers, up_to = value.get("kind", "fixed"), value.get("tiers", []), value.get("up_to", [])
    if kind not in ROUTINGS:
        raise PolicyError(f"`routing.{role}.kind` must be one of: {', '.join(ROUTINGS)}.")
    if not isinstance(tiers, list | tuple) or any(tier not in TIERS for tier in tiers) or len(set(tiers)) < len(tiers):
        raise PolicyError(f"`routing.{role}.tiers` must be a list of different tiers, cheapest first, such as [C, B].")
    if kind != "fixed" and len(tiers) < 2:
        raise PolicyError(f"`routing.{role}` needs at least two tiers to choose among, cheapest first.")
    bounds = (
        [bound for bound in up_to if isinstance(bound, int) and bound > 0] if isinstance(up_to, list | tuple) else []
    )
    if kind == "by_size" and (bounds != sorted(set(bounds)) or len(bounds) != len(tiers) - 1):
        raise PolicyError(
            f"`routing.{role}.up_to` must be {len(tiers) - 1} rising numbers of tokens, one for each tier but the last."
        )
    return Routing(kind=kind, tiers=tuple(tiers), up_to=tuple(bounds) if kind == "by_size" else ())


def _gates(key: str, value: Any, _base: Policy) -> tuple[GateSpec, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_GATES:
        raise PolicyError(
            f'`gates` must be a list of at most {MOST_GATES}, such as [{{"gate": "not_empty", "on": "call"}}].'
        )
    return tuple(_one_gate(number, given) for number, given in enumerate(value))


def _one_gate(number: int, value: Any) -> GateSpec:
    if not isinstance(value, Mapping) or not isinstance(value.get("gate"), str):
        raise PolicyError(
            f'`gates[{number}]` must be an object with the name of a gate, such as {{"gate": "not_empty"}}.'
        )
    options = {name: given for name, given in value.items() if name not in ("gate", "on", "roles")}
    roles = value.get("roles") or []
    if not isinstance(roles, list | tuple):
        raise PolicyError(f"`gates[{number}].roles` must be a list of roles.")
    for role in roles:
        _check_role(role)
    on = value.get("on", gates.first_place(value["gate"]))
    if on not in JUDGED:
        raise PolicyError(f"`gates[{number}].on` must be one of: {', '.join(JUDGED)}.")
    spec = GateSpec(gate=value["gate"], on=on, roles=tuple(roles), options=options)
    gates.check(spec)
    return spec


def _failures(key: str, value: Any, base: Policy) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise PolicyError('`failures` must be an object by kind, such as {"timeout": ["retry", "raise"]}.')
    failures = dict(base.failures)
    kinds = (*FAILURE_KINDS, "gate")
    for kind, given in value.items():
        if kind not in kinds:
            raise PolicyError(f"{_shown(kind)} is no kind of failure. Use: {', '.join(kinds)}.")
        actions = [given] if isinstance(given, str) else given
        if not isinstance(actions, list | tuple) or not actions or any(action not in ACTIONS for action in actions):
            raise PolicyError(f"`failures.{kind}` must be a list of: {', '.join(ACTIONS)}.")
        failures[kind] = tuple(actions)
    return failures


# ------------------------------------------------------------------------------------------------- long runs


def _early_stopping(key: str, value: Any, base: Policy) -> EarlyStopping:
    if isinstance(value, str):
        value = {"mode": value}
    _check_keys(key, value, ("mode", "rules", "patience"))
    now = base.early_stopping
    mode, rules = value.get("mode", now.mode), value.get("rules", now.rules)
    if mode not in MODES:
        raise PolicyError(f"`{key}.mode` must be one of: {', '.join(MODES)}.")
    if not isinstance(rules, list | tuple) or any(rule not in stopping.RULES for rule in rules):
        raise PolicyError(f"`{key}.rules` must be a list of: {', '.join(stopping.RULES)}.")
    patience = _whole(2, 100)(f"{key}.patience", value.get("patience", now.patience), base)
    return EarlyStopping(mode=mode, rules=tuple(rules), patience=patience)


def _compaction(key: str, value: Any, base: Policy) -> Compaction | None:
    if value is None:
        return None
    _check_keys(key, value, ("at_tokens", "part", "keep_turns"))
    now = base.compaction or Compaction()
    at_tokens, part = value.get("at_tokens", now.at_tokens), value.get("part", now.part)
    if at_tokens is not None:
        _whole(1_000, 10**9)(f"{key}.at_tokens", at_tokens, base)
    if isinstance(part, bool) or not isinstance(part, int | float) or not 0.1 <= part <= 0.95:
        raise PolicyError(f"`{key}.part` must be a number from 0.1 to 0.95.")
    keep = _whole(1, 100)(f"{key}.keep_turns", value.get("keep_turns", now.keep_turns), base)
    return Compaction(at_tokens=at_tokens, part=float(part), keep_turns=keep)


def _schema(key: str, value: Any, _base: Policy) -> Any:
    if value is None:
        return None
    if not isinstance(value, Mapping) or len(json.dumps(value)) > MOST_SCHEMA:
        raise PolicyError(f"`{key}` must be a JSON Schema of at most {MOST_SCHEMA:,} characters.")
    try:
        Draft202012Validator.check_schema(value)
    except SchemaError as error:
        raise PolicyError(f"`{key}` is not a JSON Schema: {error.message[:200]}") from error
    return value


def _tools(key: str, value: Any, _base: Policy) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or any(not isinstance(name, str) for name in value):
        raise PolicyError(f"`{key}` must be a list of names.")
    return tuple(value)


def _flag(key: str, value: Any, _base: Policy) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"`{key}` must be true or false.")
    return value


def _check_keys(key: str, value: Any, known: tuple[str, ...]) -> None:
    if not isinstance(value, Mapping):
        raise PolicyError(f"`{key}` must be an object with: {', '.join(known)}.")
    for name in value:
        if name not in known:
            raise PolicyError(f"`{key}` has no {_shown(name)}. Use: {', '.join(known)}.")


# ------------------------------------------------------------------------------------------------- plain values


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


def _limits(key: str, value: Any, base: Policy) -> Limits:
    if not isinstance(value, Mapping):
        raise PolicyError(f'`{key}` must be an object, such as {{"cost_usd": "1.00", "seconds": 600}}.')
    changes: dict[str, Any] = {}
    for name, given in value.items():
        if name not in _LIMITS:
            raise PolicyError(f"There is no limit {_shown(name)}. Use: {', '.join(sorted(_LIMITS))}.")
        changes[name] = None if given is None else _LIMITS[name](f"{key}.{name}", given, base)
    now: Limits = getattr(base, key)
    return replace(now, **changes)


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
    """Whether there is such a profile is known where the owner's own ones are."""
    if not isinstance(value, str) or not _PROFILE.fullmatch(value):
        raise PolicyError(f"`{key}` must be `auto` or the name of a prompt profile.")
    return value


_LIMITS: dict[str, Callable[[str, Any, Policy], Any]] = {
    "cost_usd": _dollars,
    "tokens": _whole(1, 10**12),
    "calls": _whole(1, 10**9),
    "seconds": _seconds(0.1, 30 * 24 * 3600),
}
_READERS: dict[str, Callable[[str, Any, Policy], Any]] = {
    "name": _name,
    "models": _models,
    "tiers": _tiers,
    "routing": _routing,
    "gates": _gates,
    "failures": _failures,
    "max_depth": _whole(0, MOST_DEPTH),
    "max_steps": _whole(1, 1_000),
    "limits": _limits,
    "subtree_limits": _limits,
    "concurrency": _whole(1, 1_024),
    "exploration": _exploration,
    "tell_budget": _flag,
    "early_stopping": _early_stopping,
    "compaction": _compaction,
    "answer_schema": _schema,
    "tools": _tools,
    "profile": _profile,
    "cell_seconds": _seconds(0.1, 3_600),
}
