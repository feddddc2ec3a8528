"""Coverage strips in hand: dragging and keys select, a click opens, a range can be looked at closer."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fixtures.cited import ONCALL, REPORTS, texts
from tests.house import House
from tests.pages.conftest import OpenPage, told
from tests.pages.test_accessibility import serious

Put = Callable[..., str]


def drag(page: Page, strip: Locator, start: float, end: float) -> None:
    """From one part of a strip's width to another."""
    box = strip.bounding_box()
    assert box
    page.mouse.move(box["x"] + start * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + (start + end) / 2 * box["width"], box["y"] + 22)
    page.mouse.move(box["x"] + end * box["width"], box["y"] + 22)
    page.mouse.up()


def numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


def chosen(panel: Locator) -> tuple[int, int]:
    start, end = re.findall(r"([\d,]+)–([\d,]+)", panel.locator("p").first.inner_text())[0]
    return int(start.replace(",", "")), int(end.replace(",", ""))


def test_a_range_that_is_dragged_tells_its_shares_its_readers_and_its_text(
    open_page: OpenPage, put: Put, house: House
) -> None:
    run = put("cited")
    page = open_page(f"/runs/{run}")
    drag(page, page.locator("#strip"), 0.05, 0.1)
    panel = page.locator("#strip-range")
    expect(panel.locator(".cov-readers a").first).to_be_visible()
    start, end = chosen(panel)
    assert 0 < start < end < len(texts()[REPORTS])
    answer = told(
        house.client.get(f"/api/v1/runs/{run}/strips", params={"document": REPORTS, "start": start, "end": end})
    )
    shown = [numbers(key.inner_text())[-1] for key in panel.locator(".cov-key").all()]
    assert shown == list(reversed(answer["totals"].values()))
    link = panel.get_by_text("nodes that read it in the trace")
    expect(link).to_contain_text(f"all {answer['node_count']} nodes")
    query = parse_qs(urlsplit(link.get_attribute("href") or "").query)
    assert query["q"] == [f'reads:"incident-reports-2025.txt@{start}-{end}"']
    expect(page.locator("#pane-o")).to_have_text("selected in the strip")
    expect(page.locator("#pane-text mark").first).to_contain_text(texts()[REPORTS][start:].partition("\n")[0])
    panel.locator("li a").first.click()
    page.wait_for_url(re.compile(r"/trace\?node=\d+$"))


def test_a_range_ends_where_its_document_ends(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    drag(page, page.locator("#strip"), 0.6, 0.9)
    assert chosen(page.locator("#strip-range"))[1] == len(texts()[REPORTS])
    drag(page, page.locator("#strip"), 0.9, 0.2)
    assert chosen(page.locator("#strip-range"))[0] == 0
    expect(page.locator("#strip-range b").first).to_have_text("oncall-log-2025.txt")
    page.get_by_label("Clear the selection").click()
    expect(page.locator("#strip-range")).to_be_hidden()


def test_a_click_opens_the_passage_that_was_read_there(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    box = page.locator("#strip").bounding_box()
    assert box
    start = (len(texts()[REPORTS]) + texts()[ONCALL].index("24 Apr 09:00  page")) / sum(map(len, texts().values()))
    page.mouse.click(box["x"] + start * box["width"] + 1, box["y"] + 20)
    expect(page.locator("#pane-text mark")).to_contain_text("cert expires in 9 days")
    expect(page.locator("#pane-t")).to_have_text("oncall-log-2025.txt")


def test_everything_is_done_by_keys_too(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}/coverage")
    strip = page.locator("canvas[data-cov='1']")
    strip.focus()
    expect(strip).to_have_attribute(
        "aria-valuetext", re.compile("oncall-log-2025.txt, character 0, printed to the model")
    )
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert int(strip.get_attribute("aria-valuenow") or 0) < len(texts()[ONCALL]) - 1
    page.keyboard.press("Home")
    page.keyboard.press("PageDown")
    for _ in range(3):
        page.keyboard.press("Shift+PageDown")
    card = page.locator(".cov-card").nth(1)
    expect(card.locator(".cov-readers")).to_be_visible()
    expect(strip).to_have_attribute("aria-valuetext", re.compile("; selected [0-9,]+ to [0-9,]+$"))
    start, end = chosen(card.locator(".cov-range"))
    page.keyboard.press("Enter")
    expect(card.locator(".cov-text mark").first).to_be_visible()
    page.keyboard.press("+")
    expect(card.locator(".cov-scale span").first).to_have_text(f"{start:,}")
    expect(card.locator(".cov-scale span").last).to_have_text(f"{end:,}")
    expect(strip).to_have_attribute("aria-valuemin", str(start))
    expect(strip).to_be_focused()
    page.keyboard.press("-")
    expect(card.locator(".cov-scale span").first).to_have_text("0")
    expect(card.locator(".cov-range")).to_be_hidden()
    expect(card.locator(".cov-text")).to_be_hidden()


def test_looking_closer_shows_what_one_pixel_held(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    strip = page.locator("#strip")
    drag(page, strip, 0.085, 0.09)
    assert 0 < cited(strip) < 30, "five passages of a few pixels"
    page.get_by_role("button", name="Look closer").click()
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    expect(page.locator("#strip-scale span")).to_have_count(2)
    assert cited(strip) > 40, "86 of some 1,800 characters"
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#strip-scale span")).to_have_count(3)


def cited(strip: Locator) -> int:
    """Pixels of the uppermost row that are red: only what is cited reaches that high."""
    return int(
        strip.evaluate(
            """canvas => { const { data } = canvas.getContext('2d').getImageData(0, 1, canvas.width, 1);
            let found = 0; for (let x = 0; x < canvas.width; x += 1) found += data[4 * x] > 180 && data[4 * x + 1] < 90;
            return found; }"""
        )
    )


def test_a_range_that_cannot_be_looked_up_says_so(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    page.route("**/strips?*", lambda route: route.abort())
    drag(page, page.locator("#strip"), 0.1, 0.2)
    expect(page.locator("#strip-range")).to_contain_text("The server cannot be reached")
    page.get_by_role("button", name="Look closer").click()
    expect(page.locator(".toast")).to_contain_text("The server cannot be reached")


def test_a_source_that_lights_up_shows_where_it_stands(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('cited')}")
    count = """canvas => { const { data } = canvas.getContext('2d').getImageData(0, canvas.height - 2, canvas.width, 1);
        return new Set(Array.from({ length: canvas.width }, (_, x) => data.slice(4 * x, 4 * x + 3).join())).size; }"""
    plain = page.locator("#strip").evaluate(count)
    page.locator("#source-5").hover()
    page.wait_for_function(f"({count})(document.querySelector('#strip')) !== {plain}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_with_a_selection(open_page: OpenPage, put: Put, theme: str) -> None:
    page = open_page("/runs", color_scheme=theme, reduced_motion="reduce")
    found: list[Any] = []
    for path in ("", "/coverage"):
        page.goto(f"/runs/{put('cited')}{path}")
        drag(page, page.locator(".cov-strip").first, 0.1, 0.2)
        expect(page.locator(".cov-readers").first).to_be_visible()
        page.mouse.move(0, 0)
        found += serious(page)
    assert not found, "\n".join(found)


def test_strips_fit_a_phone(open_page: OpenPage, put: Put) -> None:
    page = open_page("/runs", viewport={"width": 390, "height": 844})
    for path in ("", "/coverage"):
        page.goto(f"/runs/{put('cited')}{path}")
        drag(page, page.locator(".cov-strip").first, 0.1, 0.4)
        expect(page.locator(".cov-readers").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
