"""Both ways in, and that nothing of others is to be seen."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import Send, error_of, make_run, sender
from trajectories import accounts

CLOSED = [
    "/api/v1/runs",
    "/api/v1/connections",
    "/api/v1/models",
    "/api/v1/policies",
    "/api/v1/runs/x/tree",
    "/v1/models",
]


@pytest.mark.parametrize("path", CLOSED)
def test_nobody_gets_in_without_signing_in(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, error_of(response)["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "bearer  x y", "Bearer é"])
def test_a_wrong_token_is_401_even_with_a_session(client: Client, owner: Any, header: str) -> None:
    client.force_login(owner)
    response = client.get("/api/v1/runs", headers={"authorization": header})
    assert (response.status_code, error_of(response)["code"]) == (401, "wrong_token")


def test_a_token_of_a_closed_account_is_no_longer_valid(send: Send, owner: Any) -> None:
    owner.is_active = False
    owner.save()
    assert send("GET", "/api/v1/runs").status_code == 401


def test_a_token_needs_no_csrf_token(send: Send) -> None:
    assert send("PUT", "/api/v1/policies/mine", {"max_depth": 0}).status_code == 200


def test_a_session_writes_only_with_a_csrf_token(owner: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    refused = browser.put("/api/v1/policies/mine", {"max_depth": 0}, content_type="application/json")
    assert (refused.status_code, error_of(refused)["code"]) == (403, "csrf")
    browser.cookies["csrftoken"] = "a" * 32
    accepted = browser.put(
        "/api/v1/policies/mine", {"max_depth": 0}, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert accepted.status_code == 200, accepted.content


def test_a_session_reads_without_one(owner: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    assert browser.get("/api/v1/runs").status_code == 200


def test_the_openai_door_asks_for_the_same(owner: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert (
        error_of(browser.post("/v1/chat/completions", {}, content_type="application/json"))["code"] == "not_signed_in"
    )
    browser.force_login(owner)
    refused = browser.post("/v1/chat/completions", {}, content_type="application/json")
    assert (refused.status_code, error_of(refused)["type"]) == (403, "permission_error")


def test_what_is_a_strangers_does_not_exist(stranger: Any, owner: Any, things: SimpleNamespace) -> None:
    send = sender(stranger)
    send_as_owner = sender(owner)
    send_as_owner("PUT", "/api/v1/policies/mine", {"max_depth": 0})
    send_as_owner(
        "POST", "/api/v1/connections", {"name": "mine", "provider": "openai", "base_url": "http://127.0.0.1:1/v1"}
    )
    send_as_owner("PUT", "/api/v1/models/mine/m", {"context_window": 5})
    assert [item["id"] for item in send("GET", "/api/v1/runs").json()["items"]] == [things.foreign_run]
    assert "mine" not in str(send("GET", "/api/v1/connections").json())
    assert "mine" not in str(send("GET", "/api/v1/policies").json())
    assert "mine" not in str(send("GET", "/api/v1/models").json())
    assert send("DELETE", "/api/v1/policies/mine").status_code == 404
    assert send("PATCH", "/api/v1/connections/mine", {"base_url": ""}).status_code == 404
    assert send("POST", "/api/v1/connections/mine/test").status_code == 404


def test_an_administrator_sees_no_others_through_the_api(owner: Any, stranger: Any) -> None:
    stranger.is_staff = stranger.is_superuser = True
    stranger.save()
    run = make_run(owner)
    assert sender(stranger)("GET", f"/api/v1/runs/{run.id}").status_code == 404


def test_the_admin_pages_show_no_key(owner: Any, client: Client) -> None:
    owner.is_staff = owner.is_superuser = True
    owner.save()
    sender(owner)("POST", "/api/v1/connections", {"name": "mine", "provider": "openai", "api_key": "sk-very-secret"})
    accounts.make_token(owner, "another")
    client.force_login(owner)
    for model in ("connection", "apitoken", "run", "document", "knownmodel", "namedpolicy", "upload"):
        assert client.get(f"/admin/trajectories/{model}/").status_code == 200
    page = client.get(f"/admin/trajectories/connection/{owner.connections.get().pk}/change/")
    assert page.status_code == 200 and b"sk-very-secret" not in page.content and b"encrypted" not in page.content
