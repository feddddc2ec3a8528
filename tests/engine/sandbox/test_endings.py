"""The ways code ends a run, and where its answer is said to stand."""

import time
from typing import Any

import pytest

from tests.engine.sandbox.driving import Driven, Opener
from trajectories.engine.types import Ending

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "The committee met on Tuesday.\nIt decided that the bridge shall be painted blue.\nNobody objected.\n"


def place(words: str) -> tuple[int, int, int]:
    return 0, TEXT.index(words), TEXT.index(words) + len(words)


async def ending(repl: Driven, code: str) -> Ending:
    execution = await repl(code)
    assert execution.error is None, execution.error.traceback
    assert execution.ending is not None
    return execution.ending


async def spans(repl: Driven, code: str) -> list[tuple[int, int, int]]:
    return [(span.document, span.start, span.end) for span in (await ending(repl, code)).sources]


async def test_final_ends_the_cell_at_once(opened: Opener) -> None:
    repl = await opened(TEXT)
    execution = await repl("print('a')\nFINAL('blue')\nprint('b')")
    assert execution.stdout == "a\n"
    assert execution.ending == Ending(how="answer", answer="blue", variable=None, sources=())


async def test_final_works_inside_functions_and_handlers(opened: Opener) -> None:
    repl = await opened(TEXT)
    code = """
def done():
    try:
        FINAL("x")
    except Exception:
        print("caught")
done()
print("after")
"""
    assert (await ending(repl, code)).answer == "x"
    swallowed = await ending(repl, "try:\n    FINAL('y')\nexcept:\n    pass")
    assert swallowed.answer == "y"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("42", 42),
        ("3.5", 3.5),
        ("True", True),
        ("['a', (1, None), {'k': {1}}]", ["a", [1, None], {"k": "{1}"}]),
        ("{'a': [1], 2: 'b'}", {"a": [1], "2": "b"}),
        ("{1}", "{1}"),
        ("float('nan')", "nan"),
        ("10 ** 30", "1" + "0" * 30),
        ("None", "None"),
        ("'ü\\ud800'", "ü\ufffd"),
        ("context[4:13]", "committee"),
    ],
)
async def test_answers_are_text_or_json(opened: Opener, code: str, answer: Any) -> None:
    repl = await opened(TEXT)
    assert (await ending(repl, f"FINAL({code})")).answer == answer


async def test_final_var_gives_the_value_of_a_variable(opened: Opener) -> None:
    repl = await opened(TEXT)
    await repl.out("report = 'blue'")
    assert await ending(repl, "FINAL_VAR('report')") == Ending(
        how="answer_variable", answer="blue", variable="report", sources=()
    )


async def test_final_var_of_an_unknown_name_lists_the_variables(opened: Opener) -> None:
    repl = await opened(TEXT)
    assert "No variables have been made yet" in await repl.error("FINAL_VAR('repport')")
    await repl.out("report = 1; notes = 2")
    execution = await repl("FINAL_VAR('repport')")
    assert execution.error is not None
    assert execution.error.kind == "NameError"
    assert "notes, report" in execution.error.message
    assert execution.ending is None


async def test_the_answer_dict_ends_the_run_at_the_end_of_the_cell(opened: Opener) -> None:
    repl = await opened(TEXT)
    first = await repl("answer['content'] = 'draft'")
    assert first.ending is None
    execution = await repl("answer['ready'] = True\nprint('still running')")
    assert execution.stdout == "still running\n"
    assert execution.ending == Ending(how="answer", answer="draft", variable=None, sources=())


async def test_an_answer_that_is_ready_but_empty_is_an_error(opened: Opener) -> None:
    repl = await opened(TEXT)
    execution = await repl("answer['ready'] = True")
    assert execution.ending is None
    assert execution.error is not None
    assert 'answer["content"] is empty' in execution.error.message


async def test_a_new_dict_named_answer_counts_too(opened: Opener) -> None:
    repl = await opened(TEXT)
    assert (await ending(repl, "answer = {'content': 'blue', 'ready': True}")).answer == "blue"


async def test_a_value_given_to_the_name_answer_is_not_lost(opened: Opener) -> None:
    repl = await opened(TEXT)
    await repl.out("answer = 'blue'")
    assert await repl.out("answer") == "{'content': 'blue', 'ready': False}\n"
    assert (await ending(repl, "FINAL_VAR('answer')")).answer == "blue"


async def test_sources_are_matches_slices_and_places(opened: Opener) -> None:
    repl = await opened(TEXT, "second text")
    code = "FINAL('x', sources=[grep('bridge')[0], context[0][4:13], (1, 0, 6), 'Nobody objected.'])"
    assert await spans(repl, code) == [place("bridge"), (0, 4, 13), (1, 0, 6), place("Nobody objected.")]
    assert await spans(repl, "FINAL('x', sources=grep('text'))") == [(1, 7, 11)]
    assert await spans(repl, "FINAL('x', sources=(0, 1, 5))") == [(0, 1, 5)]
    assert await spans(repl, "FINAL('x', sources=[])") == []


async def test_matches_of_re_are_sources(opened: Opener) -> None:
    repl = await opened(TEXT)
    code = "import re\nFINAL('x', sources=[re.search('bridge', context), *re.finditer('N.b', context[80:])])"
    assert await spans(repl, code) == [place("bridge"), place("Nob")]


async def test_a_quotation_may_break_its_lines_elsewhere(opened: Opener) -> None:
    repl = await opened(TEXT)
    assert await spans(repl, "FINAL('x', sources=['met on Tuesday. It decided'])") == [
        place("met on Tuesday.\nIt decided")
    ]
    answer = "As it says: “painted blue. Nobody   objected.”"
    assert await spans(repl, f"FINAL({answer!r})") == [place("painted blue.\nNobody objected.")]


async def test_looking_for_sources_takes_no_longer_than_it_may(opened: Opener) -> None:
    last = "".join(f"place {n} of many\n" for n in range(1_000))
    repl = await opened("The same words again and again. " * 6_000_000 + last)
    began = time.monotonic()
    execution = await repl("FINAL('x', sources=[f'place {n} of many' for n in range(1_000)])")
    assert time.monotonic() - began < 15
    if execution.ending is None:
        assert "looking for the sources took too long" in execution.error.message  # type: ignore[union-attr]
    else:
        assert len(execution.ending.sources) == 200


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("(0, 5, 1000)", "document 0 goes from 0 to 97"),
        ("(3, 0, 1)", "there is no document 3"),
        ("(0, 5, 5)", "document 0 goes from"),
        ("'made up'", "does not stand in the documents"),
        ("3.5", "a source is a match of grep"),
    ],
)
async def test_wrong_sources_are_errors_and_end_nothing(opened: Opener, source: str, said: str) -> None:
    repl = await opened(TEXT)
    execution = await repl(f"FINAL('x', sources=[{source}])")
    assert execution.ending is None
    assert execution.error is not None
    assert said in execution.error.message


async def test_quotations_in_the_answer_become_sources(opened: Opener) -> None:
    repl = await opened(TEXT)
    answer = "“the bridge shall be painted blue”.\n> The committee met on Tuesday.\nNot “this sentence stands nowhere”."
    assert await spans(repl, f"FINAL({answer!r})") == [place("the bridge shall be painted blue"), (0, 0, 29)]
    assert await spans(repl, "FINAL(context[4:13])") == [(0, 4, 13)]


async def test_a_failed_call_is_never_an_answer(opened: Opener) -> None:
    repl = await opened(TEXT)
    assert "a failed call cannot be the answer" in await repl.error("FINAL(LLMError('timeout', 'too slow'))")


async def test_an_enormous_answer_is_refused(opened: Opener) -> None:
    repl = await opened(TEXT)
    assert "over the limit of 1,048,576" in await repl.error("FINAL('x' * 2_000_000)")


async def test_an_ending_in_a_cell_that_fails_later_stands(opened: Opener) -> None:
    repl = await opened(TEXT)
    execution = await repl("answer['content'] = 'blue'; answer['ready'] = True\nboom")
    assert execution.error is not None
    assert execution.ending is not None


async def test_show_vars_lists_what_was_made(opened: Opener) -> None:
    repl = await opened(TEXT)
    assert await repl.out("SHOW_VARS()") == "no variables yet\n"
    await repl.out("found = [1, 2]; name = 'x'")
    assert await repl.out("print(SHOW_VARS())") == "found: list of 2 = [1, 2]\nname: str of 1 = 'x'\n"


async def test_final_in_a_thread_counts_when_the_cell_is_over(opened: Opener) -> None:
    repl = await opened(TEXT, threads=True)
    execution = await repl(
        "import threading\nt = threading.Thread(target=FINAL, args=('x',))\nt.start(); t.join()\nprint('on')"
    )
    assert execution.stdout == "on\n"
    assert execution.ending is not None
    assert execution.ending.answer == "x"
