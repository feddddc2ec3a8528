"""A stranger's first ten minutes: drop a document, ask, watch, read the answer, check its sources."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from playwright.sync_api import Page, expect

from tests.house import House
from tests.model_server import ModelServer, ScriptedReply
from tests.pages.conftest import PATIENCE, OpenPage, told

TEXT = (
    "The harbour book of Aldmouth.\n\n"
    "On 3 March 1887 the brig Concordia left the harbour with a cargo of salt 🧂. "
    "The harbour master that year was Edith Varley.\n\n"
) + "Nothing of note was entered on that day.\n" * 2_000


def choose_offline(page: Page) -> None:
    page.get_by_role("radio", name="Offline (no language model)").check(force=True)


def test_a_dropped_file_is_asked_about_and_its_sources_open_at_the_exact_span(
    open_page: OpenPage, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "harbour-book.txt"
    file.write_text(TEXT)
    page = open_page()
    page.set_input_files("#files", str(file))
    card = page.locator(".doc", has_text="harbour-book.txt")
    expect(card).to_contain_text("chars", timeout=PATIENCE)
    page.fill("#q", "Who was the harbour master?")
    choose_offline(page)
    expect(page.locator("#flight")).to_contain_text("tokens")
    page.get_by_role("button", name=re.compile("^Ask")).click()

    page.wait_for_url(re.compile(r"/runs/[0-9a-z]{12}"))
    expect(page.locator("#answer")).to_contain_text("Edith Varley", timeout=PATIENCE)
    expect(page.locator("#run-head")).to_contain_text("No language model")
    expect(page.locator(".story li").first).to_contain_text("Step 1")

    run = told(house.client.get(f"/api/v1/runs/{page.url.rsplit('/')[-1].split('?')[0]}"))
    source = run["sources"][0]
    page.locator("[data-cite='1']").first.click()
    expect(page.locator("#pane-text mark")).to_have_text(source["text"])
    page.get_by_role("link", name="Open in the document").click()
    expect(page.locator("#reader mark")).to_have_text(source["text"])
    stored = told(
        house.client.get(f"/api/v1/documents/{source['document']}/text?start={source['start']}&end={source['end']}")
    )
    assert stored["text"] == source["text"]


def test_a_reload_shows_what_was_seen_live(
    open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]
) -> None:
    run = ask("Which brig left the harbour?", [add_text("book.txt", TEXT)])
    page = open_page(f"/runs/{run}")
    expect(page.locator("#answer")).to_contain_text("Concordia", timeout=PATIENCE)
    live = {part: page.locator(part).inner_text() for part in ("#answer", "ol.sources", "#story", "dl.kpis")}
    page.reload()
    assert {part: page.locator(part).inner_text() for part in live} == live


def test_steps_and_words_arrive_while_the_run_is_at_work(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    model_server: ModelServer,
    scripted: dict[str, Any],
) -> None:
    seen = Event()

    async def reply(body: dict[str, Any]) -> str:
        if len(body["messages"]) <= 2:
            return "I look at the beginning first.\n```repl\nprint(peek(200))\n```"
        await asyncio.to_thread(seen.wait, PATIENCE / 1000)
        return "```repl\nFINAL('The brig **Concordia**.', sources=grep('Concordia'))\n```"

    model_server.script(reply)
    page = open_page(f"/runs/{ask('Which ship?', [add_text('ships.txt', TEXT)], scripted)}")
    expect(page.locator("#story")).to_contain_text("Step 1", timeout=PATIENCE)
    expect(page.locator("#live-line")).to_contain_text("running")
    expect(page.locator("#now-t")).to_have_text("Step 2")
    expect(page.locator("#live-list")).to_contain_text("root is writing the next step")
    seen.set()
    expect(page.locator("#answer strong")).to_have_text("Concordia", timeout=PATIENCE)
    expect(page.locator("#run-head")).to_contain_text("Answered")
    expect(page.locator("ol.sources li")).to_have_count(1)


def test_stop_ends_a_run_and_the_page_says_so(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    model_server: ModelServer,
    scripted: dict[str, Any],
) -> None:
    model_server.replies("root", [ScriptedReply("too late", delay=30)])
    page = open_page(f"/runs/{ask('Will this be stopped?', [add_text('stop.txt', TEXT)], scripted)}")
    expect(page.locator("#now-t")).to_have_text("Step 1", timeout=PATIENCE)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#main")).to_contain_text("This run was stopped", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_failed_run_says_what_happened_and_what_to_do(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    model_server: ModelServer,
    scripted: dict[str, Any],
) -> None:
    model_server.replies("root", [ScriptedReply("wrong key", status=401)])
    page = open_page(f"/runs/{ask('Is the key right?', [add_text('key.txt', TEXT)], scripted)}")
    expect(page.locator("#main")).to_contain_text("The model’s server refused the key", timeout=PATIENCE)
    expect(page.get_by_role("link", name="Open settings")).to_be_visible()


def test_the_whole_job_is_done_with_the_keyboard_alone(open_page: OpenPage, add_text: Callable[..., Any]) -> None:
    document = add_text("keys.txt", TEXT)
    page = open_page(f"/?document={document['id']}")
    expect(page.locator(".doc")).to_contain_text("chars")
    reach(page, "q")
    page.keyboard.type("Who was the harbour master?")
    reach(page, "radio")
    while page.evaluate("document.activeElement.value") != "offline":
        page.keyboard.press("ArrowRight")
    reach(page, "q", back=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("]")
    expect(page.locator("#pane-text mark")).to_be_visible()
    page.keyboard.press("o")
    expect(page.locator("#reader mark")).to_be_visible()


def reach(page: Page, wanted: str, *, back: bool = False) -> None:
    """Tabs until the focus is on the element with this id or of this type."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("[document.activeElement.id, document.activeElement.type]").count(wanted):
            return
    raise AssertionError(f"{wanted} cannot be reached with the Tab key")
