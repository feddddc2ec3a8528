"""A trace that is followed while its run goes on, through all that can happen to the connection on the way."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.house import House
from tests.model_server import ModelServer
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.workbench.test_pages import TEXT, script

Ask = Callable[..., str]
CALLS = 12
ASKS = f"```repl\nparts = llm_batch([f'part {{n}}' for n in range({CALLS})])\nprint(len(parts))\n```"
LOOKS = (
    "Let me look at it again, slowly and with care, from the beginning to the end.\n```repl\nprint(len(context))\n```"
)
ENDS = "```repl\nFINAL('done')\n```"
ONE_AFTER_THE_OTHER = {"concurrency": 2}
"""Twelve calls of two seconds each: time for things to happen."""


@pytest.fixture
def started(
    add_text: Callable[..., Any], ask: Ask, scripted: dict[str, Any], model_server: ModelServer
) -> Callable[..., str]:
    """Starts a run of a dozen seconds; its id."""

    def started() -> str:
        script(model_server, LOOKS, ASKS, LOOKS, ENDS)
        return ask("Anything?", [add_text("live.txt", TEXT)], scripted | ONE_AFTER_THE_OTHER)

    return started


def whole(page: Page, house: House, run: str) -> None:
    """The page has ended with just what the record holds: no node lost, none doubled."""
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=4 * PATIENCE)
    tree = told(house.client.get(f"/api/v1/runs/{run}/tree"))
    rows = [dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"]]
    inside = sum(row["batch"] is not None for row in rows)
    assert inside == CALLS
    expect(page.locator("#tree")).to_have_attribute("aria-rowcount", str(len(rows) - inside + 2))
    expect(page.locator("#tree .batch")).to_contain_text(f"×{CALLS}")
    expect(page.locator("#tree .pulse")).to_have_count(0)
    expect(page.locator("#link-state")).to_be_hidden()


def test_words_stand_in_the_detail_as_they_are_written(
    open_page: OpenPage, started: Callable[..., str], house: House
) -> None:
    run = started()
    page = open_page(f"/runs/{run}/trace")
    stream = page.locator("#det-b .stream")
    expect(stream).to_contain_text("Let me look", timeout=PATIENCE)
    expect(page.locator('#tree [aria-selected="true"] .pulse')).to_be_visible()
    whole(page, house, run)


@pytest.mark.parametrize("what", ["wheel", "click", "key"])
def test_following_ends_with_the_first_touch_and_the_button_brings_it_back(
    open_page: OpenPage, started: Callable[..., str], what: str
) -> None:
    page = open_page(f"/runs/{started()}/trace")
    follow = page.locator("#follow")
    expect(page.locator("#tree [data-id]").nth(2)).to_be_visible(timeout=PATIENCE)
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift")
    expect(follow).to_have_attribute("aria-pressed", "true")
    if what == "wheel":
        page.locator("#det-b").hover()
        page.mouse.wheel(0, 30)
    elif what == "click":
        page.locator(".legend").click(position={"x": 3, "y": 3})
    else:
        page.keyboard.press("ArrowDown")
    expect(follow).to_have_attribute("aria-pressed", "false")
    address = page.url
    expect(page.locator("#tree .batch")).to_be_attached(timeout=2 * PATIENCE)
    assert page.url == address, "nothing moves by itself any more"
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "false")


def test_figures_tick_while_nothing_comes(open_page: OpenPage, started: Callable[..., str]) -> None:
    page = open_page(f"/runs/{started()}/trace")
    expect(page.locator("#tree .batch")).to_be_attached(timeout=2 * PATIENCE)
    expect(page.locator("#critical-words")).to_contain_text("so far")
    line = page.locator("#live-line")
    expect(line).to_contain_text("in flight")
    before = line.text_content() or ""
    expect(line).not_to_have_text(before, timeout=PATIENCE)


def test_without_a_network_it_says_so_and_then_goes_on(
    open_page: OpenPage, started: Callable[..., str], house: House
) -> None:
    run = started()
    page = open_page(f"/runs/{run}/trace")
    expect(page.locator("#tree [data-id]").nth(2)).to_be_visible(timeout=PATIENCE)
    page.context.set_offline(True)
    expect(page.locator("#link-state")).to_contain_text("The connection to the server is lost")
    page.context.set_offline(False)
    expect(page.locator("#link-state")).to_be_hidden(timeout=PATIENCE)
    whole(page, house, run)


def test_a_connection_that_dies_without_a_word_is_noticed(
    open_page: OpenPage, started: Callable[..., str], house: House
) -> None:
    """As after another network: the socket seems open, and nothing comes."""
    page = open_page("/runs")
    made: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        made.append(socket.url)
        server = socket.connect_to_server()
        if len(made) == 1:
            server.on_message(lambda message: None)

    page.clock.install()
    page.route_web_socket(re.compile("/ws/runs/"), route)
    run = started()
    page.goto(f"/runs/{run}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    page.clock.run_for(4_000)
    assert len(made) == 1
    for _ in range(12):
        page.clock.run_for(5_000)
    assert len(made) >= 2
    page.clock.resume()
    whole(page, house, run)


def test_after_sleep_it_goes_on_at_once(open_page: OpenPage, started: Callable[..., str], house: House) -> None:
    page = open_page("/runs")
    made: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        made.append(socket.url)
        server = socket.connect_to_server()
        if len(made) == 1:
            server.on_message(lambda message: None)

    page.clock.install()
    page.route_web_socket(re.compile("/ws/runs/"), route)
    run = started()
    page.goto(f"/runs/{run}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    page.clock.fast_forward(3_600_000)
    page.clock.resume()
    page.wait_for_timeout(1)
    expect(page.locator("#tree .batch")).to_be_attached(timeout=2 * PATIENCE)
    assert len(made) >= 2 and int(made[1].rpartition("=")[2]) <= int(made[-1].rpartition("=")[2])
    whole(page, house, run)


# ------------------------------------------------------------------------------------------------- the server


@pytest.fixture
def own_house(model_server: ModelServer) -> Iterator[House]:
    """A product of its own, which may be killed."""
    with House(OPENAI_API_KEY="none", OPENAI_BASE_URL=model_server.url) as house:
        yield house


def test_a_server_that_is_killed_and_started_again_loses_nothing_on_the_page(
    browser: Browser, own_house: House, model_server: ModelServer
) -> None:
    house = own_house
    script(model_server, LOOKS, ASKS, LOOKS, ENDS)
    document = told(house.client.post("/api/v1/documents", json={"name": "live.txt", "text": TEXT}))
    policy = {"models": {"root": "openai/root", "worker": "openai/worker"}, **ONE_AFTER_THE_OTHER}
    body = {"question": "Anything?", "documents": [document["id"]], "policy": policy}
    run = told(house.client.post("/api/v1/runs", json=body))["id"]
    page = browser.new_context(base_url=house.url).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(house.sign_in_url())
    page.goto(f"/runs/{run}/trace")
    expect(page.locator("#tree .batch")).to_be_attached(timeout=2 * PATIENCE)
    port = house.url.rpartition(":")[2]
    house.kill()
    expect(page.locator("#link-state")).to_contain_text("The connection to the server is lost")
    house.start("--port", port)
    expect(page.locator("#link-state")).to_be_hidden(timeout=2 * PATIENCE)
    expect(page.locator("#follow")).to_be_hidden(timeout=4 * PATIENCE)
    tree = told(house.client.get(f"/api/v1/runs/{run}/tree"))
    rows = [dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"]]
    inside = sum(row["batch"] is not None for row in rows)
    expect(page.locator("#tree")).to_have_attribute("aria-rowcount", str(len(rows) - inside + 2))
    expect(page.locator("#tree .pulse")).to_have_count(0)
    live = page.locator("#tree").inner_text()
    page.reload()
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    assert sorted(set(page.locator("#tree").inner_text().split())) == sorted(set(live.split()))
    page.context.close()
