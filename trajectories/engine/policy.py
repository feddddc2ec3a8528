"""How a run goes about its work: which models play which role, who checks them, and what the run may take.

Only data; `policy_json.py` reads and writes it, each part's own file says what it does with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

JSON = Any
Tier = Literal["A", "B", "C", "D"]
"""A is the strongest and dearest."""
TIERS: tuple[Tier, ...] = get_args(Tier)
Action = Literal["retry", "repair", "rechunk", "raise", "stop"]
"""What is done about a failed call: ask again, ask again saying what was wrong, hand the long prompt to a sub-RLM, ask
a model of the next tier, or give up."""
ACTIONS: tuple[Action, ...] = get_args(Action)
Mode = Literal["off", "shadow", "on"]
JudgedThing = Literal["cell", "call", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps over the whole tree of a run. None: no cap."""

    cost_usd: Decimal | None = Decimal("5.00")
    tokens: int | None = None
    calls: int | None = 20_000
    seconds: float | None = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """How the model for a call of one role is chosen among the tiers."""

    kind: Literal["fixed", "cascade", "by_size"] = "fixed"
    """fixed: the role's model. cascade: the first tier of `tiers`, and the next ones when gates refuse. by_size: by
    the prompt's length."""
    tiers: tuple[Tier, ...] = ()
    """From the cheapest to the strongest."""
    up_to: tuple[int, ...] = ()
    """by_size: tokens up to which each tier but the last is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """A gate as a policy names it."""

    gate: str
    """The name of its file in `gates/`."""
    on: JudgedThing
    roles: tuple[str, ...] = ()
    """Of calls: only those of these roles; empty: of every role but `judge`."""
    options: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """When a run that leads nowhere is ended before its limits. `shadow` only notes where it would have been."""

    mode: Mode = "off"
    rules: tuple[str, ...] = ()
    """Names of the rules that count; empty: all of them."""
    patience: int = 3
    """Turns, or repeats, after which a rule speaks."""

    @property
    def watches_replies(self) -> bool:
        return self.mode != "off" and (not self.rules or "repetition" in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """When the root's history is summed up, so that long runs fit into the model's window."""

    at_tokens: int | None = None
    """Tokens of the history (an estimate) from which it is done; None: at `part` of the model's window, where known."""
    part: float = 0.6
    keep_turns: int = 3
    """The newest turns that stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a run goes about its work."""

    name: str = "default"
    models: Mapping[str, str] = field(default_factory=dict)
    """role → `connection/model`, or the letter of a tier; roles not named fall back to `worker`, then `root`."""
    tiers: Mapping[str, str] = field(default_factory=dict)
    """tier → `connection/model`."""
    routing: Mapping[str, Routing] = field(default_factory=dict)
    """By role; a role that is not named is `fixed`."""
    gates: tuple[GateSpec, ...] = ()
    failures: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)
    """kind of failure → what is tried, in this order, where it differs from `recovery.DEFAULTS`."""
    max_depth: int = 1
    """0 REPL only, 1 plain sub-calls, 2 and more: sub-RLMs, one level less each."""
    max_steps: int = 20
    limits: Limits = field(default_factory=Limits)
    subtree_limits: Limits = field(default_factory=lambda: Limits(cost_usd=None, calls=None, seconds=None))
    """Caps of each sub-RLM and all below it, inside the run's."""
    concurrency: int = 256
    """Model calls in flight at once in this run."""
    exploration: Literal["off", "warn", "block"] = "warn"
    tell_budget: bool = True
    """The model is told after each turn what is left."""
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    compaction: Compaction | None = field(default_factory=Compaction)
    """None: the history is never summed up."""
    answer_schema: JSON | None = None
    """JSON Schema that the final answer must fit, or None for free text."""
    tools: tuple[str, ...] = ()
    """Names of host functions that code in the REPL may call."""
    profile: str = "auto"
    """Prompt profile; `auto` chooses by model."""
    cell_seconds: float = 30.0
    """Time a cell may run, waiting for models not counted."""

    def model_for(self, role: str) -> str | None:
        """`connection/model` or the letter of a tier; None when nothing is named."""
        return self.models.get(role) or self.models.get("worker") or self.models.get("root")

    def named_models(self) -> dict[str, str]:
        """role or tier → `connection/model`, of everything that this policy names."""
        by_role = {role: self.tiers.get(model, model) for role, model in self.models.items()}
        return {**by_role, **{f"tier {tier}": model for tier, model in self.tiers.items()}}

    def tier_of(self, model: str) -> Tier | None:
        """The tier that a `connection/model` stands for in this policy."""
        return next((tier for tier in TIERS if self.tiers.get(tier) == model), None)
