"""Caps over the whole tree of a run: what a call may cost is reserved before it and settled after it.

A share for the last chance (one more call of the root, to answer from what there is) is kept back inside every cap.
A call that does not fit beside calls in flight waits for them; one that cannot fit at all is refused.
"""

import asyncio
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal

from trajectories.engine.errors import BudgetReached, LimitName
from trajectories.engine.policy import Limits
from trajectories.engine.types import Cost, Price, Usage

SHARE_OF_TIME = 0.15
MOST_SECONDS_KEPT = 30.0
LAST_CHANCE_OUTPUT_TOKENS = 512
FEWEST_OUTPUT_TOKENS = 64
"""A call that may not even answer this much is not worth making."""
_MILLION = Decimal(1_000_000)


@dataclass(slots=True)
class Amounts:
    """What one call may take, or has taken."""

    calls: int = 0
    tokens: int = 0
    usd: Decimal = Decimal(0)

    def add(self, other: "Amounts", sign: int = 1) -> None:
        self.calls += sign * other.calls
        self.tokens += sign * other.tokens
        self.usd += sign * other.usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a call is expected to need at most."""

    input_tokens: int
    output_tokens: int | None
    """The most it may write; None: the provider's own limit, which nobody told us."""
    price: Price | None

    def amounts(self, output_tokens: int) -> Amounts:
        usd = Decimal(0)
        if self.price is not None:
            dearest = max(self.price.input, self.price.cache_write or self.price.input)
            usd = (self.input_tokens * dearest + output_tokens * self.price.output) / _MILLION
        return Amounts(1, self.input_tokens + output_tokens, usd)


@dataclass(slots=True)
class Reservation:
    amounts: Amounts
    max_output_tokens: int | None
    """What the call may write, to be told to the provider; None: no need to say."""
    open: bool = field(default=True)
    above: "Reservation | None" = None
    """The same in the budget that this one is a part of."""


class Budget:
    """Belongs to one run and one event loop."""

    def __init__(self, limits: Limits, above: "Budget | None" = None) -> None:
        """`above`: the budget that this one is a part of; what is reserved here is reserved there too."""
        self.limits = limits
        self.started = time.monotonic()
        self._above = above
        self._reached: BudgetReached | None = None
        self._spent = Amounts()
        self._reserved = Amounts()
        self._kept = Amounts()
        self._in_flight = 0
        self._settled = asyncio.Condition()

    def below(self, limits: Limits) -> "Budget":
        """For a sub-RLM with caps of its own."""
        return Budget(limits, self)

    @property
    def is_subtree(self) -> bool:
        return self._above is not None

    @property
    def reached(self) -> BudgetReached | None:
        """The first cap that refused something, here or above."""
        return self._reached or (self._above.reached if self._above else None)

    # ------------------------------------------------------------------------------------------ time

    @property
    def hard_deadline(self) -> float | None:
        """On the monotonic clock: nothing runs after it."""
        own = None if self.limits.seconds is None else self.started + self.limits.seconds
        return _earlier(own, self._above.hard_deadline if self._above else None)

    @property
    def soft_deadline(self) -> float | None:
        """When work stops and the last chance begins."""
        own = None
        if self.limits.seconds is not None:
            kept = min(MOST_SECONDS_KEPT, self.limits.seconds * SHARE_OF_TIME)
            own = self.started + self.limits.seconds - kept
        return _earlier(own, self._above.soft_deadline if self._above else None)

    def out_of_time(self) -> BudgetReached:
        soft = self._above.soft_deadline if self._above else None
        if self._above is not None and soft is not None and time.monotonic() >= soft:
            return self._above.out_of_time()
        return self._refuse("seconds", f"The time limit of {self.limits.seconds:g} s is used up.")

    # ------------------------------------------------------------------------------------------ money, tokens, calls

    def keep_back(self, ask: Ask) -> None:
        """Sets aside what the last chance would need now."""
        self._kept = ask.amounts(min(LAST_CHANCE_OUTPUT_TOKENS, ask.output_tokens or LAST_CHANCE_OUTPUT_TOKENS))

    async def reserve(self, ask: Ask, *, last_chance: bool = False) -> Reservation:
        """Waits for calls in flight if it must. Raises `BudgetReached` when it cannot fit even without them."""
        async with self._settled:
            while True:
                fitting = self._fitting(ask, last_chance, with_reserved=True)
                if fitting is not None:
                    break
                if self._in_flight == 0 or self._fitting(ask, last_chance, with_reserved=False) is None:
                    raise self._refusal(ask, last_chance)
                await self._settled.wait()
            self._reserved.add(fitting.amounts)
            self._in_flight += 1
        if self._above is not None:
            fitting = await self._with_above(ask, fitting, last_chance=last_chance)
        return fitting

    async def _with_above(self, ask: Ask, own: "Reservation", *, last_chance: bool) -> "Reservation":
        """Reserves the same above; what the tighter of both leaves to write is what the call may write."""
        assert self._above is not None
        lowered = replace(ask, output_tokens=own.max_output_tokens or ask.output_tokens)
        try:
            above = await self._above.reserve(lowered)
        except BaseException:
            await self._release(own)
            raise
        limits = [limit for limit in (own.max_output_tokens, above.max_output_tokens) if limit is not None]
        return Reservation(own.amounts, min(limits) if limits else None, above=above)

    async def _release(self, reservation: "Reservation") -> None:
        async with self._settled:
            self._reserved.add(reservation.amounts, -1)
            self._in_flight -= 1
            self._settled.notify_all()

    def check(self, ask: Ask) -> None:
        """Raises `BudgetReached` when this call cannot fit any more; for calls in flight `reserve` will wait."""
        if self._fitting(ask, last_chance=False, with_reserved=False) is None:
            raise self._refusal(ask, last_chance=False)
        if self._above is not None:
            self._above.check(ask)

    async def settle(self, reservation: Reservation, usage: Usage | None, cost: Cost | None, *, called: bool) -> None:
        """Replaces a reservation by what was really spent. `called` is False when no request went out.

        A call that went out and reported nothing (cut off, failed) counts as one call."""
        if not reservation.open:
            return
        reservation.open = False
        spent = Amounts(int(called))
        if usage is not None:
            spent.tokens = usage.input_tokens + usage.output_tokens
        if cost is not None and cost.usd is not None:
            spent.usd = cost.usd
        async with self._settled:
            self._reserved.add(reservation.amounts, -1)
            self._spent.add(spent)
            self._in_flight -= 1
            self._settled.notify_all()
        if self._above is not None and reservation.above is not None:
            await self._above.settle(reservation.above, usage, cost, called=called)

    async def count(self, usage: Usage, cost: Cost) -> None:
        """Takes in a call that was made before this run."""
        async with self._settled:
            self._spent.add(Amounts(usage.calls, usage.input_tokens + usage.output_tokens, cost.usd or Decimal(0)))
        if self._above is not None:
            await self._above.count(usage, cost)

    def left(self) -> dict[str, str]:
        """What remains, for the model's eyes. Without the time: messages must be the same in a replay."""
        left: dict[str, str] = {}
        if self.limits.calls is not None:
            left["calls"] = f"{max(0, self.limits.calls - self._spent.calls):,}"
        if self.limits.tokens is not None:
            left["tokens"] = f"{max(0, self.limits.tokens - self._spent.tokens):,}"
        if self.limits.cost_usd is not None and self._spent.usd:
            left["money"] = f"${max(Decimal(0), self.limits.cost_usd - self._spent.usd):.2f}"
        return left

    def _fewest(self, ask: Ask) -> int:
        return FEWEST_OUTPUT_TOKENS if ask.output_tokens is None else min(FEWEST_OUTPUT_TOKENS, ask.output_tokens)

    def _room(self, last_chance: bool, with_reserved: bool) -> tuple[float, float, Decimal | None]:
        """What may still be taken of calls, tokens and dollars."""
        taken = Amounts(self._spent.calls, self._spent.tokens, self._spent.usd)
        if with_reserved:
            taken.add(self._reserved)
        if not last_chance:
            taken.add(self._kept)
        limits = self.limits
        calls = float("inf") if limits.calls is None else limits.calls - taken.calls
        tokens = float("inf") if limits.tokens is None else limits.tokens - taken.tokens
        usd = None if limits.cost_usd is None else limits.cost_usd - taken.usd
        return calls, tokens, usd

    def _fitting(self, ask: Ask, last_chance: bool, *, with_reserved: bool) -> Reservation | None:
        """A reservation with as much output as fits, or None."""
        calls, tokens, usd = self._room(last_chance, with_reserved)
        if calls < 1:
            return None
        counts_tokens = self.limits.tokens is not None
        counts_money = usd is not None and ask.price is not None and ask.price.output > 0
        if not counts_tokens and not counts_money:
            if usd is not None and ask.price is not None and ask.amounts(0).usd > usd:
                return None
            return Reservation(ask.amounts(ask.output_tokens or 0), None)
        output = float(ask.output_tokens or 8_192)
        if counts_tokens:
            output = min(output, tokens - ask.input_tokens)
        if counts_money and usd is not None and ask.price is not None:
            output = min(output, float((usd - ask.amounts(0).usd) * _MILLION / ask.price.output))
        allowed = int(output)
        if allowed < self._fewest(ask):
            return None
        return Reservation(ask.amounts(allowed), allowed)

    def _refusal(self, ask: Ask, last_chance: bool) -> BudgetReached:
        calls, tokens, _usd = self._room(last_chance, with_reserved=True)
        limits = self.limits
        if calls < 1:
            return self._refuse("calls", f"The limit of {limits.calls:,} model calls is used up.")
        if tokens - ask.input_tokens < self._fewest(ask):
            return self._refuse("tokens", f"The limit of {limits.tokens:,} tokens has no room for this call.")
        return self._refuse("cost_usd", f"The limit of ${limits.cost_usd} has no room for this call.")

    def _refuse(self, limit: LimitName, message: str) -> BudgetReached:
        error = BudgetReached(limit, message)
        error.subtree = self.is_subtree
        self._reached = self._reached or error
        return error


def _earlier(one: float | None, other: float | None) -> float | None:
    moments = [moment for moment in (one, other) if moment is not None]
    return min(moments) if moments else None
