"""Everybody can use the main pages: axe's rules, both themes, phone width, no scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.pages.conftest import PATIENCE, OpenPage

TEXT = "The mill at Overton was built in 1790. It ground corn until 1912.\n" + "The river is low.\n" * 400
FIXED_PAGES = (
    "/",
    "/runs",
    "/runs/new",
    "/documents",
    "/settings/connections",
    "/settings/prices",
    "/settings/policies",
    "/settings/tokens",
    "/settings/about",
    "/no-such-page",
)


@pytest.fixture
def paths(open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]) -> list[str]:
    """Addresses of all kinds of pages, those of a finished run and its document among them."""
    document = add_text("mill.txt", TEXT)
    run = ask("When was the mill built?", [document])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    return [*FIXED_PAGES, f"/runs/{run}", f"/documents/{document['id']}?at=4-20"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, paths: list[str], theme: str) -> None:
    page = open_page("/", color_scheme=theme, reduced_motion="reduce")
    found = []
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        found += [f"{path}: {problem}" for problem in serious(page)]
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_in_dialogs(open_page: OpenPage) -> None:
    page = open_page("/")
    for name in ("keys", "paste", "shelf"):
        page.evaluate("name => document.getElementById(name).showModal()", name)
        page.wait_for_load_state("networkidle")
        assert serious(page) == [], name
        page.keyboard.press("Escape")


def serious(page: Page, within: str | None = None) -> list[str]:
    """What breaks a rule badly; `within` a selector, where only that part has changed."""
    problems = Axe().run(page, within).response["violations"]
    return [
        f"{problem['id']}: {node['html'][:160]}"
        for problem in problems
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


def test_nothing_is_wider_than_a_phone(open_page: OpenPage, paths: list[str]) -> None:
    page = open_page("/", viewport={"width": 390, "height": 844})
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_theme_is_kept_and_told_by_the_server(open_page: OpenPage) -> None:
    page = open_page("/", color_scheme="light")
    assert page.locator("html").get_attribute("data-theme") is None
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert 'data-theme="dark"' in page.request.get("/runs").text()


def test_answers_and_documents_can_be_read_without_scripts(open_page: OpenPage, paths: list[str]) -> None:
    run, document = paths[-2:]
    page = open_page(run, java_script_enabled=False)
    expect(page.locator("#answer")).to_contain_text("1790")
    page.locator("ol.sources a").first.click()
    expect(page.locator("#reader mark").first).to_contain_text("1790")
    page.goto(document)
    expect(page.locator("#reader mark")).to_have_text("mill at Overton ")


COLORS = """
canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) found.add(`${data[at]} ${data[at + 1]} ${data[at + 2]} ${data[at + 3]}`);
  return found.size;
}
"""


def test_what_is_drawn_can_be_told_apart_when_the_system_forces_its_colours(
    open_page: OpenPage, paths: list[str]
) -> None:
    page = open_page("/", forced_colors="active")
    page.goto(f"{paths[-2]}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    assert page.locator("#timeline").evaluate(COLORS) > 4
    page.goto(paths[-2])
    page.wait_for_load_state("networkidle")
    assert page.locator("canvas").first.evaluate(COLORS) > 2
