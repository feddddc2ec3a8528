"""Notes on an answer: right or wrong, comments, and comments on some of its words."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious

TEXT = "The mill at Overton was built in 1790. It ground corn until 1912.\n" + "The river is low.\n" * 100
HOSTILE = "<img src=x onerror=alert(1)>"
SELECT = """
([first, last]) => {
  const walker = document.createTreeWalker(document.querySelector('#answer'), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let begun = false;
  while (walker.nextNode()) {
    const { data } = walker.currentNode;
    if (!begun && data.includes(first)) {
      range.setStart(walker.currentNode, data.indexOf(first));
      begun = true;
    }
    if (begun && data.includes(last)) {
      range.setEnd(walker.currentNode, data.indexOf(last) + last.length);
      break;
    }
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}
"""


@pytest.fixture
def run(open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]) -> str:
    made = ask("When was the mill at Overton built?", [add_text("mill.txt", TEXT)])
    expect(open_page(f"/runs/{made}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    return made


def noted(house: House, run: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = told(house.client.get(f"/api/v1/runs/{run}/annotations"))["items"]
    return items


def comment(page: Page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notes li").last).to_contain_text(text)


def test_an_answer_is_marked_as_right_or_wrong(open_page: OpenPage, house: House, run: str) -> None:
    page = open_page(f"/runs/{run}")
    page.get_by_role("button", name="Wrong").click()
    expect(page.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "true")
    assert [(each["node"], each["thumb"]) for each in noted(house, run)] == [(None, "down")]
    page.goto("/runs?thumb=down")
    expect(page.locator(f'[data-row="{run}"]').get_by_role("img", name="Marked as wrong")).to_be_visible()


def test_words_of_an_answer_are_commented_on_across_citations_and_headings(
    open_page: OpenPage, house: House, run: str
) -> None:
    page = open_page(f"/runs/{run}")
    before = page.locator("#answer").inner_text()
    page.evaluate(SELECT, ["mill at Overton", "goes on"])
    page.keyboard.press("C")
    comment(page, HOSTILE)
    page.evaluate(SELECT, ["corn", "Other"])
    page.locator(".note-float").click()
    comment(page, "Two at once.")
    answer = told(house.client.get(f"/api/v1/runs/{run}"))["answer"]
    quotes = [answer[each["start"] : each["end"]] for each in noted(house, run)]
    assert quotes[0].startswith("mill at Overton") and quotes[0].endswith("goes on")
    assert quotes[1].startswith("corn") and quotes[1].endswith("Other")
    page.reload()
    expect(page.locator("mark.noted").first).to_have_text("mill at Overton was built in 1790.”")
    expect(page.locator(".note-sign")).to_have_count(2)
    assert page.locator("#answer").inner_text() == before, "marks change nothing of the text"
    page.locator("[data-cite='1']").first.click()
    expect(page.locator("#pane-text mark")).to_be_visible()
    page.locator(".note-sign").first.press("Enter")
    expect(page.locator(".notes li").first).to_be_focused()
    expect(page.locator(".notes li").first).to_contain_text(HOSTILE)


def test_an_answer_that_comes_while_one_watches_can_be_noted_on(
    open_page: OpenPage, house: House, add_text: Callable[..., Any], ask: Callable[..., str]
) -> None:
    run = ask("Until when did the mill grind corn?", [add_text("mill.txt", TEXT)])
    page = open_page(f"/runs/{run}")
    expect(page.get_by_role("button", name="Comment")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("C")
    comment(page, "At last.")
    assert [each["comment"] for each in noted(house, run)] == ["At last."]


def test_an_answer_is_noted_on_without_scripts(open_page: OpenPage, house: House, run: str) -> None:
    page = open_page(f"/runs/{run}", java_script_enabled=False)
    page.get_by_role("button", name="Right").click()
    expect(page.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "true")
    page.get_by_text("Comment", exact=True).click()
    page.get_by_role("textbox", name="Comment").fill(HOSTILE)
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator(".notes li")).to_have_text(HOSTILE)
    assert [each["thumb"] for each in noted(house, run)] == ["up", None]


def test_what_is_noted_before_earlier_notes_have_come_is_kept(open_page: OpenPage, house: House, run: str) -> None:
    page = open_page("/runs")
    late: list[Any] = []

    def once_late(route: Any) -> None:
        """The first list is answered as it was before the note, and arrives after it."""
        if late or route.request.method != "GET":
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.route("**/annotations", once_late)
    page.goto(f"/runs/{run}")
    page.keyboard.press("C")
    comment(page, "Quick.")
    route, answer = late[0]
    with page.expect_response("**/annotations"):
        route.fulfill(response=answer)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".notes li")).to_have_text(["Quick."])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_notes_on_an_answer(
    open_page: OpenPage, house: House, run: str, theme: str
) -> None:
    page = open_page(f"/runs/{run}", color_scheme=theme, reduced_motion="reduce")
    page.locator("#answer-thumbs .note-tools").get_by_role("button", name="Right").click()
    expect(page.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "true")
    page.evaluate(SELECT, ["mill", "Overton"])
    page.keyboard.press("C")
    comment(page, "Which one?")
    page.keyboard.press("C")
    assert serious(page) == []
