"""Caps: reserve before, settle after, keep a share back, wait for calls in flight."""

import asyncio
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from trajectories.engine.budget import Ask, Budget
from trajectories.engine.errors import BudgetReached
from trajectories.engine.policy import Limits
from trajectories.engine.types import Cost, Price, Usage

PRICE = Price(input=Decimal("1"), output=Decimal("10"), source="own", as_of="2026-01-01")
FREE_OF_CAPS = Limits(cost_usd=None, tokens=None, calls=None, seconds=None)
ASK = Ask(input_tokens=1_000, output_tokens=1_000, price=PRICE)


def usage(tokens_in: int, tokens_out: int) -> Usage:
    return Usage(calls=1, input_tokens=tokens_in, output_tokens=tokens_out)


async def test_without_caps_nothing_is_refused_and_no_length_is_told() -> None:
    reservation = await Budget(FREE_OF_CAPS).reserve(ASK)
    assert reservation.max_output_tokens is None


async def test_a_call_that_would_exceed_the_cap_is_refused() -> None:
    budget = Budget(replace(FREE_OF_CAPS, cost_usd=Decimal("0.0001")))
    with pytest.raises(BudgetReached) as refused:
        await budget.reserve(ASK)
    assert refused.value.limit == "cost_usd"
    assert budget.reached is refused.value


async def test_a_call_may_write_as_much_as_still_fits() -> None:
    budget = Budget(replace(FREE_OF_CAPS, tokens=1_500))
    assert (await budget.reserve(ASK)).max_output_tokens == 500


async def test_a_call_waits_for_those_in_flight_and_takes_what_they_left() -> None:
    budget = Budget(replace(FREE_OF_CAPS, tokens=2_500))
    first = await budget.reserve(ASK)
    second = asyncio.create_task(budget.reserve(ASK))
    await asyncio.sleep(0)
    assert not second.done()
    await budget.settle(first, usage(100, 100), Cost(), called=True)
    assert (await second).max_output_tokens == 1_000


async def test_what_calls_in_flight_hold_back_is_no_reason_to_give_up() -> None:
    budget = Budget(replace(FREE_OF_CAPS, tokens=2_500))
    first = await budget.reserve(ASK)
    budget.check(ASK)
    await budget.settle(first, usage(1_000, 1_000), Cost(), called=True)
    with pytest.raises(BudgetReached):
        budget.check(ASK)


async def test_the_share_of_the_last_chance_stays() -> None:
    budget = Budget(replace(FREE_OF_CAPS, calls=2))
    budget.keep_back(ASK)
    await budget.settle(await budget.reserve(ASK), usage(1, 1), Cost(), called=True)
    with pytest.raises(BudgetReached):
        await budget.reserve(ASK)
    await budget.reserve(ASK, last_chance=True)


async def test_a_call_that_never_went_out_gives_everything_back() -> None:
    budget = Budget(replace(FREE_OF_CAPS, calls=1))
    await budget.settle(await budget.reserve(ASK), None, None, called=False)
    assert (await budget.reserve(ASK)).open
    assert budget.reached is None


async def test_random_calls_never_exceed_random_caps() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        cap = Decimal(chance.randint(1, 400)) / 10_000
        budget = Budget(
            replace(FREE_OF_CAPS, cost_usd=cap, tokens=chance.randint(100, 40_000), calls=chance.randint(1, 30))
        )
        spent = {"usd": Decimal(0), "tokens": 0, "calls": 0}

        async def one(chance: random.Random, budget: Budget, spent: dict) -> None:
            ask = Ask(input_tokens=chance.randint(1, 3_000), output_tokens=chance.randint(64, 2_000), price=PRICE)
            try:
                reservation = await budget.reserve(ask)
            except BudgetReached:
                return
            await asyncio.sleep(0)
            used_in = chance.randint(0, ask.input_tokens)
            used_out = chance.randint(0, reservation.max_output_tokens or 0)
            cost = (used_in * PRICE.input + used_out * PRICE.output) / 1_000_000
            spent["usd"] += cost
            spent["tokens"] += used_in + used_out
            spent["calls"] += 1
            await budget.settle(reservation, usage(used_in, used_out), Cost(usd=cost), called=True)

        await asyncio.gather(*(one(chance, budget, spent) for _ in range(40)))
        assert spent["usd"] <= cap
        assert spent["tokens"] <= (budget.limits.tokens or 0)
        assert spent["calls"] <= (budget.limits.calls or 0)
