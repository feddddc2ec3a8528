"""What a cell leaves on record: reads, quotations in prompts, variables and their hash."""

import time

import pytest

from tests.engine.sandbox.driving import Driven, Opener
from trajectories.engine.types import Execution, QuotingText, Span

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "".join(
    f"Paragraph {number} tells of matter {number * 7919 % 10_007} and of nothing else.\n" for number in range(20_000)
)


def reads(execution: Execution) -> list[tuple[int, int, int, str]]:
    assert execution.error is None, execution.error.traceback
    return [(read.document, read.start, read.end, read.how) for read in execution.reads]


async def prompts(repl: Driven, code: str) -> list[QuotingText]:
    """The prompts of the last call, whose quotations are checked against the document."""
    execution = await repl(code)
    assert execution.error is None, execution.error.traceback
    texts = [item.prompt for item in repl.calls[-1].items]
    for text in texts:
        for quote in text.quotes:
            assert text.text[quote.at : quote.at + quote.length] == LONG[quote.start : quote.start + quote.length]
    return texts


async def test_peek_grep_and_slices_are_reads(opened: Opener) -> None:
    repl = await opened("0123456789" * 10, "abcdefghij" * 10)
    assert reads(await repl("x = peek(10, 5)")) == [(0, 5, 15, "peek")]
    assert reads(await repl("x = grep('cd', document=1, limit=2)")) == [(1, 2, 4, "grep"), (1, 12, 14, "grep")]
    assert reads(await repl("x = context[1][20:30]")) == [(1, 20, 30, "slice")]
    assert reads(await repl("x = context[0].upper()")) == []


async def test_what_is_printed_is_known_as_printed(opened: Opener) -> None:
    repl = await opened("0123456789\n" * 10)
    assert reads(await repl("print('look:', context[3:8])")) == [(0, 3, 8, "printed")]
    assert reads(await repl("context[3:8]")) == [(0, 3, 8, "slice")]
    assert reads(await repl("print(peek(4))")) == [(0, 0, 4, "peek"), (0, 0, 4, "printed")]
    assert reads(await repl("print(grep('45', limit=1))")) == [(0, 0, 10, "printed"), (0, 4, 6, "grep")]


async def test_reads_are_merged_and_few(opened: Opener) -> None:
    repl = await opened(LONG)
    whole = await repl("pieces = [context[i:i + 1000] for i in range(0, len(context), 1000)]")
    assert reads(whole) == [(0, 0, len(LONG), "slice")]
    scattered = await repl("x = [context[i:i + 3] for i in range(0, 60_000, 10)]")
    assert len(scattered.reads) == 500
    assert reads(await repl("y = 1")) == []


async def test_a_slice_in_an_f_string_is_found_again(opened: Opener) -> None:
    repl = await opened(LONG)
    (prompt,) = await prompts(repl, "llm_call(f'What is here?\\n\\n{context[5000:9000]}\\n\\nBe brief.')")
    assert [(quote.at, quote.start, quote.length) for quote in prompt.quotes] == [(15, 5000, 4000)]
    (bare,) = await prompts(repl, "llm_call(context[100:300])")
    assert [(quote.at, quote.start, quote.length) for quote in bare.quotes] == [(0, 100, 200)]


async def test_a_full_pass_in_one_batch_is_all_quotations(opened: Opener) -> None:
    repl = await opened(LONG)
    texts = await prompts(repl, "r = llm_batch(['Q: ' + context[i:i + 5000] for i in range(0, len(context), 5000)])")
    assert "".join(text.text[3:] for text in texts) == LONG
    assert sum(quote.length for text in texts for quote in text.quotes) == len(LONG)


async def test_pieces_that_lost_their_place_are_found_by_probing(opened: Opener) -> None:
    repl = await opened(LONG)
    code = """
lines = context.split("\\n")
r = llm_batch(["Count the matters in\\n" + "\\n".join(lines[i:i + 100]) for i in range(0, 5000, 100)])
"""
    texts = await prompts(repl, code)
    assert [len(text.quotes) for text in texts] == [1] * 50
    assert all(text.quotes[0].length >= len(text.text) - 30 for text in texts)


LOSING = {
    "split": "pieces = context.split('\\n')[100:140]",
    "splitlines": "pieces = context.splitlines()[100:140]",
    "partition": """
rest = context[context.find("Paragraph 90 ") : context.find("Paragraph 130 ")]
pieces = []
while rest:
    piece, _, rest = rest.partition("\\n")
    pieces.append(piece)
""",
    "finditer": "import re\npieces = [m[1] for m in re.finditer(r'^(Paragraph 1\\d\\d .*)$', context, re.M)][:40]",
    "findall": "import re\npieces = re.findall('Paragraph 1[0-3][0-9] .*', context)[:40]",
    "join": "lines = context.split('\\n')\npieces = ['\\n'.join(lines[n:n + 3]) for n in range(300, 420, 3)]",
    "plain copies": "whole = str(context)\npieces = [whole[n:n + 200] for n in range(9_000, 17_000, 200)]",
}


@pytest.mark.parametrize("losing", LOSING)
async def test_short_pieces_that_lost_their_place_are_found_too(opened: Opener, losing: str) -> None:
    repl = await opened(LONG)
    code = f"{LOSING[losing]}\nr = llm_batch([f'Is this about money? {{piece}}\\nSay yes or no.' for piece in pieces])"
    texts = await prompts(repl, code)
    assert len(texts) >= 40
    lost = [text.text for text in texts if len(text.quotes) != 1 or text.quotes[0].length < len(text.text) - 40]
    assert lost == []


async def test_a_short_stretch_that_stands_in_two_places_is_not_claimed(opened: Opener) -> None:
    line = "This very sentence stands here and further down as well.\n"
    repl = await opened(line + "Something else in between.\n" * 100 + line)
    await repl.out("r = llm_call('Judge: ' + str(context)[:56])")
    assert repl.calls[-1].items[0].prompt.quotes == ()


async def test_pieces_are_found_in_four_hundred_megabytes_within_a_second(opened: Opener) -> None:
    repl = await opened(
        LONG * 300 + "".join(f"Chapter {n} of the rarer kind, number {n * n}.\n" for n in range(10_000))
    )
    code = """
rare = [line for line in context[-400_000:].split("\\n") if line][-2_000:]
import time; began = time.process_time()
r = llm_batch([f"Tell me what you think of this line and why you think so: {line}" for line in rare])
print(time.process_time() - began < 2)
"""
    assert await repl.out(code) == "True\n"
    found = [item for item in repl.calls[-1].items if item.prompt.quotes]
    assert len(found) > 1_900


async def test_what_is_printed_inside_other_text_is_found(opened: Opener) -> None:
    repl = await opened(LONG)
    start = LONG.index("Paragraph 500 ")
    length = LONG.index("Paragraph 501 ") - start
    code = "for number, line in enumerate(context.splitlines()[500:502]): print(f'{number}: {line}!')"
    assert reads(await repl(code)) == [
        (0, start, start + length - 1, "printed"),
        (0, start + length, start + 2 * length - 1, "printed"),
    ]


async def test_several_pieces_in_one_prompt_are_all_found(opened: Opener) -> None:
    repl = await opened(LONG)
    code = """
hits = grep("matter 5[0-9]+ ", limit=8)
r = llm_call("\\n---\\n".join(context[h.start + 100:h.start + 500] for h in hits))
"""
    (prompt,) = await prompts(repl, code)
    assert len(prompt.quotes) == 8


async def test_own_words_quote_nothing(opened: Opener) -> None:
    repl = await opened(LONG)
    (prompt,) = await prompts(repl, "llm_call('Tell me about the weather in the mountains of the north. ' * 20)")
    assert prompt.quotes == ()


async def test_looking_for_quotations_never_takes_long(opened: Opener) -> None:
    repl = await opened(LONG * 20)
    code = "import random\nr = llm_batch([str(random.random()) * 500 for _ in range(2000)])"
    began = time.monotonic()
    assert (await repl(code)).error is None
    assert time.monotonic() - began < 6


async def test_a_child_context_cut_from_the_document_is_one_quotation(opened: Opener) -> None:
    repl = await opened(LONG)
    await repl.out("rlm_call('q', context=context[1000:900_000])\nNone")
    (context,) = repl.calls[0].items[0].context or ()
    assert context == Span(document=0, start=1000, end=900_000)


async def test_variables_are_listed_with_type_size_and_preview(opened: Opener) -> None:
    repl = await opened(LONG)
    execution = await repl("import re\nnames = ['a'] * 50\ntotal = 3\n_hidden = 1\ndef f(): pass\nlong = 'x' * 9999")
    listed = {one.name: one for one in execution.variables}
    assert list(listed) == ["names", "total", "f", "long"]
    assert (listed["names"].type, listed["names"].size) == ("list", 50)
    assert (listed["total"].type, listed["total"].size, listed["total"].preview) == ("int", None, "3")
    assert listed["f"].type == "function"
    assert len(listed["long"].preview) <= 200
    assert all(one.changed for one in execution.variables)
    again = await repl("total = 4")
    assert {one.name: one.changed for one in again.variables} == {
        "names": False,
        "total": True,
        "f": False,
        "long": False,
    }


async def test_at_most_a_hundred_variables_are_listed(opened: Opener) -> None:
    repl = await opened("a")
    execution = await repl("for n in range(300): globals()[f'v{n}'] = n")
    assert len(execution.variables) == 100


IN_PLACE = {
    "append": ("x = [1]", "x.append(2)"),
    "item of a list": ("x = [0] * 50_000", "x[10] = 1"),
    "last item": ("x = list(range(3_000_000))", "x[-1] = 0"),
    "dict": ("x = {'a': 1}", "x['a'] = 2"),
    "last key of many": ("x = {n: n for n in range(300_000)}", "x[299_999] = 0"),
    "inner": ("x = {'a': [{'b': {1, 2}}]}", "x['a'][0]['b'].add(3)"),
    "set": ("x = {1, 2}", "x.discard(1)"),
    "deque": ("import collections\nx = collections.deque([1, 2])", "x.rotate(1)"),
    "counter": ("import collections\nx = collections.Counter('abc')", "x['a'] += 1"),
    "bytearray": ("x = bytearray(10_000)", "x[0] = 1"),
    "array": ("import array\nx = array.array('d', range(1_000))", "x[0] = 5.5"),
    "object": ("class C: pass\nx = C(); x.n = 1", "x.n = 2"),
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass D:\n    n: list\nx = D([1])",
        "x.n.append(2)",
    ),
}


@pytest.mark.parametrize("case", IN_PLACE)
async def test_what_is_changed_in_place_is_changed(opened: Opener, case: str) -> None:
    make, change = IN_PLACE[case]
    repl = await opened("text")
    await repl.out(f"{make}\nother = [1, 2]")
    assert changed(await repl("None")) == []
    assert changed(await repl(change)) == ["x"]
    assert changed(await repl("_ = str(x)")) == []


def changed(execution: Execution) -> list[str]:
    assert execution.error is None, execution.error.traceback
    return [one.name for one in execution.variables if one.changed]


async def test_previews_look_into_every_kind_and_stay_short(opened: Opener) -> None:
    repl = await opened("text")
    code = """
import collections, dataclasses
@dataclasses.dataclass
class Big:
    name: str
    items: list
many = list(range(5_000_000))
big = Big("b", many)
counter = collections.Counter({n: n for n in range(2_000_000)})
Pair = collections.namedtuple("Pair", "left right")
pair = Pair(many, 1)
huge = 7 ** 3_000_000
window = range(10 ** 12)
class Long(list): pass
long = Long(many)
members = set(many)
"""
    began = time.monotonic()
    execution = await repl(code)
    seconds = time.monotonic() - began
    began = time.monotonic()
    await repl("None")
    assert time.monotonic() - began < max(0.3, seconds / 4)
    shown = {one.name: (one.size, one.preview) for one in execution.variables}
    assert shown["big"] == (None, "Big(name='b', items=[0, 1, 2, 3, 4, 5, 6, 7, ...])")
    assert shown["counter"] == (2_000_000, "Counter({0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, ...})")
    assert shown["pair"] == (2, "Pair(([0, 1, 2, 3, 4, 5, 6, 7, ...], 1))")
    assert shown["huge"] == (None, "<a number of 8,422,065 bits>")
    assert shown["window"] == (10**12, "range(0, 1000000000000)")
    assert shown["long"] == (5_000_000, "Long([0, 1, 2, 3, 4, 5, 6, 7, ...])")
    assert shown["members"] == (5_000_000, "{0, 1, 2, 3, 4, 5, 6, 7, ...}")


async def test_the_hash_is_that_of_the_values(opened: Opener) -> None:
    code = "a = [1, {'k': {'z', 'y', 'x'}}, None]\nclass C: pass\nc = C(); c.x = 2.5\ndef f(n): return n + 1"
    one, two = await opened("text"), await opened("other text")
    first, second = await one(code), await two(code)
    assert first.variables_hash == second.variables_hash != ""
    assert (await one("print('no change')")).variables_hash == first.variables_hash
    assert (await one("a[0] = 2")).variables_hash != first.variables_hash
    assert (await one("a[0] = 1; b = 0")).variables_hash != first.variables_hash
    assert (await one("del b")).variables_hash == first.variables_hash


async def test_a_hash_of_much_is_still_quick(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("big = list(range(3_000_000)); loop = []; loop.append(loop); words = ['x' * 10_000] * 10_000")
    began = time.monotonic()
    await repl.out("1")
    assert time.monotonic() - began < 0.5
