"""Policies by name: what is built in, what an owner has named, and what a request's words come to.

A policy is always resolved when a run is made, so that the run keeps what really applied. Nothing here calls a model;
where a connection's models are unknown, its server is asked once for their names (`_offered`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.core.cache import cache

from trajectories import connections, engine
from trajectories.models import KnownModel, NamedPolicy

log = logging.getLogger(__name__)

OFFLINE_MODELS = {"root": "offline/planner", "worker": "offline/extractive"}
SHIPPED_MODELS = {
    "api.openai.com": ("gpt-5", "gpt-5-mini"),
    "openrouter.ai": ("openai/gpt-5", "openai/gpt-5-mini"),
}
"""host → (root, worker): a sensible pair where nobody has chosen."""
OFFERED_WAIT = 4.0
"""Seconds that a server may take to name its models while somebody waits for a page."""
OFFERED_SECONDS = 300
"""How long a server's list of models is remembered, and that it gave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    name: str
    title: str
    description: str
    changes: Mapping[str, Any]
    """What differs from the engine's own default."""
    needs_model: bool = True
    """Only offered where a real connection exists."""
    small_root: bool = False
    """The worker's model is the root too."""


BUILT_IN = (
    BuiltIn(
        name="default",
        title="Default",
        description="The first usable model connection, or offline when there is none.",
        changes={},
        needs_model=False,
    ),
    BuiltIn(
        name="offline",
        title="Offline (no language model)",
        description="No language model: finds, counts and quotes by rules, on this machine, for nothing.",
        changes={"models": OFFLINE_MODELS, "max_depth": 1},
        needs_model=False,
    ),
    BuiltIn(
        name="economy",
        title="Economy",
        description="The small model throughout, few steps, at most $0.50.",
        changes={"max_depth": 1, "max_steps": 12, "limits": {"cost_usd": "0.50", "calls": 500, "seconds": 900}},
        small_root=True,
    ),
    BuiltIn(
        name="balanced",
        title="Balanced",
        description="A strong model plans, a small one reads; at most $2.00.",
        changes={"max_depth": 1, "max_steps": 20, "limits": {"cost_usd": "2.00", "calls": 2_000, "seconds": 1_800}},
    ),
    BuiltIn(
        name="thorough",
        title="Thorough",
        description="Sub-runs of its own for hard parts, many steps, at most $10.00.",
        changes={"max_depth": 2, "max_steps": 40, "limits": {"cost_usd": "10.00", "calls": 20_000, "seconds": 3_600}},
    ),
)
BUILT_IN_NAMES = tuple(built_in.name for built_in in BUILT_IN)


# ------------------------------------------------------------------------------------------------- resolving


def resolve(owner: Any, policy: str | Mapping[str, Any] | None) -> engine.Policy:
    """A name, an object with what differs from the default policy, or None for the default.

    Raises `engine.PolicyError` with one sentence."""
    known = connections.connections_of(owner)
    if policy is None:
        policy = "default"
    if isinstance(policy, str):
        resolved = _by_name(owner, policy, known)
    else:
        resolved = engine.policy_from_json(policy, _default(owner, known))
        resolved = resolved if "name" in policy else replace(resolved, name="custom")
    _check_connections(resolved, known)
    return resolved


def _by_name(owner: Any, name: str, known: Mapping[str, engine.Connection]) -> engine.Policy:
    own = NamedPolicy.objects.visible_to(owner).filter(name=name[:60]).first()
    if own is not None:
        return replace(engine.policy_from_json(own.body, _default(owner, known)), name=own.name)
    built_in = next((one for one in BUILT_IN if one.name == name), None)
    if built_in is None:
        raise engine.PolicyError(f"There is no policy {name[:60]!r}. Use one of: {', '.join(_names(owner))}.")
    return _built_in(owner, built_in, known)


def _names(owner: Any) -> list[str]:
    return [*BUILT_IN_NAMES, *NamedPolicy.objects.visible_to(owner).values_list("name", flat=True)]


def _default(owner: Any, known: Mapping[str, engine.Connection]) -> engine.Policy:
    return engine.Policy(name="default", models=_models(owner, known) or OFFLINE_MODELS)


def _built_in(owner: Any, built_in: BuiltIn, known: Mapping[str, engine.Connection]) -> engine.Policy:
    models = _models(owner, known)
    if built_in.needs_model and models is None:
        raise engine.PolicyError(f"The policy {built_in.name} needs a model; add a connection in the settings first.")
    models = dict(models or OFFLINE_MODELS)
    if built_in.small_root:
        models["root"] = models["worker"]
    base = engine.Policy(name=built_in.name, models=models)
    return engine.policy_from_json(built_in.changes, base)


def _check_connections(policy: engine.Policy, known: Mapping[str, engine.Connection]) -> None:
    for role, model in policy.models.items():
        name = model.partition("/")[0]
        if name not in known:
            raise engine.PolicyError(
                f"The model of the role {role} is {model[:100]!r}, but there is no connection {name[:40]!r}. "
                f"Add it in the settings, or use one of: {', '.join(sorted(known))}."
            )


# ------------------------------------------------------------------------------------------------- models


def _models(owner: Any, known: Mapping[str, engine.Connection]) -> dict[str, str] | None:
    """Root and worker at the first real connection for which models are known; None when there is none."""
    for name, connection in known.items():
        if connection.provider == connections.OFFLINE.provider:
            continue
        if pair := _pair(owner, connection):
            root, worker = pair
            return {"root": f"{name}/{root}", "worker": f"{name}/{worker}"}
    return None


def _pair(owner: Any, connection: engine.Connection) -> tuple[str, str] | None:
    host = urlsplit(connection.base_url or connections.OPENAI_URL).hostname or ""
    if host in SHIPPED_MODELS:
        return SHIPPED_MODELS[host] if connection.api_key else None
    own = KnownModel.objects.visible_to(owner).filter(connection=connection.name).order_by("pk").first()
    if own is not None:
        return own.name, own.name
    offered = _offered(owner, connection)
    return (offered[0], offered[0]) if offered else None


def _offered(owner: Any, connection: engine.Connection) -> list[str]:
    """The models of a server of one's own, asked for once in a while. A server that is down offers none."""
    key = f"models:{owner.pk}:{connection.name}:{hash((connection.base_url, connection.api_key))}"
    offered: list[str] | None = cache.get(key)
    if offered is None:
        try:
            offered = async_to_sync(connections.list_models)(connection, seconds=OFFERED_WAIT)
        except engine.ProviderError as error:
            log.warning("The connection %s offers no model now: %s", connection.name, error)
            offered = []
        cache.set(key, offered, OFFERED_SECONDS if offered else OFFERED_SECONDS // 10)
    return offered


# ------------------------------------------------------------------------------------------------- naming


def named(owner: Any) -> list[dict[str, Any]]:
    """What can be chosen now, built-in ones first: [{name, title, description, built_in, policy, error}]."""
    known = connections.connections_of(owner)
    real = _models(owner, known) is not None
    listed = [
        _described(one.name, one.title, one.description, built_in=True, policy=_built_in(owner, one, known))
        for one in BUILT_IN
        if real or not one.needs_model
    ]
    return listed + [_own(owner, row, known) for row in NamedPolicy.objects.visible_to(owner)]


def _own(owner: Any, row: NamedPolicy, known: Mapping[str, engine.Connection]) -> dict[str, Any]:
    """A policy that has become impossible (its connection is gone) is listed with the reason."""
    try:
        policy = _by_name(owner, row.name, known)
        _check_connections(policy, known)
    except engine.PolicyError as error:
        return _described(row.name, row.name, "", built_in=False, error=str(error))
    return _described(row.name, row.name, "", built_in=False, policy=policy)


def _described(
    name: str,
    title: str,
    description: str,
    *,
    built_in: bool,
    policy: engine.Policy | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "description": description,
        "built_in": built_in,
        "policy": None if policy is None else engine.policy_json(policy),
        "error": error,
    }


def keep(owner: Any, name: str, body: Mapping[str, Any]) -> NamedPolicy:
    """Checks and keeps a policy under a name. Raises `engine.PolicyError`."""
    if name in BUILT_IN_NAMES:
        raise engine.PolicyError(f"The policy {name} is built in; choose another name.")
    resolve(owner, {**body, "name": name})
    kept = {key: value for key, value in body.items() if key != "name"}
    row, _ = NamedPolicy.objects.update_or_create(owner=owner, name=name, defaults={"body": kept})
    return row
