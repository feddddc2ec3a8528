"""The page Compare in a real browser: what it says, its keys, its address, and the ways to it."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.house import House
from tests.pages.conftest import OpenPage
from tests.pages.test_accessibility import serious

Put = Callable[..., str]
READY = "main[data-ready]"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def pair(put: Put) -> tuple[str, str]:
    return put("showcase"), put("thorough")


@pytest.fixture
def compare(open_page: OpenPage, pair: tuple[str, str]) -> Callable[..., Page]:
    """Opens the two runs side by side; `more` goes to the address."""

    def compare(more: str = "", **options: object) -> Page:
        page = open_page(f"/compare?r={pair[0]}&r={pair[1]}{more}", **options)
        if options.get("java_script_enabled", True):
            page.wait_for_selector(READY, state="attached")
        return page

    return compare


@pytest.fixture
def listed(pair: tuple[str, str], house: House) -> str:
    """The table of runs with these two in it, however many others there are."""
    for run in pair:
        house.client.patch(f"/api/v1/runs/{run}", json={"tags": ["a pair"]}).raise_for_status()
    return "/runs?tag=a+pair"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def figure(page: Page, name: str) -> Locator:
    return page.locator(".figures tr", has=page.get_by_role("rowheader", name=name, exact=True))


# ------------------------------------------------------------------------------------------------ what it says


def test_it_can_be_read_without_scripts(compare: Callable[..., Page]) -> None:
    page = compare(java_script_enabled=False)
    expect(page.locator(".lead")).to_contain_text("B cost $1.09 more")
    expect(page.locator(".lead")).to_contain_text("Step 2: the model wrote other code to the same prompt.")
    expect(figure(page, "Cost").locator("td")).to_contain_text(["$0.57", "$1.66", "+$1.09, +191 %"])
    expect(figure(page, "Cost").locator(".delta")).to_have_class(re.compile("bad"))
    expect(page.locator("#settings")).to_contain_text("policy.limits.cost_usd")
    expect(page.locator(".side-by ins").first).to_contain_text("payments-gateway")
    expect(page.locator(".pair.lv0")).to_have_count(8)
    expect(page.locator(".pair.lv0").nth(1)).to_have_class(re.compile("changed"))
    expect(page.locator(".pair").nth(1).locator(".diffcode .ln.del")).to_contain_text('"certificate" in r')
    expect(page.locator(".pair").nth(2).locator(".join")).to_contain_text("×350 → ×1,204")
    page.get_by_label("Only differences").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".pair[data-same]").first).to_be_hidden()
    page.get_by_role("link", name="Make baseline").click()
    expect(page.locator(".cmp-head .name")).to_have_text(["Thorough", "Balanced"])
    expect(figure(page, "Cost").locator(".delta")).to_have_class(re.compile("good"))
    assert query(page)["only"] == ["1"]


def test_links_lead_into_each_runs_trace(compare: Callable[..., Page], pair: tuple[str, str]) -> None:
    page = compare()
    for side, run in enumerate(pair):
        link = page.locator(".pair").nth(1).locator(".part .name").nth(side)
        expect(link).to_have_attribute("href", f"/runs/{run}/trace?node=5")


def test_three_and_four_runs_stand_side_by_side(open_page: OpenPage, pair: tuple[str, str], put: Put) -> None:
    runs = [*pair, put("recursive"), put("with_batch")]
    page = open_page(f"/compare?{'&'.join(f'r={run}' for run in runs)}&base={runs[2]}")
    page.wait_for_selector(READY, state="attached")
    expect(page.locator(".cmp-head .badge")).to_have_text(["C", "A", "B", "D"])
    expect(page.locator(".lead")).to_contain_text("is the first to differ from C")
    expect(page.locator(".side-by > div")).to_have_count(4)
    changed = page.locator(".pair .join.changed [data-open='3']").first
    changed.click()
    expect(page.locator(".pair-detail .heads .badge")).to_have_text(["C", "D"])
    assert query(page)["to"] == [runs[3]]
    page.get_by_role("button", name="C and A").click()
    expect(page.locator(".pair-detail .heads .badge")).to_have_text(["C", "A"])


def test_a_run_against_itself_has_no_differences(open_page: OpenPage, house: House, put: Put) -> None:
    page = open_page(f"/compare?r={put('small')}&r={put('cancelled')}&base={put('small')}")
    page.wait_for_selector(READY, state="attached")
    expect(page.locator(".lead")).to_contain_text("B has no answer.")
    expect(page.locator(".side-by")).to_contain_text("No answer.")


# ------------------------------------------------------------------------------------------------ differences


def test_keys_go_from_difference_to_difference_and_open_it(compare: Callable[..., Page]) -> None:
    page = compare()
    page.keyboard.press("n")
    expect(page.locator(".pair.now")).to_contain_text("2 · grep")
    expect(page.locator("#where")).to_contain_text("Difference 1 of")
    page.keyboard.press("Enter")
    detail = page.locator(".pair-detail")
    expect(detail.get_by_role("tab", name="Code")).to_have_attribute("aria-selected", "true")
    expect(detail.locator(".ln.add")).to_contain_text("picked = reports")
    page.keyboard.press("2")
    expect(detail.locator(".ln.del")).to_contain_text("350 to ask about")
    expect(detail.locator(".ln.add ins")).to_have_text("1204")
    page.keyboard.press("3")
    expect(detail.locator("summary").first).to_contain_text("the same")
    page.keyboard.press("n")
    expect(page.locator(".pair.now")).to_contain_text("3 · llm_batch")
    expect(detail.get_by_role("tab", name="Prompt")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("N")
    expect(page.locator(".pair.now")).to_contain_text("2 · grep")
    page.keyboard.press("Escape")
    expect(detail).to_have_count(0)


def test_what_is_chosen_stands_in_the_address(compare: Callable[..., Page]) -> None:
    page = compare()
    page.locator(".lead a").first.click()
    expect(page.locator(".pair.now")).to_contain_text("2 · grep")
    page.get_by_role("tab", name="Output").click()
    page.get_by_label("Only differences").check()
    page.get_by_role("button", name="Share of each run").click()
    told = query(page)
    assert (told["tab"], told["only"], told["axis"]) == (["Output"], ["1"], ["own"]) and len(told["r"]) == 2
    page.reload()
    page.wait_for_selector(READY, state="attached")
    expect(page.locator(".pair.now")).to_contain_text("2 · grep")
    expect(page.get_by_role("tab", name="Output")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".pair[data-same]").first).to_be_hidden()
    expect(page.get_by_role("button", name="Share of each run")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Close", exact=True).last.click()
    assert "tab" not in query(page)


def test_a_click_on_a_pair_opens_it_and_again_closes_it(compare: Callable[..., Page]) -> None:
    page = compare()
    button = page.locator(".pair").nth(1).get_by_role("button", name="changed")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".pair-detail .ln.del")).to_be_visible()
    page.locator(".pair").nth(1).locator(".part").first.click(position={"x": 300, "y": 8})
    expect(page.locator(".pair-detail")).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")


def test_an_item_of_a_batch_shows_prompt_and_reply(compare: Callable[..., Page]) -> None:
    page = compare()
    item = page.locator(".pair.lv2.changed").first
    item.get_by_role("button").click()
    detail = page.locator(".pair-detail")
    expect(detail.get_by_role("tab", name="Code")).to_be_disabled()
    expect(detail).to_contain_text("timeout: The model did not answer within 60 s.")
    expect(detail).to_contain_text('"expired": "no"')


def test_a_step_that_only_one_run_has_is_shown_alone(compare: Callable[..., Page]) -> None:
    page = compare()
    page.locator(".pair.lv0.onlyb").first.get_by_role("button").click()
    detail = page.locator(".pair-detail")
    expect(detail).to_contain_text("has no such part")
    expect(detail.locator(".drow .ln:not(.blank)").first).to_contain_text("renewals = grep")


def test_a_failure_to_load_can_be_tried_again(compare: Callable[..., Page]) -> None:
    page = compare()
    page.route("**/nodes/*", lambda route: route.abort())
    page.locator(".pair").nth(1).get_by_role("button", name="changed").click()
    expect(page.locator(".pair-detail .state")).to_contain_text("could not be loaded")
    page.unroute("**/nodes/*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".pair-detail .ln.del")).to_be_visible()


# ------------------------------------------------------------------------------------------------ time


def test_a_stretch_of_time_can_be_chosen_and_a_step_leads_to_its_pair(compare: Callable[..., Page]) -> None:
    page = compare()
    canvas = page.locator("#mirror")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 95)
    expect(page.locator(".tip")).to_contain_text("A at 0:0")
    expect(page.locator(".tip")).to_contain_text("B at 0:0")
    page.mouse.click(box["x"] + 200, box["y"] + 96)
    expect(page.locator(".pair.now")).to_contain_text("3 · llm_batch")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator("#mirror-range")).to_contain_text(re.compile(r"0:1\d–1:[12]\d"))
    assert query(page)["view"]
    page.keyboard.press("f")
    expect(page.locator("#mirror-all")).to_be_hidden()
    assert "view" not in query(page)
    page.keyboard.press("w")
    expect(page.locator("#mirror-all")).to_be_visible()


def test_when_the_trees_cannot_be_had_the_rest_stands(compare: Callable[..., Page], open_page: OpenPage) -> None:
    page = compare()
    page.route("**/tree", lambda route: route.abort())
    page.reload()
    expect(page.locator(".card .state.err")).to_contain_text("cannot be reached")
    expect(page.locator(".pair.lv0")).to_have_count(8)
    page.unroute("**/tree")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#mirror")).to_be_visible()


# ------------------------------------------------------------------------------------------------ ways in


def test_runs_are_chosen_in_the_table(open_page: OpenPage, pair: tuple[str, str], listed: str) -> None:
    page = open_page(listed)
    button = page.locator("[data-do=bulk-compare]")
    expect(button).to_be_disabled()
    for run in pair:
        page.locator(f".runs input[value='{run}']").check()
    expect(button).to_have_text("Compare 2 runs")
    page.keyboard.press("c")
    page.wait_for_url("**/compare?**")
    assert set(query(page)["r"]) == set(pair) and set(query(page)) == {"r"}


def test_choosing_works_without_scripts(open_page: OpenPage, pair: tuple[str, str], listed: str) -> None:
    page = open_page(listed, java_script_enabled=False)
    page.locator(f".runs input[value='{pair[0]}']").check()
    page.get_by_role("button", name="Compare chosen").click()
    assert query(page) == {"r": [pair[0]]}
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare with…")
    expect(page.locator("fieldset legend")).to_contain_text(["Chosen", "The same question"])
    page.locator(f"#choosing input[value='{pair[1]}']").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".pair.lv0")).to_have_count(8)


def test_x_marks_a_run_on_any_of_its_pages(open_page: OpenPage, pair: tuple[str, str]) -> None:
    page = open_page(f"/runs/{pair[0]}")
    page.keyboard.press("x")
    expect(page.locator("#marked")).to_have_text("1 marked")
    page.goto(f"/runs/{pair[1]}/coverage")
    expect(page.locator("#marked")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Mark for compare")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="2 marked · Compare").click()
    assert query(page)["r"] == list(pair)
    page.get_by_role("button", name="Unmark all runs").click()
    expect(page.locator("#marked")).to_be_hidden()


def test_four_runs_can_be_marked_and_no_more(open_page: OpenPage, pair: tuple[str, str]) -> None:
    page = open_page(f"/runs/{pair[0]}")
    page.evaluate("localStorage.setItem('marked-runs', JSON.stringify([...'abcd'].map(sign => sign.repeat(12))))")
    page.reload()
    page.keyboard.press("x")
    expect(page.locator(".toast")).to_have_text("Four runs are marked already. Unmark one first.")
    page.evaluate("localStorage.setItem('marked-runs', '{not json')")
    page.reload()
    expect(page.locator("#marked")).to_be_hidden()


def test_compare_with_suggests_runs_of_the_same_question(open_page: OpenPage, pair: tuple[str, str]) -> None:
    page = open_page(f"/runs/{pair[0]}")
    page.get_by_role("link", name="Compare with…").click()
    expect(page.locator("#choosing-says")).to_have_text("One is ticked. Tick another one.")
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    page.get_by_role("group", name="The same question").locator(f"input[value='{pair[1]}']").check()
    page.get_by_role("button", name="Compare 2 runs").click()
    expect(page.locator(".cmp-head .badge")).to_have_text(["A", "B"])
    page.get_by_role("link", name="Add a run").click()
    expect(page.get_by_role("group", name="Chosen").get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_label("Question or answer contains").fill("no run says this")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".state")).to_contain_text("No run fits")
    expect(page.get_by_role("group", name="Chosen").get_by_role("checkbox", checked=True)).to_have_count(2)


def test_an_address_that_cannot_be_compared_loses_nothing(open_page: OpenPage, pair: tuple[str, str], put: Put) -> None:
    five = [*pair, put("recursive"), put("with_batch"), put("small")]
    page = open_page(f"/compare?{'&'.join(f'r={run}' for run in five)}")
    expect(page.get_by_role("alert")).to_contain_text("5 runs are chosen; at most 4 can be compared. Untick some.")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(5)
    page.goto(f"/compare?r={pair[0]}&r={pair[0]}")
    expect(page.get_by_role("alert")).to_contain_text("The same run was named twice.")
    assert page.goto(f"/compare?r={pair[0]}&r=nosuchrun123").status == 404
    expect(page.locator("main")).to_contain_text("There is no such run.")


# ------------------------------------------------------------------------------------------------ everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, pair: tuple[str, str], put: Put, theme: str) -> None:
    page = open_page("/compare", color_scheme=theme, reduced_motion="reduce")
    found = [f"choosing: {problem}" for problem in serious(page)]
    four = [*pair, put("recursive"), put("with_batch")]
    for runs in (pair, four):
        page.goto(f"/compare?{'&'.join(f'r={run}' for run in runs)}")
        page.wait_for_selector(READY, state="attached")
        for key in ("n", "Enter", "2", "3"):
            page.keyboard.press(key)
        expect(page.locator(".pair-detail summary").first).to_be_visible()
        found += [f"{len(runs)} runs: {problem}" for problem in serious(page)]
    page.goto(f"/compare?r={pair[0]}&add=1")
    found += [f"choosing: {problem}" for problem in serious(page)]
    page.goto("/runs")
    found += [f"runs: {problem}" for problem in serious(page)]
    assert not found, "\n".join(found)


def test_nothing_is_wider_than_a_phone(open_page: OpenPage, pair: tuple[str, str], put: Put) -> None:
    page = open_page("/runs", viewport={"width": 390, "height": 844})
    for address in (
        "/runs",
        f"/compare?r={pair[0]}",
        f"/compare?r={pair[0]}&r={pair[1]}&tab=Code&pair=5-5",
        f"/compare?r={pair[0]}&r={pair[1]}&r={put('recursive')}&r={put('with_batch')}",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
