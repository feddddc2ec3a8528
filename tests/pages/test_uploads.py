"""Files come in whole, however often the connection breaks."""

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage, told

CHUNK = 8 << 20


@pytest.fixture
def big_file(tmp_path: Path) -> Path:
    """Three chunks."""
    file = tmp_path / "big.txt"
    with file.open("w") as out:
        for number in range(2 * CHUNK // 33 + 20_000):
            out.write(f"{number:08d} a line of 33 characters\n")
    return file


def chosen(page: Page, file: Path) -> Locator:
    page.set_input_files("#files", str(file))
    return page.locator(".doc", has_text=file.name)


def assert_whole(house: House, file: Path) -> None:
    newest = next(item for item in told(house.client.get("/api/v1/documents"))["items"] if item["name"] == file.name)
    assert newest["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_upload_goes_on_after_its_connection_broke(open_page: OpenPage, house: House, big_file: Path) -> None:
    page = open_page()
    broken = []

    def break_second_chunk(route: Route) -> None:
        if f"offset={CHUNK}" in route.request.url and not broken:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*?offset=*", break_second_chunk)
    expect(chosen(page, big_file)).to_contain_text("chars", timeout=3 * PATIENCE)
    assert broken, "the connection did break"
    assert_whole(house, big_file)


def test_an_upload_can_be_paused_and_resumed(open_page: OpenPage, house: House, big_file: Path) -> None:
    file = big_file.rename(big_file.with_name("halted.txt"))
    page = open_page()
    page.route(f"**/api/v1/uploads/*?offset={CHUNK}", lambda route: route.abort("connectionreset"))
    card = chosen(page, file)
    expect(card).to_contain_text("48 %", timeout=PATIENCE)
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("Paused at")
    page.unroute(f"**/api/v1/uploads/*?offset={CHUNK}")
    card.get_by_role("button", name="Resume").click()
    expect(card).to_contain_text("chars", timeout=3 * PATIENCE)
    assert_whole(house, file)


def test_an_upload_goes_on_when_the_page_is_opened_again(open_page: OpenPage, house: House, big_file: Path) -> None:
    file = big_file.rename(big_file.with_name("again.txt"))
    page = open_page()
    page.route(f"**/api/v1/uploads/*?offset={CHUNK}", lambda route: route.abort("connectionreset"))
    with page.expect_request(f"**/api/v1/uploads/*?offset={CHUNK}"):
        card = chosen(page, file)
    expect(card).to_contain_text("48 %", timeout=PATIENCE)
    page.unroute(f"**/api/v1/uploads/*?offset={CHUNK}")
    page.evaluate("window.onbeforeunload = null")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "?offset=" in request.url else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/")
    sent.clear()
    expect(chosen(page, file)).to_contain_text("chars", timeout=3 * PATIENCE)
    assert not any(url.endswith("?offset=0") for url in sent), "what had arrived is not sent again"
    assert_whole(house, file)


def test_pasted_text_and_earlier_documents_are_chosen_in_dialogs(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Paste text").click()
    page.fill("#paste-name", "note.txt")
    page.fill("#paste-text", "A short note about herons.")
    page.locator("#paste").get_by_role("button", name="Add").click()
    expect(page.locator(".doc", has_text="note.txt")).to_contain_text("26 chars")
    page.reload()
    page.get_by_role("button", name="Earlier").click()
    page.locator("#shelf-list label", has_text="note.txt").first.click()
    page.locator("#shelf-add").click()
    expect(page.locator(".doc", has_text="note.txt")).to_contain_text("26 chars")
    page.get_by_role("button", name="Remove note.txt").click()
    expect(page.locator(".doc")).to_have_count(0)


def test_a_question_waits_for_its_documents(open_page: OpenPage, big_file: Path) -> None:
    file = big_file.rename(big_file.with_name("waiting.txt"))
    page = open_page()
    chosen(page, file)
    page.fill("#q", "Which line has the number 00000042?")
    page.get_by_role("radio", name="Offline (no language model)").check(force=True)
    page.get_by_role("button", name="Ask", exact=False).last.click()
    page.wait_for_url("**/runs/*", timeout=3 * PATIENCE)


def test_the_form_says_what_is_missing(open_page: OpenPage) -> None:
    page = open_page()
    ask = page.locator("#composer [type=submit]")
    ask.click()
    expect(page.locator("#form-error")).to_have_text("Add a document first.")
    page.get_by_role("button", name="Paste text").click()
    page.fill("#paste-text", "Some text.")
    page.locator("#paste").get_by_role("button", name="Add").click()
    ask.click()
    expect(page.locator("#form-error")).to_have_text("Write a question first.")
    page.fill("#q", "What?")
    page.fill("#usd", "-2")
    ask.click()
    expect(page.locator("#form-error")).to_contain_text("above 0")
    expect(page.locator("#usd")).to_have_attribute("aria-invalid", "true")
