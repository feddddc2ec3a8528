"""What a reply says: blocks, fences of other languages, answers in prose."""

import pytest

from trajectories.engine.parsing import parse_reply


def codes(text: str) -> list[str]:
    return [block.code for block in parse_reply(text).blocks]


@pytest.mark.parametrize("mark", ["repl", "REPL", "python", "Python", "py", "PY", "python3", "{python}", "repl x=1"])
def test_fences_marked_as_code_are_run(mark: str) -> None:
    assert codes(f"I look.\n```{mark}\nprint(1)\n```\n") == ["print(1)"]


@pytest.mark.parametrize("mark", ["", "json", "bash", "text", "javascript", "pythonx"])
def test_fences_of_other_languages_are_neither_run_nor_searched(mark: str) -> None:
    parsed = parse_reply(f"```{mark}\nFINAL(no)\n```\n")
    assert parsed.blocks == ()
    assert parsed.ending is None
    assert parsed.other_fences == (mark,)


def test_several_blocks_stay_in_order() -> None:
    assert codes("```repl\na = 1\n```\nthen\n```py\nb = 2\n```") == ["a = 1", "b = 2"]


def test_an_unclosed_last_fence_counts() -> None:
    parsed = parse_reply("```repl\nprint(1)\nprint(2)")
    assert [block.code for block in parsed.blocks] == ["print(1)\nprint(2)"]
    assert not parsed.blocks[0].closed


def test_an_indented_fence_is_dedented() -> None:
    assert codes("1. look\n   ```repl\n   if True:\n       print(1)\n   ```") == ["if True:\n    print(1)"]


def test_a_fence_within_a_string_of_the_code_does_not_end_it() -> None:
    code = 'prompt = """Answer as\n```json\n{}\n```\nonly."""\nprint(prompt)'
    assert codes(f"```repl\n{code}\n```\nDone.") == [code]


def test_tildes_and_longer_fences_close_with_their_like() -> None:
    assert codes("~~~repl\nx = '```'\n~~~") == ["x = '```'"]
    assert codes("````repl\nprint('''\n```\n''')\n````") == ["print('''\n```\n''')"]


def test_an_empty_block_is_no_block() -> None:
    assert codes("```repl\n\n```") == []


@pytest.mark.parametrize(
    ("prose", "value"),
    [
        ("FINAL(42)", "42"),
        ('FINAL("forty-two")', "forty-two"),
        ("FINAL('it''s')", "it''s"),
        ("FINAL(“curly”)", "curly"),
        ("  FINAL( spaced )  ", "spaced"),
        ("I am sure.\nFINAL(f(x) = (1))\n", "f(x) = (1)"),
        ("FINAL(two\nlines)", "two\nlines"),
        ("FINAL(a smile :) and more)", "a smile :) and more"),
        ('FINAL("""many\nlines""")', "many\nlines"),
        ('FINAL("a" and "b")', 'a" and "b'),
    ],
)
def test_final_alone_on_a_line_is_an_answer(prose: str, value: str) -> None:
    ending = parse_reply(prose).ending
    assert ending is not None
    assert not ending.is_variable
    assert ending.value == value


def test_final_var_names_a_variable() -> None:
    for prose in ("FINAL_VAR(result)", 'FINAL_VAR("result")'):
        ending = parse_reply(prose).ending
        assert ending is not None
        assert ending.is_variable
        assert ending.value == "result"


@pytest.mark.parametrize(
    "prose",
    [
        "FINAL()",
        'FINAL("")',
        "I will call FINAL(x) soon",
        "`FINAL(x)`",
        "FINAL(never closed",
        "FINALLY(x)",
        "FINAL(x) is what I mean",
    ],
)
def test_a_final_within_a_sentence_is_none(prose: str) -> None:
    assert parse_reply(prose).ending is None


def test_an_ending_beside_code_is_seen_so_that_it_can_be_refused() -> None:
    parsed = parse_reply("```repl\nprint(1)\n```\nFINAL(2)")
    assert len(parsed.blocks) == 1
    assert parsed.ending is not None


def test_ten_thousand_fences_are_parsed_at_once() -> None:
    assert len(parse_reply("```repl\nx = '''\n```\n" * 2_000).blocks) > 0
