"""The page Cost in a real browser, on the real product."""

import asyncio
import csv
import re
import struct
import threading
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.house import House
from tests.model_server import ModelServer, ScriptedReply
from tests.pages.conftest import PATIENCE, OpenPage, told
from tests.pages.test_accessibility import serious
from trajectories import charts

Put = Callable[..., str]
TEXT = "The mill at Overton was built in 1790.\n" + "The river is low today.\n" * 900


def drawn(page: Page) -> Page:
    expect(page.locator("main[data-ready]")).to_be_attached(timeout=PATIENCE)
    return page


@pytest.fixture
def open_cost(open_page: OpenPage) -> OpenPage:
    """`open_cost(run, "?cost=tier", **context options)`, when its charts are drawn."""

    def open_cost(run: str, query: str = "", **options: Any) -> Page:
        return drawn(open_page(f"/runs/{run}/cost{query}", **options))

    return open_cost


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[data-card="{name}"]')


def figure(page: Page, name: str) -> Locator:
    return page.locator(f'.kpi:has(dt:text-is("{name}"))')


def click_bar(page: Page, name: str, place: int = 0) -> None:
    bar = card(page, name).locator(".point path").nth(place)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


# ------------------------------------------------------------------------------------------------- charts


def test_all_charts_are_drawn_with_their_findings_and_key_figures(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    expect(page.locator(".plot.js-plotly-plot")).to_have_count(len(charts.NAMES))
    expect(page.locator(".plot .main-svg").first).to_be_visible()
    expect(page.locator(".kpis")).to_contain_text("of $5.00")
    for name in charts.NAMES:
        expect(card(page, name).locator("h2")).not_to_be_empty()


def test_a_mark_of_one_node_opens_it_in_the_trace(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    click_bar(page, "cache", 1)
    page.wait_for_url(re.compile(r"/trace\?node=\d+$"))
    expect(page.locator('#tree [aria-selected="true"]')).to_have_attribute("data-id", page.url.rpartition("=")[2])


def test_a_mark_of_several_nodes_lists_them_the_dearest_first(open_cost: OpenPage, put: Put, house: House) -> None:
    run = put("recursive")
    page = open_cost(run)
    click_bar(page, "cost")
    nodes = page.locator("#nodes")
    expect(nodes.locator("h2")).to_have_text(re.compile(r"^6 nodes · Depth 1 cost \d+ % of the run$"))
    tree = told(house.client.get(f"/api/v1/runs/{run}/tree"))
    columns = tree["columns"]
    rows = [dict(zip(columns, row, strict=True)) for row in tree["rows"]]
    calls = [row for row in rows if row["kind"] == "lm" and row["depth"] == 0]
    dearest = sorted(calls, key=lambda row: -Decimal(row["usd"]))
    listed = nodes.locator("a[data-node]")
    assert [int(link.get_attribute("data-node") or 0) for link in listed.all()] == [row["number"] for row in dearest]
    expect(listed.first).to_have_text(f"#{dearest[0]['number']} {dearest[0]['name']}")
    expect(page.locator("#nodes-all")).to_have_attribute("href", re.compile(r"/trace\?q=kind%3Alm%20depth%3A0"))
    page.keyboard.press("Escape")
    expect(nodes).not_to_be_visible()


def test_a_mark_is_reached_by_keys_through_its_row(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    page.locator("#view-cost").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    table = card(page, "cost").locator("table")
    expect(table).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(table.locator("a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#nodes h2")).to_contain_text("nodes ·")
    page.locator("#nodes a[data-node]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/trace\?node=\d+$"))


def test_the_list_says_when_there_are_more_nodes_than_it_shows(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("showcase"), "?cost=model")
    card(page, "cost").locator("summary", has_text="Table").click()
    card(page, "cost").locator("tbody a", has_text="mini").first.click()
    expect(page.locator("#nodes .node-list li")).to_have_count(50)
    expect(page.locator("#nodes-more")).to_have_text(re.compile(r"The 50 weightiest are listed, \d+ more are not\."))


def test_another_view_is_shown_kept_in_the_address_and_found_again(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    page.locator("#view-cost").focus()
    page.locator("#view-cost").select_option("model")
    expect(card(page, "cost").locator("h2")).to_have_text(re.compile(r"^(mini|large) cost \d+ % of the run$"))
    expect(page).to_have_url(re.compile(r"\?cost=model$"))
    expect(page.locator("#view-cost")).to_be_focused()
    page.locator("#view-latency").select_option("queue")
    expect(card(page, "latency").locator("h2")).to_contain_text("waited for their turn")
    drawn(page.reload() and page)
    expect(page.locator("#view-cost")).to_have_value("model")
    expect(page.locator("#view-latency")).to_have_value("queue")
    page.locator("#view-cost").select_option("depth")
    expect(page).to_have_url(re.compile(r"\?latency=queue$"))


def test_every_view_of_a_chart_can_be_drawn(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    views = [(name, view) for name in charts.NAMES if len(charts.views(name)) > 1 for view in charts.views(name)]
    assert len(views) > 8
    for name, view in views:
        page.locator(f"#view-{name}").select_option(view)
        expect(card(page, name), f"{name}, {view}").not_to_have_attribute("aria-busy", "true")
        expect(card(page, name).locator(".plot .main-svg").first, f"{name}, {view}").to_be_visible()


def test_charts_take_the_themes_colours(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"), color_scheme="light")
    bar = card(page, "cost").locator(".point path").first
    expect(bar).to_have_css("fill", "rgb(52, 56, 159)")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(bar).to_have_css("fill", "rgb(179, 183, 255)")


# ------------------------------------------------------------------------------------------------- to keep


def pixels(png: bytes) -> tuple[int, int, tuple[int, ...]]:
    """(width, height, first pixel) of a PNG of 8 bits a channel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return width, height, tuple(zlib.decompress(data)[1:4])


@pytest.mark.parametrize(("theme", "surface"), [("light", (255, 255, 255)), ("dark", (20, 23, 28))])
def test_a_chart_is_kept_as_a_picture_of_the_present_theme(
    open_cost: OpenPage, put: Put, theme: str, surface: tuple[int, ...]
) -> None:
    page = open_cost(put("recursive"), color_scheme=theme)
    for name in charts.NAMES:
        card(page, name).locator(".menu > summary").click()
        with page.expect_download() as download:
            card(page, name).get_by_role("button", name="Picture (PNG)").click()
        assert download.value.suggested_filename == f"run-{put('recursive')}-{name}.png"
        width, height, first = pixels(Path(download.value.path()).read_bytes())
        assert (width, height, first) == (1920, 960, surface), name
        expect(card(page, name).locator(".menu-b")).not_to_be_visible()


def test_a_chart_is_kept_as_a_table_with_exact_numbers(open_cost: OpenPage, put: Put, house: House) -> None:
    run = put("recursive")
    page = open_cost(run)
    page.locator("#view-cost").select_option("role")
    expect(page).to_have_url(re.compile("cost=role"))
    expect(card(page, "cost")).not_to_have_attribute("aria-busy", "true")
    card(page, "cost").locator(".menu > summary").click()
    with page.expect_download() as download:
        card(page, "cost").get_by_role("link", name="Table (CSV)").click()
    assert download.value.suggested_filename == f"run-{run}-cost-role.csv"
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert {row["Role"] for row in rows} == {"root", "worker"}
    said = told(house.client.get(f"/api/v1/runs/{run}"))
    assert sum(Decimal(row["Cost (USD)"]) for row in rows) == Decimal(said["cost"]["usd"])


def test_key_figures_have_all_digits_and_agree_with_the_run(open_cost: OpenPage, put: Put, house: House) -> None:
    run = put("recursive")
    said = told(house.client.get(f"/api/v1/runs/{run}"))
    page = open_cost(run)
    cost = figure(page, "Cost").get_attribute("title") or ""
    assert Decimal(cost.split()[0]) == Decimal(said["cost"]["usd"])
    tokens = figure(page, "Tokens").get_attribute("title") or ""
    assert tokens == f"{said['usage']['input_tokens']:,} in, {said['usage']['output_tokens']:,} out"


# ------------------------------------------------------------------------------------------------- other prices


def test_other_models_are_priced_and_what_was_chosen_is_in_the_address(
    open_cost: OpenPage, put: Put, house: House
) -> None:
    run = put("recursive")
    page = open_cost(run)
    table = page.locator("[data-variants]")
    expect(table.locator("tbody tr")).to_have_count(3)
    page.locator("#price-2").fill("1 / 1 / 1")
    page.locator("#price-2").press("Enter")
    expect(table.locator("tbody tr")).to_have_count(4)
    repriced = told(house.client.get(f"/api/v1/runs/{run}/repriced", params={"worker": "1 / 1 / 1"}))
    assert repriced["recorded"]["cost"] == told(house.client.get(f"/api/v1/runs/{run}"))["cost"]
    chosen = table.locator("tbody tr").last
    expect(chosen).to_contain_text("worker: $1 / $1 / $1")
    exact = chosen.locator("td").nth(1).get_attribute("title") or ""
    assert Decimal(exact.split()[0]) == Decimal(repriced["repriced"]["cost"]["usd"])
    assert "with-worker=1" in page.url
    drawn(page.reload() and page)
    expect(page.locator("#price-2")).to_have_value("1 / 1 / 1")
    expect(table.locator("tbody tr")).to_have_count(4)


def test_a_model_nobody_has_a_price_of_is_said_at_its_field_and_nothing_is_lost(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    page.locator("#price-1").fill("1 / 2")
    page.locator("#price-2").fill("no/such-model")
    page.get_by_role("button", name="Price it").click()
    expect(page.locator("#price-error-2")).to_contain_text("No price of “no/such-model” is known.")
    expect(page.locator("#price-2")).to_be_focused()
    expect(page.locator("#price-2")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#price-1")).to_have_value("1 / 2")
    expect(page.locator("[data-variants] tbody tr").last).to_contain_text("root: $1 / $2")
    page.locator("#price-2").fill("openai/gpt-5-mini")
    page.get_by_role("button", name="Price it").click()
    expect(page.locator(".field-error")).to_have_count(0)
    expect(page.locator("#price-2")).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-variants] tbody tr").last).to_contain_text("worker: openai/gpt-5-mini")


def test_models_with_a_known_price_are_offered(open_cost: OpenPage, put: Put) -> None:
    page = open_cost(put("recursive"))
    page.locator("#price-1").focus()
    expect(page.locator('#priced option[value="openai/gpt-5"]')).to_be_attached(timeout=PATIENCE)


def test_prices_are_chosen_without_scripts_too(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('recursive')}/cost?cost=model", java_script_enabled=False)
    page.locator("#price-2").fill("0.25 / 2")
    page.get_by_role("button", name="Price it").click()
    expect(page.locator("[data-variants] tbody tr").last).to_contain_text("worker: $0.25 / $2")
    assert "cost=model" in page.url


# ------------------------------------------------------------------------------------------------- a run that goes on


def test_figures_follow_a_run_and_what_was_opened_stays(
    open_cost: OpenPage,
    add_text: Callable[..., Any],
    ask: Callable[..., str],
    scripted: dict[str, Any],
    model_server: ModelServer,
) -> None:
    gate = threading.Event()

    async def answer(body: dict[str, Any]) -> ScriptedReply:
        if body["messages"][0]["role"] != "system":
            if "late" in body["messages"][-1]["content"]:
                await asyncio.to_thread(gate.wait, 30)
            return ScriptedReply("OK")
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        code = ["print(llm_batch(['a', 'b', 'c']))", "print(llm_call('late'))", "FINAL('done')"][min(turn, 2)]
        return ScriptedReply(f"```repl\n{code}\n```")

    model_server.script(answer)
    run = ask("Anything?", [add_text("live.txt", TEXT)], scripted)
    page = open_cost(run)
    expect(page.locator("#live")).to_be_visible()
    calls = figure(page, "Calls")
    expect(calls).to_contain_text("5", timeout=PATIENCE)
    card(page, "tokens").locator("summary", has_text="Table").click()
    page.locator("#view-time").focus()
    page.evaluate("scrollTo(0, 400)")
    top = "element => element.getBoundingClientRect().top"
    place = card(page, "tokens").locator("h2").evaluate(top)
    gate.set()
    expect(page.locator("#run-head .chip.ok")).to_have_text("Answered", timeout=PATIENCE)
    expect(page.locator("#live")).not_to_be_attached()
    expect(calls).to_contain_text("7")
    expect(card(page, "tokens").locator("table")).to_be_visible()
    expect(card(page, "tokens").locator("tbody tr")).to_have_count(3)
    expect(page.locator("#view-time")).to_be_focused()
    assert card(page, "tokens").locator("h2").evaluate(top) == pytest.approx(place, abs=2), "the page does not jump"


# ------------------------------------------------------------------------------------------------- for everybody


@pytest.mark.parametrize("run", ["failed", "cancelled", "small", "going_on", "with_batch"])
def test_runs_of_every_ending_have_a_page(open_cost: OpenPage, put: Put, run: str) -> None:
    page = open_cost(put(run))
    expect(page.locator("[data-card]")).to_have_count(len(charts.NAMES))
    if run == "failed":
        expect(page.locator(".kpis")).to_contain_text("unknown")
        expect(page.locator("main")).not_to_contain_text("$0.00")


def test_without_scripts_there_are_tables_and_other_views(open_page: OpenPage, put: Put) -> None:
    page = open_page(f"/runs/{put('recursive')}/cost?latency=model", java_script_enabled=False)
    expect(page.locator("noscript .note")).to_contain_text("has the same numbers")
    page.locator("#view-cost").select_option("model")
    card(page, "cost").get_by_role("button", name="Show").click()
    expect(card(page, "cost").locator("h2")).to_have_text(re.compile("cost .* of the run"))
    assert "latency=model" in page.url and "cost=model" in page.url
    card(page, "cost").locator("summary", has_text="Table").click()
    card(page, "cost").locator("tbody a").first.click()
    assert "/trace?" in page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_cost: OpenPage, put: Put, theme: str) -> None:
    page = open_cost(put("recursive"), color_scheme=theme, reduced_motion="reduce")
    for summary in page.locator(".twin > summary").all():
        summary.click()
    card(page, "cost").locator(".menu > summary").click()
    found = serious(page)
    page.keyboard.press("Escape")
    card(page, "cost").locator("tbody a").first.click()
    expect(page.locator("#nodes .node-list a").first).to_contain_text("#")
    assert [*found, *serious(page)] == []


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_page_is_never_wider_than_the_window(open_cost: OpenPage, put: Put, width: int) -> None:
    page = open_cost(put("with_batch"), viewport={"width": width, "height": 844})
    for summary in page.locator(".twin > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = "nodes => Math.min(...nodes.map(node => parseFloat(getComputedStyle(node).fontSize)))"
    assert page.locator(".chart text").evaluate_all(small) >= 12
