"""Money: exact to the last digit, and unknown where nobody knows."""

import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from trajectories.engine.pricing import context_window_of, cost_of, estimate_usage, price_of
from trajectories.engine.types import Connection, Cost, Message, Price, Usage

OPENAI = Connection(name="openai", provider="openai")
OWN = Price(input=Decimal("0.1"), output=Decimal("0.7"), source="own", as_of="2026-01-02")


def price(**figures: str) -> Price:
    return Price(source="own", as_of="2026-01-02", **{name: Decimal(figure) for name, figure in figures.items()})


# ---------------------------------------------------------------------------------------------- prices


def test_a_listed_model_has_its_price_with_source_and_date() -> None:
    listed = price_of(OPENAI, "gpt-4o")
    assert listed is not None
    assert (listed.input, listed.output, listed.cache_read) == (Decimal("2.5"), Decimal("10"), Decimal("1.25"))
    assert listed.source.startswith("genai-prices ")
    assert date(2024, 1, 1) < date.fromisoformat(listed.as_of) <= date.today()


def test_the_address_says_whose_prices_count() -> None:
    router = Connection(name="r", provider="openai", base_url="https://openrouter.ai/api/v1")
    direct = Connection(name="d", provider="openai", base_url="https://api.openai.com/v1")
    assert price_of(direct, "gpt-4o") == price_of(OPENAI, "gpt-4o")
    assert price_of(router, "openai/gpt-4o") is not None
    assert price_of(router, "gpt-4o") is None


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "https://llm.example.org/v1"])
def test_nobody_knows_the_price_of_an_own_server(address: str) -> None:
    local = Connection(name="local", provider="openai", base_url=address)
    assert price_of(local, "gpt-4o") is None
    assert price_of(local, "gpt-4o", OWN) == OWN


def test_an_unknown_model_has_no_price() -> None:
    assert price_of(OPENAI, "no-such-model-1") is None
    assert price_of(Connection(name="x", provider="telepathy"), "gpt-4o") is None


def test_an_own_price_counts_before_the_list() -> None:
    assert price_of(OPENAI, "gpt-4o", OWN) == OWN


def test_offline_costs_nothing_and_that_is_known() -> None:
    free = price_of(Connection(name="offline", provider="offline"), "extractive")
    assert free is not None
    assert (free.input, free.output, free.source) == (0, 0, "offline")
    assert cost_of(Usage(calls=1, input_tokens=9, output_tokens=9, estimated=True), free) == Cost(usd=Decimal(0))


def test_a_long_input_has_the_price_of_long_inputs() -> None:
    google = Connection(name="g", provider="google")
    short, edge, long = (price_of(google, "gemini-2.5-pro", None, tokens) for tokens in (0, 200_000, 200_001))
    assert short is not None
    assert long is not None
    assert short == edge
    assert (short.input, long.input) == (Decimal("1.25"), Decimal("2.5"))


def test_the_list_knows_context_windows_too() -> None:
    assert context_window_of(OPENAI, "gpt-4o") == 128_000
    assert context_window_of(OPENAI, "no-such-model-1") is None


def test_the_list_is_loaded_only_when_a_price_is_asked_for() -> None:
    check = "import sys, trajectories.engine.pricing as p; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


# ---------------------------------------------------------------------------------------------- costs


def test_cached_tokens_have_their_own_price() -> None:
    usage = Usage(calls=1, input_tokens=1000, cache_read_tokens=600, cache_write_tokens=100, output_tokens=50)
    figures = price(input="3", cache_read="0.3", cache_write="3.75", output="15")
    assert cost_of(usage, figures) == Cost(usd=Decimal("0.002205"), kind="exact")


def test_cached_tokens_without_a_price_cost_what_input_costs() -> None:
    usage = Usage(calls=1, input_tokens=1000, cache_read_tokens=600, cache_write_tokens=100, output_tokens=0)
    assert cost_of(usage, price(input="3", output="15")).usd == Decimal("0.003")


def test_sums_are_exact_to_the_last_digit() -> None:
    figures = price(input="0.1234567890123456789", output="0.000000000000000000001")
    cost = cost_of(Usage(calls=1, input_tokens=987_654_321_987, output_tokens=3), figures)
    assert cost.usd is not None
    exact = (987_654_321_987 * Fraction(figures.input) + 3 * Fraction(figures.output)) / 1_000_000
    assert Fraction(cost.usd) == exact
    one = cost_of(Usage(calls=1, input_tokens=1, output_tokens=1), price(input="0.1", output="0.2"))
    assert sum((one for _ in range(1000)), Cost()).usd == Decimal("0.0003")


def test_reasoning_is_part_of_the_output_and_not_paid_twice() -> None:
    usage = Usage(calls=1, output_tokens=100, reasoning_tokens=90)
    assert cost_of(usage, price(input="1", output="10")).usd == Decimal("0.001")


def test_the_providers_own_figure_counts_before_any_calculation() -> None:
    usage = Usage(calls=1, input_tokens=1_000_000, output_tokens=0)
    assert cost_of(usage, OWN, Decimal("0.033")) == Cost(usd=Decimal("0.033"), kind="exact")
    assert cost_of(None, None, Decimal("0.033")) == Cost(usd=Decimal("0.033"), kind="exact")


def test_estimated_usage_gives_an_estimated_cost() -> None:
    usage = Usage(calls=1, input_tokens=1_000_000, estimated=True)
    assert cost_of(usage, OWN) == Cost(usd=Decimal("0.1"), kind="estimated")


def test_without_price_or_usage_the_cost_is_unknown_and_not_zero() -> None:
    unknown = Cost(usd=None, kind="unknown", unpriced_calls=1)
    assert cost_of(Usage(calls=1, input_tokens=5), None) == unknown
    assert cost_of(None, OWN) == unknown


def test_more_cached_tokens_than_input_never_lower_a_cost() -> None:
    usage = Usage(calls=1, input_tokens=10, cache_read_tokens=20)
    assert cost_of(usage, price(input="1", cache_read="1", output="1")).usd == Decimal("0.00002")


# ---------------------------------------------------------------------------------------------- estimates


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcdefgh", 2), ("日本語文", 3), ("привет", 3), ("\ud83e", 1)]
)
def test_usage_is_estimated_by_the_script_of_the_text(text: str, tokens: int) -> None:
    usage = estimate_usage([Message(role="user", content="abcd")], text)
    assert (usage.input_tokens, usage.output_tokens, usage.calls, usage.estimated) == (5, tokens, 1, True)
