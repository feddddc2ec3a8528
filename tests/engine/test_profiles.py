"""Prompt profiles: shipped ones are whole, own ones are checked, the model decides where nobody has chosen."""

import re
from typing import Any

import pytest

from tests.engine.conftest import Lab
from trajectories import engine
from trajectories.engine.profile import load_profile, profile_names, read_profile

NAMES_OF_THE_REPL = ("context", "peek", "grep", "FINAL")


def read(text: str) -> engine.Profile:
    return read_profile(text, "mine", 3)


@pytest.mark.parametrize("name", profile_names())
def test_a_shipped_profile_names_what_the_repl_offers(name: str) -> None:
    profile = load_profile(name)
    assert profile.label == f"{name}@{profile.version}"
    assert profile.title
    for word in NAMES_OF_THE_REPL:
        assert word in profile.system
    assert "llm_batch" in profile.calls["plain"]
    assert "rlm_" in profile.calls["recursive"]
    assert not re.search(r"[^\x00-\x7f]", "".join(profile.calls.values()).replace("…", "").replace("·", ""))


def test_the_shipped_profiles_are_the_four_families() -> None:
    assert set(profile_names()) == {"general", "small", "coder", "recursive"}
    assert len({load_profile(name).system + load_profile(name).advice["plain"] for name in profile_names()}) == 4


def test_a_profile_of_ones_own_says_only_what_differs() -> None:
    profile = read('title = "Mine"\n[messages]\nno_output = "(silence)"')
    assert (profile.label, profile.say("no_output")) == ("mine@3", "(silence)")
    assert profile.system == load_profile("general").system
    assert read('extends = "small"').system == load_profile("small").system


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not TOML"),
        ("colour = 1", "has no 'colour'"),
        ('extends = "none-such"', "no prompt profile"),
        ('system = ""', "needs a text"),
        ('system = "{calls.__class__}"', "fills in"),
        ('system = "{0}"', "fills in"),
        ('system = "{question}"', "fills in"),
        ('system = "a { b"', "lone brace"),
        ('[messages]\nfirst = "{question.__init__.__globals__}"', "fills in"),
        ('[messages]\nnone_such = "x"', "not known"),
        ("[messages]\nno_output = 3", "no text"),
        ('advice = "x"', "table of texts"),
        ("x" * 200_000, "more than"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_with_one_sentence(text: str, says: str) -> None:
    with pytest.raises(engine.PolicyError, match=says) as refused:
        read(text)
    assert "\n" not in str(refused.value)[:-20]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("policy", "told", "label"),
    [
        ({}, None, "general@2"),
        ({}, "small", "small@1"),
        ({"profile": "coder"}, "small", "coder@1"),
        ({}, "none-such", "general@2"),
    ],
)
async def test_the_roots_model_chooses_where_the_policy_does_not(
    lab: Lab, policy: dict[str, Any], told: str | None, label: str
) -> None:
    lab.profile = told
    await lab.ask(["FINAL(x)"], documents=["x"], **policy)
    assert lab.log.of("run.started")[0].data["profile"] == label
    assert lab.log.kind("rlm")[0]["profile"] == label


@pytest.mark.asyncio(loop_scope="session")
async def test_a_profile_that_is_gone_ends_the_run_with_a_sentence(lab: Lab) -> None:
    outcome = await lab.ask(["FINAL(x)"], documents=["x"], profile="gone")
    assert (outcome.status, outcome.error_kind) == ("failed", "policy")
    assert "no prompt profile 'gone'" in outcome.error_message
    lab.log.check_starts_and_finishes()
