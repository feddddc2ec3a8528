"""Titles, tags, pins, deleting and undoing on the pages: with scripts, by keys alone, and as plain forms."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.house import House
from tests.model_server import ModelServer
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious
from trajectories import deletion, documents
from trajectories.models import Run

TEXT = "The mill at Overton was built in 1790. It ground corn until 1912.\n" + "The river is low.\n" * 100


# ------------------------------------------------------------------------------------------------- plain forms


@pytest.fixture
def owner(db: None) -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def pages(owner: Any) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def make_run(owner: Any, question: str = "When?", **fields: Any) -> Run:
    return Run.objects.create(owner=owner, question=question, **{"status": "succeeded", "answer": "Then.", **fields})


def test_pinned_runs_stand_first_and_titles_over_questions(pages: Client, owner: Any) -> None:
    old = make_run(owner, "An old question", created_at=timezone.now() - timedelta(days=9))
    make_run(owner, "A new question")
    pages.post(f"/runs/{old.id}/keep", {"title": "The best so far", "pinned": "1"})
    shown = pages.get("/runs").content.decode()
    assert shown.index("The best so far") < shown.index("An old question") < shown.index("A new question")
    assert "Pinned" in shown and shown.count(f'data-row="{old.id}"') == 1
    pages.post(f"/runs/{old.id}/keep", {"pinned": "0"})
    shown = pages.get("/runs").content.decode()
    assert shown.index("A new question") < shown.index("The best so far")


def test_pinned_runs_stand_on_the_first_page_only_and_once(pages: Client, owner: Any) -> None:
    many = [make_run(owner, f"Question {number:02}") for number in range(30)]
    Run.objects.filter(pk=many[20].pk).update(pinned_at=timezone.now())
    first = pages.get("/runs")
    assert first.content.decode().count("Question 20") >= 1 and len(first.context["runs"]) == 25
    second = pages.get(f"/runs?before={first.context['last']}")
    assert "Question 20" not in second.content.decode() and len(second.context["runs"]) == 4


def test_tags_are_added_removed_and_filter(pages: Client, owner: Any) -> None:
    run = make_run(owner, "About mills")
    make_run(owner, "About ships")
    pages.post(f"/runs/{run.id}/keep", {"add_tag": "Mills, to check"})
    assert [tag.name for tag in run.tags.all()] == ["mills", "to check"]
    found = pages.get("/runs?tag=to+check").content.decode()
    assert "About mills" in found and "About ships" not in found
    assert "/runs?tag=to%20check" in found
    pages.post(f"/runs/{run.id}/keep", {"remove_tag": "mills"})
    assert [tag.name for tag in run.tags.all()] == ["to check"]
    assert "No run fits" in pages.get("/runs?tag=mills").content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"title": "a" * 201}, "at most 200 characters"),
        ({"add_tag": "b" * 41}, "more than 40 characters"),
        ({"add_tag": ",".join(str(number) for number in range(30))}, "at most 20 tags"),
    ],
)
def test_a_wrong_title_or_tag_is_refused_with_a_sentence(pages: Client, owner: Any, form: Any, words: str) -> None:
    run = make_run(owner)
    shown = pages.post(f"/runs/{run.id}/keep", form, follow=True)
    assert words in shown.content.decode()
    part = pages.post(f"/runs/{run.id}/keep", form, headers={"X-Swap": "#run-title"})
    assert part.status_code == 422 and words in part.content.decode()
    assert next(iter(form.values())) in part.content.decode(), "what was typed is not lost"


def test_hostile_titles_and_tags_are_text(pages: Client, owner: Any) -> None:
    run = make_run(owner)
    hostile = "<img src=x onerror=alert(1)>"
    pages.post(f"/runs/{run.id}/keep", {"title": hostile, "add_tag": '"><b>x</b>'})
    for path in ("/runs", f"/runs/{run.id}", f"/runs/{run.id}/trace", "/"):
        assert "<img src=x" not in pages.get(path).content.decode(), path
        assert "<b>x</b>" not in pages.get(path).content.decode(), path


def test_runs_are_filtered_by_thumb(pages: Client, owner: Any) -> None:
    right, wrong = make_run(owner, "The right one"), make_run(owner, "The wrong one")
    pages.post(f"/runs/{right.id}/keep", {"thumb": "up"})
    pages.post(f"/runs/{wrong.id}/keep", {"thumb": "down"})
    found = pages.get("/runs?thumb=down").content.decode()
    assert "The wrong one" in found and "The right one" not in found
    pages.post(f"/runs/{wrong.id}/keep", {"thumb": "none"})
    assert "No run fits" in pages.get("/runs?thumb=down").content.decode()


def test_deleted_runs_leave_every_page_and_come_back(pages: Client, owner: Any) -> None:
    text = documents.add_text(owner, "mill.txt", TEXT)
    one, other = make_run(owner, "The first"), make_run(owner, "The second")
    one.rundocument_set.create(document=text, position=0)
    shown = pages.post("/runs/delete", {"r": [one.id, other.id], "next": "/runs?q=The"}, follow=True)
    assert shown.redirect_chain[-1][0] == "/runs?q=The"
    html = shown.content.decode()
    assert "2 runs were deleted." in html and "Undo" in html and "The first" not in html
    for path in (f"/runs/{one.id}", f"/runs/{one.id}/trace", f"/runs/new?run={one.id}"):
        assert pages.get(path).status_code == 404, path
    for path in ("/", "/runs", "/palette", "/palette?q=first"):
        assert "The first" not in pages.get(path).content.decode(), path
    assert '<td class="num hide-s">0</td>' in pages.get("/documents").content.decode(), "no run uses it any more"
    trash = pages.get("/runs?deleted=1").content.decode()
    assert "The first" in trash and "gone in 7 days" in trash
    pages.post("/runs/restore", {"r": [one.id, other.id]})
    assert pages.get(f"/runs/{one.id}").status_code == 200
    assert "cannot be restored" in pages.post("/runs/restore", {"r": one.id}, follow=True).content.decode()


def test_runs_deleted_together_are_all_found_below_one_another(pages: Client, owner: Any) -> None:
    made = {make_run(owner, f"Number {number}").id for number in range(60)}
    deletion.discard(Run.objects.all())
    found: list[str] = []
    address = "/runs?deleted=1"
    while address:
        html = pages.get(address).content.decode()
        found += re.findall(r'data-row="([0-9a-z]{12})"', html)
        link = re.search(r'href="\?([^"]*before=[0-9a-z]+[^"]*)"', html)
        address = f"/runs?{link[1].replace('&amp;', '&')}" if link else ""
    assert len(found) == 60 and set(found) == made


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs?q=a%00b&before=%00&document=%00", 200),
        ("/runs?deleted=1&before=%00", 200),
        ("/documents?q=a%00b&before=a%00b", 200),
        ("/?document=a%00b", 200),
        ("/compare?r=a%00b&r=b%00&q=%00", 404),
        ("/palette?q=%00", 200),
        ("/runs/a%00b", 404),
        ("/documents/a%00b", 404),
        ("/s/a%00b", 404),
    ],
)
def test_zero_bytes_in_addresses_find_nothing_and_break_nothing(pages: Client, path: str, status: int) -> None:
    asked: list[str] = []
    with connection.execute_wrapper(_noting(asked)):
        assert pages.get(path).status_code == status
    assert not [told for told in asked if "\0" in told]


def _noting(asked: list[str]) -> Any:
    """The values that queries look for: SQLite takes zero bytes, Postgres does not."""

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.extend(value for value in params or () if isinstance(value, str))
        return execute(sql, params, many, context)

    return note


def test_a_run_is_deleted_for_good_from_where_the_deleted_lie(pages: Client, owner: Any) -> None:
    run = make_run(owner, "The first")
    pages.post("/runs/remove", {"r": run.id})
    assert Run.objects.filter(deleted_at=None).count() == 1, "only what was deleted before"
    pages.post("/runs/delete", {"r": run.id})
    pages.post("/runs/remove", {"r": run.id})
    assert "The first" not in pages.get("/runs?deleted=1").content.decode()
    assert pages.post("/runs/restore", {"r": run.id}, follow=True).status_code == 200
    assert pages.get(f"/runs/{run.id}").status_code == 404


def test_forms_lead_back_to_this_site_only(pages: Client, owner: Any) -> None:
    run = make_run(owner)
    for wanted in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert pages.post(f"/runs/{run.id}/keep", {"pinned": "1", "next": wanted})["Location"] == f"/runs/{run.id}"


def test_getting_a_form_s_address_changes_nothing(pages: Client, owner: Any) -> None:
    run = make_run(owner)
    for path in (f"/runs/{run.id}/keep", "/runs/remove", "/documents/remove"):
        assert pages.get(f"{path}?pinned=1&r={run.id}").status_code in (404, 405)
    assert Client().post(f"/runs/{run.id}/keep", {"pinned": "1"})["Location"].startswith("/sign-in")


# ------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture
def run(house: House, open_page: OpenPage, add_text: Callable[..., Any], ask: Callable[..., str]) -> str:
    """A run that has ended."""
    made = ask("When was the mill at Overton built?", [add_text("mill.txt", TEXT)])
    expect(open_page(f"/runs/{made}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    return made


def of(house: House, run: str) -> dict[str, Any]:
    found: dict[str, Any] = told(house.client.get(f"/api/v1/runs/{run}"))
    return found


def test_a_run_is_renamed_tagged_and_pinned_in_its_head_by_keys_alone(
    open_page: OpenPage, house: House, run: str
) -> None:
    page = open_page(f"/runs/{run}/coverage")
    by_palette(page, "rename")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("Not this")
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_have_text("When was the mill at Overton built?")
    expect(page.get_by_label("Rename")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("The mill")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("The mill")
    expect(page.locator("#run-title")).to_contain_text("When was the mill at Overton built?")
    expect(page.get_by_label("Rename")).to_be_focused()
    by_palette(page, "tag this run")
    page.keyboard.type("Mills, overton")
    page.keyboard.press("Enter")
    expect(page.locator(".chip.tag")).to_have_text(["mills", "overton"])
    page.get_by_role("button", name="Remove the tag mills").press("Enter")
    expect(page.locator(".chip.tag")).to_have_text(["overton"])
    expect(page.get_by_label("Add a tag")).to_be_focused()
    by_palette(page, "pin this run")
    expect(page.get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "true")
    assert page.url.endswith("/coverage"), "nothing was loaded anew"
    kept = of(house, run)
    assert (kept["title"], kept["tags"], kept["pinned"]) == ("The mill", ["overton"], True)
    page.get_by_label("Add a tag").click()
    expect(page.locator("#own-tags option").first).to_have_attribute("value", re.compile("overton|mills"))


def by_palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def test_what_is_refused_is_said_beside_what_was_typed(open_page: OpenPage, run: str) -> None:
    page = open_page(f"/runs/{run}")
    page.get_by_label("Add a tag").click()
    page.keyboard.type("x" * 41)
    page.keyboard.press("Enter")
    expect(page.locator("#run-tags [role=alert]")).to_contain_text("more than 40 characters")
    expect(page.get_by_label("Tag", exact=True)).to_have_value("x" * 41)
    expect(page.get_by_label("Tag", exact=True)).to_be_focused()


def test_a_deleted_run_is_brought_back_by_the_toast(open_page: OpenPage, house: House, run: str) -> None:
    page = open_page(f"/runs/{run}/trace")
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    by_palette(page, "delete this run")
    page.wait_for_url("**/runs")
    expect(page.locator(".toast")).to_contain_text("The run was deleted.")
    expect(page.locator(f'[data-row="{run}"]')).to_have_count(0)
    assert house.client.get(f"/api/v1/runs/{run}").status_code == 404
    page.keyboard.press("u")
    expect(page.locator(f'[data-row="{run}"]')).to_have_count(1)
    assert of(house, run)["id"] == run


def test_runs_are_chosen_deleted_and_restored_by_keys_alone(
    open_page: OpenPage, house: House, add_text: Callable[..., Any], ask: Callable[..., str]
) -> None:
    document = add_text("keys.txt", TEXT)
    runs = [ask(f"Zephyr question {number}?", [document]) for number in range(4)]
    page = open_page(f"/runs?document={document['id']}")
    expect(page.locator(".chip.ok")).to_have_count(4, timeout=PATIENCE)
    page.keyboard.press("j")
    expect(page.locator(f'[data-row="{runs[3]}"] [data-do=open]')).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator("#picked")).to_have_text("1 chosen")
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator("#picked")).to_have_text("2 chosen")
    page.keyboard.press("p")
    expect(page.locator(".runs").first.locator("[data-row]")).to_have_count(1)
    expect(page.locator(f'[data-key="pin-{runs[1]}"]')).to_be_focused()
    page.get_by_role("checkbox", name=re.compile("Zephyr question 2")).check()
    page.locator("[data-do=bulk-delete]").press("Enter")
    expect(page.locator(".toast").last).to_contain_text("deleted")
    assert page.evaluate("document.activeElement !== document.body"), "the focus is not lost"
    page.goto("/runs?deleted=1")
    row = page.locator(f'[data-row="{runs[2]}"]')
    row.locator("[data-do=restore]").press("Enter")
    expect(row).to_have_count(0)
    assert of(house, runs[2])["id"] == runs[2]
    assert page.evaluate("document.activeElement !== document.body"), "the focus is not lost"


def test_deleting_for_good_asks_first(open_page: OpenPage, house: House, run: str) -> None:
    house.client.delete(f"/api/v1/runs/{run}").raise_for_status()
    page = open_page("/runs?deleted=1")
    row = page.locator(f'[data-row="{run}"]')
    row.get_by_role("button", name="Delete for good now").click()
    page.get_by_role("button", name="Cancel").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Delete for good now").click()
    page.get_by_role("button", name="Delete for good", exact=True).click()
    expect(row).to_have_count(0)
    assert house.client.post(f"/api/v1/runs/{run}/restore").status_code == 404


def test_a_deleted_document_is_brought_back(open_page: OpenPage, house: House, add_text: Callable[..., Any]) -> None:
    document = add_text("gone-and-back.txt", TEXT)
    page = open_page("/documents?q=gone-and-back")
    page.get_by_role("button", name="Delete gone-and-back.txt").click()
    expect(page.locator(".toast")).to_contain_text("“gone-and-back.txt” was deleted.")
    assert house.client.get(f"/api/v1/documents/{document['id']}").status_code == 404
    page.locator(".toast [data-undo]").click()
    expect(page.locator(f'[data-row="{document["id"]}"]')).to_be_visible()
    assert told(house.client.get(f"/api/v1/documents/{document['id']}"))["status"] == "ready"


def test_a_form_that_cannot_be_sent_says_so_and_changes_nothing(open_page: OpenPage, run: str) -> None:
    page = open_page(f"/runs/{run}")
    page.context.set_offline(True)
    page.get_by_role("button", name="Pin").click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    expect(page.get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "false")


def test_runs_are_kept_in_order_without_scripts(open_page: OpenPage, house: House, run: str) -> None:
    page = open_page(f"/runs/{run}/cost", java_script_enabled=False)
    page.get_by_label("Rename").click()
    page.get_by_role("textbox", name="Title").fill("By hand")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("By hand")
    assert page.url.endswith("/cost")
    page.get_by_label("Add a tag").click()
    page.get_by_label("Tag", exact=True).fill("plain")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(".chip.tag a", has_text="plain").click()
    page.wait_for_url("**/runs?tag=plain")
    page.get_by_role("checkbox", name=re.compile("By hand")).check()
    page.get_by_role("button", name="Delete chosen").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'[data-row="{run}"]')).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_runs_are_kept_in_order(
    open_page: OpenPage, house: House, run: str, theme: str
) -> None:
    house.client.patch(f"/api/v1/runs/{run}", json={"title": "T", "tags": ["a", "b"], "pinned": True})
    page = open_page("/runs?tag=a", color_scheme=theme, reduced_motion="reduce")
    page.get_by_role("checkbox", name="Choose: T").first.check()
    assert serious(page) == []
    page.goto(f"/runs/{run}")
    page.get_by_label("Rename").click()
    assert serious(page) == []
    page.get_by_label("Add a tag").click()
    assert serious(page) == []
    page.goto("/runs?deleted=1")
    assert serious(page) == []


def test_a_title_that_is_being_typed_stays_when_the_run_ends(
    open_page: OpenPage,
    house: House,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    model_server: ModelServer,
    scripted: dict[str, Any],
) -> None:
    typed = Event()

    async def reply(body: dict[str, Any]) -> str:
        await asyncio.to_thread(typed.wait, PATIENCE / 1000)
        return "FINAL(done)"

    model_server.script(reply)
    run = ask("What is typed meanwhile?", [add_text("typed.txt", TEXT)], scripted)
    page = open_page(f"/runs/{run}")
    page.get_by_label("Rename").click()
    page.keyboard.type("Half a ti")
    typed.set()
    expect(page.locator("#answer")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("tle")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Half a title")
    assert of(house, run)["title"] == "Half a title"


def test_a_run_is_saved_as_a_file_from_the_palette(open_page: OpenPage, run: str) -> None:
    page = open_page(f"/runs/{run}")
    by_palette(page, "export: save")
    expect(page.locator("#run-head .exports > summary")).to_be_focused()
    with page.expect_download() as download:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    assert run in download.value.suggested_filename
