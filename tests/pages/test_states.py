"""What pages say when nothing is there, and when the server is gone.

A product of its own is really stopped and started again under open pages; and a browser's network is cut."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious

LINE = "A line of a long book. The mill at Overton was built in 1790, and the river is low today.\n"
GONE = "The server cannot be reached."


@pytest.fixture
def own(browser: Browser) -> Iterator[tuple[House, BrowserContext]]:
    """A product that may be stopped, and a browser signed in at it."""
    with House() as house:
        context = browser.new_context(base_url=house.url)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(house.sign_in_url())
        page.close()
        yield house, context
        context.close()


def begin_again(house: House) -> None:
    """At the same address."""
    house.start("--port", house.url.rpartition(":")[2])


def bar(page: Page) -> Any:
    return page.locator("#reach")


@pytest.fixture
def run(own: tuple[House, BrowserContext]) -> tuple[str, str]:
    """A run that has ended, and its document."""
    house, _ = own
    document = told(house.client.post("/api/v1/documents", json={"name": "book.txt", "text": LINE * 5_000}))["id"]
    body = {"question": "When was the mill built?", "documents": [document], "policy": "offline"}
    made = told(house.client.post("/api/v1/runs", json=body))["id"]
    while told(house.client.get(f"/api/v1/runs/{made}"))["status"] in ("queued", "running"):
        house.client.get(f"/api/v1/runs/{made}/events?after=0&limit=1")
    return made, document


def test_pages_say_that_the_server_is_gone_and_go_on_when_it_is_back(
    own: tuple[House, BrowserContext], run: tuple[str, str]
) -> None:
    house, context = own
    made, document = run
    trace, answer, reader, home = (context.new_page() for _ in range(4))
    trace.goto(f"/runs/{made}/trace")
    expect(trace.locator("main[data-ready]")).to_be_attached()
    answer.goto(f"/runs/{made}?source=1")
    reader.goto(f"/documents/{document}")
    home.goto("/")
    house.stop()

    trace.locator('#tree [data-id="3"]').click()
    expect(trace.locator("#det-b")).to_contain_text("This node could not be loaded")
    answer.keyboard.press("]")
    expect(answer.locator("#pane-text")).to_contain_text("This passage could not be loaded")
    reader.locator("#go-to").fill("300000")
    reader.locator("#go-to").press("Enter")
    expect(reader.locator(".reader-failed")).to_contain_text("This part of the text could not be loaded")
    home.locator("[data-dialog=shelf]").click()
    expect(home.locator("#shelf-list")).to_contain_text("Your documents could not be loaded")
    for page in (trace, answer, reader, home):
        expect(bar(page)).to_contain_text(GONE)
        expect(page.locator("[data-retry]")).to_have_text("Try again")
    assert serious(trace) == [] and serious(answer) == []

    begin_again(house)
    expect(trace.locator("#det-b")).to_contain_text("Reply", timeout=PATIENCE)
    expect(answer.locator("#pane-text mark")).to_be_visible(timeout=PATIENCE)
    expect(reader.locator("#reader p[data-start]").first).to_have_attribute("data-start", re.compile("2[0-9]{5}"))
    expect(home.locator("#shelf-list")).to_contain_text("book.txt")
    for page in (trace, answer, reader, home):
        expect(bar(page)).to_be_hidden(timeout=PATIENCE)


def test_a_trace_that_could_not_be_loaded_is_loaded_by_its_button(
    own: tuple[House, BrowserContext], run: tuple[str, str]
) -> None:
    _, context = own
    page = context.new_page()
    page.route("**/tree", lambda route: route.abort())  # the page came, then the connection broke
    page.goto(f"/runs/{run[0]}/trace")
    expect(page.locator("#det-b")).to_contain_text("The trace could not be loaded")
    assert serious(page) == []
    page.unroute("**/tree")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("main[data-ready]")).to_be_attached()
    expect(page.locator("#det-b")).to_contain_text("1790")


def test_what_is_deleted_or_asked_while_the_server_is_gone_is_said_and_not_lost(
    own: tuple[House, BrowserContext], run: tuple[str, str]
) -> None:
    house, context = own
    _, document = run
    ask, runs, documents, settings = (context.new_page() for _ in range(4))
    ask.goto(f"/?document={document}")
    expect(ask.locator(".doc")).to_contain_text("chars")
    runs.goto("/runs")
    documents.goto("/documents")
    settings.goto("/settings/policies/new")
    house.stop()

    ask.locator("#q").fill("Will this be lost?")
    ask.keyboard.press("Control+Enter")
    expect(ask.locator("#form-error")).to_contain_text(GONE)
    expect(ask.locator("#q")).to_have_value("Will this be lost?")
    runs.get_by_role("checkbox", name="Choose: When").check()
    runs.locator("[data-do=bulk-delete]").click()
    documents.locator("[data-do=delete]").click()
    for page in (runs, documents):
        expect(page.locator(".toast")).to_contain_text(GONE)
        expect(page.locator("[data-row]")).to_have_count(1)
    settings.locator("#e-name").fill("mine")
    settings.locator("#policy-editor button.primary").click()
    expect(settings.locator("#policy-editor .form-error")).to_contain_text(GONE)
    expect(settings.locator("#e-name")).to_have_value("mine")
    settings.keyboard.press("Control+k")
    expect(settings.locator("#palette [role=option]").first).to_be_visible()

    begin_again(house)
    expect(bar(ask)).to_be_hidden(timeout=PATIENCE)
    ask.locator("#q").press("Control+Enter")
    ask.wait_for_url(re.compile("/runs/[0-9a-z]{12}"))


def test_without_a_network_a_quiet_bar_says_so(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.context.set_offline(True)
    expect(bar(page)).to_contain_text("You are offline. What you see may be old.")
    assert serious(page) == []
    page.context.set_offline(False)
    expect(bar(page)).to_be_hidden()
    expect(page.locator(".toast")).to_have_text("The server answers again.")


@pytest.mark.parametrize(
    ("path", "words", "todo"),
    [
        ("/runs?q=qqqq", "No run fits", "Show all runs"),
        ("/runs?tag=qqqq", "No run fits", "Show all runs"),
        ("/documents?q=qqqq", "No document of this name", "Show all documents"),
        ("/runs/nosuchrun123", "There is no such run", "See the runs"),
        ("/runs/nosuchrun123/trace", "There is no such run", "See the runs"),
        ("/documents/nosuch123456", "There is no such document", "Go to the start page"),
        ("/nowhere", "There is no page at this address", "Go to the start page"),
    ],
)
def test_where_there_is_nothing_it_says_what_to_do(open_page: OpenPage, path: str, words: str, todo: str) -> None:
    page = open_page(path)
    expect(page.locator("#main")).to_contain_text(words)
    expect(page.get_by_role("link", name=todo).first).to_be_visible()
    assert serious(page) == []


def test_a_new_product_says_how_to_begin(own: tuple[House, BrowserContext]) -> None:
    _, context = own
    page = context.new_page()
    for path, words in (
        ("/", "No runs yet"),
        ("/runs", "No runs yet"),
        ("/documents", "No documents yet"),
        ("/runs?deleted=1", "Nothing was deleted lately"),
        ("/documents?deleted=1", "Nothing was deleted lately"),
        ("/settings/connections", "Only offline answers are possible now"),
    ):
        page.goto(path)
        expect(page.locator("#main")).to_contain_text(words)
        assert serious(page) == [], path
