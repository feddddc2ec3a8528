"""The detail pane of the trace: what a node's tabs show, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.fixtures.judged import PRINTED
from tests.house import House
from tests.pages.conftest import OpenPage, told
from tests.pages.test_accessibility import serious
from tests.workbench.test_pages import go, open_trace, selected

__all__ = ["open_trace"]

Put = Callable[..., str]


@pytest.fixture
def judged(put: Put) -> str:
    return put("judged")


@pytest.fixture
def nodes(judged: str, house: House) -> list[dict[str, Any]]:
    """The run's skeleton, a dictionary each."""
    tree = told(house.client.get(f"/api/v1/runs/{judged}/tree"))
    return [dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"]]


def number(nodes: list[dict[str, Any]], place: int = 0, **fits: Any) -> int:
    found = [node["number"] for node in nodes if all(node[key] == value for key, value in fits.items())]
    return int(found[place])


# ------------------------------------------------------------------------------------------------- code


def test_a_line_that_made_calls_leads_to_them_and_back(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    cell, first = number(nodes, 1, kind="cell"), number(nodes, batch=None, kind="cell")
    page = open_trace(judged, f"?node={cell}")
    badge = page.locator('#det-b .ln[data-n="9"] .line-calls')
    expect(badge).to_contain_text("×30")
    expect(badge).to_contain_text("s · ")
    expect(page.locator("#det-b .line-calls")).to_have_count(1)
    badge.click()
    expect(page.locator("#det-h h2")).to_have_text("llm_batch ×30")
    page.keyboard.press("2")
    page.get_by_role("link", name="from line 9").click()
    expect(selected(page)).to_have_attribute("data-id", str(cell))
    expect(page.locator("#det-b .ln.now")).to_have_attribute("data-n", "9")
    expect(page).to_have_url(re.compile(rf"node={cell}&line=9$"))
    page.reload()
    expect(page.locator("#det-b .ln.now")).to_have_attribute("data-n", "9")
    assert first != cell


def test_many_single_calls_of_one_line_are_lit_together(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    cell = number(nodes, kind="cell", name="llm_call")
    page = open_trace(judged, f"?node={cell}")
    badge = page.locator("#det-b .line-calls")
    expect(badge).to_contain_text("×3 · 2.4 s")
    badge.click()
    expect(page).to_have_url(re.compile(rf"node={cell}&line=2$"))
    expect(badge).to_have_attribute("aria-pressed", "true")
    badge.click()
    expect(page).to_have_url(re.compile(rf"node={cell}$"))
    page.locator(f'#tree [data-id="{number(nodes, name="b")}"]').click()
    page.get_by_role("link", name="from line 2").click()
    expect(page.locator("#det-b .ln.now")).to_contain_text("print(llm_call(name))")


def test_output_is_shown_as_the_model_saw_it_and_in_full(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    page = open_trace(judged, f"?node={number(nodes, kind='cell')}")
    detail = page.locator("#det-b")
    expect(detail.locator(".cut")).to_contain_text(f"[{len(PRINTED) - 4000:,} characters not shown]")
    page.get_by_role("button", name=f"In full, {len(PRINTED):,}").click()
    expect(detail).to_contain_text(f"of these {len(PRINTED):,} characters")
    text = detail.locator('[data-text="stdout"]')
    assert len(text.text_content() or "") < 30_000
    while len(text.text_content() or "") < len(PRINTED):
        before = len(text.text_content() or "")
        text.evaluate("pre => { pre.scrollTop = pre.scrollHeight; }")
        page.wait_for_function(
            "([pre, before]) => [...pre.textContent].length > before", arg=[text.element_handle(), before]
        )
    assert text.text_content() == PRINTED
    expect(detail.get_by_role("button", name=re.compile("^Show more"))).to_be_hidden()


def test_the_end_of_a_long_output_is_a_press_away(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    page = open_trace(judged, f"?node={number(nodes, kind='cell')}")
    page.get_by_role("button", name=re.compile("^In full")).click()
    page.get_by_role("button", name="Show the end").click()
    expect(page.locator("#det-b pre:focus")).to_contain_text(PRINTED.splitlines()[-1])


def test_copying_takes_the_whole_of_a_text(open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]) -> None:
    page = open_trace(judged, f"?node={number(nodes, kind='cell')}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=re.compile("^In full")).click()
    page.get_by_role("button", name="Copy output").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == PRINTED


# ------------------------------------------------------------------------------------------------- variables, messages


def test_variables_say_what_they_were(open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]) -> None:
    page = open_trace(judged, f"?node={number(nodes, 1, kind='cell')}")
    page.keyboard.press("4")
    rows = page.locator("#det-b tbody tr")
    expect(rows.nth(0)).to_contain_text("found")
    expect(rows.nth(0).locator(".chip")).to_have_text("new")
    expect(rows.nth(1).locator(".chip")).to_have_text("changed")
    expect(rows.nth(1).locator(".was-is")).to_have_text("10→25")
    expect(rows.nth(2)).to_contain_text("rest")
    expect(rows.nth(2).locator(".chip")).to_have_text("gone")
    expect(page.locator("#det-b summary")).to_have_text("1 name as before")
    page.get_by_role("link", name=re.compile("the cell before")).click()
    expect(page.locator("#det-b .chip").first).to_have_text("new")


def test_messages_say_what_is_new_against_the_turn_before(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    page = open_trace(judged, f"?node={number(nodes, 2, kind='lm', name='root')}")
    page.keyboard.press("2")
    detail = page.locator("#det-b")
    expect(detail.locator("h3 .chip", has_text="new")).to_have_count(2)
    expect(detail.locator("summary")).to_have_text("2 messages as in the turn before")
    detail.locator("summary").click()
    expect(detail.locator("details pre").first).to_contain_text("You answer a question about `context`")
    detail.get_by_role("link", name=re.compile("Open that turn")).click()
    expect(selected(page)).to_have_attribute("data-id", str(number(nodes, 1, kind="lm", name="root")))


def test_turns_of_a_sub_rlm_are_compared_with_its_own(open_trace: OpenPage, put: Put, house: House) -> None:
    run = put("recursive")
    tree = told(house.client.get(f"/api/v1/runs/{run}/tree"))
    rows = [dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"]]
    child = next(row["number"] for row in rows if row["kind"] == "rlm" and row["depth"] == 1)
    steps = [row["number"] for row in rows if row["parent"] == child]
    first, second, _ = (row["number"] for row in rows if row["kind"] == "lm" and row["parent"] in steps)
    page = open_trace(run, f"?node={second}")
    page.keyboard.press("2")
    expect(page.locator("#det-b")).to_contain_text("Nothing is new: the same was sent before.")
    expect(page.locator("#det-b details a")).to_have_attribute("href", f"?node={first}")


# ------------------------------------------------------------------------------------------------- judged, raised


def test_a_refused_reply_says_who_refused_it_and_what_came_instead(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    gate = number(nodes, kind="gate", name="schema")
    first = next(node["follows"] for node in nodes if node["number"] == gate)
    again = number(nodes, kind="lm", follows=first)
    page = open_trace(judged, f"?node={first}")
    detail = page.locator("#det-b")
    expect(detail).to_contain_text("The gate schema refused this reply")
    detail.get_by_role("link", name=re.compile(f"node {again}")).click()
    expect(detail).to_contain_text("Asked again for a reply that can be used. schema: The reply is not JSON")
    detail.get_by_role("link", name=f"The call before, node {first}").click()
    detail.get_by_role("link", name=f"node {gate}").click()
    expect(detail).to_contain_text("Refused: The reply is not JSON")
    row = page.locator(f'#tree [data-id="{gate}"]')
    expect(row.get_by_role("img", name="refused")).to_be_visible()
    assert page.locator(f'#tree [data-id="{first}"]').get_attribute("aria-expanded") == "true"


def test_what_was_noticed_of_a_node_is_told(open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]) -> None:
    page = open_trace(judged)
    detail = page.locator("#det-b")
    expect(detail).to_contain_text("Two turns in a row brought nothing new. It was only noted.")
    go(page, f"/runs/{judged}/trace?node={number(nodes, name='Summary of the history')}")
    expect(detail).to_contain_text("6 messages were summed up: 41,200 tokens became 9,800.")
    go(page, f"/runs/{judged}/trace?node={number(nodes, name='Step 4')}")
    expect(detail).to_contain_text("Raised from large (M) to huge (L). judge: Two of nine claims have no source.")
    go(page, f"/runs/{judged}/trace?node={number(nodes, kind='gate', name='judge')}")
    expect(detail).to_contain_text("Refused: Two of nine claims have no source.")
    detail.get_by_role("link", name=re.compile("Is each claim proved")).click()
    expect(page.locator("#det-h h2")).to_have_text("Is each claim proved?")


def test_attempts_are_bars_that_add_up(open_trace: OpenPage, put: Put, house: House) -> None:
    run = put("with_batch")
    tree = told(house.client.get(f"/api/v1/runs/{run}/tree"))
    rows = [dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"]]
    failed = max((row for row in rows if row["error"] == "timeout"), key=lambda row: row["queued_ms"])
    page = open_trace(run, f"?node={failed['number']}")
    queued = ["Queued"] if failed["queued_ms"] else []
    words = page.locator("#det-b .attempts .word")
    expect(words).to_have_text([*queued, "Try 1", "Waited", "Try 2", "Waited", "Try 3"])
    expect(page.locator("#det-b .attempts")).to_contain_text("rate_limit: The server asks to slow down.")
    widths = page.eval_on_selector_all("#det-b .attempts i", "bars => bars.map(bar => bar.offsetWidth)")
    whole = page.eval_on_selector("#det-b .attempts .bar", "bar => bar.offsetWidth")
    assert abs(sum(widths) - whole) < 14


# ------------------------------------------------------------------------------------------------- dissent


def test_dissent_shows_outliers_first_and_leads_to_their_calls(
    open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]
) -> None:
    batch = next(node["batch"] for node in nodes if node["batch"])
    page = open_trace(judged, f"?batch={batch}")
    page.keyboard.press("4")
    expect(page.locator('[role=tab][aria-selected="true"][data-tab]')).to_have_text("Dissent")
    groups = page.locator("#det-b > .groups > li")
    expect(groups.first).to_contain_text("expired: yes · service: search")
    expect(groups.last).to_contain_text("expired: no · service: search")
    groups.last.locator("summary").click()
    groups.last.get_by_role("button", name="Show in the time line").click()
    expect(page).to_have_url(re.compile(r"batch=\d+&calls=\d+"))
    expect(groups.last.get_by_role("button", name="Show in the time line")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("expired yes: show 3 calls")).click()
    assert page.url.count("%2C") == 2
    groups.first.locator("summary").click()
    groups.first.locator(".call-links a").click()
    expect(page.locator("#det-b")).to_contain_text('"expired": "yes"')
    expect(page.locator('[data-tab="Dissent"]')).to_have_count(0)
    expect(page.get_by_role("tab", name="Variables")).to_be_disabled()


def test_axe_finds_nothing_serious_in_any_tab(open_trace: OpenPage, judged: str, nodes: list[dict[str, Any]]) -> None:
    batch = next(node["batch"] for node in nodes if node["batch"])
    places = [f"node={number(nodes, kind=kind)}" for kind in ("rlm", "step", "lm", "cell", "gate")]
    for theme, shown in (("light", [*places, f"batch={batch}"]), ("dark", [places[3], f"batch={batch}"])):
        page = open_trace(judged, color_scheme=theme, reduced_motion="reduce")
        found = []
        for place in shown:
            go(page, f"/runs/{judged}/trace?{place}")
            for tab in page.locator("[data-tab]:enabled").all():
                tab.click()
                expect(page.locator("#det-b")).to_have_attribute("aria-busy", "false")
                found += [
                    f"{theme} {place} {tab.text_content()}: {problem}" for problem in serious(page, "#detailpane")
                ]
        assert not found, "\n".join(found)
