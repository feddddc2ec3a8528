"""A run saved as one page: opened from a disk in a real browser, with the network cut off."""

import base64
import json
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests.fixtures.cited import cited
from tests.fixtures.keep import keep
from tests.fixtures.runs import large, recursive
from tests.house import House
from tests.pages.conftest import PATIENCE
from tests.pages.test_accessibility import serious
from trajectories import accounts, exporters, representations
from trajectories.models import Node, Run

Put = Callable[..., str]
OpenFile = Callable[..., Page]
BLOCK = re.compile(r'<script type="text/plain" id="([a-z]+-\d+)">([A-Za-z0-9+/=]*)</script>')


def blocks(page: str) -> dict[str, Any]:
    """What the compressed blocks of a file hold."""
    return {name: json.loads(zlib.decompress(base64.b64decode(packed))) for name, packed in BLOCK.findall(page)}


def saved(run: Run, /, **changed: Any) -> str:
    recorded = representations.recorded(run, representations.run_json(run, "http://127.0.0.1:8123"), with_passages=True)
    exporter = exporters.find("html")
    assert exporter is not None
    return b"".join(exporter.export(replace(recorded, **changed))).decode()


def everything(page: str) -> str:
    """The page, and its blocks unpacked: all that somebody who has the file can find."""
    return page + json.dumps(blocks(page), ensure_ascii=False)


# ------------------------------------------------------------------------------------------------ what is in it


@pytest.mark.django_db
@pytest.mark.parametrize("make", [cited, recursive])
def test_the_file_holds_every_node_and_every_text_as_the_api_tells_them(make: Callable[..., Any]) -> None:
    run = keep(make())
    held = blocks(saved(run))
    index = held["index-0"]
    tree = json.loads(representations.tree_json(run))
    assert index["columns"] == tree["columns"]
    assert [row for number in range(index["tree"]) for row in held[f"tree-{number}"]] == tree["rows"]
    texts = [text for number in range(len(index["texts"])) for text in held[f"texts-{number}"]]
    told = {node["number"]: node for number in range(len(index["nodes"])) for node in held[f"nodes-{number}"]}
    assert [node["number"] for number in range(len(index["nodes"])) for node in held[f"nodes-{number}"]] == [
        number for numbers in index["nodes"] for number in numbers
    ]
    for node in Node.objects.filter(run=run):
        shown = told.pop(node.number)
        for name, reference in shown.pop("texts").items():
            if isinstance(reference, list):
                shown[name] = [{"role": role, "content": texts[number]} for role, number in reference]
            else:
                shown[name] = texts[reference]
        assert shown == json.loads(representations.encode(representations.node_json(node)))
    assert not told


@pytest.mark.django_db
def test_the_file_says_nothing_of_its_machine_and_its_owner(settings: Any) -> None:
    run = keep(cited())
    run.title, run.owner.username = "MY-OWN-TITLE", "ada-the-owner"
    run.owner.save()
    run.save()
    run.tags.create(name="my-own-tag")
    run.annotations.create(comment="my-own-note")
    shown = everything(saved(run))
    for word in ("127.0.0.1", str(settings.DATA_DIR), str(settings.BASE_DIR), settings.SECRET_KEY, "ada-the-owner"):
        assert word not in shown
    for word in ("MY-OWN-TITLE", "my-own-tag", "my-own-note", "csrfmiddlewaretoken", "sessionid"):
        assert word not in shown


@pytest.mark.django_db
def test_the_file_says_only_what_the_record_it_was_given_says() -> None:
    """A record in which words were blacked out is all that the page is made from."""
    run = keep(cited())
    words = {"gateway-mtls": "██████", "INC-2025": "██", "incident-reports-2025.txt": "Document 1"}

    def black(text: str) -> str:
        for word, bar in words.items():
            text = text.replace(word, bar)
        return text

    plain = representations.recorded(run, json.loads(black(json.dumps(representations.run_json(run), default=str))))
    shown = everything(
        saved(
            run,
            run=plain.run,
            events=lambda: map(black, plain.events()),
            texts=lambda shas: {sha: black(text) for sha, text in plain.texts(shas).items()},
            nodes=lambda: (json.loads(black(json.dumps(row, default=str))) for row in plain.nodes()),
            passage=None,
        )
    )
    for word in words:
        assert word not in shown
    assert "██████ expired at 06:00 UTC" in shown
    assert "checked against the documents" not in shown, "nobody looked"


@pytest.mark.django_db
def test_passages_that_cannot_be_read_any_more_are_said_to_be_so() -> None:
    run = keep(cited())

    def gone(document: str, start: int, end: int) -> str:
        raise LookupError("gone")

    assert "5 of 5 passages cannot be confirmed" in saved(run, passage=gone)
    assert "5 of 5 passages cannot be confirmed" in saved(run, passage=lambda *_span: "Something else.")


@pytest.mark.django_db
def test_a_file_grows_with_its_record_and_not_faster() -> None:
    empty = len(saved(keep(large(50))))
    run = keep(large(2_100))
    log = b"".join(exporters.find("jsonl").export(representations.recorded(run, representations.run_json(run))))  # type: ignore[union-attr]
    assert len(saved(run)) - empty < len(log) / 4


@pytest.mark.django_db
def test_without_a_page_there_is_nothing_to_save() -> None:
    with pytest.raises(ValueError, match="A page is needed"):
        saved(keep(recursive()), page=None)


@pytest.mark.django_db
def test_a_run_that_goes_on_can_be_saved_as_far_as_it_is() -> None:
    from tests.fixtures.runs import failed, going_on

    assert "is asking mini" in saved(keep(going_on()))
    assert "refused the key" in saved(keep(failed()))


@pytest.mark.django_db
def test_the_api_gives_the_page_as_a_file_to_keep() -> None:
    run = keep(cited())
    client = Client()
    client.force_login(accounts.owner_account())
    answer = client.get(f"/api/v1/runs/{run.pk}/export/html")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="run-{run.pk}.html"'


# ------------------------------------------------------------------------------------------------ in a browser


@pytest.fixture
def open_file(browser: Browser, house: House, put: Put, tmp_path: Path) -> Iterator[OpenFile]:
    """`open_file("cited", hash="#/trace")`: saves a run, and opens the file with the network cut off."""
    contexts, problems = [], list[str]()

    def open_file(*made: str, address: str = "", **options: Any) -> Page:
        path = tmp_path / "run.html"
        answer = house.client.get(f"/api/v1/runs/{put(*made)}/export/html", timeout=60)
        path.write_bytes(answer.raise_for_status().content)
        context = browser.new_context(offline=True, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
        page.on("request", lambda wanted: wanted.url.startswith("file://") or problems.append(wanted.url[:200]))
        page.goto(f"file://{path}{address}")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


def test_the_answer_stands_first_with_its_passages(open_file: OpenFile) -> None:
    page = open_file("cited")
    expect(page.locator("#answer")).to_contain_text("Four customer-facing outages")
    expect(page.locator("#pane-text mark")).to_contain_text("gateway-mtls expired")
    expect(page.locator("#pane-check")).to_have_text("checked")
    page.keyboard.press("]")
    expect(page.locator("#pane-text mark")).to_contain_text("token-signing certificate ran out.")
    expect(page.locator("#pane-text")).to_contain_text("INC-2025-0412")
    page.locator("#answer .cite", has_text="5").first.click()
    expect(page.locator("#pane-t")).to_have_text("oncall-log-2025.txt")
    expect(page.locator(".sourcing")).to_contain_text("2 of 9 sentences have no recorded source")


def test_a_step_of_the_story_leads_to_its_node(open_file: OpenFile) -> None:
    page = open_file("cited")
    page.locator("#story").get_by_text("TypeError").click()
    expect(page.locator("main[data-ready]")).to_be_attached()
    expect(page.locator("#det-b")).to_contain_text("Traceback (most recent call last)")
    page.locator("#tree").get_by_text("llm_batch ×120").click()
    expect(page.locator("#det-h h2")).to_have_text("llm_batch ×120")
    page.locator("#det-b tbody a").first.click()
    page.get_by_role("tab", name="Prompt").click()
    expect(page.locator("#det-b")).to_contain_text("Did this happen because a certificate had expired?")
    number = re.findall(r"node=(\d+)", page.url)
    assert number
    page.reload()
    expect(page.locator('#tree [aria-selected="true"]')).to_have_attribute("data-id", number[0])
    page.get_by_role("link", name="Answer", exact=True).click()
    expect(page.locator("#answer")).to_be_visible()
    page.locator("#story").get_by_text("Step 2", exact=True).click()
    expect(page.locator("#det-h h2")).to_contain_text("grep")


def test_the_trace_is_walked_through_by_keys(open_file: OpenFile) -> None:
    page = open_file("cited", address="#/trace")
    expect(page.locator("main[data-ready]")).to_be_attached()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator('#tree [aria-selected="true"]')).to_have_attribute("data-id", "3")
    expect(page.locator("#det-b")).to_contain_text("The next thing to do is: peek.")
    page.keyboard.press("e")
    expect(page.locator('#tree [aria-selected="true"]')).to_have_class(re.compile("bad"))


def test_coverage_and_costs_are_there(open_file: OpenFile) -> None:
    page = open_file("cited", address="#/coverage")
    strip = page.locator("canvas[data-cov='1']")
    strip.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("Shift+PageDown")
    expect(page.locator(".cov-readers").first).to_contain_text("grep")
    page.get_by_role("link", name="Cost", exact=True).click()
    expect(page.get_by_role("heading", name="Cost by model")).to_be_visible()
    expect(page.get_by_role("region", name="Table of cost by model")).to_contain_text("mini")
    page.get_by_role("region", name="Table of slowest calls").locator("a").first.click()
    expect(page.locator("main[data-ready]")).to_be_attached()


def test_a_range_of_the_strip_tells_who_read_it(open_file: OpenFile) -> None:
    page = open_file("cited")
    box = page.locator("#strip").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(page.locator("#strip-range .cov-readers a").first).to_be_visible()
    expect(page.locator("#strip-range")).to_contain_text("nodes that read it")
    page.get_by_role("button", name="Look closer").click()
    expect(page.get_by_role("button", name="Show all")).to_be_visible()


def test_all_texts_and_reads_are_searched_in_the_file_as_on_the_server(
    open_file: OpenFile, put: Put, house: House
) -> None:
    page = open_file("cited", address="#/trace")
    expect(page.locator("main[data-ready]")).to_be_attached()
    for line in (
        "Traceback",
        '"not subscriptable" kind:cell',
        "Traceback in:code",
        "/expired.*no/ kind:lm",
        "expired -minutes kind:lm",
        "kind:gate",
        'reads:"oncall-log-2025.txt@58590-58694"',
        "reads:runbooks -kind:lm",
    ):
        answer = house.client.get(f"/api/v1/runs/{put('cited')}/search", params={"q": line}).raise_for_status()
        page.locator("#node-search").fill(line)
        found = len(answer.json()["numbers"])
        expect(page.locator("#hits")).to_have_text(re.compile(rf"^(\d+ of )?{found}( found)?$"))
    page.locator("#node-search").fill("/(/")
    expect(page.locator("#find-error")).to_contain_text("no regular expression")


def test_the_readers_of_a_range_are_found_in_the_trace(open_file: OpenFile) -> None:
    page = open_file("cited")
    page.locator("#strip").focus()
    page.keyboard.press("Shift+PageDown")
    page.get_by_text("nodes that read it in the trace").click()
    expect(page.locator("#node-search")).to_have_value(re.compile('^reads:"incident-reports-2025.txt@0-'))
    expect(page.locator("#hits")).to_have_text(re.compile(r"\d"))
    expect(page.locator("#find-error")).to_be_hidden()


def test_it_can_be_read_without_scripts(open_file: OpenFile) -> None:
    page = open_file("cited", java_script_enabled=False)
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator(".nosrc")).to_have_count(2)
    expect(page.locator("#story")).to_contain_text("Step 5 gave 5 parts to sub-RLMs")
    expect(page.get_by_role("heading", name="Cost by model")).to_be_visible()
    expect(page.locator(".cov-table").first).to_be_attached()


def test_a_file_of_10500_calls_opens_at_once(open_file: OpenFile) -> None:
    page = open_file("large", "--nodes", "10500", address="#/trace")
    expect(page.locator("main[data-ready]")).to_be_attached()
    began = time.perf_counter()
    page.reload()
    expect(page.locator("main[data-ready]")).to_be_attached()
    assert time.perf_counter() - began < 3
    began = time.perf_counter()
    page.evaluate("location.hash = '#/trace?node=9000'")
    expect(page.locator("#det-b")).to_contain_text('"expired": "no"')
    assert time.perf_counter() - began < 1


def test_whatever_a_run_says_it_stays_text(open_file: OpenFile) -> None:
    page = open_file("hostile")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    expect(page.locator("h1")).to_contain_text("</script><img src=x")
    expect(page.locator("#answer")).to_contain_text("<!-- data -->")
    page.goto(f"{page.url.split('#')[0]}#/trace")
    expect(page.locator("main[data-ready]")).to_be_attached()
    for _ in range(6):
        for tab in "1234567":
            page.keyboard.press(tab)
        page.keyboard.press("j")
    for name in ("cost", "coverage"):
        page.get_by_role("link", name=name.title(), exact=True).click()
    assert page.locator("img, iframe, [onerror], [onload], main svg[onload]").count() == 0
    assert page.locator("script:not([id])").count() == 2, "the one that goes first, and the page's own"
    assert not dialogs


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_file: OpenFile, theme: str) -> None:
    page = open_file("cited", color_scheme=theme, reduced_motion="reduce", bypass_csp=True)
    found = serious(page)
    for name in ("Trace", "Cost", "Coverage"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_timeout(300)
        found += serious(page)
    assert not found, "\n".join(found)


def test_it_fits_a_phone(open_file: OpenFile) -> None:
    page = open_file("cited", viewport={"width": 390, "height": 844})
    for name in ("Answer", "Trace", "Cost", "Coverage"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_the_menu_offers_every_format_with_a_word_for_each(
    browser: Browser, house: House, put: Put, signed_in: Any
) -> None:
    context = browser.new_context(storage_state=signed_in, base_url=house.url)
    page = context.new_page()
    page.goto(f"/runs/{put('cited')}")
    page.get_by_text("Export", exact=True).click()
    menu = page.locator(".exports .menu-b")
    for name in exporters.NAMES:
        expect(menu.locator(f'a[href$="/export/{name}"]')).to_be_visible()
    with page.expect_download() as download:
        menu.get_by_text("Page").click()
    assert download.value.suggested_filename.endswith(".html")
    context.close()
