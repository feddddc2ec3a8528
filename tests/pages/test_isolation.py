"""What isolates the model's code is told where the run and the installation are described, to their owner."""

from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage, told

PASSED = "Self-test passed"


def test_it_is_told_of_a_run_and_of_the_installation_without_scripts_and_not_to_viewers(
    house: House, open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]
) -> None:
    run = ask("When was the mill built?", [add_text("mill.txt", "The mill was built in 1790.\n" * 50)])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    level = told(house.client.get(f"/api/v1/runs/{run}"))["sandbox"]
    page = open_page(f"/runs/{run}", java_script_enabled=False)
    page.get_by_text("How it was asked").click()
    isolation = page.locator(".isolation")
    expect(isolation.locator("summary")).to_have_text(level)
    expect(isolation).not_to_have_attribute("open", "")
    isolation.locator("summary").click()
    expect(isolation.get_by_text(PASSED)).to_be_visible()
    page.goto("/settings/about")
    expect(page.get_by_text(PASSED)).to_be_visible()

    share = told(house.client.post(f"/api/v1/runs/{run}/shares", json={"scope": "trajectory"}))
    viewed = httpx.get(share["url"], follow_redirects=True).raise_for_status().text
    assert "How it was asked" in viewed
    assert f"<dd>{level}</dd>" in viewed
    assert PASSED not in viewed
    saved = house.client.get(f"/api/v1/runs/{run}/export/html").raise_for_status().text
    assert PASSED not in saved
