"""Policies from JSON: what is right, and what every mistake says."""

from decimal import Decimal
from typing import Any

import pytest

from trajectories import engine


def test_a_policy_needs_only_what_differs() -> None:
    policy = engine.policy_from_json({"max_depth": 3, "limits": {"cost_usd": "0.25", "seconds": None}})
    assert policy.max_depth == 3
    assert policy.limits.cost_usd == Decimal("0.25")
    assert policy.limits.seconds is None
    assert policy.limits.calls == engine.Policy().limits.calls
    assert policy.max_steps == engine.Policy().max_steps


def test_a_policy_survives_json() -> None:
    policy = engine.policy_from_json({"models": {"root": "openai/org/name:tag"}, "limits": {"tokens": 5}})
    assert engine.policy_from_json(engine.policy_json(policy)) == policy


def test_only_the_first_slash_of_a_model_divides() -> None:
    assert engine.split_model("openai/org/name:tag") == ("openai", "org/name:tag")


def test_a_role_can_be_taken_away() -> None:
    base = engine.policy_from_json({"models": {"root": "a/b", "worker": "a/c"}})
    assert engine.policy_from_json({"models": {"worker": None}}, base).models == {"root": "a/b"}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        None,
        "default",
        {"depth": 1},
        {"max_depth": -1},
        {"max_depth": 9},
        {"max_depth": True},
        {"max_depth": "1"},
        {"max_depth": 1.5},
        {"max_steps": 0},
        {"concurrency": 0},
        {"concurrency": 10**30},
        {"limits": []},
        {"limits": {"dollars": 1}},
        {"limits": {"cost_usd": -1}},
        {"limits": {"cost_usd": 0}},
        {"limits": {"cost_usd": "NaN"}},
        {"limits": {"cost_usd": "Infinity"}},
        {"limits": {"cost_usd": []}},
        {"limits": {"tokens": 1.5}},
        {"limits": {"seconds": float("inf")}},
        {"limits": {"seconds": float("nan")}},
        {"limits": {"seconds": "60"}},
        {"models": []},
        {"models": {"root": "no-slash"}},
        {"models": {"root": "/x"}},
        {"models": {"root": 5}},
        {"models": {"a role": "x/y"}},
        {"exploration": "maybe"},
        {"profile": "None such"},
        {"name": ""},
        {"name": 5},
        {"cell_seconds": 0},
        {"gates": ["not_empty"]},
        {"gates": [{"gate": "none-such"}]},
        {"gates": [{"gate": "not_truncated", "on": "answer"}]},
        {"gates": [{"gate": "not_empty", "loudly": True}]},
        {"tiers": {"E": "x/y"}},
        {"tiers": {"A": "x"}},
        {"models": {"root": "A"}},
        {"routing": {"worker": {"kind": "cascade", "tiers": ["C", "B"]}}},
        {"routing": {"worker": {"kind": "sometimes"}}},
        {"tiers": {"A": "x/y"}, "routing": {"worker": {"kind": "cascade", "tiers": ["A"]}}},
        {"failures": {"timeout": ["pray"]}},
        {"failures": {"rain": ["retry"]}},
        {"early_stopping": {"mode": "on", "rules": ["none-such"]}},
        {"compaction": {"part": 2}},
        {"answer_schema": {"type": "nothing"}},
        {"x" * 10_000: 1},
    ],
)
def test_a_wrong_policy_is_refused_with_one_sentence(wrong: Any) -> None:
    with pytest.raises(engine.PolicyError) as refused:
        engine.policy_from_json(wrong)
    assert 10 < len(str(refused.value)) < 300
    assert str(refused.value)[0].isupper() or str(refused.value)[0] in "`'"
