"""Which model answers: roles, tiers, and the ladder of stronger models above the first one asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trajectories.engine import pricing
from trajectories.engine.errors import PolicyError
from trajectories.engine.policy import TIERS, Policy, Routing, Tier
from trajectories.engine.policy_json import split_model
from trajectories.engine.types import Connection, LMClient, ModelSpec, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a call goes."""

    role: str
    name: str
    """connection/model"""
    tier: Tier | None
    connection: Connection
    model: str
    client: LMClient
    spec: ModelSpec
    price: Price | None
    """For a short prompt; some models cost more per token from a certain length on."""
    context_window: int | None
    """Tokens; None: nobody knows."""

    def price_at(self, input_tokens: int) -> Price | None:
        return pricing.price_of(self.connection, self.model, self.spec.price, input_tokens)


Ladder = tuple[Route, ...]
"""The first one is asked; the others are the ones to raise to, in this order."""


class Router:
    """Finds the models for a role. Every name of a policy is checked when the run begins."""

    def __init__(
        self,
        policy: Policy,
        connections: Mapping[str, Connection],
        connect: Callable[[Connection], LMClient],
        models: Mapping[str, ModelSpec],
    ) -> None:
        self._policy = policy
        self._connections = connections
        self._connect = connect
        self._models = models
        self._routes: dict[tuple[str, str], Route] = {}

    def check(self) -> None:
        """Raises `PolicyError` when the policy names a model that cannot be reached."""
        for role in {*self._policy.models, *self._policy.routing}:
            self.ladder(role)

    def route(self, role: str, model: str | None = None) -> Route:
        """The first model of the role, or the one named. Raises `PolicyError`."""
        return self.ladder(role, model)[0]

    def ladder(self, role: str, model: str | None = None, tokens: int = 0) -> Ladder:
        """`model`: this one and no other. `tokens`: the prompt's, for routing by size. Raises `PolicyError`."""
        if model is not None:
            return (self._named(role, self._policy.tiers.get(model, model)),)
        routing = self._policy.routing.get(role, Routing())
        if routing.kind == "fixed":
            return self._fixed(role)
        tiers = routing.tiers
        if routing.kind == "by_size":
            tiers = tiers[sum(tokens > bound for bound in routing.up_to) :]
        return tuple(self._of_tier(role, tier) for tier in tiers)

    def _fixed(self, role: str) -> Ladder:
        """The role's model, and the tiers above it where the policy has any."""
        name = self._policy.model_for(role)
        if name is None:
            raise PolicyError("The policy names no model. Set `models` in it, for example root and worker.")
        tier = name if name in TIERS else self._policy.tier_of(name)
        if tier is None:
            return (self._named(role, name),)
        stronger = [each for each in reversed(TIERS) if each < tier and each in self._policy.tiers]
        return tuple(self._of_tier(role, each) for each in (tier, *stronger))

    def _of_tier(self, role: str, tier: Tier) -> Route:
        name = self._policy.tiers.get(tier)
        if name is None:
            raise PolicyError(f"The policy names no model for tier {tier}. Set it in `tiers`.")
        return self._named(role, name)

    def _named(self, role: str, name: str) -> Route:
        key = (role, name)
        if key not in self._routes:
            self._routes[key] = self._make(role, name)
        return self._routes[key]

    def _make(self, role: str, name: str) -> Route:
        connection_name, model = split_model(name)
        connection = self._connections.get(connection_name)
        if connection is None:
            known = ", ".join(sorted(self._connections)) or "none yet"
            raise PolicyError(
                f"There is no model connection named {connection_name!r} (known: {known}). Add it in Settings."
            )
        spec = self._models.get(name, ModelSpec())
        return Route(
            role=role,
            name=name,
            tier=self._policy.tier_of(name) or spec.tier,
            connection=connection,
            model=model,
            client=self._connect(connection),
            spec=spec,
            price=pricing.price_of(connection, model, spec.price),
            context_window=spec.context_window or pricing.context_window_of(connection, model),
        )
