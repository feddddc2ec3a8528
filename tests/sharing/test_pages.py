"""Sharing in a real browser: the owner's dialog and list, and what viewers see."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fixtures.canaries import WORD
from tests.house import House
from tests.pages.conftest import PATIENCE, OpenPage
from tests.pages.test_accessibility import serious
from tests.sharing.conftest import Share, path_of

Put = Callable[..., str]
VIEWED = ("", "/trace", "/cost", "/coverage")


@pytest.fixture
def visit(browser: Browser, house: House) -> Any:
    """`visit(path, **context options)`: a page as somebody without an account opens it. At the end no page may have had
    a script error, or have asked for anything that is not below its link."""
    contexts, problems = [], list[str]()

    def visit(path: str, **options: Any) -> Page:
        context = browser.new_context(base_url=house.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda each: problems.append(each.text) if each.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))

        def asked(request: Any) -> None:
            below = "/s/" + path.split("/")[2]
            if not urlsplit(request.url).path.startswith((below, "/static/")):
                problems.append(f"asked for {request.url}")

        page.on("request", asked)
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


# ------------------------------------------------------------------------------------------------- viewers


@pytest.mark.parametrize("redact", [{}, {"documents": True}])
def test_the_shared_trace_is_the_whole_workbench(visit: Any, put: Put, share: Share, redact: dict[str, Any]) -> None:
    path = path_of(share(put("cited"), redact=redact))
    page = visit(path)
    page.get_by_role("link", name="Trace", exact=True).click()
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    rows = page.locator("#tree [data-id]")
    expect(rows.first).to_contain_text("Which outages")
    expect(page.locator("#cov-side")).to_contain_text("cited")
    assert page.evaluate("document.querySelector('#cov').width") > 300
    page.locator('#tree [data-id="4"]').click()
    expect(page).to_have_url(re.compile(r"/trace\?node=4$"))
    for tab in ("Code + output", "Variables", "Reads", "Cost", "Raw"):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator("#det-b")).not_to_be_empty()
        expect(page.locator("#det-b .state.err")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator('#tree [aria-selected="true"]')).not_to_have_attribute("data-id", "4")
    page.locator("#timeline").click(position={"x": 200, "y": 30})
    for name, shown in (("Cost", ".chart"), ("Coverage", ".cov-card"), ("Answer", "#answer")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(shown).first).to_be_visible()
        page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scope", ["answer", "sources", "trajectory"])
def test_every_link_of_a_shared_page_leads_to_something_that_is_there(
    house: House, visit: Any, put: Put, share: Share, scope: str
) -> None:
    path = path_of(share(put("cited"), scope=scope))
    page = visit(path)
    for sub in VIEWED if scope == "trajectory" else VIEWED[:1]:
        page.goto(path + sub)
        page.wait_for_load_state("networkidle")
        for address in page.evaluate("[...document.querySelectorAll('[href], [action]')].map(e => e.href ?? e.action)"):
            if not isinstance(address, str) or not address:
                continue  # an icon of the sprite
            assert address.startswith((house.url + path, house.url + "/static/")), address
            assert page.request.get(address).status == 200, address
        for word in ("Ask again", "Stop", "Delete", "Rename", "Pin", "Share", "Settings", "Sign out"):
            assert page.get_by_role("button", name=word).or_(page.get_by_role("link", name=word)).count() == 0, word


def test_it_says_that_it_is_shared_and_until_when(visit: Any, put: Put, share: Share) -> None:
    path = path_of(share(put("cited"), expires_in=40 * 24 * 3600))
    page = visit(path)
    for sub in VIEWED:
        page.goto(path + sub)
        expect(page.locator("#run-head")).to_contain_text(re.compile(r"Shared, read-only; until \d+ [A-Z][a-z]+"))


def test_keys_of_a_shared_page_lead_nowhere_else(visit: Any, put: Put, share: Share) -> None:
    path = path_of(share(put("cited")))
    page = visit(path)
    for key in ("S", "x", "F", "?", "Escape", "Control+k"):
        page.keyboard.press(key)
    page.keyboard.type("runs")
    page.keyboard.press("Escape")
    assert page.url.endswith(path)


def test_a_password_is_entered_once(visit: Any, canary: Callable[..., str], share: Share) -> None:
    path = path_of(share(canary("live"), password="correct horse"))
    page = visit(path)
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(WORD["title"])
    page.goto(f"{path}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    expect(page.locator("#link-state")).to_be_hidden()
    assert page.evaluate("document.cookie") == "", "proofs are out of reach of scripts"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_shared_pages(
    visit: Any, put: Put, canary: Callable[..., str], share: Share, theme: str
) -> None:
    whole, locked = path_of(share(put("cited"))), path_of(share(put("cited"), password="hunter22"))
    waiting = path_of(share(canary("live"), scope="answer"))
    found = []
    for path in (*(whole + sub for sub in VIEWED), locked, waiting):
        page = visit(path, color_scheme=theme, reduced_motion="reduce")
        page.wait_for_load_state("networkidle")
        found += [f"{path}: {problem}" for problem in serious(page)]
    assert not found, "\n".join(found)


def test_shared_pages_fit_a_phone(visit: Any, put: Put, share: Share) -> None:
    path = path_of(share(put("cited")))
    page = visit(path, viewport={"width": 390, "height": 844})
    for sub in VIEWED:
        page.goto(path + sub)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, sub


def test_a_dead_link_says_what_to_do(open_page: OpenPage) -> None:
    page = open_page("/s/nothing-here")
    expect(page.get_by_role("heading", name="This link shows nothing")).to_be_visible()
    assert serious(page) == []
    assert "CANARY" not in page.content() and "Account" not in page.content()


@pytest.mark.parametrize("scope", ["answer", "trajectory"])
def test_a_shared_comparison_leads_to_its_runs_and_back(
    visit: Any, put: Put, share: Share, house: House, scope: str
) -> None:
    path = path_of(share([put("cited"), put("recursive")], scope=scope, expires_in=40 * 24 * 3600))
    page = visit(path)
    page.wait_for_load_state("networkidle")
    expect(page.locator("body")).to_contain_text("Shared, read-only; until")
    assert serious(page) == []
    for address in page.evaluate("[...document.querySelectorAll('a[href]')].map(each => each.href)"):
        assert address.startswith(house.url + path), address
        assert page.request.get(address).status == 200, address
    page.locator(".cmp-head a.name").first.click()
    expect(page.locator("#answer")).to_be_visible()
    page.get_by_role("link", name="Comparison").click()
    expect(page).to_have_url(house.url + path)


# ------------------------------------------------------------------------------------------------- owners


def test_a_link_is_made_by_keys_with_a_look_at_what_viewers_would_see(
    open_page: OpenPage, canary: Callable[..., str], house: House, visit: Any
) -> None:
    page = open_page(f"/runs/{canary('put')}", permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("S")
    dialog = page.get_by_role("dialog", name="Share this run")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("radio", name="Answer and sources")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(dialog.locator(".share-texts")).to_contain_text(WORD["subprompt"])
    dialog.get_by_text("Black something out").click()
    dialog.get_by_label("What matches a pattern").fill("(oops")
    expect(dialog.get_by_role("alert")).to_have_text("The pattern cannot be used: a parenthesis is not closed.")
    dialog.get_by_label("What matches a pattern").fill(r"CANARYSUB\w+")
    expect(dialog.locator(".share-texts")).not_to_contain_text(WORD["subprompt"])
    expect(page.locator("#share-error")).to_have_text("")
    expect(dialog).to_contain_text("blacked out in these texts")
    dialog.get_by_role("checkbox", name="Documents").check()
    expect(dialog.locator(".share-texts")).not_to_contain_text(WORD["document"])
    assert serious(page) == []
    dialog.get_by_label("The link stops working").select_option(label="never")
    dialog.get_by_role("button", name="Make the link").click()
    made = page.get_by_role("dialog", name="The link is made")
    address = made.get_by_label("Link", exact=True).input_value()
    made.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Link copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    page.keyboard.press("Escape")
    expect(made).to_have_count(0)
    viewed = visit(address.removeprefix(house.url))
    expect(viewed.locator("#answer")).to_contain_text(WORD["answer"])
    assert WORD["document"] not in viewed.content()


def test_links_are_made_listed_and_revoked_without_scripts(open_page: OpenPage, put: Put, house: House) -> None:
    page = open_page(f"/runs/{put('cited')}", java_script_enabled=False)
    page.get_by_role("link", name="Share").click()
    page.get_by_text("Whole trajectory").click()
    page.get_by_text("Black something out").click()
    page.get_by_label("What matches a pattern").fill("(oops")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("alert")).to_contain_text("a parenthesis is not closed")
    expect(page.get_by_label("What matches a pattern")).to_have_value("(oops")
    page.get_by_label("What matches a pattern").fill("outages")
    page.get_by_role("button", name="What they would see").click()
    expect(page.locator(".share-texts")).to_contain_text("Which █████ in 2025")
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("link", name="All links").click()
    line = page.locator(".links li", has_text=address)
    expect(line).to_contain_text("1 pattern")
    expect(line).to_contain_text("not viewed yet")
    line.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("The link was revoked.")
    expect(line).to_have_count(0)
    assert page.request.get(address).status == 404


def test_revoking_asks_first(open_page: OpenPage, put: Put, share: Share) -> None:
    made = share(put("cited"))
    page = open_page("/settings/shares")
    line = page.locator(f"#link-{made['id']}")
    line.get_by_role("button", name="Revoke").click()
    asked = page.get_by_role("dialog", name="Revoke this link?")
    asked.get_by_role("button", name="Cancel").click()
    expect(line).to_be_visible()
    line.get_by_role("button", name="Revoke").click()
    asked.get_by_role("button", name="Revoke").click()
    expect(line).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_links_are_made_and_listed(
    open_page: OpenPage, put: Put, share: Share, theme: str
) -> None:
    run = put("cited")
    share(run, password="hunter22", redact={"documents": True, "prompts": True, "patterns": ["a", "b"]})
    page = open_page("/settings/shares", color_scheme=theme, reduced_motion="reduce")
    assert serious(page) == []
    page.goto(f"/runs/{run}/share")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".share-texts")).to_be_visible()
    assert serious(page) == []


def test_the_list_and_the_form_fit_a_phone(open_page: OpenPage, put: Put, share: Share) -> None:
    run = put("cited")
    share(run, password="hunter22", redact={"documents": True, "prompts": True, "patterns": ["a", "b"]})
    page = open_page("/settings/shares", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"/runs/{run}/share")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
