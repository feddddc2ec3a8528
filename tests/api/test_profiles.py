"""Prompt profiles of one's own: kept, numbered, checked, used, and nobody else's."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from trajectories import engine, policies, prompt_profiles

pytestmark = pytest.mark.django_db

TEXT = 'title = "Mine"\nextends = "small"\n[messages]\nno_output = "(silence)"'


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def send(client: Any, owner: User) -> Any:
    client.force_login(owner)
    return lambda method, path, body=None: client.generic(
        method, f"/api/v1{path}", "" if body is None else json.dumps(body), "application/json"
    )


def test_each_change_counts_the_version_up(send: Any, owner: User) -> None:
    assert send("PUT", "/profiles/mine", {"text": TEXT}).json()["version"] == 1
    assert send("PUT", "/profiles/mine", {"text": TEXT}).json()["version"] == 1
    assert send("PUT", "/profiles/mine", {"text": TEXT + "\n"}).json()["version"] == 2
    assert prompt_profiles.profiles_of(owner)["mine"].label == "mine@2"


def test_shipped_ones_are_listed_with_their_text_and_own_ones_go_before_them(send: Any) -> None:
    names = {item["name"]: item for item in send("GET", "/profiles").json()["items"]}
    assert {"general", "small", "coder", "recursive"} <= names.keys()
    assert 'name = "general"' in names["general"]["text"]
    assert send("PUT", "/profiles/general", {"text": 'title = "My general"'}).json()["version"] == 3
    (general,) = [item for item in send("GET", "/profiles").json()["items"] if item["name"] == "general"]
    assert general["own"] is True


def test_a_wrong_profile_is_refused_and_the_old_one_stays(send: Any) -> None:
    send("PUT", "/profiles/mine", {"text": TEXT})
    answer = send("PUT", "/profiles/mine", {"text": 'system = "{question}"'})
    assert answer.status_code == 422
    assert "fills in {question}" in answer.json()["error"]["message"]
    assert send("PUT", "/profiles/auto", {"text": TEXT}).status_code == 422
    assert [item["text"] for item in send("GET", "/profiles").json()["items"] if item["name"] == "mine"] == [TEXT]


def test_a_policy_may_name_an_own_profile_and_no_other(send: Any, owner: User) -> None:
    other = User.objects.create_user("bob")
    prompt_profiles.keep(owner, "mine", TEXT)
    assert policies.resolve(owner, {"profile": "mine"}).profile == "mine"
    with pytest.raises(engine.PolicyError, match="no prompt profile 'mine'"):
        policies.resolve(other, {"profile": "mine"})
    assert send("DELETE", "/profiles/mine").status_code == 204
    assert send("DELETE", "/profiles/mine").status_code == 404
