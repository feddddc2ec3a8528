"""Whatever a document, a name, a question or a model says, it stays text."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.house import House
from tests.model_server import ModelServer
from tests.pages.conftest import PATIENCE, OpenPage, told

MARKDOWN = " **bold** [1] [x](javascript:alert(1)) ![words](http://127.0.0.1:9/p.png)"
PAYLOAD = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>'\"&amp;{{ 7*7 }}"
TEXT = f"First line.\n{PAYLOAD}\nThe secret word is Quincunx.\n" + "Nothing else is said here.\n" * 300


def assert_harmless(page: Page) -> None:
    assert page.title() != "owned"
    assert page.locator("#main img").count() == 0
    assert page.locator("#main script:not([type='application/json'])").count() == 0


def test_payloads_in_names_questions_texts_and_replies_stay_text(
    open_page: OpenPage,
    house: House,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    model_server: ModelServer,
    scripted: dict[str, Any],
) -> None:
    document = add_text(f"{PAYLOAD}.txt", TEXT)
    model_server.replies(
        "root",
        [
            f"{PAYLOAD}\n```repl\nprint({PAYLOAD!r})\nraise ValueError({PAYLOAD!r})\n```",
            f"```repl\nFINAL({PAYLOAD + MARKDOWN!r}, sources=grep('onerror'))\n```",
        ],
    )
    run = ask(PAYLOAD, [document], scripted)
    page = open_page(f"/runs/{run}")
    expect(page.locator("#answer strong")).to_have_text("bold", timeout=PATIENCE)
    assert PAYLOAD.replace("&amp;", "&") in page.locator("#answer").inner_text(), "as Markdown shows it"
    assert PAYLOAD in page.locator("h1").inner_text()
    expect(page.locator("#answer")).to_contain_text("[picture: words]")
    assert page.locator("#answer a:not(.cite)").count() == 0
    expect(page.locator("#pane-text mark")).to_contain_text("onerror")
    assert_harmless(page)
    for path in (
        "/",
        "/runs",
        "/documents",
        f"/runs?q={PAYLOAD}",
        f"/documents/{document['id']}",
        f"/runs/new?run={run}",
        f"/runs/{run}?source=<script>",
    ):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert_harmless(page)
    page.goto(f"/documents/{document['id']}")
    expect(page.locator("#reader")).to_contain_text(PAYLOAD)
    told(house.client.get(f"/api/v1/runs/{run}"))


def test_every_page_has_a_strict_content_policy(house: House) -> None:
    for path in ("/sign-in", "/no-such-page"):
        policy = house.client.get(path, follow_redirects=True).headers["content-security-policy"]
        assert "unsafe-inline" not in policy and "script-src 'self' 'nonce-" in policy
