"""Policies by name: what is built in, what an owner has named, and what a request's words come to.

A policy is always resolved when a run is made, so that the run keeps what really applied. Nothing here calls a model;
where a connection's models are unknown, its server is asked for their names (`offered`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from trajectories import connections, engine, offered, prompt_profiles, registry, tools
from trajectories.models import KnownModel, NamedPolicy

OFFLINE_MODELS = {"root": "offline/planner", "worker": "offline/extractive"}
RUN_WAITS = 4.5
"""Seconds to wait for a server that was never heard: a run that begins must know its models,"""
PAGE_WAITS = 0.25
"""a page shows what is known."""


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
    known = _Known(owner, RUN_WAITS)
    if policy is None:
        policy = "default"
    if isinstance(policy, str):
        resolved = _by_name(policy, known)
    else:
        resolved = _changed(policy, known)
        resolved = resolved if "name" in policy else replace(resolved, name="custom")
    _check_connections(resolved, known.connections)
    _check_profile(owner, resolved.profile)
    engine.chosen_tools(resolved.tools, tools.tools() if resolved.tools else {})
    return resolved


def _by_name(name: str, known: "_Known") -> engine.Policy:
    own = NamedPolicy.objects.visible_to(known.owner).filter(name=name[:60]).first()
    if own is not None:
        return replace(_changed(own.body, known), name=own.name)
    built_in = next((one for one in BUILT_IN if one.name == name), None)
    if built_in is None:
        raise engine.PolicyError(f"There is no policy {name[:60]!r}. Use one of: {', '.join(_names(known.owner))}.")
    return _built_in(built_in, known)


def _names(owner: Any) -> list[str]:
    return [*BUILT_IN_NAMES, *NamedPolicy.objects.visible_to(owner).values_list("name", flat=True)]


def _changed(changes: Mapping[str, Any], known: "_Known") -> engine.Policy:
    """The default policy with these changes. Where they name the models, no server is asked for any."""
    models = changes.get("models")
    complete = isinstance(models, Mapping) and OFFLINE_MODELS.keys() <= models.keys()
    default = engine.Policy(
        name="default", models={} if complete else known.models or OFFLINE_MODELS, tiers=known.tiers
    )
    return engine.policy_from_json(changes, default)


def _built_in(built_in: BuiltIn, known: "_Known") -> engine.Policy:
    if built_in.needs_model and known.models is None:
        raise engine.PolicyError(f"The policy {built_in.name} needs a model; add a connection in the settings first.")
    if "models" in built_in.changes:
        return replace(_changed(built_in.changes, known), name=built_in.name)
    models = dict(known.models or OFFLINE_MODELS)
    if built_in.small_root:
        models["root"] = models["worker"]
    return engine.policy_from_json(
        built_in.changes, engine.Policy(name=built_in.name, models=models, tiers=known.tiers)
    )


def _check_profile(owner: Any, name: str) -> None:
    names = prompt_profiles.names_for(owner)
    if name not in names:
        raise engine.PolicyError(f"There is no prompt profile {name!r}. Use one of: {', '.join(names)}.")


def _check_connections(policy: engine.Policy, known: Mapping[str, engine.Connection]) -> None:
    for role, model in policy.named_models().items():
        name = model.partition("/")[0]
        if name not in known:
            raise engine.PolicyError(
                f"The model of the role {role} is {model[:100]!r}, but there is no connection {name[:40]!r}. "
                f"Add it in the settings, or use one of: {', '.join(sorted(known))}."
            )


# ------------------------------------------------------------------------------------------------- models


class _Known:
    """What one owner has to make policies of."""

    def __init__(self, owner: Any, wait: float) -> None:
        """`wait`: seconds for a server that was never asked for its models."""
        self.owner = owner
        self.connections = connections.connections_of(owner)
        self._wait = wait

    @cached_property
    def tiers(self) -> dict[str, str]:
        """The model that stands for each tier, as far as the registry knows one."""
        return registry.tiers_of(self.owner, self.connections)

    @cached_property
    def models(self) -> dict[str, str] | None:
        """Root and worker at the first real connection for which models are known; None when there is none."""
        for name, connection in self.connections.items():
            if connection.provider == connections.OFFLINE.provider:
                continue
            if pair := self._pair(connection):
                root, worker = pair
                return {"root": f"{name}/{root}", "worker": f"{name}/{worker}"}
        return None

    def _pair(self, connection: engine.Connection) -> tuple[str, str] | None:
        host = registry.host_of(connections.address_of(connection))
        if host is not None:
            return (host.root, host.worker) if connection.api_key else None
        own = (
            KnownModel.objects.visible_to(self.owner)
            .filter(connection=connection.name, origin=KnownModel.Origin.OWN)
            .order_by("pk")
            .first()
        )
        if own is not None:
            return own.name, own.name
        names = offered.models_of(connection, wait=self._wait)
        return (names[0], names[0]) if names else None


# ------------------------------------------------------------------------------------------------- naming


def named(owner: Any) -> list[dict[str, Any]]:
    """What can be chosen now, built-in ones first: [{name, title, description, built_in, policy, error}].

    No longer than a moment is waited for any server."""
    known = _Known(owner, PAGE_WAITS)
    real = known.models is not None
    listed = [
        _described(one.name, one.title, one.description, built_in=True, policy=_built_in(one, known))
        for one in BUILT_IN
        if real or not one.needs_model
    ]
    return listed + [_own(row, known) for row in NamedPolicy.objects.visible_to(owner)]


def default_models(owner: Any, wait: float = PAGE_WAITS) -> dict[str, str]:
    """Those of the default policy, as far as they are known within `wait` seconds. What is not will be asked for."""
    return _Known(owner, wait).models or OFFLINE_MODELS


def _own(row: NamedPolicy, known: _Known) -> dict[str, Any]:
    """A policy that has become impossible (its connection is gone) is listed with the reason."""
    try:
        policy = replace(_changed(row.body, known), name=row.name)
        _check_connections(policy, known.connections)
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
