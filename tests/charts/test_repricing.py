"""What a run would have cost at other prices: against sums over its log."""

from decimal import Decimal

import pytest

from tests.charts.logged import Logged, calls
from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS
from trajectories import accounts, charts, registry, repricing
from trajectories.engine import pricing

pytestmark = pytest.mark.django_db
PRICES = {"large": ("2.00", "0.20", "8.00"), "mini": ("0.40", "0.04", "1.60")}


def costs(nodes: list[Logged], read: str, cached: str, written: str) -> Decimal:
    total = Decimal(0)
    for node in nodes:
        fresh = node.usage["input_tokens"] - node.usage["cache_read_tokens"]
        total += fresh * Decimal(read) + node.usage["cache_read_tokens"] * Decimal(cached)
        total += node.usage["output_tokens"] * Decimal(written)
    return total / 1_000_000


def test_each_model_of_the_run_for_all_its_calls() -> None:
    made = RUNS["recursive"]()
    record = charts.read_record(keep(made))
    nodes = list(calls(made))
    variants = {variant.name: variant for variant in repricing.own_variants(record)}
    assert set(variants) == {"large for all", "mini for all"}
    for model, prices in PRICES.items():
        variant = variants[f"{model} for all"]
        assert (variant.usd, variant.unpriced, variant.kind) == (costs(nodes, *prices), 0, "estimated")
        assert set(variant.models.values()) == {model}


def test_what_was_recorded_is_the_runs_own_cost() -> None:
    run = keep(RUNS["recursive"]())
    recorded = repricing.as_recorded(charts.read_record(run))
    assert (recorded.usd, recorded.kind) == (run.cost_usd, "exact")
    assert recorded.models == {"root": "large", "worker": "mini"}


def test_written_prices_for_one_role_leave_the_others_as_they_were() -> None:
    made = RUNS["recursive"]()
    record = charts.read_record(keep(made))
    owner = accounts.owner_account()
    workers = [node for node in calls(made) if node.began["role"] == "worker"]
    others = [node for node in calls(made) if node.began["role"] != "worker"]
    kept = sum((node.usd or Decimal(0) for node in others), Decimal(0))
    for words, prices in (
        ("0.25 / 2.00", ("0.25", "0.25", "2.00")),
        ("$0.25/0.025/2", ("0.25", "0.025", "2")),
        ("0/0", ("0", "0", "0")),
    ):
        variant = repricing.repriced(record, "x", {"worker": repricing.find_rate(owner, words)})
        assert variant.usd == kept + costs(workers, *prices), words


def test_a_listed_model_costs_what_the_price_list_says() -> None:
    made = RUNS["recursive"]()
    record = charts.read_record(keep(made))
    rate = repricing.find_rate(accounts.owner_account(), "openai/gpt-5-mini")
    price = pricing.listed_price("openai/gpt-5-mini")
    assert price is not None and price.cache_read is not None
    workers = [node for node in calls(made) if node.began["role"] == "worker"]
    root = [node for node in calls(made) if node.began["role"] == "root"]
    variant = repricing.repriced(record, "x", {"worker": rate})
    wanted = costs(workers, f"{price.input}", f"{price.cache_read}", f"{price.output}")
    assert variant.usd == wanted + sum((node.usd or Decimal(0) for node in root), Decimal(0))
    assert variant.note == f"{price.source}, {price.as_of}"


def test_a_price_that_depends_on_the_length_of_the_input_is_that_of_each_call() -> None:
    name = next(
        name for name in pricing.listed_names() if pricing.listed_price(name) != pricing.listed_price(name, 10**9)
    )
    made = RUNS["recursive"]()
    run = keep(made)
    run.node_set.filter(kind="lm", depth=0).update(input_tokens=1_500_000, cache_read_tokens=0)
    record = charts.read_record(run)
    rate = repricing.find_rate(accounts.owner_account(), name)
    together = repricing.repriced(record, "x", {"root": rate, "worker": rate}).usd
    one_by_one = sum(
        (
            pricing.cost_of(repricing._usage([call]), pricing.listed_price(name, call.input_tokens)).usd or Decimal(0)
            for call in record.calls
        ),
        Decimal(0),
    )
    assert together == one_by_one
    cheap = pricing.listed_price(name)
    assert cheap is not None
    assert together > (pricing.cost_of(repricing._usage(record.calls), cheap).usd or 0)


def test_an_owners_own_price_goes_before_the_list() -> None:
    owner = accounts.owner_account()
    prices = {"input": "7", "output": "9"}
    registry.put(owner, "offline", "model", {"prices": prices})
    assert repricing.find_rate(owner, "offline/model").price.input == 7
    assert repricing.find_rate(owner, "offline/model").source == "your own"
    assert "offline/model" in repricing.priced_names(owner)


def test_calls_whose_tokens_nobody_knows_stay_unknown() -> None:
    record = charts.read_record(keep(RUNS["failed"]()))
    variant = repricing.repriced(record, "x", {"root": repricing.find_rate(accounts.owner_account(), "1 / 2")})
    assert (variant.usd, variant.unpriced, variant.kind) == (0, 1, "unknown")


def test_a_call_without_a_price_gets_one_with_another_model() -> None:
    made = RUNS["with_batch"]()
    record = charts.read_record(keep(made))
    assert repricing.as_recorded(record).kind == "unknown"
    rate = repricing.find_rate(accounts.owner_account(), "1 / 1 / 1")
    workers = [node for node in calls(made) if node.began["role"] == "worker"]
    variant = repricing.repriced(record, "x", {"worker": rate, "root": rate})
    tokens = sum(node.usage["input_tokens"] + node.usage["output_tokens"] for node in calls(made))
    assert (variant.usd, variant.unpriced) == (Decimal(tokens) / 1_000_000, 0)
    assert any(node.usd is None for node in workers)


@pytest.mark.parametrize(
    "name",
    ["", "nope/none", "1 / 2 / 3 / 4", "-1 / 2", "1e9 / 1", "x" * 500, "\N{ARABIC-INDIC DIGIT ONE} / 2", "openai/"],
)
def test_a_price_that_nobody_knows_is_said(name: str) -> None:
    with pytest.raises(repricing.UnknownPrice, match="Choose a model of the list"):
        repricing.find_rate(accounts.owner_account(), name)


def test_a_price_beyond_all_reason_is_refused() -> None:
    with pytest.raises(repricing.UnknownPrice, match="at most"):
        repricing.find_rate(accounts.owner_account(), "1 / 100000000")
