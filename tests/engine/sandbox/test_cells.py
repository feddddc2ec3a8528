"""How cells behave: printing, names, exceptions, what Python offers."""

import pytest

from tests.engine.sandbox.driving import Opener

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_is_printed_comes_back(opened: Opener) -> None:
    repl = await opened("text")
    assert await repl.out("print('a', 1, sep='-')\nimport sys; print('b', file=sys.stderr)") == "a-1\nb\n"


async def test_only_what_is_printed_comes_back(opened: Opener) -> None:
    repl = await opened("a secret")
    for code in ("x = 2\nx + 1", "context", "context[2:]", "grep('secret')", "peek()", "[context]"):
        execution = await repl(code)
        assert (execution.stdout, execution.error) == ("", None)
    assert (await repl("print(context[2:])")).stdout == "secret\n"
    assert "x: int" in (await repl("SHOW_VARS()")).stdout


async def test_variables_live_from_cell_to_cell(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("import re\ncount = 3\ndef double(): return count * 2")
    assert await repl.out("count += 1\nprint(double(), re.escape('.'))") == "8 \\.\n"


async def test_functions_see_names_given_later(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("def late(): return later")
    assert await repl.out("later = 'now'\nlate()") == "'now'\n"


async def test_names_set_before_an_exception_survive_it(opened: Opener) -> None:
    repl = await opened("text")
    execution = await repl("print('before')\nkept = 41\n1 / 0\nlost = 1")
    assert execution.stdout == "before\n"
    assert execution.error is not None
    assert execution.error.kind == "ZeroDivisionError"
    assert await repl.out("print(kept, 'lost' in globals())") == "41 False\n"


async def test_a_traceback_shows_the_lines_of_the_cells_alone(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("import json\ndef parse(text):\n    return json.loads(text)")
    trace = await repl.error("value = parse('{')")
    assert "cell 2, line 1" in trace
    assert "value = parse('{')" in trace
    assert "cell 1, line 3, in parse" in trace
    assert trace.splitlines()[-1].startswith("JSONDecodeError: Expecting property name")
    assert "decoder.py" not in trace


async def test_of_a_deep_recursion_both_ends_are_shown(opened: Opener) -> None:
    repl = await opened("text")
    trace = await repl.error("def f(n):\n    return f(n + 1)\nf(0)")
    assert "cell 1, line 3\n    f(0)" in trace
    assert "more …" in trace
    assert trace.splitlines()[-1].startswith("RecursionError")
    assert len(trace.splitlines()) < 30


async def test_a_syntax_error_points_at_its_place(opened: Opener) -> None:
    repl = await opened("text")
    execution = await repl("good = 1\nif good\n    pass")
    assert execution.error is not None
    assert execution.error.kind == "SyntaxError"
    assert "line 2" in execution.error.traceback
    assert "if good" in execution.error.traceback


async def test_sys_exit_is_an_error_of_the_cell(opened: Opener) -> None:
    repl = await opened("text")
    execution = await repl("x = 1\nimport sys\nsys.exit(3)")
    assert execution.error is not None
    assert execution.error.kind == "SystemExit"
    assert not execution.repl_lost
    assert await repl.out("x") == "1\n"


async def test_input_says_that_nobody_is_there(opened: Opener) -> None:
    repl = await opened("text")
    assert "input() is not available" in await repl.error("input('name? ')")


@pytest.mark.parametrize(
    "code",
    ["open('notes.txt')", "import urllib.request as u\nu.urlopen('http://127.0.0.1/')", "import os\nos.listdir('/')"],
)
async def test_files_and_network_are_refused_with_a_hint(opened: Opener, code: str) -> None:
    repl = await opened("text")
    assert "the text is in `context`" in await repl.error(code)


async def test_a_missing_package_is_refused_with_a_hint(opened: Opener) -> None:
    repl = await opened("text")
    assert "standard library" in await repl.error("import pandas")


async def test_names_of_the_repl_come_back_before_the_next_block(opened: Opener) -> None:
    repl = await opened("the text")
    await repl.out("context = 'mine'; llm_call = grep = peek = FINAL = None; del documents, answer\nprint(context)")
    assert (
        await repl.out("print(context, grep('text')[0].text, peek(3), documents[0]['chars'])")
        == "the text text the 8\n"
    )
    assert await repl.out("print(llm_call('x'), answer)") == "about x {'content': '', 'ready': False}\n"


async def test_changes_inside_what_the_repl_gives_do_not_stay(opened: Opener) -> None:
    repl = await opened("one", "two")
    await repl.out("context.append('three'); documents.clear()")
    assert await repl.out("len(context), len(documents)") == "(2, 2)\n"


async def test_one_emoji_or_a_strange_character_is_only_a_character(opened: Opener) -> None:
    repl = await opened("a😀b\u2028c")
    assert await repl.out("len(context), context[1], context[2:]") == "(5, '😀', 'b\\u2028c')\n"


async def test_output_that_no_file_can_hold_is_cleaned(opened: Opener) -> None:
    repl = await opened("text")
    assert await repl.out(r"print('a\ud800b\x00c')") == "a\ufffdb\ufffdc\n"


async def test_long_output_keeps_its_head_and_tail(opened: Opener) -> None:
    repl = await opened("text", stdout_chars=1000)
    execution = await repl("print('BEGIN')\nfor n in range(10_000): print(n)\nprint('END')")
    assert execution.truncated
    assert execution.stdout.startswith("BEGIN\n0\n1\n")
    assert execution.stdout.endswith("9999\nEND\n")
    assert "characters left out" in execution.stdout
    assert execution.stdout_chars == 6 + 48_890 + 4
    assert len(execution.stdout) < 1_100


async def test_output_of_exactly_the_limit_is_whole(opened: Opener) -> None:
    repl = await opened("text", stdout_chars=1000)
    execution = await repl("print('x' * 999)")
    assert (execution.truncated, len(execution.stdout)) == (False, 1000)


async def test_what_a_thread_prints_after_its_cell_is_dropped(opened: Opener) -> None:
    repl = await opened("text", threads=True)
    code = """
import threading
go = threading.Event()
def later():
    go.wait()
    print("LATE")
late = threading.Thread(target=later)
late.start()
print("ok")
"""
    assert await repl.out(code) == "ok\n"
    assert await repl.out("go.set(); late.join(); print('next')") == "next\n"


async def test_documents_tell_name_length_and_start(opened: Opener) -> None:
    repl = await opened("12345", "678")
    expected = "[{'name': '0.txt', 'chars': 5, 'start': 0}, {'name': '1.txt', 'chars': 3, 'start': 5}]\n"
    assert await repl.out("documents") == expected


async def test_a_broken_repr_does_not_break_the_cell(opened: Opener) -> None:
    repl = await opened("text")
    execution = await repl("class Bad:\n    def __repr__(self): raise ValueError('no')\nbad = Bad()")
    assert execution.error is None
    assert [one.preview[:12] for one in execution.variables if one.name == "bad"] == ["<Bad instanc"]


async def test_random_numbers_are_the_same_in_each_fresh_repl(opened: Opener) -> None:
    code = "import random\nprint(random.random(), {'b', 'a', 'c', 'xyz'})"
    assert await (await opened("a")).out(code) == await (await opened("a")).out(code)
