"""The search of the page Trace in a real browser, by keys and by mouse."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.searchable import RARE
from tests.house import PROJECT, House
from tests.model_server import ModelServer
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious
from tests.workbench.test_pages import HOSTILE, TEXT, go, script, selected

Put = Callable[..., str]
BOX, LIST, COUNT, ERROR = "#node-search", "#find-list [role=option]", "#hits", "#find-error"
HERE = "[...(CSS.highlights.get('found-here') ?? [])].map(range => range.toString())"
MARKED = "[...(CSS.highlights.get('found') ?? [])].map(range => range.toString())"
IN_VIEW = """() => {
  const [range] = CSS.highlights.get('found-here');
  const [box, pane] = [range.getBoundingClientRect(), document.querySelector('#det-b').getBoundingClientRect()];
  return box.top >= pane.top && box.bottom <= pane.bottom && box.left >= pane.left && box.right <= pane.right;
}"""


@pytest.fixture
def open_trace(open_page: OpenPage) -> OpenPage:
    def open_trace(run: str, query: str = "", **options: Any) -> Page:
        return go(open_page("/sign-in", **options), f"/runs/{run}/trace{query}")

    return open_trace


@pytest.fixture(scope="session")
def long_run(house: House) -> str:
    """Prompts of 60,000 characters, quoted from a document."""
    command = [sys.executable, "-m", "tests.fixtures.searchable", "--calls", "40", "--chars", "60000"]
    done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def here(page: Page) -> str:
    """The text of the hit that was brought into view. (A wait in the page needs `eval`, which its policy forbids.)"""
    for _ in range(PATIENCE // 50):
        if found := page.evaluate(HERE):
            return str(found[0])
        page.wait_for_timeout(50)
    raise AssertionError("no hit is marked")


def search(page: Page, line: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(line)


def test_what_is_found_is_listed_with_the_words_around_it_and_gone_to_by_keys(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    search(page, "in:code llm_batch")
    expect(page.locator(LIST)).to_have_count(6)
    expect(page.locator(COUNT)).to_have_text("6 found")
    first = page.locator(LIST).first
    expect(first).to_contain_text("found = llm_batch([ASK + r")
    expect(first.locator("mark")).to_have_text("llm_batch")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(LIST).nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(BOX)).to_have_attribute("aria-activedescendant", "hit-1")
    expect(page.locator(BOX)).to_be_focused()
    number = page.locator(LIST).nth(1).get_attribute("data-node") or ""
    page.keyboard.press("Enter")
    expect(page.locator("#find-drop")).to_be_hidden()
    expect(selected(page)).to_have_attribute("data-id", number)
    expect(selected(page)).to_be_focused()
    expect(page.locator(COUNT)).to_have_text("2 of 6")
    expect(page).to_have_url(re.compile(rf"\?q=in%3Acode\+llm_batch&node={number}$"))
    assert here(page) == "llm_batch"


def test_n_goes_through_the_hits_and_each_tab_shows_where(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    search(page, "certificate -in:name,prompt")
    expect(page.locator(COUNT)).to_have_text(re.compile(r"^1 of \d+$"))
    page.keyboard.press("Escape")
    page.locator("#tree").focus()
    kinds = set()
    for place in (2, 3, 4, 5, 6):
        page.keyboard.press("n")
        expect(page.locator(COUNT)).to_have_text(re.compile(rf"^{place} of \d+$"))
        assert here(page).lower() == "certificate"
        assert page.evaluate(IN_VIEW)
        kinds.add(page.locator("[role=tab][aria-selected=true][data-tab]").text_content())
    assert kinds == {"Code + output", "Response"}
    page.keyboard.press("N")
    expect(page.locator(COUNT)).to_have_text(re.compile(r"^5 of \d+$"))


def test_hits_are_marked_in_the_tree_and_counted_on_a_batch(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    search(page, "minutes in:reply")
    expect(page.locator('#tree [data-id="b11"] small')).to_contain_text("28 found")
    expect(page.locator('#tree [data-id="12"]')).to_have_class(re.compile(r"\bhit\b"))
    expect(page.locator('#tree [data-id="1"]')).not_to_have_class(re.compile(r"\bhit\b"))
    expect(page.locator('#tree [data-id="12"] .lbl')).to_have_attribute("title", re.compile('"minutes": 12'))
    lane = """() => { const canvas = document.querySelector('#mini'); const { data } =
        canvas.getContext('2d').getImageData(0, 1, canvas.width, 1);
        return new Set(Array.from({ length: canvas.width }, (_, x) => data.slice(4 * x, 4 * x + 3).join())).size; }"""
    assert page.evaluate(lane) >= 2


def test_figures_are_told_without_the_server(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "search?q" in request.url else None)
    page.locator(BOX).fill("kind:lm status:failed")  # at once: half a word is the server's to judge
    expect(page.locator(COUNT)).to_have_text("2 found")
    expect(page.locator(LIST)).to_have_count(2)
    page.wait_for_timeout(400)
    assert not asked


def test_a_wrong_query_says_what_to_change_and_keeps_what_was_found(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    search(page, "in:code llm_batch")
    expect(page.locator(LIST)).to_have_count(6)
    page.locator(BOX).fill("in:code llm_batch kind:cells")  # at once: what stands there half typed is a query too
    expect(page.locator(ERROR)).to_contain_text("comes one of rlm, step, lm, cell or gate")
    expect(page.locator(BOX)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(LIST)).to_have_count(6)
    expect(page.locator("#find-foot")).to_have_text("What was found before is still shown.")
    page.keyboard.press("Backspace")
    expect(page.locator(ERROR)).to_be_hidden()
    expect(page.locator(BOX)).to_have_attribute("aria-invalid", "false")


def test_the_words_of_a_query_go_into_the_box_at_a_press(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    page.keyboard.press("/")
    help_ = page.locator("#find-help")
    expect(help_).to_be_visible()
    help_.get_by_role("button", name="cell", exact=True).click()
    expect(page.locator(BOX)).to_have_value("kind:cell")
    expect(page.locator(BOX)).to_be_focused()
    help_.get_by_role("button", name="time:>2s").click()
    expect(page.locator(BOX)).to_have_value("kind:cell time:>2s")
    page.keyboard.type("1m")
    expect(page.locator(BOX)).to_have_value("kind:cell time:>1m")
    page.locator("#find-help-open").click()
    expect(help_).to_be_hidden()
    expect(page.locator(COUNT)).to_contain_text("found")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(BOX)).to_have_value("")
    assert "q=" not in page.url


def test_a_link_with_a_query_shows_the_hit(open_trace: OpenPage, long_run: str) -> None:
    page = open_trace(long_run, f"?q={RARE}+-in:reply")
    expect(page.locator(BOX)).to_have_value(f"{RARE} -in:reply")
    expect(page.locator(COUNT)).to_have_text(re.compile(r"^\d+ found$"))
    page.keyboard.press("n")
    number = selected(page).get_attribute("data-id")
    page = open_trace(long_run, f"?node={number}&q={RARE}+-in:reply")
    assert here(page) == RARE
    page.reload()
    expect(selected(page)).to_have_attribute("data-id", number or "")
    expect(page.locator(BOX)).to_have_value(f"{RARE} -in:reply")


def test_a_hit_far_down_a_long_text_is_brought_into_view(open_trace: OpenPage, long_run: str) -> None:
    page = open_trace(long_run)
    request = "fetch(place + '/nodes/30').then(answer => answer.json()).then(node => node.request[0].content)"
    text = page.evaluate(f"place => {request}", page.locator("main").get_attribute("data-data"))
    words = " ".join(text[55_000:55_200].split()[3:9])
    search(page, f'"{words}"')
    expect(page.locator(COUNT)).to_have_text("1 found")
    expect(page.locator(LIST)).to_contain_text("prompt · node 30")
    page.keyboard.press("Enter")
    assert " ".join(here(page).split()) == words
    assert page.evaluate(IN_VIEW)


def test_a_search_that_is_not_answered_says_so_and_can_be_repeated(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    page.route("**/search?q=*", lambda route: route.abort())
    search(page, "llm_batch in:code")
    expect(page.locator(ERROR)).to_contain_text("The server cannot be reached")
    page.unroute("**/search?q=*")
    page.keyboard.type(" ")
    expect(page.locator(ERROR)).to_be_hidden()
    expect(page.locator(LIST)).to_have_count(6)


def test_a_search_follows_a_run_at_work(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    scripted: dict[str, Any],
    model_server: ModelServer,
) -> None:
    first = "```repl\nprint(llm_batch([f'part {n}' for n in range(3)]))\n```"
    script(model_server, first, "```repl\nprint('a needle')\nFINAL('done')\n```")
    run = ask("Anything?", [add_text("live.txt", TEXT)], scripted)
    page = go(open_page("/sign-in"), f"/runs/{run}/trace?q=needle")
    expect(page.locator(COUNT)).to_have_text("0 found")
    expect(page.locator(COUNT)).to_have_text(re.compile(r"^(\d of 2|2 found)$"), timeout=PATIENCE)
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=PATIENCE)
    expect(page.locator("#tree .hit")).to_have_count(2)


def test_hostile_text_stays_text_in_what_is_found(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    scripted: dict[str, Any],
    model_server: ModelServer,
) -> None:
    script(model_server, f"{HOSTILE}\n```repl\nx = {HOSTILE!r}\nprint(x)\nFINAL(x)\n```")
    run = ask(HOSTILE, [add_text("x.txt", TEXT)], scripted)
    page = go(open_page("/sign-in"), f"/runs/{run}/trace")
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=PATIENCE)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for line in ("<script>", '"<img src=x"', "/<scr.pt>/", "onerror=alert(1)"):
        page.locator(BOX).fill(line)
        expect(page.locator(LIST).first).to_contain_text("<img src=x onerror=")
        page.locator(LIST).first.click()
    expect(page.locator("main img, main script")).to_have_count(0)
    assert not dialogs


def test_a_phone_searches_too(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), viewport={"width": 390, "height": 844}, has_touch=True)
    page.get_by_role("tab", name="Tree").click()
    page.locator(BOX).fill("in:code llm_batch")
    expect(page.locator(LIST)).to_have_count(6)
    foot = page.locator("#find-drop").bounding_box()
    assert foot and foot["y"] + foot["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(LIST).first.click()
    expect(page.locator("#det-b")).to_be_visible()
    assert here(page) == "llm_batch"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_panel(open_trace: OpenPage, put: Put, theme: str) -> None:
    page = open_trace(put("recursive"), color_scheme=theme, reduced_motion="reduce")
    page.keyboard.press("/")
    expect(page.locator("#find-help")).to_be_visible()
    assert serious(page) == []
    page.keyboard.type("in:code llm_batch")
    expect(page.locator(LIST)).to_have_count(6)
    page.keyboard.press("ArrowDown")
    assert serious(page) == []
    page.keyboard.type(" kind:")
    expect(page.locator(ERROR)).to_be_visible()
    assert serious(page) == []


def test_a_run_is_got_ready_once_before_anybody_searches_and_for_its_owner_only(
    open_page: OpenPage, put: Put, house: House
) -> None:
    run = put("recursive")
    asked: list[str] = []
    page = open_page("/sign-in")
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/search") else None)
    with page.expect_response(f"**/runs/{run}/search") as got_ready:
        go(page, f"/runs/{run}/trace")
    assert got_ready.value.json()["nodes"] == told(house.client.get(f"/api/v1/runs/{run}"))["nodes"]
    page.locator(BOX).focus()
    page.locator("#tree").focus()
    assert len(asked) == 1
    shared = told(house.client.post(f"/api/v1/runs/{run}/shares", json={"scope": "trajectory"}))
    page.clock.install()
    go(page, f"{shared['url']}/trace")
    page.clock.run_for(5_000)
    assert len(asked) == 1
    with page.expect_response(lambda response: response.url.endswith("/search")):
        page.locator(BOX).focus()
