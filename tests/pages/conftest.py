"""A real browser (Debian's chromium) signed in at the real product. Pages must be free of script errors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tests.house import House
from tests.model_server import ModelServer

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
PATIENCE = 20_000
"""Milliseconds to wait for something on a page: the machine may be busy."""
EXPECTED = (
    "404 (Not Found)",
    "status of 422",
    "status of 0",
    "ERR_FAILED",
    "ERR_CONNECTION_RESET",
    "ERR_INTERNET_DISCONNECTED",
)
"""Console lines that tell of an answer a test asked for, not of a broken script."""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: playwright keeps an event loop in this thread, which other tests must not find there."""
    if not CHROMIUM.exists():
        pytest.skip("there is no /usr/bin/chromium; install Debian's package chromium to run the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, house: House) -> Any:
    """The cookies of the owner, who opened a sign-in link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(house.sign_in_url())
    assert page.url == f"{house.url}/", "the link's token is not left in the address"
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(browser: Browser, house: House, signed_in: Any) -> Iterator[OpenPage]:
    """`open_page("/runs", **context options)`; at the end no page may have had a script error."""
    contexts = []
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(expected in message.text for expected in EXPECTED):
            problems.append(f"{message.location.get('url')}: {message.text}")

    def broken(error: Error) -> None:
        problems.append(f"script error: {error}")

    def open_page(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(storage_state=signed_in, base_url=house.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", broken)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def add_text(house: House) -> Callable[[str, str], dict[str, Any]]:
    """Puts a text among the owner's documents."""

    def add(name: str, text: str) -> dict[str, Any]:
        return told(house.client.post("/api/v1/documents", json={"name": name, "text": text}))

    return add


def told(answer: httpx.Response) -> Any:
    """The body of an answer that is a success."""
    assert answer.is_success, f"{answer.status_code}: {answer.text}"
    return answer.json()


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def scripted(house: House, model_server: ModelServer) -> Iterator[dict[str, Any]]:
    """A policy whose models live at the scripted server."""
    name = f"scripted-{model_server.url.rsplit(':')[-1].split('/')[0]}"
    told(
        house.client.post(
            "/api/v1/connections", json={"name": name, "provider": "openai", "base_url": model_server.url}
        )
    )
    yield {
        "name": "scripted",
        "models": {"root": f"{name}/root", "worker": f"{name}/worker"},
        "limits": {"seconds": 60},
    }
    house.client.delete(f"/api/v1/connections/{name}").raise_for_status()


@pytest.fixture
def ask(house: House) -> Callable[..., str]:
    """Starts a run by the API; its id."""

    def ask(question: str, documents: list[dict[str, Any]], policy: Any = "offline") -> str:
        body = {"question": question, "documents": [document["id"] for document in documents], "policy": policy}
        return str(told(house.client.post("/api/v1/runs", json=body))["id"])

    return ask
