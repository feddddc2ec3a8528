"""The page Answer in a real browser: citations, the document beside them, marks, the story."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage

Put = Callable[..., str]


def decoration(page: Page) -> str:
    return str(page.locator(".nosrc").first.evaluate("mark => getComputedStyle(mark).textDecorationLine"))


def test_citations_open_their_passages_by_click_and_by_keys(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    expect(page.locator("#pane-text mark")).to_contain_text("gateway-mtls expired")
    page.locator("#answer .cite").nth(1).click()
    expect(page.locator("#pane-text mark")).to_contain_text("token-signing certificate ran out.")
    expect(page.locator("#pane-o")).to_have_text("source 2 of 5")
    expect(page.locator("#pane-check")).to_have_text("checked")
    expect(page).to_have_url(re.compile(r"source=2$"))
    page.keyboard.press("]")
    expect(page.locator("#pane-o")).to_have_text("source 3 of 5")
    page.keyboard.press("[")
    page.keyboard.press("[")
    page.keyboard.press("[")
    expect(page.locator("#pane-o")).to_have_text("source 5 of 5")
    expect(page.locator("#pane-t")).to_have_text("oncall-log-2025.txt")
    page.locator("#answer .cite").nth(4).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pane-o")).to_have_text("source 4 of 5")
    expect(page.locator("#answer .cite[aria-current]")).to_have_count(1)
    page.keyboard.press("o")
    page.wait_for_url(re.compile(r"/documents/citedreports\?at="))


def test_what_belongs_to_one_source_lights_up_together(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    page.locator("#answer .cite", has_text="5").first.hover()
    expect(page.locator("#answer .cite.lit")).to_have_count(2)
    expect(page.locator("#source-5")).to_have_class(re.compile("lit"))
    page.locator("#source-3").hover()
    expect(page.locator("#answer .cite.lit")).to_have_text("3")
    expect(page.locator("#source-5")).not_to_have_class(re.compile("lit"))


def test_marks_of_sentences_without_a_source_can_be_put_away_and_stay_away(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    expect(page.locator(".sourcing")).to_contain_text("2 of 9 sentences have no recorded source")
    assert decoration(page) == "underline"
    page.get_by_label("Mark them").uncheck()
    assert decoration(page) == "none"
    page.reload()
    expect(page.get_by_label("Mark them")).not_to_be_checked()
    page.keyboard.press("m")
    assert decoration(page) == "underline"


def test_marks_and_citations_work_without_scripts(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}", java_script_enabled=False)
    expect(page.locator(".nosrc")).to_have_count(2)
    page.get_by_label("Mark them").uncheck()
    expect(page.locator(".nosrc").first).to_have_css("text-decoration-line", "none")
    page.locator("#answer .cite").first.click()
    expect(page.locator("#reader mark")).to_contain_text("gateway-mtls expired")
