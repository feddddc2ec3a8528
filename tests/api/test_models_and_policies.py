"""Connections, what is known of models, named policies, estimates."""

import asyncio
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import Send, error_of, make_document, make_run
from tests.model_server import ModelServer
from trajectories import connections, engine, policies, registry
from trajectories.models import Connection


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def add(send: Send, **fields: Any) -> dict[str, Any]:
    response = send("POST", "/api/v1/connections", {"name": "mine", "provider": "openai", **fields})
    assert response.status_code == 201, response.content
    return response.json()  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------- connections


def test_a_key_goes_in_and_never_comes_out(send: Send, owner: Any) -> None:
    add(send, base_url="http://127.0.0.1:1/v1", api_key="sk-very-secret")
    assert connections.connections_of(owner)["mine"].api_key == "sk-very-secret"
    assert b"sk-very-secret" not in send("GET", "/api/v1/connections").content
    kept = bytes(Connection.objects.get(name="mine").encrypted_key)
    assert kept and b"sk-very-secret" not in kept
    assert "sk-very-secret" not in repr(connections.connections_of(owner))


def test_changing_leaves_the_key_unless_a_new_one_is_given(send: Send, owner: Any) -> None:
    add(send, api_key="first")
    send("PATCH", "/api/v1/connections/mine", {"base_url": "http://127.0.0.1:2/v1/"})
    changed = connections.connections_of(owner)["mine"]
    assert (changed.base_url, changed.api_key) == ("http://127.0.0.1:2/v1", "first")
    assert send("PATCH", "/api/v1/connections/mine", {"api_key": ""}).json()["has_key"] is False
    assert connections.connections_of(owner)["mine"].api_key == ""


def test_a_name_is_taken_once(send: Send) -> None:
    add(send)
    response = send("POST", "/api/v1/connections", {"name": "mine", "provider": "openai"})
    assert (response.status_code, error_of(response)["code"]) == (409, "name_taken")


def test_a_connection_can_be_renamed_and_removed(send: Send) -> None:
    add(send)
    assert send("PATCH", "/api/v1/connections/mine", {"name": "yours"}).json()["name"] == "yours"
    assert send("DELETE", "/api/v1/connections/yours").status_code == 204
    assert [item["name"] for item in send("GET", "/api/v1/connections").json()["items"]] == ["offline"]


def test_a_key_kept_under_another_secret_is_told_not_used(send: Send, owner: Any, settings: Any, caplog: Any) -> None:
    add(send, api_key="first")
    settings.SECRET_KEY = "another secret of this installation"
    assert connections.connections_of(owner)["mine"].api_key == ""
    assert "enter it again" in caplog.text


def test_the_test_button_lists_the_models(send: Send, server: ModelServer) -> None:
    add(send, base_url=server.url, api_key="k")
    assert send("POST", "/api/v1/connections/mine/test").json() == {
        "ok": True,
        "kind": None,
        "message": "",
        "models": ["root", "worker"],
    }


def test_the_test_button_says_what_is_wrong(send: Send) -> None:
    add(send, base_url="http://127.0.0.1:1/v1")
    answer = send("POST", "/api/v1/connections/mine/test").json()
    assert (
        answer["ok"] is False and answer["kind"] == "network" and "127.0.0.1:1 cannot be reached" in answer["message"]
    )


def test_the_test_button_works_offline(send: Send) -> None:
    assert set(send("POST", "/api/v1/connections/offline/test").json()["models"]) == {"planner", "extractive"}


def test_the_environment_becomes_a_connection_and_goes_again(owner: Any, send: Send, monkeypatch: Any) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-outside")
    connections.adopt_environment(owner)
    connections.adopt_environment(owner)
    adopted = connections.connections_of(owner)["openai"]
    assert (adopted.base_url, adopted.api_key) == ("https://api.openai.com/v1", "from-outside")
    assert send("DELETE", "/api/v1/connections/openai").status_code == 409
    assert send("PATCH", "/api/v1/connections/openai", {"api_key": "x"}).status_code == 422
    monkeypatch.delenv("OPENAI_API_KEY")
    connections.adopt_environment(owner)
    assert "openai" not in connections.connections_of(owner)


def test_the_environment_does_not_overwrite_a_connection_of_ones_own(send: Send, owner: Any, monkeypatch: Any) -> None:
    add(send, name="openai", api_key="mine")
    monkeypatch.setenv("OPENAI_API_KEY", "from-outside")
    connections.adopt_environment(owner)
    monkeypatch.delenv("OPENAI_API_KEY")
    connections.adopt_environment(owner)
    assert connections.connections_of(owner)["openai"].api_key == "mine"


# ------------------------------------------------------------------------------------------------- models


def test_own_prices_go_before_the_price_list(send: Send, owner: Any) -> None:
    add(send, base_url="https://api.openai.com/v1", api_key="k")
    listed = next(item for item in send("GET", "/api/v1/models").json()["items"] if item["model"] == "mine/gpt-5")
    assert listed["own"] is False and Decimal(listed["prices"]["input"]) > 0 and listed["context_window"] > 100_000
    response = send("PUT", "/api/v1/models/mine/gpt-5", {"prices": {"input": "0.10", "output": 2, "cache_read": 0.05}})
    assert response.json()["prices"]["source"] == "own", response.content
    price = registry.prices_of(owner)["mine/gpt-5"]
    assert (price.input, price.output, price.cache_read, price.cache_write) == (
        Decimal("0.10"),
        Decimal(2),
        Decimal("0.05"),
        None,
    )


def test_a_models_name_may_have_slashes_and_colons(send: Send) -> None:
    add(send)
    answer = send("PUT", "/api/v1/models/mine/org/name:tag", {"context_window": 8_192, "tier": "C"}).json()
    assert (answer["model"], answer["context_window"], answer["tier"]) == ("mine/org/name:tag", 8_192, "C")
    assert send("PUT", "/api/v1/models/mine/org/name:tag", {"tier": None}).json()["context_window"] == 8_192
    assert send("DELETE", "/api/v1/models/mine/org/name:tag").status_code == 204


# ------------------------------------------------------------------------------------------------- policies


def names(send: Send) -> list[str]:
    return [item["name"] for item in send("GET", "/api/v1/policies").json()["items"]]


def test_without_a_connection_there_is_offline_and_the_default_is_offline(send: Send, owner: Any) -> None:
    assert names(send) == ["default", "offline"]
    assert policies.resolve(owner, None).models == {"root": "offline/planner", "worker": "offline/extractive"}
    with pytest.raises(engine.PolicyError, match="add a connection"):
        policies.resolve(owner, "thorough")


def test_with_openai_there_is_a_sensible_pair(send: Send, owner: Any) -> None:
    add(send, name="openai", api_key="k")
    assert names(send) == ["default", "offline", "economy", "balanced", "thorough"]
    default = policies.resolve(owner, "default")
    assert default.models == {"root": "openai/gpt-5", "worker": "openai/gpt-5-mini"}
    assert policies.resolve(owner, "economy").models["root"] == "openai/gpt-5-mini"
    assert policies.resolve(owner, "thorough").max_depth == 2
    assert policies.resolve(owner, "offline").models["root"] == "offline/planner"


def test_a_server_of_ones_own_is_asked_for_its_models(send: Send, owner: Any, server: ModelServer) -> None:
    add(send, base_url=server.url)
    assert policies.resolve(owner, None).models == {"root": "mine/root", "worker": "mine/root"}
    send("PUT", "/api/v1/models/mine/chosen", {})
    assert policies.resolve(owner, None).models["root"] == "mine/chosen"


def test_a_server_that_is_down_leaves_the_default_offline(send: Send, owner: Any) -> None:
    add(send, base_url="http://127.0.0.1:1/v1")
    assert policies.resolve(owner, None).models["root"] == "offline/planner"


def test_a_page_never_waits_for_a_server_that_does_not_answer(send: Send, owner: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        add(send, base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        began = time.monotonic()
        assert names(send) == ["default", "offline"]
        assert policies.resolve(owner, "offline").models["root"] == "offline/planner"
        policies.resolve(owner, {"models": {"root": "mine/a", "worker": "mine/b"}})
        assert time.monotonic() - began < 1


def test_a_named_policy_says_what_differs_from_the_default(send: Send, owner: Any) -> None:
    kept = send("PUT", "/api/v1/policies/careful", {"max_depth": 3, "limits": {"cost_usd": "0.25"}}).json()
    assert kept["built_in"] is False and kept["policy"]["max_depth"] == 3
    resolved = policies.resolve(owner, "careful")
    assert (resolved.name, resolved.limits.cost_usd, resolved.limits.calls) == ("careful", Decimal("0.25"), 20_000)
    assert send("DELETE", "/api/v1/policies/careful").status_code == 204
    assert names(send) == ["default", "offline"]


def test_a_policy_whose_connection_is_gone_is_listed_with_the_reason(send: Send) -> None:
    add(send, base_url="http://127.0.0.1:1/v1")
    assert send("PUT", "/api/v1/policies/mine", {"models": {"root": "mine/m"}}).status_code == 200
    send("DELETE", "/api/v1/connections/mine")
    listed = send("GET", "/api/v1/policies").json()["items"][-1]
    assert listed["policy"] is None and "no connection" in listed["error"]


def test_an_unknown_name_lists_those_there_are(owner: Any) -> None:
    with pytest.raises(engine.PolicyError, match="default, offline"):
        policies.resolve(owner, "nonsense")


def test_a_hanging_server_holds_nobody_up_for_long(send: Send, server: ModelServer) -> None:
    add(send, base_url="http://127.0.0.1:1/v1")
    hanging = engine.Connection(name="slow", provider="openai", base_url=server.url.replace("/v1", "/hang"))
    with pytest.raises(engine.ProviderError):
        asyncio.run(connections.list_models(hanging, seconds=0.5))


# ------------------------------------------------------------------------------------------------- estimates


def test_an_estimate_comes_from_similar_runs(send: Send, owner: Any) -> None:
    document = make_document(owner)
    policy = engine.policy_json(policies.resolve(owner, "offline"))
    body = {"documents": [document.id], "policy": "offline"}
    first = send("POST", "/api/v1/estimate", body).json()
    assert (first["tokens"], first["usd_low"], first["seconds_low"], first["ratio"]) == (3, "0", None, None)
    for seconds in (1, 2, 3, 4):
        times = {"started_at": "2026-01-01T00:00:00Z", "finished_at": f"2026-01-01T00:00:0{seconds}Z"}
        make_run(owner, document, policy=policy, cost_usd=Decimal("0.10") * seconds, **times)
    second = send("POST", "/api/v1/estimate", body).json()
    assert second["basis"] == "From 4 similar runs."
    assert 1 <= second["seconds_low"] < second["seconds_high"] <= 4
    assert Decimal("0.1") <= Decimal(second["usd_low"]) < Decimal(second["usd_high"]) <= Decimal("0.4")


def test_an_estimate_never_turns_unknown_costs_into_figures(send: Send, owner: Any) -> None:
    document = make_document(owner)
    policy = engine.policy_json(policies.resolve(owner, "offline"))
    times = {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z"}
    make_run(owner, document, policy=policy, cost_usd=Decimal(1), **times)
    make_run(owner, document, policy=policy, cost_usd=None, cost_kind="unknown", **times)
    answer = send("POST", "/api/v1/estimate", {"documents": [document.id], "policy": "offline"}).json()
    assert (answer["usd_low"], answer["usd_high"], answer["seconds_low"]) == (None, None, 1.0)


def test_an_estimate_says_how_often_the_text_fills_the_window(send: Send, owner: Any) -> None:
    add(send, base_url="http://127.0.0.1:1/v1")
    send("PUT", "/api/v1/models/mine/m", {"context_window": 2})
    answer = send(
        "POST",
        "/api/v1/estimate",
        {
            "documents": [make_document(owner).id],
            "policy": {"models": {"root": "mine/m"}, "limits": {"cost_usd": "0.5"}},
        },
    ).json()
    assert (answer["window"], answer["ratio"]) == (2, 1.5)
    assert answer["basis"] == "No similar runs yet; it never spends more than $0.5."
