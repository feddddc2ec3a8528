"""The keys of the page Trace: each does what the help says of it, and nothing where it is not meant."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pages.conftest import PATIENCE, OpenPage
from tests.workbench.test_pages import go, rows, selected

Put = Callable[..., str]
SINGLE = (*"jkhl[]{}gG/nNeczfwasd1234567oyCSx?u", "Escape", "ArrowDown", "Home", "PageDown")
TAKEN = """
keys => {
  const pressed = (target, key, held) =>
    !target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...held }));
  const palette = (name, key) => key === 'k' && name !== 'altKey';
  const held = ['ctrlKey', 'metaKey', 'altKey'].flatMap(name =>
    keys.filter(key => !palette(name, key) && pressed(document.body, key, { [name]: true }))
      .map(key => `${name} ${key}`));
  const field = document.body.appendChild(document.createElement('textarea'));
  const typed = keys.filter(key => pressed(field, key, {})).map(key => `typed ${key}`);
  field.remove();
  return [...held, ...typed];
}
"""
NONE_BESIDE = "(list => list.scrollWidth <= list.clientWidth)(document.querySelector('.keys-b'))"


@pytest.fixture
def open_trace(open_page: OpenPage) -> OpenPage:
    def open_trace(run: str, query: str = "", **options: Any) -> Page:
        return go(open_page("/sign-in", **options), f"/runs/{run}/trace{query}")

    return open_trace


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def at(page: Page, row: str) -> None:
    expect(selected(page)).to_have_attribute("data-id", row)


def picture(page: Page) -> str:
    return str(page.evaluate("document.querySelector('#timeline').toDataURL()"))


def drawn_otherwise(page: Page, before: str) -> str:
    """The time line, once it looks different."""
    for _ in range(PATIENCE // 20):
        if (now := picture(page)) != before:
            return now
        page.wait_for_timeout(20)
    raise AssertionError("the time line looks as before")


def lit(page: Page) -> Locator:
    return page.locator("#critical-words a[aria-current]")


def test_each_key_has_its_effect(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    shown_tab = page.locator("[role=tab][aria-selected=true][data-tab]")
    press(page, "j")
    at(page, "2")
    press(page, "k")
    at(page, "1")
    press(page, "h")
    expect(rows(page)).to_have_count(1)
    press(page, "l")
    expect(page.locator('#tree [data-id="2"]')).to_be_visible()
    press(page, "j", "]")
    second = selected(page).get_attribute("data-id") or ""
    assert int(second) > 2
    press(page, "[")
    at(page, "2")
    press(page, "G")
    expect(rows(page).last).to_have_attribute("aria-selected", "true")
    press(page, "g", "g")
    at(page, "1")

    press(page, "e")
    expect(selected(page)).to_have_class(re.compile(r"\bbad\b"))
    failed = selected(page).get_attribute("data-id")
    press(page, "e")
    expect(selected(page)).to_have_class(re.compile(r"\bbad\b"))
    assert selected(page).get_attribute("data-id") != failed
    expect(page.locator("#critical")).to_have_attribute("aria-pressed", "true")
    press(page, "c")
    expect(page.locator("#critical")).to_have_attribute("aria-pressed", "false")
    press(page, "c", "z")
    expect(page.locator("#critical")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#squeeze")).to_have_attribute("aria-pressed", "false")
    press(page, "z")
    expect(page.locator("#squeeze")).to_have_attribute("aria-pressed", "true")

    go(page, f"{page.url.split('?')[0]}?node=10")
    all_of_it = picture(page)
    press(page, "f")
    fitted = drawn_otherwise(page, all_of_it)
    press(page, "f")
    assert drawn_otherwise(page, fitted) == all_of_it
    press(page, "w")
    zoomed = drawn_otherwise(page, all_of_it)
    press(page, "d")
    panned = drawn_otherwise(page, zoomed)
    press(page, "a")
    drawn_otherwise(page, panned)
    press(page, "s")
    assert drawn_otherwise(page, zoomed) != panned
    for key, tab in (("4", "Variables"), ("5", "Reads"), ("6", "Cost"), ("7", "Raw"), ("1", "Code + output")):
        press(page, key)
        expect(shown_tab).to_have_text(tab)
    press(page, "2")
    expect(shown_tab).to_have_text("Code + output")
    press(page, "]", "3", "j", "j")

    press(page, "/")
    expect(page.locator("#node-search")).to_be_focused()
    page.keyboard.type("status:failed")
    expect(page.locator("#hits")).to_have_text(re.compile(r"^\d+ found$|^\d+ of \d+$"))
    press(page, "Enter", "g", "g", "n")
    expect(page.locator("#hits")).to_have_text(re.compile("^1 of"))
    press(page, "n")
    expect(page.locator("#hits")).to_have_text(re.compile("^2 of"))
    press(page, "N")
    expect(page.locator("#hits")).to_have_text(re.compile("^1 of"))
    press(page, "Escape")

    press(page, "x")
    expect(page.locator("#marked")).to_be_visible()
    press(page, "x")
    expect(page.locator("#marked")).to_be_hidden()
    press(page, "S")
    expect(page.locator("#share").get_by_role("button", name="Make the link")).to_be_in_viewport(ratio=1)
    press(page, "Escape", "?")
    expect(page.locator("#share")).to_have_count(0)
    expect(page.locator("#keys")).to_be_visible()
    assert page.evaluate(NONE_BESIDE)
    page.locator("#keys tr").last.scroll_into_view_if_needed()
    expect(page.locator("#keys kbd").last).to_be_in_viewport(ratio=1)
    press(page, "Escape", "Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    press(page, "Escape", "y")
    expect(page.locator(".toast").last).to_contain_text("Link copied")
    before = page.url
    press(page, "F")
    at(page, selected(page).get_attribute("data-id") or "")
    assert page.url == before, "there is nothing to fork"

    assert page.evaluate(TAKEN, list(SINGLE)) == []
    go(page, f"{page.url.split('?')[0]}?node=7")
    press(page, "5")
    expect(page.locator("#det-b a[data-read]").first).to_be_visible()
    press(page, "o")
    page.wait_for_url("**/documents/reports00000?at=*")


def test_the_calls_of_a_batch_are_gone_through_also_where_they_are_folded_away(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), "?batch=11")
    expect(page.locator('#tree [data-id="12"]')).to_have_count(0)
    press(page, "}")
    at(page, "11")
    expect(selected(page)).to_be_focused()
    expect(selected(page)).to_have_attribute("aria-posinset", "1")
    press(page, "}", "}", "{")
    at(page, "12")
    page.locator('#tree [data-id="b11"] .tw').click()
    expect(page.locator('#tree [data-id="13"]')).to_have_count(0)
    press(page, "}")
    at(page, "13")
    press(page, "h", "{")
    expect(selected(page)).to_have_attribute("aria-posinset", "30")
    last = selected(page).get_attribute("data-id") or ""
    press(page, "}")
    at(page, last)
    press(page, "?")
    expect(page.locator("#keys tr").filter(has_text="Next call of the same batch").locator("kbd")).to_have_text("}")
    press(page, "Escape", "Control+k")
    page.keyboard.type("previous call of the same")
    press(page, "Enter")
    expect(selected(page)).to_have_attribute("aria-posinset", "29")

    page.keyboard.press("/")
    page.keyboard.type("kind:rlm depth:1")
    press(page, "Enter", "Escape")
    child = selected(page).get_attribute("data-id") or ""
    press(page, "l", "j", "j")
    assert selected(page).get_attribute("data-id") != child
    press(page, "}")
    expect(selected(page)).to_have_attribute("aria-posinset", "2")
    expect(page.locator(f'#tree [data-id="{child}"]')).to_have_attribute("aria-posinset", "1")
    press(page, "{")
    at(page, child)
    press(page, "g", "g", "}")
    at(page, "1")


def test_escape_takes_back_one_thing_the_innermost(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), "?node=10")
    search, panel = page.locator("#node-search"), page.locator("#find-drop")
    press(page, "/")
    page.keyboard.type("kind:lm")
    press(page, "Escape")
    expect(panel).to_be_hidden()
    expect(search).to_have_value("kind:lm")
    page.locator("#critical-words").get_by_role("link", name="slowest of 30").click()
    expect(lit(page)).to_have_count(1)
    row = selected(page).get_attribute("data-id") or ""

    def stands(*, is_lit: bool, line: str, chosen: str) -> None:
        expect(lit(page)).to_have_count(int(is_lit))
        expect(search).to_have_value(line)
        at(page, chosen)
        assert ("path=" in page.url) == is_lit

    for opener, opened in (("?", "#keys"), ("Control+k", "#palette"), ("S", "#share")):
        press(page, opener)
        expect(page.locator(opened)).to_be_visible()
        press(page, "Escape")
        expect(page.locator(opened)).not_to_be_visible()
        stands(is_lit=True, line="kind:lm", chosen=row)
    export = page.locator("#run-head .exports")
    export.locator("summary").press("Enter")
    press(page, "Control+k")
    expect(page.locator("#palette")).to_be_visible()
    press(page, "Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(export).to_have_attribute("open", "")
    press(page, "Escape")
    expect(export).not_to_have_attribute("open", "")
    expect(export.locator("summary")).to_be_focused()
    stands(is_lit=True, line="kind:lm", chosen=row)
    press(page, "Escape")
    stands(is_lit=False, line="kind:lm", chosen=row)
    press(page, "Escape")
    stands(is_lit=False, line="", chosen=row)
    press(page, "Escape")
    stands(is_lit=False, line="", chosen="1")
    assert "node=" not in page.url
    press(page, "C")
    page.keyboard.type("A thought")
    press(page, "Escape")
    expect(page.locator(".note-form")).to_be_hidden()
    at(page, "1")
