"""What is known of models: the shipped file, an owner's rows over it, files from outside, tiers in policies."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from trajectories import connections, engine, policies, registry
from trajectories.models import KnownModel
from trajectories.registry import WrongRegistry, read_registry, registry_toml, shipped_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def server(owner: User) -> str:
    connections.add(
        owner, connections.Changes(name="mine", provider="openai", base_url="http://127.0.0.1:9/v1", api_key="")
    )
    return "mine"


@pytest.mark.parametrize(
    ("name", "tier", "profile"),
    [
        ("gpt-5", "A", ""),
        ("openai/gpt-5-mini", "C", ""),
        ("gpt-5-nano-2025-08-07", "D", ""),
        ("claude-opus-4-5", "A", ""),
        ("claude-haiku-4-5", "C", ""),
        ("Qwen3-Coder-480B-A35B", "B", "coder"),
        ("qwen3:8b", "D", "small"),
        ("llama3.2:1b", "D", "small"),
        ("qwen3:30b", "C", ""),
        ("mit-oasys/rlm-qwen3-8b-v0.1", "B", "recursive"),
    ],
)
def test_the_shipped_file_knows_models_by_name(name: str, tier: str, profile: str) -> None:
    found = shipped_of(name)
    assert found is not None
    assert (found.tier, found.profile) == (tier, profile)


@pytest.mark.parametrize("name", ["text-embedding-3-large", "whisper-1", "gpt-image-1", "gpt-4o-mini-tts"])
def test_what_answers_no_questions_gets_no_row(owner: User, name: str) -> None:
    assert registry.fill(owner, "mine", [name]) == 0


def test_a_servers_models_get_rows_once_and_own_words_stay(owner: User) -> None:
    registry.put(owner, "mine", "gpt-5", {"tier": "B"})
    assert registry.fill(owner, "mine", ["gpt-5", "gpt-5-mini", "unheard-of"]) == 1
    assert registry.fill(owner, "mine", ["gpt-5", "gpt-5-mini"]) == 0
    registry.refill_shipped()
    assert dict(KnownModel.objects.values_list("name", "tier")) == {"gpt-5": "B", "gpt-5-mini": "C"}
    assert registry.specs_of(owner)["mine/gpt-5-mini"].takes_images is True


def test_rows_of_the_shipped_file_follow_it(owner: User) -> None:
    registry.fill(owner, "mine", ["gpt-5-mini"])
    KnownModel.objects.update(tier="A")
    registry.refill_shipped()
    assert KnownModel.objects.get().tier == "C"


def test_a_tier_stands_for_its_cheapest_model(owner: User, server: str) -> None:
    for name, price in (("dear", "9"), ("cheap", "1"), ("unknown", None)):
        prices = None if price is None else {"input": price, "output": price}
        registry.put(owner, server, name, {"tier": "B", "prices": prices})
    registry.put(owner, "gone", "free", {"tier": "B"})
    assert registry.tiers_of(owner, connections.connections_of(owner)) == {"B": "mine/cheap"}


def test_a_policy_may_name_tiers_that_the_registry_fills(owner: User, server: str) -> None:
    registry.put(owner, server, "large", {"tier": "A"})
    registry.put(owner, server, "small", {"tier": "C"})
    routing = {"worker": {"kind": "cascade", "tiers": ["C", "A"]}}
    policy = policies.resolve(owner, {"models": {"root": "A", "worker": "C"}, "routing": routing})
    assert policy.tiers == {"A": "mine/large", "C": "mine/small"}
    with pytest.raises(engine.PolicyError, match="wants tier B"):
        policies.resolve(owner, {"models": {"root": "B", "worker": "C"}})


# ------------------------------------------------------------------------------------------------ files


YAML = """
models:
  - model: mine/org/large:latest
    tier: A
    context_window: 131072
    images: true
    prices: {input: 1.25, output: "10", cache_read: 0.125}
  - model: mine/small
    profile: small
"""


def test_a_registry_comes_in_as_yaml_or_toml_and_goes_out_as_toml(owner: User) -> None:
    entries = read_registry(YAML)
    assert entries[0] == (
        "mine",
        "org/large:latest",
        {
            "tier": "A",
            "context_window": 131_072,
            "takes_images": True,
            "prices": {"input": "1.25", "output": "10", "cache_read": "0.125"},
        },
    )
    for connection, model, columns in entries:
        registry.put(owner, connection, model, columns)
    assert read_registry(registry_toml(KnownModel.objects.all())) == entries


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nmodels: [*b,*b,*b,*b,*b,*b,*b]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no list `models`"),
        ("just words", "no list `models`"),
        ("{{{", "neither TOML"),
        ("[[models]]\ntier = 'A'", "Entry 1 has no `model`"),
        ("[[models]]\nmodel = 'no-slash'", "Entry 1"),
        ("[[models]]\nmodel = 'a/b'\ntier = 'S'", "A, B, C or D"),
        ("[[models]]\nmodel = 'a/b'\nspeed = 1", "unknown field 'speed'"),
        ("[[models]]\nmodel = 'a/b'\nprices = {input = 1}", "needs input and output"),
        ("[[models]]\nmodel = 'a/b'\nprices = {input = 'NaN', output = 1}", "US dollars"),
        ("[[models]]\nmodel = 'a/b'\ncontext_window = -1", "number of tokens"),
        (BOMB, "anchors"),
        ("!!python/object/apply:os.system ['true']", "neither TOML"),
        ("models: " + "[" * 5_000, "neither TOML"),
        ("x" * 1_100_000, "larger than"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_one_sentence(text: str, says: str) -> None:
    with pytest.raises(WrongRegistry, match=says) as refused:
        read_registry(text)
    assert "\n" not in str(refused.value)


def test_the_door_takes_all_of_a_file_or_nothing(client: Any, owner: User, server: str) -> None:
    client.force_login(owner)
    send = lambda text: client.post("/api/v1/models/registry", {"text": text}, "application/json")  # noqa: E731
    refused = send("[[models]]\nmodel = 'mine/a'\n[[models]]\nmodel = 'other/b'")
    assert refused.status_code == 422
    assert "no connection 'other'" in refused.json()["error"]["message"]
    assert not KnownModel.objects.exists()
    assert send("[[models]]\nmodel = 'mine/a'\ntier = 'B'").status_code == 200
    exported = client.get("/api/v1/models/registry").content.decode()
    assert read_registry(exported) == [("mine", "a", {"tier": "B"})]
