"""`context`, `peek` and `grep`."""

from pathlib import Path

import pytest

from tests.engine.sandbox.driving import Opener, document, file_document

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINES = "first line\nsecond line with a canary\n\nfourth: another Canary, and a canary\n"


async def test_one_document_is_a_str_and_several_are_a_list(opened: Opener) -> None:
    one, two, none = await opened("abc"), await opened("abc", "def"), await opened()
    assert (
        await one.out("print(type(context), isinstance(context, str), type(context) == str)")
        == "<class 'str'> True True\n"
    )
    assert await two.out("print(type(context), [type(text) == str for text in context], context)") == (
        "<class 'list'> [True, True] ['abc', 'def']\n"
    )
    assert await none.out("context") == "[]\n"


async def test_one_document_can_be_a_list_when_asked_for(opened: Opener) -> None:
    repl = await opened("abc", context_is_list=True)
    assert await repl.out("context") == "['abc']\n"


async def test_slices_know_where_they_come_from(opened: Opener) -> None:
    repl = await opened("0123456789", "abcdefghij")
    code = """
piece = context[1][2:8]
print(piece, piece.document, piece.start, piece[1:3].start, piece[-2:].start, context[0][3:].start)
print(context[1][::2], context[1][5], piece.upper())
print(("  " + piece).strip(), context[0][1:4].strip("1").start)
"""
    assert await repl.out(code) == "cdefgh 1 2 3 6 3\nacegi f CDEFGH\ncdefgh 2\n"


async def test_slices_are_strings_in_every_way(opened: Opener) -> None:
    repl = await opened("the quick brown fox")
    code = """
import copy, json, pickle, re
piece = context[4:9]
assert piece == "quick" and hash(piece) == hash("quick") and {piece: 1}["quick"] == 1
assert json.dumps([piece]) == '["quick"]' and f"{piece:>7}" == "  quick" and "-".join([piece, piece]) == "quick-quick"
assert pickle.loads(pickle.dumps(piece)) == piece and copy.deepcopy([piece]) == ["quick"]
assert re.findall("[a-z]+", piece) == ["quick"] and piece.encode() == b"quick" and piece in context
assert context.split()[1] == "quick" and [c for c in piece][0] == "q" and piece + "!" == "quick!"
assert context[:] == context and context[100:] == "" and context[-3:] == "fox"
"""
    assert await repl.out(code) == ""


async def test_peek_gives_a_piece_of_a_document(opened: Opener) -> None:
    repl = await opened("0123456789", "abcdefghij")
    assert await repl.out("print(peek(3), peek(3, 4), peek(3, 4, 1), peek(start=8))") == "012 456 efg 89\n"
    assert await repl.out("print(peek(2, start=-3, document=1), peek(2, document='1.txt'))") == "hi ab\n"
    assert "there is no document 5" in await repl.error("peek(3, document=5)")


async def test_grep_gives_matches_with_place_and_line(opened: Opener) -> None:
    repl = await opened(LINES)
    code = """
for m in grep(r"can\\w+"):
    print(m.text, m.start, m.end, m.line, m.document, context[m.start:m.end] == m.text)
"""
    assert await repl.out(code) == "canary 30 36 2 0 True\ncanary 68 74 4 0 True\n"


async def test_printing_a_match_shows_line_number_and_line(opened: Opener) -> None:
    repl = await opened(LINES)
    assert await repl.out("print(grep('canary')[0])") == "2: second line with a canary\n"
    assert await repl.out("for m in grep('canary', ignore_case=True): print(m)") == (
        "2: second line with a canary\n"
        "4: fourth: another Canary, and a canary\n"
        "4: fourth: another Canary, and a canary\n"
    )


async def test_matches_of_several_documents_name_theirs(opened: Opener) -> None:
    repl = await opened("a needle", "no", "x\nneedle b")
    assert await repl.out("grep('needle')") == "[0] 1: a needle\n[2] 2: needle b\n"
    assert await repl.out("print(grep('needle', document=2))") == "[2] 2: needle b\n"


async def test_grep_can_show_lines_around(opened: Opener) -> None:
    repl = await opened("one\ntwo\nthree\nfour\nfive\n")
    assert await repl.out("print(grep('three', around=1))") == "2- two\n3: three\n4- four\n"
    assert await repl.out("grep('three', around=1)[0].text") == "'three'\n"


async def test_grep_stops_at_its_limit_and_says_so(opened: Opener) -> None:
    repl = await opened("a\n" * 500)
    code = "print(len(grep('a')), len(grep('a', limit=3)), len(grep('a', limit=None)), len(grep('zzz')))"
    assert await repl.out(code) == "100 3 500 0\n"
    out = await repl.out("grep('a', limit=1)")
    assert out.startswith("1: a\n")
    assert "limit of 1 is reached" in out


async def test_grep_matches_at_lines_and_takes_compiled_patterns(opened: Opener) -> None:
    repl = await opened("INC-1 x\ny INC-2\nINC-3\n")
    assert await repl.out(r"print([m.text for m in grep(r'^INC-\d')])") == "['INC-1', 'INC-3']\n"
    assert await repl.out("import re\nprint(len(grep(re.compile('inc', re.I))), grep('x*') != [])") == "3 True\n"


async def test_a_very_long_line_is_shown_around_the_match(opened: Opener) -> None:
    repl = await opened("x" * 100_000 + "needle" + "y" * 100_000)
    out = await repl.out("print(grep('needle')[0])")
    assert "needle" in out
    assert len(out) < 1_000


async def test_a_pathological_pattern_is_a_clear_error(opened: Opener) -> None:
    repl = await opened("a" * 60 + "b", cell_seconds=1.5)
    error = await repl.error("kept = 1\ngrep('(a+)+$')")
    assert "TimeoutError: grep was stopped" in error
    assert "simpler pattern" in error
    assert await repl.out("kept") == "1\n"


async def test_a_wrong_pattern_is_a_clear_error(opened: Opener) -> None:
    repl = await opened("text")
    assert "unterminated subpattern" in await repl.error("grep('(a')")


async def test_a_file_is_read_like_any_text(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "grüße.txt"
    path.write_text("Grüße 😀\n" * 10_000, encoding="utf-8")
    repl = await opened(file_document(path), document(""), document("ende"))
    assert (
        await repl.out("print([len(text) for text in context], context[0][6], context[2])") == "[80000, 0, 4] 😀 ende\n"
    )


async def test_two_thousand_documents_fit_into_one_repl(opened: Opener) -> None:
    repl = await opened(*[f"document number {number} ü" for number in range(2_000)])
    assert await repl.out("print(len(context), context[1999], grep('number 77 ')[0].document)") == (
        "2000 document number 1999 ü 77\n"
    )
