"""What the engine can do is chosen in settings and composer: policies with every part, models, profiles, follow-ups."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.house import House
from tests.model_server import ModelServer
from tests.pages.conftest import OpenPage, told


def shown(house: House, page: Page) -> dict[str, Any]:
    """The run of this page, when it has ended and the page shows its answer."""
    page.locator("#answer").wait_for()
    number = page.url.rsplit("/", 1)[-1].partition("?")[0]
    run: dict[str, Any] = told(house.client.get(f"/api/v1/runs/{number}"))
    return run


@pytest.fixture
def server_name(house: House, model_server: ModelServer, scripted: dict[str, Any]) -> str:
    return str(scripted["models"]["root"].partition("/")[0])


def test_a_policy_is_made_with_every_part_and_edited_again(open_page: OpenPage, house: House, server_name: str) -> None:
    page = open_page("/settings/policies/new")
    page.get_by_label("Name", exact=True).fill("my-cascade")
    page.get_by_label("Root", exact=True).fill(f"{server_name}/root")
    page.get_by_label("Worker", exact=True).fill("C")
    page.get_by_label("A, the strongest").fill(f"{server_name}/root")
    page.locator("#e-tier-C").fill(f"{server_name}/worker")
    page.get_by_label("Calls of the role worker").select_option("cascade")
    page.locator("#e-order-worker").fill("c a")
    page.get_by_label("Gate to add").select_option("length")
    page.get_by_role("button", name="Add gate").click()
    row = page.locator("[data-gate=length]")
    row.get_by_label("Judges").select_option("answer")
    row.get_by_label("at least").fill("3")
    page.get_by_label("Runs that lead nowhere").select_option("shadow")
    page.get_by_text("repeated code").click()
    page.locator("#e-subtree_limits-calls").fill("50")
    page.locator("#e-more > summary").click()
    page.get_by_label("JSON Schema of the answer").fill('{"type": "object"}')
    page.locator("#e-fail-timeout").fill("raise stop")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/settings/policies")
    kept = next(item for item in told(house.client.get("/api/v1/policies"))["items"] if item["name"] == "my-cascade")
    policy = kept["policy"]
    assert policy["routing"] == {"worker": {"kind": "cascade", "tiers": ["C", "A"], "up_to": []}}
    assert policy["gates"] == [{"gate": "length", "on": "answer", "roles": [], "at_least": 3}]
    assert policy["early_stopping"] == {"mode": "shadow", "rules": ["repeated_code"], "patience": 3}
    assert (policy["subtree_limits"]["calls"], policy["answer_schema"]) == (50, {"type": "object"})
    assert policy["failures"] == {"timeout": ["raise", "stop"]}
    page.goto("/settings/policies/my-cascade")
    assert page.locator("#e-order-worker").input_value() == "C A"
    assert page.locator("[data-gate=length]").get_by_label("at least").input_value() == "3"
    page.get_by_role("button", name="Remove Length").click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/settings/policies")
    kept = next(item for item in told(house.client.get("/api/v1/policies"))["items"] if item["name"] == "my-cascade")
    assert kept["policy"]["gates"] == []
    assert kept["policy"]["routing"] == policy["routing"]
    house.client.delete("/api/v1/policies/my-cascade").raise_for_status()


def test_a_wrong_policy_is_refused_in_words_and_nothing_typed_is_lost(open_page: OpenPage) -> None:
    page = open_page("/settings/policies/new")
    page.get_by_label("Name", exact=True).fill("wrong")
    page.get_by_label("Root", exact=True).fill("no-slash")
    page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "connection/model" in (alert.text_content() or "")
    assert page.get_by_label("Root", exact=True).input_value() == "no-slash"


def test_a_profile_is_written_and_chosen(open_page: OpenPage, house: House) -> None:
    page = open_page("/settings/profiles")
    page.locator("[data-profile=small]").get_by_role("button", name="Copy").click()
    page.get_by_label("Name", exact=True).fill("mine")
    text = page.get_by_label("TOML")
    assert 'extends = "general"' in text.input_value()
    text.fill('extends = "small"\ntitle = "For my model"')
    page.get_by_role("button", name="Save").click()
    page.locator("[data-profile=mine]").wait_for()
    assert "version 1" in (page.locator("[data-profile=mine]").text_content() or "")
    page.goto("/")
    page.locator("#more-opts > summary").click()
    page.get_by_label("Prompt profile").select_option("mine")
    house.client.delete("/api/v1/profiles/mine").raise_for_status()


def test_the_composers_options_change_the_policy_of_one_question(
    open_page: OpenPage, house: House, add_text: Callable[[str, str], dict[str, Any]]
) -> None:
    document = add_text("moon.txt", "The moon pulls the sea. " * 50)
    page = open_page(f"/runs/new?document={document['id']}")
    page.get_by_role("textbox", name="Question").fill("What does the moon do?")
    page.get_by_text("Offline (no language model)").click()
    page.locator("#more-opts > summary").click()
    page.get_by_label("Answer without looking").select_option("block")
    page.locator("#more-opts").get_by_text("Grounded").click()
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/runs/*")
    run = shown(house, page)
    assert run["policy"]["exploration"] == "block"
    assert [gate["gate"] for gate in run["policy"]["gates"]] == ["grounded"]
    how = page.locator(".how")
    assert "grounded (answer)" in (how.text_content() or "")
    assert "an answer is sent back" in (how.text_content() or "")


def test_a_follow_up_is_asked_under_the_answer(
    open_page: OpenPage, house: House, add_text: Callable[[str, str], dict[str, Any]], ask: Callable[..., str]
) -> None:
    document = add_text("moon.txt", "The moon pulls the sea. " * 50)
    first = ask("What does the moon do?", [document])
    page = open_page(f"/runs/{first}")
    page.get_by_label("Follow-up question").fill("And what is pulled?")
    page.get_by_role("button", name="Ask on").click()
    page.wait_for_url(lambda url: "/runs/" in url and first not in url)
    second = shown(house, page)
    assert (second["follows"], second["question"]) == (first, "And what is pulled?")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/settings/policies/new", "/settings/profiles", "/settings/prices", "/settings/policies"]
)
def test_the_pages_are_accessible(open_page: OpenPage, path: str, scheme: Any) -> None:
    page = open_page(path, color_scheme=scheme, viewport={"width": 390, "height": 800})
    if path.endswith("/new"):
        page.get_by_role("button", name="Add gate").click()
        page.locator("#e-more > summary").click()
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not found, json.dumps([(each["id"], each["nodes"][0]["html"][:200]) for each in found], indent=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
