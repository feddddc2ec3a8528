"""Calls from code to models: what the host is asked, what the code gets, what fails how."""

import asyncio

import pytest

from tests.engine.sandbox.driving import Opener
from trajectories.engine.types import CallItem, CallResult, HostCall

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAD = CallResult(error_kind="timeout", error_message="The model did not answer in time.")


def no_b(item: CallItem) -> CallResult:
    return BAD if item.prompt.text == "b" else CallResult(value=item.prompt.text.upper())


async def test_a_call_returns_the_text(opened: Opener) -> None:
    repl = await opened("text")
    assert await repl.out("\nprint(llm_call('what?'))") == "about what?\n"
    (call,) = repl.calls
    assert (call.op, call.batch, call.role, call.model, call.schema, call.line) == (
        "llm",
        False,
        "worker",
        None,
        None,
        2,
    )


async def test_role_model_and_schema_travel(opened: Opener) -> None:
    repl = await opened("text", answer=lambda item: CallResult(value={"n": 1, "list": [None, 0.5]}))
    out = await repl.out("print(llm_call('q', role='judge', model='c/m', schema={'type': 'object'})['list'])")
    assert out == "[None, 0.5]\n"
    assert (repl.calls[0].role, repl.calls[0].model, repl.calls[0].schema) == ("judge", "c/m", {"type": "object"})


async def test_the_line_is_that_of_the_running_cell(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("def ask(q):\n\n\n    return llm_call(q)")
    await repl.out("x = 1\ny = [ask(q) for q in 'a']")
    assert repl.calls[0].line == 2


async def test_a_failed_call_raises(opened: Opener) -> None:
    repl = await opened("text", answer=no_b)
    execution = await repl("llm_call('b')")
    assert execution.error is not None
    assert (execution.error.kind, execution.error.message) == ("LLMError", "The model did not answer in time.")
    code = "try:\n    llm_call('b')\nexcept LLMError as error:\n    print(error.kind, error.message, error)"
    assert await repl.out(code) == "timeout The model did not answer in time. The model did not answer in time.\n"


async def test_a_failed_item_of_a_batch_is_an_error_at_its_place(opened: Opener) -> None:
    repl = await opened("text", answer=no_b)
    code = "a, b, c = llm_batch(['a', 'b', 'c'])\nprint(a, type(b).__name__, isinstance(b, LLMError), b.kind, c)"
    assert await repl.out(code) == "A LLMError True timeout C\n"
    assert "isinstance(item, LLMError)" in await repl.error("''.join(llm_batch(['a', 'b']))")


async def test_the_reference_names_answer_failures_as_text(opened: Opener) -> None:
    repl = await opened("text", answer=no_b)
    out = await repl.out("print(llm_query('b'), llm_query('a'), llm_query_batched(['a', 'b']))")
    assert out == "Error: The model did not answer in time. A ['A', 'Error: The model did not answer in time.']\n"
    assert await repl.out("print(rlm_query('a', model='m'), rlm_query_batched(['b']))") == (
        "A ['Error: The model did not answer in time.']\n"
    )
    assert [call.op for call in repl.calls] == ["llm", "llm", "llm", "rlm", "rlm"]


async def test_at_depth_zero_calls_fail_with_a_clear_sentence(opened: Opener) -> None:
    repl = await opened("text", depth=0)
    execution = await repl("llm_call('x')")
    assert execution.error is not None
    assert execution.error.kind == "LLMError"
    assert "depth 0" in execution.error.message
    assert "depth 0" in await repl.error("llm_batch(['x'])")
    assert (await repl.out("print(llm_query('x'), rlm_query_batched(['x']))")).count("Error: ") == 2
    assert repl.calls == []


async def test_contexts_of_sub_rlms_are_texts_or_lists(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("rlm_call('q')\nrlm_call('q', 'c')\nrlm_call('q', context=['c', 'd'], role='worker')")
    await repl.out("rlm_batch(['p', 'q'])\nrlm_batch(['p', 'q'], contexts=['c', ['d']])")
    seen = [
        [
            (None if item.context is None else [c.text for c in item.context], item.context_is_list)
            for item in call.items
        ]
        for call in repl.calls
    ]
    assert seen == [
        [(None, False)],
        [(["c"], False)],
        [(["c", "d"], True)],
        [(None, False), (None, False)],
        [(["c"], False), (["d"], True)],
    ]
    assert [call.role for call in repl.calls][:3] == ["root", "root", "worker"]
    assert "as many contexts as prompts" in await repl.error("rlm_batch(['p', 'q'], contexts=['c'])")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("llm_call(3)", "the prompt must be text (str), not int"),
        ("llm_batch('abc')", "prompts must be a list"),
        ("llm_batch(['a', None])", "prompts[1] must be text"),
        ("llm_batch(['a'] * 10_001)", "over the limit of 10,000"),
        ("llm_call('a' * 9_000_000)", "over the limit"),
        ("llm_call('a', role=1)", "role and model are given as text"),
        ("rlm_call('a', context=3)", "a context is a text or a list of texts"),
    ],
)
async def test_wrong_arguments_are_clear_errors(opened: Opener, code: str, said: str) -> None:
    repl = await opened("text")
    assert said in await repl.error(code)
    assert repl.calls == []


async def test_an_empty_batch_asks_nobody(opened: Opener) -> None:
    repl = await opened("text")
    assert await repl.out("llm_batch([])") == "[]\n"
    assert repl.calls == []


async def test_ten_thousand_prompts_keep_their_order(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out("asked = [f'{n} ' + 'ü' * 1000 for n in range(10_000)]")
    assert await repl.out("llm_batch(asked) == ['about ' + prompt for prompt in asked]") == "True\n"
    assert len(repl.calls[0].items) == 10_000


async def test_a_long_text_of_own_words_arrives_whole(opened: Opener) -> None:
    repl = await opened("text")
    code = "words = ''.join(chr(97 + n % 26) + str(n) for n in range(2_000_000))\nx = rlm_call('q', context=words)"
    await repl.out(code)
    (context,) = repl.calls[0].items[0].context or ()
    assert context.text == "".join(chr(97 + n % 26) + str(n) for n in range(2_000_000))


async def test_large_answers_arrive_whole(opened: Opener) -> None:
    repl = await opened("text", answer=lambda item: CallResult(value="ä" * 3_000_000))
    assert (
        await repl.out("print([len(text) for text in llm_batch(['a', 'b', 'c'])])") == "[3000000, 3000000, 3000000]\n"
    )


async def test_surrogates_in_prompts_are_cleaned(opened: Opener) -> None:
    repl = await opened("text")
    await repl.out(r"llm_call('a\ud800b\x00c')")
    assert repl.calls[0].items[0].prompt.text == "a\ufffdb\ufffdc"


async def test_calls_of_threads_run_at_once(opened: Opener) -> None:
    repl = await opened("text", threads=True)
    both = asyncio.Barrier(4)

    async def host(call: HostCall) -> list[CallResult]:
        await both.wait()  # passes only when four calls are here together
        return [CallResult(value=item.prompt.text * 2) for item in call.items]

    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    print(list(pool.map(llm_call, "abcd")))
"""
    execution = await repl.sandbox.execute(code, host)
    assert execution.stdout == "['aa', 'bb', 'cc', 'dd']\n"


async def test_more_than_a_thousand_calls_in_a_cell_are_refused(opened: Opener) -> None:
    repl = await opened("text")
    error = await repl.error("n = 0\nwhile True:\n    llm_call('x')\n    n += 1")
    assert "1,000 calls are the limit" in error
    assert await repl.out("n") == "1000\n"
    assert await repl.out("llm_call('x')") == "'about x'\n"


async def test_waiting_for_a_model_is_not_the_cells_time(opened: Opener) -> None:
    repl = await opened("text", cell_seconds=0.5)

    async def slow(call: HostCall) -> list[CallResult]:
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=1.2)
        return [CallResult(value="at last")]

    execution = await repl.sandbox.execute("print(llm_call('x'))", slow)
    assert execution.error is None
    assert execution.stdout == "at last\n"
    assert execution.seconds < 0.5


async def test_a_failure_of_the_host_itself_is_raised(opened: Opener) -> None:
    repl = await opened("text")

    async def broken(call: HostCall) -> list[CallResult]:
        raise LookupError("a bug of ours")

    with pytest.raises(LookupError, match="a bug of ours"):
        await repl.sandbox.execute("llm_call('x')", broken)


async def test_a_call_still_open_at_the_end_of_its_cell_is_dropped(opened: Opener) -> None:
    repl = await opened("text", threads=True)
    cancelled = asyncio.Event()

    async def never(call: HostCall) -> list[CallResult]:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()
        return []

    code = """
import threading
said = []
def ask():
    try:
        llm_call("x")
    except LLMError as error:
        said.append(error.kind)
asking = threading.Thread(target=ask)
asking.start()
while not asking.ident: pass
import time; time.sleep(0.3)
print("left")
"""
    execution = await repl.sandbox.execute(code, never)
    assert execution.stdout == "left\n"
    assert cancelled.is_set()
    assert await repl.out("asking.join(); print(said, llm_call('y'))") == "['cancelled'] about y\n"


async def test_threads_that_outlive_their_cell_never_confuse_the_next(opened: Opener) -> None:
    """A cell ends while a thread of it sends a call, or reads the channel for all others."""
    first = """
import threading, time
said = []
def ask():
    try:
        llm_call("x" * 100)
    except LLMError as error:
        said.append(error.kind)
asking = threading.Thread(target=ask)
asking.start()
time.sleep(PAUSE)
"""

    async def never(call: HostCall) -> list[CallResult]:
        return await asyncio.get_running_loop().create_future()

    async def once(number: int) -> str:
        repl = await opened("text", threads=True, cell_seconds=5)
        await repl.sandbox.execute(first.replace("PAUSE", "0.02" if number % 2 else "0"), never)
        out = await repl.out("asking.join(5); print(said, llm_call('y'))")
        await repl.sandbox.close()
        return out

    for _ in range(10):
        outs = await asyncio.gather(*[once(number) for number in range(8)])
        assert set(outs) <= {"['cancelled'] about y\n", "[] about y\n"}  # the latter: asked only in the next cell
