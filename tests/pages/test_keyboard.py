"""Every page by keys alone: Tab reaches everything in the order it stands, shows where it is, and is caught nowhere."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage

TEXT = "The mill at Overton was built in 1790. It ground corn until 1912.\n" + "The river is low.\n" * 400
MOST_STOPS = 400
NEEDED = ("named", "ring", "seen", "ordered")
STOP = """
() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  window.stops ??= [];
  const before = window.stops.at(-1);
  const again = window.stops.includes(at);
  window.stops.push(at);
  const { width, height } = at.getBoundingClientRect();
  const shown = at.closest('label') ?? at; // a radio of a segment shows its focus on its label
  const style = getComputedStyle(shown);
  const ring = getComputedStyle(at).outlineStyle !== 'none' || style.outlineStyle !== 'none';
  const labels = [...(at.labels ?? [])].map(label => label.textContent).join(' ');
  const by = (at.getAttribute('aria-labelledby') ?? '').split(' ');
  const described = by.map(id => document.getElementById(id)?.textContent ?? '').join('');
  const name = (at.getAttribute('aria-label') ?? '') + described + labels + at.textContent + (at.title ?? '');
  return {
    what: at.outerHTML.slice(0, 140), again, ring, named: Boolean(name.trim()),
    seen: width > 0 && height > 0,
    ordered: !before || Boolean(before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING),
  };
}
"""


@pytest.fixture
def paths(open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str], house: House) -> list[str]:
    document = add_text("mill.txt", TEXT)
    run = ask("When was the mill built?", [document])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    house.client.patch(f"/api/v1/runs/{run}", json={"title": "The mill", "tags": ["mills"], "pinned": True})
    house.client.post(f"/api/v1/runs/{run}/annotations", json={"comment": "Well.", "node": 1})
    of_run = [f"/runs/{run}{page}" for page in ("", "/trace", "/cost", "/coverage")]
    fixed = ["/", "/runs", "/runs?deleted=1", "/documents", "/settings/connections", "/settings/prices"]
    return [
        *fixed,
        "/settings/policies",
        "/settings/tokens",
        "/settings/about",
        *of_run,
        f"/documents/{document['id']}",
    ]


def walk(page: Page) -> list[dict[str, Any]]:
    """All stops of the Tab key, until it leaves the page."""
    stops = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or stop["again"]:
            return stops
        stops.append(stop)
    raise AssertionError(f"Tab never leaves {page.url}")


@pytest.mark.parametrize("width", [1440, 390])
def test_tab_reaches_everything_in_order_and_is_seen(open_page: OpenPage, paths: list[str], width: int) -> None:
    page = open_page("/", viewport={"width": width, "height": 900})
    wrong = []
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        stops = walk(page)
        assert "Skip to the content" in stops[0]["what"], path
        assert len(stops) > 8, path
        for stop in stops:
            wrong += [
                f"{path}: not {fault}: {stop['what']}"
                for fault in ("named", "ring", "seen", "ordered")
                if not stop[fault]
            ]
    assert not wrong, "\n".join(wrong)


def test_the_skip_link_leads_past_the_top(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#main'))")


def test_from_why_was_it_wrong_to_the_call_that_went_wrong_by_keys(
    open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]
) -> None:
    run = ask("How high is Quillby tower?", [add_text("tower.txt", "Quillby tower is 40 m high.\n" * 50)])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    page = open_page("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("quillby")
    expect(page.locator("#palette [role=option]").first).to_contain_text("Quillby")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{run}")
    page.keyboard.press("]")
    page.keyboard.press("Control+k")
    page.keyboard.type("mark the answer as wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-thumbs [data-thumb=down]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+k")
    page.keyboard.type("trace of")
    page.keyboard.press("Enter")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    for key in "jjj":
        page.keyboard.press(key)
    page.keyboard.press("C")
    page.keyboard.type("Here it looked at the wrong line.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notes li")).to_contain_text("wrong line")
    page.keyboard.press("y")
    expect(page.locator(".toast")).to_contain_text("Link copied")
    page.keyboard.press("Control+k")
    page.keyboard.type("runs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
