"""The pages Trace, Cost and Coverage in a real browser, on the real product."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.house import House
from tests.model_server import ModelServer, ScriptedReply
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious
from tests.workbench.conftest import NodeTest

Ask = Callable[..., str]
Put = Callable[..., str]
TEXT = "The mill at Overton was built in 1790. It ground corn until 1912.\n" + "The river is low today.\n" * 900
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def finished(open_page: OpenPage, add_text: Callable[..., Any], ask: Ask) -> str:
    """An offline run that has ended."""
    run = ask("When was the mill built?", [add_text("mill.txt", TEXT)])
    expect(open_page(f"/runs/{run}").locator("#answer")).to_be_visible(timeout=PATIENCE)
    return run


def go(page: Page, path: str) -> Page:
    """Opens a trace and waits until it is drawn and takes keys."""
    page.goto(path)
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    return page


@pytest.fixture
def open_trace(open_page: OpenPage) -> OpenPage:
    """`open_trace(run, "?node=10", **context options)`"""

    def open_trace(run: str, query: str = "", **options: Any) -> Page:
        return go(open_page("/sign-in", **options), f"/runs/{run}/trace{query}")

    return open_trace


def rows(page: Page) -> Any:
    return page.locator("#tree [data-id]")


def selected(page: Page) -> Any:
    return page.locator('#tree [aria-selected="true"]')


# ------------------------------------------------------------------------------------------------- trace


def test_a_finished_run_is_walked_through_by_keys(open_trace: OpenPage, finished: str) -> None:
    page = open_trace(finished)
    expect(selected(page)).to_have_attribute("data-id", "1")
    expect(page.locator("#det-b")).to_contain_text("1790")
    page.keyboard.press("j")
    expect(selected(page)).to_have_attribute("data-id", "2")
    expect(page).to_have_url(re.compile(r"\?node=2$"))
    page.keyboard.press("h")
    expect(selected(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("l")
    expect(selected(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("l")
    expect(selected(page)).to_have_attribute("data-id", "3")
    expect(selected(page)).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.locator('[role=tab][aria-selected="true"][data-tab]')).to_have_text("Prompt")
    page.keyboard.press("]")
    expect(page.locator('[role=tab][aria-selected="true"][data-tab]')).to_have_text("Prompt")
    expect(page.locator("#det-b")).to_contain_text("messages as in the turn before")
    page.keyboard.press("G")
    last = selected(page).get_attribute("data-id")
    assert int(last or 0) > 5
    page.keyboard.press("g")
    page.keyboard.press("g")
    expect(selected(page)).to_have_attribute("data-id", "1")


def test_a_cell_shows_code_output_variables_and_reads(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), "?node=10")
    detail = page.locator("#det-b")
    expect(detail.locator("pre.code .ln")).to_have_count(12)
    expect(detail.locator(".ln.hit")).to_contain_text("llm_batch")
    expect(detail).to_contain_text("INC-2025-0003 {'expired': 'no'")
    page.keyboard.press("4")
    expect(detail.locator("tbody tr").first).to_contain_text("set again")
    page.keyboard.press("6")
    expect(detail.locator("tbody tr")).to_contain_text(["north/mini"])
    page.keyboard.press("7")
    expect(detail).to_contain_text('"kind": "cell"')
    go(page, f"{page.url.split('?')[0]}?node=2")
    page.keyboard.press("5")
    expect(page.get_by_role("tab", name="Reads")).to_be_disabled()


def test_reads_lead_into_the_document(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), "?node=7")
    page.get_by_role("tab", name="Reads").click()
    link = page.locator("#det-b a[data-read]").first
    expect(link).to_have_attribute("href", "/documents/reports00000?at=0-8412006")


def test_the_address_selects_and_a_reload_keeps_it(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), "?batch=11")
    expect(selected(page)).to_have_attribute("data-id", "b11")
    expect(page.locator("#det-h h2")).to_have_text("llm_batch ×30")
    expect(page.locator("#det-b tbody tr").first).to_contain_text("timeout")
    page.locator("#det-b tbody a").first.click()
    expect(page).to_have_url(re.compile(r"node=\d+$"))
    number = page.url.rpartition("=")[2]
    page.reload()
    expect(selected(page)).to_have_attribute("data-id", number)


def test_a_batch_is_one_row_until_opened(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    batch = page.locator('#tree [data-id="b11"]')
    expect(batch).to_contain_text("llm_batch ×30")
    expect(batch).to_contain_text("2 failed")
    expect(page.locator('#tree [data-id="12"]')).to_have_count(0)
    batch.locator(".tw").click()
    expect(page.locator('#tree [data-id="12"]')).to_be_visible()
    expect(page.locator('#tree [data-id="12"]')).to_have_attribute("aria-setsize", "30")


def test_a_bar_of_the_time_line_selects_its_row(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    box = page.locator("#timeline").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    expect(selected(page)).to_have_attribute("data-id", "1")
    page.mouse.click(box["x"] + 84, box["y"] + 84)
    expect(selected(page)).to_have_attribute("data-id", "3")


def test_searching_leaves_what_fits_and_what_lies_above(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    page.keyboard.press("/")
    page.keyboard.type("kind:lm status:failed")
    expect(page.locator("#hits")).to_have_text("2 found")
    expect(page.locator("#tree .bad")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(selected(page)).to_have_class(re.compile("bad"))
    expect(page.locator("#hits")).to_have_text("1 of 2")
    page.locator("#node-search").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_empty()
    page.keyboard.press("e")
    expect(selected(page)).to_have_class(re.compile("bad"))


def test_each_clause_of_the_critical_path_leads_to_its_nodes(open_trace: OpenPage, put: Put, house: House) -> None:
    run = put("recursive")
    told_path = told(house.client.get(f"/api/v1/runs/{run}/critical"))
    page = open_trace(run)
    sentence = page.locator("#critical-words")
    expect(sentence).to_contain_text("".join(part["text"] for part in told_path["sentence"]))
    clause = next(part for part in told_path["sentence"] if "slowest of 30" in part["text"])
    sentence.get_by_role("link", name="slowest of 30").click()
    expect(selected(page)).to_have_attribute("data-id", str(clause["node"]))
    expect(page).to_have_url(re.compile(rf"node={clause['node']}&path=calls$|path=calls&node={clause['node']}$"))
    page.reload()
    expect(page.locator('#critical-words a[aria-current="true"]')).to_contain_text("slowest of 30")
    page.locator('#tree [data-id="3"]').click()
    expect(page.locator("#critical-words a[aria-current]")).to_have_count(0)
    page.keyboard.press("c")
    expect(sentence).to_be_empty()


def test_a_failed_cell_shows_its_traceback(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"))
    page.keyboard.press("/")
    page.keyboard.type("kind:cell status:failed")
    page.keyboard.press("Enter")
    expect(page.locator("#det-b .note.err")).to_contain_text("TypeError")
    expect(page.locator("#det-b")).to_contain_text("Traceback (most recent call last)")


def test_only_rows_in_view_stand_in_the_page(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("large", "--nodes", "10500"))
    batch = page.locator("#tree .batch").first
    batch.locator(".tw").click()
    expect(page.locator("#tree")).to_have_attribute("aria-rowcount", re.compile(r"^2\d{3}$"))
    assert rows(page).count() < 120
    page.keyboard.press("G")
    expect(selected(page)).to_be_visible()
    assert rows(page).count() < 120


def test_a_phone_shows_one_part_at_a_time(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("recursive"), viewport={"width": 390, "height": 844})
    expect(page.locator("#timeline")).to_be_visible()
    expect(page.locator("#tree")).not_to_be_visible()
    page.get_by_role("tab", name="Tree").click()
    page.locator('#tree [data-id="4"]').click()
    expect(page.locator("#det-b")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_cancelled_and_a_failed_run_say_so(open_trace: OpenPage, put: Put) -> None:
    page = open_trace(put("cancelled"))
    expect(page.locator("#det-h")).to_contain_text("cancelled")
    go(page, f"/runs/{put('failed')}/trace")
    expect(page.locator("#det-b .note.err")).to_contain_text("The server refused the key")


def test_a_tree_that_cannot_be_loaded_is_said(open_page: OpenPage, put: Put) -> None:
    page = open_page("/runs")
    page.route("**/api/v1/runs/*/tree", lambda route: route.abort())
    page.goto(f"/runs/{put('small')}/trace")
    expect(page.locator("#det-b")).to_contain_text("The trace could not be loaded")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


# ------------------------------------------------------------------------------------------------- live


def test_a_run_is_followed_while_it_goes_on(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Ask,
    scripted: dict[str, Any],
    model_server: ModelServer,
    house: House,
) -> None:
    first = "```repl\nparts = llm_batch([f'part {n}' for n in range(20)])\nprint(len(parts))\n```"
    script(model_server, first, "```repl\nFINAL('done')\n```")
    run = ask("Anything?", [add_text("live.txt", TEXT)], scripted)
    page = open_page(f"/runs/{run}/trace")
    expect(page.locator("#follow")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#tree .batch")).to_contain_text("llm_batch ×20", timeout=PATIENCE)
    page.locator("#tree").hover()
    page.mouse.wheel(0, 40)
    expect(page.locator("#follow")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=PATIENCE)
    expect(page.locator("#follow")).not_to_be_visible()
    tree = told(house.client.get(f"/api/v1/runs/{run}/tree"))
    assert page.locator("#tree").get_attribute("aria-rowcount") == str(len(tree["rows"]) - 20 + 2)
    assert page.locator("#tree .pulse").count() == 0


def test_the_browser_state_of_a_real_run_agrees_with_its_rows(
    finished: str, house: House, node_test: NodeTest, tmp_path: Path
) -> None:
    events = told(house.client.get(f"/api/v1/runs/{finished}/events", params={"limit": 10_000}))
    tree = told(house.client.get(f"/api/v1/runs/{finished}/tree"))
    recorded = {"events": events["events"], "cuts": [{"after": events["last_seq"], "tree": tree}]}
    (tmp_path / "real.json").write_text(json.dumps(recorded))
    node_test("state.test.mjs", RUNS=str(tmp_path))


def test_a_broken_connection_goes_on_where_it_was(
    open_page: OpenPage, add_text: Callable[..., Any], ask: Ask, scripted: dict[str, Any], model_server: ModelServer
) -> None:
    script(model_server, "```repl\nprint(llm_batch(['a', 'b', 'c']))\n```", "```repl\nFINAL('done')\n```")
    page = open_page("/runs")
    connected: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        connected.append(socket.url)
        server = socket.connect_to_server()
        if len(connected) == 1:
            server.on_message(lambda message: (socket.send(message), socket.close(code=1012, reason="restart")))

    page.route_web_socket(re.compile("/ws/runs/"), route)
    run = ask("Anything?", [add_text("live.txt", TEXT)], scripted)
    page.goto(f"/runs/{run}/trace")
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=PATIENCE)
    assert len(connected) >= 2
    assert all(int(url.rpartition("=")[2]) > 0 for url in connected[1:])
    expect(page.locator("#tree .batch")).to_contain_text("llm_batch ×3")


def script(server: ModelServer, *turns: str) -> None:
    """The root says these one after the other, in no hurry; everybody else says OK."""

    def answer(body: dict[str, Any]) -> ScriptedReply:
        if body["messages"][0]["role"] != "system":
            return ScriptedReply("OK", delay=2)
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        return ScriptedReply(turns[min(turn, len(turns) - 1)], chunk_delay=0.03)

    server.script(answer)


def test_hostile_text_stays_text(
    open_page: OpenPage,
    add_text: Callable[..., Any],
    ask: Ask,
    scripted: dict[str, Any],
    model_server: ModelServer,
    house: House,
) -> None:
    code = f"```repl\n# {HOSTILE}\nx = {HOSTILE!r}\nprint(x, llm_batch([x, x]))\n1 / 0\n```"
    script(model_server, f"{HOSTILE}\n{code}", f"```repl\nFINAL({HOSTILE!r})\n```")
    run = ask(HOSTILE, [add_text("x.txt", TEXT)], scripted)
    page = open_page(f"/runs/{run}/trace?node=1")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=PATIENCE)
    expect(selected(page)).to_have_attribute("data-id", "1")
    for _ in range(8):
        for tab in "1234567":
            page.keyboard.press(tab)
        page.keyboard.press("j")
    expect(page.locator("main img, main script, .tip img")).to_have_count(0)
    for path in ("cost", "coverage"):
        page.goto(f"/runs/{run}/{path}")
        expect(page.locator("main img")).to_have_count(0)
    assert not dialogs


# ------------------------------------------------------------------------------------------------- cost and coverage


def test_an_unknown_price_is_said_and_never_0(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('with_batch')}/cost")
    expect(page.locator(".kpis")).to_contain_text("at least $")
    go(page, f"/runs/{put('with_batch')}/trace?node=1")
    page.keyboard.press("/")
    page.keyboard.type("model:otter")
    page.keyboard.press("Enter")
    page.keyboard.press("6")
    expect(page.locator("#det-b")).to_contain_text("unknown")
    expect(page.locator("#det-b")).not_to_contain_text("$0.00")


def test_coverage_has_a_strip_and_numbers_for_each_document(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('recursive')}/coverage")
    expect(page.locator("canvas[data-cov]")).to_have_count(3)
    expect(page.locator(".kpis")).to_contain_text("cited")
    page.locator("summary").first.click()
    expect(page.locator(".cov-table a").first).to_have_attribute("href", "/documents/reports00000?at=700120-700300")
    colours = page.evaluate(
        """() => { const canvas = document.querySelector('canvas[data-cov]'); const { data } =
        canvas.getContext('2d').getImageData(0, canvas.height - 2, canvas.width, 1);
        return new Set(Array.from({ length: canvas.width }, (_, x) => data.slice(4 * x, 4 * x + 3).join())).size; }"""
    )
    assert colours >= 2


def test_an_offline_runs_coverage_is_read_from_its_record(open_page: OpenPage, finished: str, house: House) -> None:
    page = open_page(f"/runs/{finished}/coverage")
    expect(page.locator(".cov-table a").first).to_be_visible()
    strips = json.loads(page.locator("#strips").text_content() or "")
    run = told(house.client.get(f"/api/v1/runs/{finished}"))
    source = run["sources"][0]
    assert any(
        start <= source["start"] and source["end"] <= end
        for start, end, level in strips["documents"][0]["intervals"]
        if level == 4
    )


def test_what_is_not_yours_is_not_there(house: House, put: Put) -> None:
    for path in ("trace", "cost", "coverage"):
        answer = httpx.get(f"{house.url}/runs/{put('small')}/{path}")
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, put: Put, theme: str) -> None:
    page = open_page("/runs", color_scheme=theme, reduced_motion="reduce")
    found = []
    for path in ("trace?node=10", "trace?batch=11", "trace?node=9", "cost", "coverage"):
        page.goto(f"/runs/{put('recursive')}/{path}")
        page.wait_for_load_state("networkidle")
        found += [f"{path}: {problem}" for problem in serious(page)]
    assert not found, "\n".join(found)


def test_cost_and_coverage_are_no_wider_than_a_phone(open_page: OpenPage, put: Put) -> None:
    page = open_page("/runs", viewport={"width": 390, "height": 844})
    for path in ("cost", "coverage"):
        page.goto(f"/runs/{put('recursive')}/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
