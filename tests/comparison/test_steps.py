"""Steps laid side by side: one known edit each, and what holds for any two runs."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.comparison.made_up import (
    ADD_UP,
    ASK,
    FINISH,
    LOOK,
    SPLIT,
    USUAL,
    Asked,
    Turn,
    compared,
    edited,
    kept,
    random_turns,
    results,
)
from tests.fixtures.judged import judged
from tests.fixtures.keep import keep
from tests.fixtures.plans import MadeRun
from tests.fixtures.runs import RUNS
from trajectories import comparison
from trajectories.comparison.rows import MOST_ALONE, MOST_ITEMS

pytestmark = pytest.mark.django_db
SUB = Asked(prompt="Had it expired before?", turns=[LOOK, ADD_UP, FINISH])
BELOW = Turn(code="views = rlm_batch(unclear)", name="rlm_batch", asks=[SUB, replace(SUB, prompt="And this one?")])


def changed(turn: Turn, **fields) -> Turn:
    return replace(turn, **fields)


def with_third(turn: Turn) -> list[Turn]:
    return [LOOK, SPLIT, turn, ADD_UP, FINISH]


# ------------------------------------------------------------------------------------------------ known edits


def test_a_step_put_in_is_only_in_the_one() -> None:
    verify = Turn(code="for place in sources:\n    assert place.text in context[0]", name="Python")
    found = compared(USUAL, [*USUAL[:4], verify, FINISH])
    assert results(found) == ["same", "same", "same", "same", "onlyb", "same"]
    assert [row.sides[0] is None for row in found.rows] == [False] * 4 + [True, False]


def test_a_step_left_out_and_its_neighbours() -> None:
    assert results(compared(USUAL, [LOOK, SPLIT, ASK, FINISH])) == ["same", "same", "same", "onlya", "same"]


def test_layout_and_comments_of_code_do_not_count_but_are_noted() -> None:
    tidy = changed(SPLIT, code=SPLIT.code.replace(" = ", "  =  ") + "\n# how many")
    found = compared(USUAL, [LOOK, tidy, ASK, ADD_UP, FINISH])
    assert results(found) == ["same"] * 5
    assert found.rows[1].notes[1] == ("layout",)


def test_words_around_the_same_code_do_not_count_but_are_noted() -> None:
    found = compared(USUAL, [LOOK, changed(SPLIT, thought="First I count."), ASK, ADD_UP, FINISH])
    assert results(found) == ["same"] * 5 and found.rows[1].notes[1] == ("words",)


def test_words_without_code_count() -> None:
    plan = Turn(code="", thought="I would first look at the reports.")
    found = compared([plan, *USUAL], [changed(plan, thought="FINAL(nothing)"), *USUAL])
    assert results(found)[0] == "changed" and found.rows[0].differs[1] == ("reply",)


def test_another_model_is_a_setting_and_no_difference_of_the_steps() -> None:
    found = compared(kept(USUAL), kept(USUAL, model="north/huge"))
    assert results(found) == ["same"] * 5
    assert all(row.notes[1] == ("model",) for row in found.rows)


@pytest.mark.parametrize(
    ("edit", "differs"),
    [
        ({"code": SPLIT.code.replace("certificate", "expired")}, ("code",)),
        ({"code": SPLIT.code.replace("2000", "200")}, ("code",)),
        ({"stdout": "351\n"}, ("output",)),
        ({"error": {"kind": "KeyError", "message": "'minutes'"}}, ("error",)),
        ({"reads": [{"document": "reports00000", "start": 0, "end": 9, "how": "grep"}]}, ("reads",)),
        ({"ending": "answer"}, ("ending",)),
        ({"gates": [True]}, ("gates",)),
        ({"reply_fails": True}, ("error",)),
    ],
)
def test_what_changed_is_named(edit: dict, differs: tuple[str, ...]) -> None:
    found = compared(USUAL, [LOOK, changed(SPLIT, **edit), ASK, ADD_UP, FINISH])
    assert results(found) == ["same", "changed", "same", "same", "same"]
    assert found.rows[1].differs[1] == differs


def test_rewritten_code_stands_beside_what_it_was_made_from() -> None:
    other = changed(SPLIT, code=SPLIT.code.replace("2000", "500").replace("certificate", "TLS"), stdout="12\n")
    unrelated = Turn(code="import json\nshop = {'a': [1, 2]}\nprint(json.dumps(shop))")
    found = compared(USUAL, [LOOK, unrelated, other, ASK, ADD_UP, FINISH])
    assert results(found) == ["same", "onlyb", "changed", "same", "same", "same"]


# ------------------------------------------------------------------------------------------------ calls


def test_batches_of_other_sizes_are_one_row_with_counts() -> None:
    wide = changed(ASK, asks=[Asked(prompt=f"Did it expire?\nreport {n}") for n in reversed(range(40))])
    found = compared(USUAL, with_third(wide))
    assert results(found)[2] == "changed" and found.rows[2].differs[1] == ("calls",)
    (batch,) = found.rows[2].below
    assert batch.items[1] == comparison.Items(count=40, failed=0, same=6, extra=34)
    assert len(batch.below) == MOST_ALONE and batch.left_out == 34 - MOST_ALONE
    assert all(row.result == "onlyb" for row in batch.below)


def test_of_thousands_that_differ_only_some_are_listed() -> None:
    asks = [replace(ask, reply="No.") for ask in [Asked(prompt=f"report {number}") for number in range(300)]]
    batches = [changed(ASK, asks=[Asked(prompt=ask.prompt) for ask in asks]), changed(ASK, asks=asks)]
    (batch,) = compared(*([batch] for batch in batches)).rows[0].below
    assert batch.items[1] == comparison.Items(count=300, failed=0, answered_otherwise=300)
    assert len(batch.below) == MOST_ITEMS and batch.left_out == 300 - MOST_ITEMS


def test_only_items_that_differ_are_listed() -> None:
    asks = list(ASK.asks)
    asks[1] = replace(asks[1], reply="No.")
    asks[3] = replace(asks[3], failed=True)
    asks[5] = replace(asks[5], prompt="What did it cost?")
    found = compared(USUAL, with_third(changed(ASK, asks=asks)))
    (batch,) = found.rows[2].below
    assert batch.items[1] == comparison.Items(count=6, failed=1, same=3, answered_otherwise=2, asked_otherwise=1)
    assert [row.differs[1] for row in batch.below] == [("reply",), ("reply", "error"), ("prompt",)]


def test_single_calls_in_a_loop_are_aligned_like_a_batch() -> None:
    loop = changed(ASK, at_once=False)
    found = compared(with_third(loop), with_third(changed(loop, asks=loop.asks[1:])))
    (calls,) = found.rows[2].below
    assert calls.items[1] == comparison.Items(count=5, failed=0, same=5, missing=1)


def test_one_single_call_stands_for_itself() -> None:
    check = Turn(code="print(llm_call(text))", asks=[Asked(prompt="Is it so?")], at_once=False)
    other = changed(check, asks=[Asked(prompt="Is it so?", reply="No.")])
    found = compared([check], [other])
    (call,) = found.rows[0].below
    assert isinstance(call.first, comparison.Node) and call.differs[1] == ("reply",)


def test_a_change_inside_a_sub_rlm_is_found_at_its_step() -> None:
    deep = changed(BELOW, asks=[SUB, replace(BELOW.asks[1], turns=[LOOK, changed(ADD_UP, stdout="9\n"), FINISH])])
    found = compared(with_third(BELOW), with_third(deep))
    assert results(found) == ["same", "same", "changed", "same", "same"]
    (batch,) = found.rows[2].below
    (child,) = batch.below
    assert child.differs[1] == ("steps",) and child.first.name == "And this one?"
    assert [row.result for row in child.below] == ["same", "changed", "same"]
    assert child.below[1].differs[1] == ("output",) and child.below[1].level == 3


def test_a_run_without_steps_is_compared_too() -> None:
    found = compared([], USUAL)
    assert results(found) == ["onlyb"] * 5 and found.divergences[1] is not None


def test_a_call_that_was_made_again_is_one_item_with_its_verdicts() -> None:
    found = comparison.compare([keep(judged()), keep(judged(items=28))])
    step = next(row for row in found.rows if any(isinstance(each.first, comparison.Calls) for each in row.below))
    (batch,) = step.below
    assert [items and items.count for items in batch.items] == [30, 28]
    repaired = [item for item in batch.sides[0].items if len(item.tries) == 2]
    assert len(repaired) == 2 and [gate.accepted for gate in repaired[0].tries[0].below] == [False]
    assert comparison.side(repaired[0]).usd == sum(call.usd for call in repaired[0].tries)
    assert found.rows[0].sides[0].replies[0].instead_of is not None, "the root's first reply was asked for again"


# ------------------------------------------------------------------------------------------------ more than two


def test_four_runs_are_merged_into_rows_against_the_first() -> None:
    verify = Turn(code="check(sources)", name="Python")
    found = compared(USUAL, [*USUAL[:4], verify, FINISH], [LOOK, SPLIT, ASK, FINISH], [*USUAL[:4], verify, FINISH])
    assert results(found) == ["same", "same", "same", "changed", "onlyb", "same"]
    assert found.rows[3].beside == ("base", "same", "missing", "same")
    assert found.rows[4].beside == ("absent", "extra", "absent", "extra")


def test_any_run_can_be_the_baseline() -> None:
    found = compared(USUAL, [LOOK, SPLIT, ASK, FINISH], [*USUAL, FINISH], base=1)
    assert [row.result for row in found.rows].count("onlyb") == 2
    assert all(row.beside[1] in ("base", "absent") for row in found.rows)


# ------------------------------------------------------------------------------------------------ for any runs


@pytest.mark.parametrize("make", [*RUNS.values(), judged])
def test_a_run_against_itself_is_the_same(make: Callable[[], MadeRun]) -> None:
    run = keep(make())
    found = comparison.compare([run, run])
    assert {row.result for row in found.rows} <= {"same"}
    assert found.divergences == (None, None)
    assert not [setting.name for setting in found.settings if setting.differs]


MIRRORED = {"onlya": "onlyb", "onlyb": "onlya"}


@pytest.mark.parametrize("seed", range(25))
def test_random_runs_hold_what_holds_for_all(seed: int) -> None:
    """A run against itself is the same; nothing is lost or told twice; swapped sides mirror what is only in one."""
    chance = random.Random(seed)
    turns = random_turns(chance, chance.randrange(1, 14))
    one, other = kept(turns), kept(edited(turns, chance))
    assert {row.result for row in compared(one, one).rows} == {"same"}
    there, back = compared(one, other), compared(other, one)
    for side, run in enumerate((one, other)):
        listed = [row.sides[side].node.number for row in there.rows if row.sides[side] is not None]
        steps = run.node_set.filter(kind="step", depth=0).order_by("number").values_list("number", flat=True)
        assert listed == list(steps)
    assert sorted(map(_key, there.rows)) == sorted(_key(row, mirrored=True) for row in back.rows)


def _key(row: comparison.Row, *, mirrored: bool = False) -> tuple:
    numbers = [0 if side is None else side.node.number for side in row.sides]
    below = sorted(_key(each, mirrored=mirrored) for each in row.below)
    if mirrored:
        return tuple(numbers[::-1]), MIRRORED.get(row.result, row.result), below
    return tuple(numbers), row.result, below
