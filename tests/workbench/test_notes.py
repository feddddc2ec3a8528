"""Notes on the nodes of a trace: thumbs, comments, and comments on selected text."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious

Put = Callable[..., str]
HOSTILE = "<img src=x onerror=alert(1)>"
SELECT = """
([holder, first, last]) => {
  const walker = document.createTreeWalker(document.querySelector(holder), NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const text = nodes.map(node => node.data).join('');
  const start = text.indexOf(first), end = text.indexOf(last, start) + last.length;
  const range = document.createRange();
  let at = 0;
  for (const node of nodes) {
    if (start >= at && start < at + node.length) range.setStart(node, start - at);
    if (end > at && end <= at + node.length) range.setEnd(node, end - at);
    at += node.length;
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}
"""


@pytest.fixture
def open_trace(open_page: OpenPage) -> OpenPage:
    def open_trace(run: str, query: str = "", **options: Any) -> Page:
        page = open_page(f"/runs/{run}/trace{query}", **options)
        expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
        expect(page.locator("#det-b h3").first).to_be_visible(timeout=PATIENCE)
        return page

    return open_trace


@pytest.fixture
def noted(house: House, put: Put) -> Any:
    """The annotations of the made-up run, as the API lists them; none are left for the next test."""
    run = put("recursive")

    def noted() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = told(house.client.get(f"/api/v1/runs/{run}/annotations"))["items"]
        return items

    yield noted
    for each in noted():
        house.client.delete(f"/api/v1/annotations/{each['id']}").raise_for_status()


def select_text(page: Page, holder: str, first: str, last: str) -> None:
    """From one word to another, as with a mouse."""
    expect(page.locator(holder)).to_be_visible()
    page.evaluate(SELECT, [holder, first, last])


def test_a_thumb_is_put_on_a_node_and_shown_in_its_row(open_trace: OpenPage, put: Put, noted: Any) -> None:
    page = open_trace(put("recursive"), "?node=10")
    page.get_by_role("button", name="Wrong").click()
    expect(page.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "true")
    row = page.locator('#tree [data-id="10"]')
    expect(row.get_by_role("img", name="noted as wrong")).to_be_visible()
    page.get_by_role("button", name="Right").click()
    expect(page.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "false")
    assert [(each["node"], each["thumb"]) for each in noted()] == [(10, "up")]
    page.reload()
    expect(row.get_by_role("img", name="noted as right")).to_be_visible()
    page.get_by_role("button", name="Right").click()
    expect(row.get_by_role("img", name="noted as right")).to_have_count(0)
    assert noted() == []


def test_a_comment_is_written_changed_and_deleted_by_keys_alone(open_trace: OpenPage, put: Put, noted: Any) -> None:
    page = open_trace(put("recursive"), "?node=10")
    page.keyboard.press("C")
    expect(page.get_by_role("textbox", name="Comment")).to_be_focused()
    page.keyboard.type(HOSTILE)
    page.keyboard.press("Control+Enter")
    comment = page.locator(".notes li")
    expect(comment).to_have_text(HOSTILE)
    expect(page.get_by_role("button", name="Comment", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Edit this comment")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("Counts the wrong column.")
    page.keyboard.press("Control+Enter")
    expect(comment).to_have_text("Counts the wrong column.")
    expect(page.get_by_role("button", name="Edit this comment")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(comment).to_have_count(0)
    expect(page.get_by_role("button", name="Comment", exact=True)).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(comment).to_have_text("Counts the wrong column.")
    assert [each["comment"] for each in noted()] == ["Counts the wrong column."]


def test_selected_code_is_commented_on_and_marked(open_trace: OpenPage, put: Put, noted: Any, house: House) -> None:
    page = open_trace(put("recursive"), "?node=10")
    full = told(house.client.get(f"/api/v1/runs/{put('recursive')}/nodes/10"))
    lines = full["code"].splitlines()
    select_text(page, '[data-text="code"]', lines[1].split()[0], lines[3])
    page.locator(".note-float").click()
    page.keyboard.type(HOSTILE)
    page.keyboard.press("Control+Enter")
    expect(page.locator("mark.noted").first).to_be_visible()
    [made] = noted()
    start, end = full["code"].index(lines[1].split()[0]), full["code"].index(lines[3]) + len(lines[3])
    assert (made["node"], made["text"], made["start"], made["end"]) == (10, "code", start, end)
    marked = page.locator('[data-text="code"] mark.noted').all_inner_texts()
    assert "".join("".join(marked).split()) == "".join(full["code"][start:end].split())
    sign = page.locator(".note-sign")
    expect(sign).to_have_attribute("aria-label", f"Comment: {HOSTILE}")
    sign.focus()
    expect(page.locator(".tip")).to_have_text(HOSTILE)
    page.keyboard.press("Enter")
    expect(page.locator(".notes li")).to_be_focused()
    page.keyboard.press("7")
    expect(page.locator("#det-b")).to_contain_text('"kind": "cell"')
    expect(page.locator(".notes li")).to_contain_text("on its code")
    page.keyboard.press("1")
    expect(page.locator("mark.noted").first).to_be_visible()


def test_spans_count_characters_and_may_overlap(
    open_trace: OpenPage, house: House, add_text: Callable[..., Any], ask: Callable[..., str], open_page: OpenPage
) -> None:
    text = "Salt 🧂🧂 came in 1887 with the brig Concordia.\n" + "Nothing of note.\n" * 200
    run = ask("When did salt come?", [add_text("salt.txt", text)])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    page = open_trace(run)
    holder = '[data-text="answer"]'
    for first, last in (("came", "1887"), ("1887", "brig"), ("🧂", "brig")):
        select_text(page, holder, first, last)
        page.locator(".note-float").click()
        page.keyboard.type(f"{first} {last}")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".notes li").last).to_contain_text(f"{first} {last}")
    answer = told(house.client.get(f"/api/v1/runs/{run}/nodes/1"))["answer"]
    made = told(house.client.get(f"/api/v1/runs/{run}/annotations"))["items"]
    quotes = [answer[each["start"] : each["end"]] for each in made]
    assert quotes == ["came in 1887", "1887 with the brig", "🧂🧂 came in 1887 with the brig"]
    for each, quote in zip(made, quotes, strict=True):
        assert "".join(page.locator(f'mark[data-notes~="{each["id"]}"]').all_text_contents()) == quote
    assert page.locator(holder).text_content() == answer, "marks change nothing of the text"


def test_what_was_typed_is_kept_when_it_cannot_be_saved_and_when_one_looks_elsewhere(
    open_trace: OpenPage, put: Put, noted: Any
) -> None:
    page = open_trace(put("recursive"), "?node=10")
    page.keyboard.press("C")
    page.keyboard.type("Half a thou")
    page.locator('#tree [data-id="9"]').click()
    expect(page.get_by_role("textbox", name="Comment")).to_be_hidden()
    page.locator('#tree [data-id="10"]').click()
    page.keyboard.press("C")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Half a thou")
    page.context.set_offline(True)
    page.keyboard.press("End")
    page.keyboard.type("ght.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note-form [role=alert]")).to_contain_text("cannot be reached")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Half a thought.")
    page.context.set_offline(False)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notes li")).to_have_text("Half a thought.")
    assert len(noted()) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_notes(open_trace: OpenPage, put: Put, noted: Any, theme: str) -> None:
    page = open_trace(put("recursive"), "?node=10", color_scheme=theme, reduced_motion="reduce")
    page.get_by_role("button", name="Wrong").click()
    select_text(page, '[data-text="code"]', "llm_batch", "llm_batch")
    page.locator(".note-float").click()
    page.keyboard.type("Why?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("mark.noted").first).to_be_visible()
    page.keyboard.press("C")
    assert serious(page) == []
