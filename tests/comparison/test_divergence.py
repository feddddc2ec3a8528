"""Where two runs first differ, and whether the model had been asked the same there."""

from dataclasses import replace

import pytest

from tests.comparison.made_up import ADD_UP, ASK, FINISH, LOOK, SPLIT, USUAL, Asked, Turn, compared, kept
from tests.comparison.test_steps import BELOW, SUB, with_third
from trajectories.comparison import Comparison, Divergence
from trajectories.models import Node, Run

pytestmark = pytest.mark.django_db
OTHER_CODE = replace(ADD_UP, code="print(sum(map(int, found)))")


def only(found: Comparison) -> Divergence:
    divergence = found.divergences[1]
    assert divergence is not None and found.first_divergence == (1, divergence)
    return divergence


def node(run: Run, number: int | None) -> Node:
    return Node.objects.get(run=run, number=number)


def test_the_model_wrote_other_code_to_the_same_prompt() -> None:
    one, other = kept(USUAL), kept([*USUAL[:3], OTHER_CODE, FINISH])
    found = only(compared(one, other))
    assert (found.what, found.cause, found.steps) == ("code", "reply", (4, 4))
    assert found.sentence == "Step 4: the model wrote other code to the same prompt."
    assert node(one, found.nodes[0]).kind == node(other, found.nodes[1]).kind == "lm"


def test_another_model_is_named() -> None:
    other = kept([OTHER_CODE, *USUAL], model="north/huge")
    found = only(compared(kept(USUAL), other))
    assert found.cause == "reply" and "A asked north/large, B north/huge" in found.sentence


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"system": "You are terse."}, "in the instructions"),
        ({"question": "How many outages were there?"}, "in the question or in what was said of the documents"),
    ],
)
def test_a_prompt_that_already_differed_is_told_from_another_answer(more: dict, says: str) -> None:
    found = only(compared(kept(USUAL), kept([OTHER_CODE, *USUAL], **more)))
    assert (found.what, found.cause, found.steps) == ("code", "prompt", (1, 1))
    assert found.sentence == f"Step 1: the model wrote other code to a prompt that already differed, {says}."


def test_another_question_alone_is_no_difference_of_what_was_done() -> None:
    assert compared(kept(USUAL), kept(USUAL, system="You are terse.")).divergences == (None, None)


def test_earlier_wording_makes_the_prompt_differ() -> None:
    reworded = replace(LOOK, thought="To begin with, I look.")
    found = only(compared(USUAL, [reworded, SPLIT, ASK, OTHER_CODE, FINISH]))
    assert found.steps == (4, 4) and "in the wording of an earlier reply" in found.sentence


@pytest.mark.parametrize(
    ("edit", "what", "says"),
    [
        ({"stdout": "351\n"}, "output", "the same code printed something else"),
        (
            {"error": {"kind": "KeyError", "message": "'x'"}},
            "error",
            "ran through in A and stopped on KeyError: 'x' in B",
        ),
        (
            {"reads": [{"document": "reports00000", "start": 0, "end": 9, "how": "grep"}]},
            "read",
            "the same code read other places of the documents",
        ),
        ({"ending": "answer"}, "ending", "the code ended the run only in B"),
        ({"gates": [False]}, "gate", "the gate sources judged differently"),
        ({"reply_fails": True}, "error", "B got no reply from the model (timeout: No answer.)"),
    ],
)
def test_the_same_code_with_another_outcome(edit: dict, what: str, says: str) -> None:
    found = only(compared(USUAL, [LOOK, replace(SPLIT, **edit), OTHER_CODE]))
    assert (found.what, found.steps) == (what, (2, 2)) and says in found.sentence


@pytest.mark.parametrize(
    ("asked", "what", "cause", "says"),
    [
        ({"reply": "No."}, "reply", "reply", "a sub-model answered differently to the same prompt"),
        ({"model": "north/tiny", "reply": "No."}, "reply", "reply", "A asked north/mini, B north/tiny"),
        ({"prompt": "Did it?"}, "call", "prompt", "asked a sub-model something else; its prompt already differed"),
        ({"failed": True}, "error", "reply", "a sub-model did not answer in B (timeout: No answer.), asked the same"),
    ],
)
def test_a_sub_call_comes_before_what_the_code_printed(asked: dict, what: str, cause: str, says: str) -> None:
    asks = [*ASK.asks[:4], replace(ASK.asks[4], **asked), *ASK.asks[5:]]
    one, other = kept(USUAL), kept(with_third(replace(ASK, asks=asks, stdout="['No.']\n")))
    found = only(compared(one, other))
    assert (found.what, found.cause, found.steps) == (what, cause, (3, 3))
    assert says in found.sentence
    assert node(one, found.nodes[0]).index == 4 and node(other, found.nodes[1]).index == 4


def test_the_same_code_asking_for_more_answers() -> None:
    wide = replace(ASK, asks=[*ASK.asks, Asked(prompt="One more.")])
    found = only(compared(USUAL, with_third(wide)))
    assert found.what == "call" and "asked for 6 answers in A and for 7 answers in B" in found.sentence


def test_a_sub_rlm_is_followed_to_the_place_inside_it() -> None:
    turns = [LOOK, replace(ADD_UP, stdout="9\n"), FINISH]
    one, other = (
        kept(with_third(BELOW)),
        kept(with_third(replace(BELOW, asks=[SUB, replace(BELOW.asks[1], turns=turns)]))),
    )
    found = only(compared(one, other))
    assert found.sentence == "Step 3: in a sub-RLM, step 2: the same code printed something else."
    assert node(one, found.nodes[0]).depth == 1 and found.steps == (3, 3)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "A went on, B had its answer"),
        ({"status": "cancelled", "answer": None}, "A went on, B had ended without one"),
    ],
)
def test_one_went_on_where_the_other_had_ended(more: dict, says: str) -> None:
    found = only(compared(kept(USUAL), kept(USUAL[:3], **more)))
    assert (found.what, found.steps) == ("length", (4, None)) and found.sentence == f"Step 4: {says}."
    assert found.nodes[1] is None


def test_of_three_runs_the_earliest_difference_is_the_first() -> None:
    found = compared(USUAL, [*USUAL[:3], OTHER_CODE], [replace(LOOK, stdout="4\n"), Turn(code="pass")])
    assert found.first_divergence is not None and found.first_divergence[0] == 2
    assert [each and each.steps[0] for each in found.divergences] == [None, 4, 1]
