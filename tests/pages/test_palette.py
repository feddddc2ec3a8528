"""The command palette, the keys and their help: one table of what can be done on a page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious

TEXT = "The mill at Overton was built in 1790. It ground corn until 1912.\n" + "The river is low.\n" * 400


@pytest.fixture
def answered(house: House, open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]) -> str:
    """A run that has ended."""
    run = ask("When was the mill at Overton built?", [add_text("mill.txt", TEXT)])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    return run


def options(page: Page) -> Any:
    return page.locator("#palette [role=option]")


def test_a_page_is_reached_by_some_letters_of_its_name(open_page: OpenPage) -> None:
    page = open_page("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    expect(options(page).filter(has_text="Settings: policies")).to_be_visible()
    page.keyboard.type("setpol")
    expect(options(page).first).to_have_text("Settings: policies")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/policies")


def test_arrow_keys_choose_and_the_field_says_what_is_chosen(open_page: OpenPage) -> None:
    page = open_page("/documents")
    page.keyboard.press("Control+k")
    expect(options(page).filter(has_text="Settings: about")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    chosen = page.locator("#palette-q").get_attribute("aria-activedescendant")
    assert chosen == "palette-1"
    expect(page.locator(f"#{chosen}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_runs_and_documents_are_found_and_their_text_is_searched(open_page: OpenPage, answered: str) -> None:
    page = open_page("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("milloverton")
    expect(options(page).filter(has_text="When was the mill at Overton built?").first).to_be_visible()
    page.locator("#palette-q").fill("1790")
    found = page.locator('#palette [role=group][aria-label="Found in runs"] [role=option]')
    expect(found.first).to_contain_text("mill at Overton")
    expect(options(page).last).to_have_text("Search runs for “1790”")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?q=1790")
    expect(page.locator("#f-q")).to_have_value("1790")
    page.keyboard.press("Control+k")
    page.keyboard.type("mill.txt")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/documents/"))


def test_what_can_be_done_on_a_page_is_done_from_the_palette(open_page: OpenPage, answered: str) -> None:
    page = open_page(f"/runs/{answered}")
    page.keyboard.press("Control+k")
    page.keyboard.type("trace of this")
    page.keyboard.press("Enter")
    page.wait_for_url("**/trace**")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    expect(page.locator("#critical")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+k")
    page.keyboard.type("critical")
    expect(options(page).first.locator("kbd")).to_have_text("c")
    page.keyboard.press("Enter")
    expect(page.locator("#critical")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Control+k")
    page.keyboard.type("stop this run")
    expect(options(page).filter(has_text=re.compile("^Stop"))).to_have_count(0)


def test_the_search_box_opens_the_palette_with_what_is_typed(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.locator("#find").focus()
    expect(page.locator("#palette")).to_have_count(0)
    page.keyboard.type("poli")
    expect(page.locator("#palette-q")).to_have_value("poli")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_focused()
    page.locator("#find").click()
    expect(page.locator("#palette-q")).to_be_focused()


def test_the_search_box_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    page.locator("#find").fill("harbour")
    page.locator("#find").press("Enter")
    page.wait_for_url("**/runs?q=harbour")


def test_the_help_tells_the_keys_of_the_page_and_they_can_be_switched_off(open_page: OpenPage, answered: str) -> None:
    page = open_page(f"/runs/{answered}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    page.keyboard.press("?")
    keys = page.locator("#keys kbd").all_inner_texts()
    wanted = (
        "j / k",
        "h / l",
        "[ / ]",
        "g g / G",
        "/",
        "n / N",
        "e",
        "c",
        "z",
        "f",
        "w / s",
        "a / d",
        "1 – 7",
        "o",
        "y",
    )
    for key in (*wanted, "S", "x", "Ctrl K", "?", "Esc"):
        assert key in keys, key
    assert len(keys) == len(set(keys)), "each key stands there once"
    assert "F" not in keys
    page.get_by_label("Single keys do something").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator('#tree [aria-selected="true"]')).to_have_attribute("data-id", "1")
    page.keyboard.press("?")
    page.get_by_label("Single keys do something").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator('#tree [aria-selected="true"]')).to_have_attribute("data-id", "2")


def test_keys_are_off_in_text_fields_and_with_ctrl_and_alt(open_page: OpenPage, answered: str) -> None:
    page = open_page(f"/runs/{answered}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    page.keyboard.press("Alt+j")
    page.keyboard.press("Control+j")
    expect(page.locator('#tree [aria-selected="true"]')).to_have_attribute("data-id", "1")
    page.keyboard.press("/")
    page.keyboard.type("jcz?")
    expect(page.locator("#node-search")).to_have_value("jcz?")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#critical")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_palette(open_page: OpenPage, answered: str, theme: str) -> None:
    page = open_page(f"/runs/{answered}", color_scheme=theme)
    page.keyboard.press("Control+k")
    expect(options(page).filter(has_text="Settings: about")).to_be_visible()
    assert serious(page) == []
    page.keyboard.type("se")
    expect(options(page).first.locator("b").first).to_be_visible()
    assert serious(page) == []


def test_it_tells_nothing_of_others_things(house: House, open_page: OpenPage, answered: str) -> None:
    page = open_page("/sign-in")
    assert answered in page.request.get("/palette").text()
    stranger = told(house.client.get("/api/v1/runs?limit=1"))
    assert stranger["items"]
    page.context.clear_cookies()
    assert "sign-in" in page.request.get("/palette").url
