"""The reader shows documents of any length with a page that stays small."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage

LINES = 9_000
MOST_PARAGRAPHS = 1_500


@pytest.fixture
def long_text() -> str:
    """Just under what can be pasted, with a character outside the basic plane on every line."""
    return "".join(
        f"line {number:06d} 🦊 of a long and even text, word after word after word\n" for number in range(LINES)
    )


@pytest.fixture
def reading(open_page: OpenPage, add_text: Callable[..., Any], long_text: str) -> Page:
    return open_page(f"/documents/{add_text('long.txt', long_text)['id']}")


FIRST = """const top = document.querySelector('#reader').getBoundingClientRect().top;
const first = [...document.querySelectorAll('#reader p')].find(line => line.getBoundingClientRect().bottom > top + 1);
"""
"""The paragraph at the top of the view."""


def first_line(page: Page) -> str:
    """Of the text in view."""
    return str(page.evaluate(f"() => {{ {FIRST} return first?.textContent }}"))


def paragraphs(page: Page) -> int:
    return page.locator("#reader p").count()


def test_the_page_stays_small_however_far_one_scrolls(reading: Page) -> None:
    reader = reading.locator("#reader")
    for share in (0.3, 0.9, 0.5, 1.0, 0.0):
        reader.evaluate("(view, share) => { view.scrollTop = share * view.scrollHeight }", share)
        wanted = int(share * LINES)
        reading.wait_for_function(
            f"""([wanted, slack]) => {{
              {FIRST}
              return first && Math.abs(Number(first.textContent.match(/line (\\d+)/)[1]) - wanted) < slack;
            }}""",
            arg=[wanted, LINES // 20],
        )
        assert 0 < paragraphs(reading) < MOST_PARAGRAPHS


def test_scrolling_on_shows_every_line_once_and_in_order(reading: Page) -> None:
    reader = reading.locator("#reader")
    reader.hover()
    for _ in range(25):
        before = first_line(reading)
        reading.mouse.wheel(0, 900)
        reading.wait_for_function(
            f"before => {{ {FIRST} return first && first.textContent !== before }}",
            arg=before,
        )
        numbers = [
            int(number)
            for number in reader.evaluate(
                "view => [...view.querySelectorAll('p')].map(line => line.textContent.match(/line (\\d+)/)[1])"
            )
        ]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[-1] > 800


def test_a_span_in_the_address_is_marked_to_the_character(
    open_page: OpenPage, add_text: Callable[..., Any], long_text: str
) -> None:
    document = add_text("spans.txt", long_text)
    start = long_text.index("line 004321")
    page = open_page(f"/documents/{document['id']}?at={start}-{start + 13}")
    expect(page.locator("#reader mark")).to_have_text("line 004321 🦊")
    expect(page.locator("#reader mark")).to_be_in_viewport()


def test_find_goes_to_the_next_match_and_marks_it(reading: Page, long_text: str) -> None:
    reading.keyboard.press("/")
    reading.keyboard.type("line 007777")
    reading.keyboard.press("Enter")
    expect(reading.locator("#reader mark")).to_have_text("line 007777")
    expect(reading.locator("#reader mark")).to_be_in_viewport()
    assert f"at={long_text.index('line 007777')}-" in reading.url
    reading.fill("#find-in", "no such words anywhere")
    reading.locator("#find-in").press("Enter")
    expect(reading.locator("#find-said")).to_have_text("not in this document")


def test_go_to_a_character(reading: Page, long_text: str) -> None:
    reading.fill("#go-to", f"{long_text.index('line 003000'):,}")
    reading.locator("#go-to").press("Enter")
    expect(reading.locator("#reader p", has_text="line 003000")).to_be_in_viewport()
