"""`grep` finds what `re` finds, and is over in time whatever the pattern and the text."""

import re
import time

import pytest

from tests.engine.sandbox.driving import Driven, Opener
from trajectories.engine.sandbox.worker import patterns, scanning
from trajectories.engine.sandbox.worker.texts import ContextText, Record, _context_text

pytestmark = pytest.mark.asyncio(loop_scope="session")

MB = 1_000_000
LINES = "".join(
    f"{number}\tThe Quick brown fox_{number % 7} says: “{'na' * (number % 9)}” \n\n" for number in range(6_000)
)


def text_of(words: str) -> ContextText:
    return _context_text(words, 0, 0, Record())


# ---------------------------------------------------------------------------------------------- what a pattern may do


@pytest.mark.parametrize(
    ("pattern", "hungry", "crosses_lines"),
    [
        ("fox", False, False),
        ("fo+x", True, False),
        (r"f.{0,20}x", False, False),
        (".*", True, False),
        (".*?x", False, False),
        (".{5000,}?x", True, False),
        ("(?s:.*)", True, True),
        (r"[^@]+@", True, True),
        (r"[^@\n]+@", True, False),
        (r"\w+@", True, False),
        (r"\W+", True, True),
        (r"\s*x", True, True),
        (r"[ \t]*x", True, False),
        ("(ab)+", False, False),
        ("(?:a)+", True, False),
        (r"(?=.*\d)x", True, False),
        (r"(?<=\n)x*", True, True),
        (r"(a|b\n|c+)", True, True),
        (r"a++", True, False),
        (r"(?>a+)", True, False),
        (r"^a$", False, False),
        (r"a\Z", False, True),
        (r"(a)?(?(1)b+|c)", True, False),
        (r"[^a]", False, True),
        (r"[\x00-\x20]+", True, True),
    ],
)
async def test_what_a_pattern_may_do_is_known(pattern: str, hungry: bool, crosses_lines: bool) -> None:
    assert patterns.shape_of(re.compile(pattern, re.MULTILINE)) == (hungry, crosses_lines)


async def test_a_dollar_without_lines_crosses_them() -> None:
    assert patterns.shape_of(re.compile("a+$")) == (True, True)
    assert patterns.shape_of(re.compile("a+$", re.MULTILINE)) == (True, False)


@pytest.mark.parametrize(
    "pattern",
    [
        *("fox_3", "the quick", "na", r"\w+", r"^\d+\t", r"says: .*$", r"(?<=says: )“.*”", r"\bfox\w*\b", r"[^\n]+ $"),
        *(r".*fox_3.*", r"(?:fox)_[0-9]", r"\d+.*brown", r"(?i:FOX)_4", r"^5\d+\t.*Quick", r"(fox|brown)_?\d"),
        *(r"“(na)*”", r"Q.*k", r"^.*3.*$", r"(?i)QUICK", r"x*", r"\d+(?!\t)", r"[a-z]+_[0-6] says", r"(?:na)+”"),
    ],
)
@pytest.mark.parametrize("flags", [re.MULTILINE, re.MULTILINE | re.IGNORECASE])
async def test_going_line_by_line_finds_the_same(pattern: str, flags: int) -> None:
    text = text_of(LINES)
    assert len(text) > 2 * patterns.SHORT
    expected = [match.span() for match in re.finditer(pattern, LINES, flags) if match.group()]
    hits, complete = scanning.scan([text], re.compile(pattern, flags), 10**6, stoppable=True)
    assert [(hit.start, hit.end) for hit in hits] == expected
    assert complete
    assert all(hit.line == LINES.count("\n", 0, hit.start) + 1 for hit in hits[:: max(1, len(hits) // 50)])


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("needle", "needle"),
        (r".*needle \w+ end", "needle "),
        (r"(?:abc)+d", "abc"),
        (r"(abc)?de", "de"),
        (r"abc|abd", "ab"),
        (r"xyz|abd", ""),
        (r"ab*c", "a"),
        (r"(?i)needle", ""),
        (r"(?i:needle)s", "s"),
        (r"(?=needle)n", "n"),
        (r"(?<!a)bcd", "bcd"),
        (r"[n]eedle", "needle"),
    ],
)
async def test_the_words_that_each_match_has_are_known(pattern: str, words: str) -> None:
    assert patterns.words_in(re.compile(pattern)) == words


async def test_words_in_any_case_are_found_across_windows() -> None:
    words = "Needle"
    for shift in range(8):
        text = text_of("x" * ((1 << 20) - shift) + "neEDle" * 3 + "y" * 100 + "NEEDLE")
        hits, _ = scanning.scan([text], re.compile(words, re.IGNORECASE), 100, stoppable=True)
        expected = [match.span() for match in re.finditer(words, text, re.IGNORECASE)]
        assert [(hit.start, hit.end) for hit in hits] == expected


# ---------------------------------------------------------------------------------------------- in a REPL

ONE_LINE = "".join(f'{{"id":{number},"base":"acgt{number:x}"}},' for number in range(200_000))


async def test_a_line_without_end_is_searched_by_a_helper(opened: Opener) -> None:
    repl = await opened("short", ONE_LINE)
    code = r"""
found = grep(r'"id":199\d+,"base":"[^"]+"', limit=3)
print([(m.text, m.start, m.line, m.document) for m in found], found.complete)
"""
    starts = list(re.finditer(r'"id":199\d+,"base":"[^"]+"', ONE_LINE))[:3]
    expected = [(match.group(), match.start(), 1, 1) for match in starts]
    execution = await repl(code)
    assert execution.stdout == f"{expected} False\n"
    assert (1, *starts[0].span(), "grep") in [(r.document, r.start, r.end, r.how) for r in execution.reads]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ACGT" * (2 * MB), id="one line of 8 MB"),
        pytest.param("a" * 60 + "b\n", id="a short line"),
        pytest.param(("a" * 200 + "\n") * 5_000, id="many lines"),
    ],
)
@pytest.mark.parametrize(
    "pattern", ["(a+)+$x", r"[ACGTa]+X", r"(?s).*X", r"(\w|a)*X", r"(?:.*,){30}X", r"(a*)*b\1X", r"^(([a-zA-Z])+.)+$Z"]
)
async def test_a_pattern_that_would_take_for_ever_is_over_in_time(opened: Opener, pattern: str, text: str) -> None:
    repl = await opened(text, cell_seconds=2.5)
    began = time.monotonic()
    execution = await repl(
        f"kept = 7\ntry:\n    print(len(grep({pattern!r})))\nexcept TimeoutError as e:\n    print(e)"
    )
    assert time.monotonic() - began < 4
    assert not execution.repl_lost
    assert execution.stdout == "0\n" or execution.stdout.startswith("grep was stopped after 1.66667 s: ")
    assert await repl.out("print(kept)") == "7\n"


async def test_a_search_in_a_thread_is_over_in_time_too(opened: Opener) -> None:
    repl = await opened("a" * 60 + "b", cell_seconds=2.5, threads=True)
    code = """
import threading
said = []
def search(pattern):
    try:
        said.append(len(grep(pattern)))
    except TimeoutError as error:
        said.append(str(error)[:16])
threads = [threading.Thread(target=search, args=(pattern,)) for pattern in ("(a+)+$", "a{60}b", "b")]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(map(str, said)))
"""
    assert await repl.out(code) == "['1', '1', 'grep was stopped']\n"


async def test_after_a_search_that_was_stopped_the_next_one_works(opened: Opener) -> None:
    repl = await opened("x" * (2 * MB) + " needle " + "x" * MB, cell_seconds=2.5)
    assert "grep was stopped" in await repl.error("grep('x+y')")
    assert await repl.out("print(grep('needle +x')[0].start, grep('n[e]+dle')[0].text)") == f"{2 * MB + 1} needle\n"


async def test_searches_without_end_are_limited(opened: Opener) -> None:
    repl = await opened("ab" * 50_000)
    error = await repl.error("for n in range(300): grep('[^b]*b', limit=1)\n")
    assert "grep was called more than 200 times" in error
    assert "the REPL" not in error


async def test_a_search_is_interrupted_with_its_cell(opened: Opener) -> None:
    repl = await opened("ACGT" * MB, cell_seconds=0.9)
    execution = await repl("kept = 1\nfor n in range(100):\n    try: grep('[ACGT]+X')\n    except TimeoutError: pass")
    assert execution.error is not None
    assert (execution.error.kind, execution.repl_lost) == ("Timeout", False)
    assert await repl.out("print(kept, grep('T{2}'))") == "1 no matches\n"


async def test_many_matches_come_back_whole(opened: Opener) -> None:
    repl = await opened("word, " * 150_000)
    out = await repl.out("found = grep('[^,]+,', limit=None)\nprint(len(found), found.complete, found[-1].start)")
    assert out == f"100000 False {99_999 * 6 - 1}\n"


async def test_closing_the_repl_ends_the_helper(opened: Opener) -> None:
    repl = await opened("ab" * 50_000)
    await repl.out("grep('[^b]*b', limit=1)\nNone")
    helper = helper_of(repl)
    assert helper.alive
    await repl.sandbox.close()
    assert not helper.alive


def helper_of(repl: Driven):  # type: ignore[no-untyped-def]
    helper = repl.sandbox._searcher._helper
    assert helper is not None
    return helper


async def test_a_helper_that_dies_is_replaced(opened: Opener) -> None:
    repl = await opened("ab" * 50_000)
    await repl.out("grep('[^b]*b', limit=1)\nNone")
    helper_of(repl).kill()
    assert "the search ended early" in await repl.error("grep('[^b]*b', limit=1)")
    assert await repl.out("print(len(grep('[^b]*b', limit=1)))") == "1\n"
