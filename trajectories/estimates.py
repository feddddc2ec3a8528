"""What a run will probably take, before it is started: from runs of the same kind, or said to be unknown."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import quantiles
from typing import Any

from django.db.models import Sum

from trajectories import connections, engine
from trajectories.engine import pricing
from trajectories.models import Document, KnownModel, Run

LIKE_ENOUGH = 4
"""Texts between a quarter and four times as long count as similar."""
ENOUGH_RUNS = 2
LOOKED_AT = 200
"""Runs back from now."""


def estimate(owner: Any, policy: engine.Policy, documents: Sequence[Document]) -> dict[str, Any]:
    """{tokens, window, ratio, usd_low, usd_high, seconds_low, seconds_high, basis}; what is not known is None.

    `window` is the root model's; `ratio` says how many times the texts would fill it; `basis` is a sentence."""
    tokens = sum(document.tokens for document in documents)
    window = context_window(owner, policy.models.get("root", ""))
    similar = _similar_runs(owner, policy, tokens)
    return {
        "tokens": tokens,
        "window": window,
        "ratio": round(tokens / window, 2) if window else None,
        **(_from_runs(similar) if len(similar) >= ENOUGH_RUNS else _from_nothing(policy)),
    }


def context_window(owner: Any, model: str) -> int | None:
    """Tokens that fit into a model (`connection/model`)."""
    connection, _, name = model.partition("/")
    own = KnownModel.objects.visible_to(owner).filter(connection=connection, name=name).first()
    return window_of(connections.connections_of(owner).get(connection), name, own)


def window_of(server: engine.Connection | None, model: str, own: KnownModel | None) -> int | None:
    """What the owner said, else what the price list knows."""
    if own is not None and own.context_window:
        return own.context_window
    return pricing.context_window_of(server, model) if server else None


def _similar_runs(owner: Any, policy: engine.Policy, tokens: int) -> list[Run]:
    done = Run.objects.visible_to(owner).filter(status=Run.Status.SUCCEEDED, imported_from="")
    fields = ("policy", "cost_usd", "cost_kind", "started_at", "finished_at")
    recent = done.annotate(tokens=Sum("documents__tokens")).only(*fields).order_by("-created_at")[:LOOKED_AT]
    wanted = (dict(policy.models), policy.max_depth)
    return [
        run
        for run in recent
        if (run.policy.get("models"), run.policy.get("max_depth")) == wanted
        and tokens // LIKE_ENOUGH <= (run.tokens or 0) <= tokens * LIKE_ENOUGH
    ]


def _from_runs(runs: Sequence[Run]) -> dict[str, Any]:
    """The middle half of what they took."""
    times = [seconds for run in runs if (seconds := run.seconds) is not None]
    costs = [run.cost_usd for run in runs if run.cost_usd is not None and run.cost_kind != "unknown"]
    seconds_low, seconds_high = _middle(times)
    usd_low, usd_high = _middle([float(cost) for cost in costs] if len(costs) == len(runs) else [])
    return {
        "usd_low": _dollars(usd_low),
        "usd_high": _dollars(usd_high),
        "seconds_low": seconds_low,
        "seconds_high": seconds_high,
        "basis": f"From {len(runs)} similar runs.",
    }


def _middle(values: list[float]) -> tuple[float | None, float | None]:
    if len(values) < ENOUGH_RUNS:
        return None, None
    low, _, high = quantiles(values, n=4, method="inclusive")
    return round(low, 6), round(high, 6)


def _dollars(amount: float | None) -> str | None:
    return None if amount is None else format(Decimal(str(amount)).normalize(), "f")


def _from_nothing(policy: engine.Policy) -> dict[str, Any]:
    offline = all(model.startswith(f"{connections.OFFLINE.name}/") for model in policy.models.values())
    free = "0" if offline else None
    cap = policy.limits.cost_usd
    bound = "Nothing is paid: no model is called." if offline else "No similar runs yet."
    if not offline and cap is not None:
        bound = f"No similar runs yet; it never spends more than ${cap:f}."
    return {"usd_low": free, "usd_high": free, "seconds_low": None, "seconds_high": None, "basis": bound}
