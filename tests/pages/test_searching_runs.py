"""The page Runs finds words in all texts of runs, and leads to where they stand."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage
from tests.pages.test_accessibility import serious
from tests.workbench.conftest import put

__all__ = ["put"]
Put = Callable[..., str]


def test_a_run_is_found_by_the_code_of_a_cell_and_leads_there(open_page: OpenPage, put: Put) -> None:
    run = put("recursive")
    page = open_page("/runs")
    page.locator("#f-q").fill("in:code rlm_batch")
    page.keyboard.press("Enter")
    row = page.locator(f'[data-row="{run}"]')
    expect(row.locator(".found-snippet mark")).to_have_text("rlm_batch")
    expect(row.locator(".found-snippet")).to_contain_text(re.compile(r"code of node \d+"))
    row.locator(".found-snippet").click()
    expect(page).to_have_url(re.compile(r"/trace\?node=\d+&q="))
    expect(page.locator("#hits")).to_have_text(re.compile(r"^1 of \d+$"), timeout=PATIENCE)
    expect(page.locator("#det-b")).to_contain_text("rlm_batch")


def test_a_wrong_query_says_so_under_the_box_and_keeps_it(open_page: OpenPage, put: Put, house: House) -> None:
    run = put("small")
    house.client.patch(f"/api/v1/runs/{run}", json={"tags": ["wanted"]}).raise_for_status()
    page = open_page("/runs?q=cost:cheap&tag=wanted")
    expect(page.locator("#f-trouble")).to_contain_text("an amount in dollars")
    expect(page.locator("#f-q")).to_have_value("cost:cheap")
    expect(page.locator(f'[data-row="{run}"]')).to_be_visible()


def test_an_example_goes_into_the_box_at_a_press(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.locator("#query-words summary").click()
    page.get_by_role("button", name="pinned", exact=True).click()
    expect(page.locator("#f-q")).to_have_value("is:pinned")
    expect(page.locator("#f-q")).to_be_focused()


def test_without_scripts_runs_are_searched_too(open_page: OpenPage, put: Put) -> None:
    run = put("recursive")
    page = open_page("/runs?q=in:code+rlm_batch", java_script_enabled=False)
    expect(page.locator(f'[data-row="{run}"] .found-snippet mark')).to_have_text("rlm_batch")
    expect(page.locator("#query-words summary")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, put: Put, theme: str) -> None:
    put("recursive")
    page = open_page("/runs?q=minutes", color_scheme=theme, reduced_motion="reduce")
    page.locator("#query-words summary").click()
    assert serious(page) == []
    page.goto("/runs?q=cost:cheap")
    assert serious(page) == []


def test_what_is_found_is_no_wider_than_a_phone(open_page: OpenPage, put: Put) -> None:
    put("recursive")
    page = open_page("/runs?q=minutes", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
