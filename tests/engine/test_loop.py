"""The REPL loop with a scripted model, a real sandbox and a real server: endings, feedback, what the model is told."""

import asyncio
import json

import pytest

from tests.engine.conftest import Lab
from tests.model_server import ScriptedReply
from trajectories import engine

pytestmark = pytest.mark.asyncio(loop_scope="session")


def cell(code: str) -> str:
    return f"I run code.\n```repl\n{code}\n```"


# ------------------------------------------------------------------------------------------------ endings


async def test_final_in_code_ends_the_run(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(peek(9))"), cell("FINAL('a fox')")])
    assert (outcome.status, outcome.ended_by, outcome.answer) == ("succeeded", "answer", "a fox")
    lab.log.check_starts_and_finishes()


async def test_final_var_in_code_ends_as_answer_variable(lab: Lab) -> None:
    outcome = await lab.ask([cell("found = 'a fox'\nprint(1)"), cell("FINAL_VAR('found')")])
    assert (outcome.ended_by, outcome.answer) == ("answer_variable", "a fox")


async def test_the_answer_dict_ends_the_run(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)\nanswer['content'] = 'a fox'\nanswer['ready'] = True")])
    assert (outcome.ended_by, outcome.answer) == ("answer", "a fox")


async def test_final_in_prose_ends_the_run(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(peek(9))"), 'I know it.\nFINAL("a fox")'])
    assert (outcome.ended_by, outcome.answer) == ("answer", "a fox")


async def test_final_var_in_prose_reads_the_variable(lab: Lab) -> None:
    outcome = await lab.ask([cell("found = 'a fox'\nprint(1)"), "FINAL_VAR(found)"])
    assert (outcome.ended_by, outcome.answer) == ("answer_variable", "a fox")


async def test_final_var_of_an_unknown_name_goes_on_with_the_error(lab: Lab) -> None:
    outcome = await lab.ask([cell("found = 1\nprint(1)"), "FINAL_VAR(fund)", "FINAL(done)"])
    assert outcome.answer == "done"
    assert "found" in lab.root_requests()[-1]["messages"][-1]["content"]


async def test_final_beside_code_is_ignored_and_said_so(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(6 * 7)") + "\nFINAL(41)", "FINAL(42)"])
    assert outcome.answer == "42"
    told = lab.root_requests()[1]["messages"][-1]["content"]
    assert "42" in told
    assert "FINAL beside your code" in told


async def test_an_answer_that_is_no_text_is_given_as_json(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)\nFINAL({'count': 3, 'of': ['é']})")])
    assert json.loads(outcome.answer or "") == {"count": 3, "of": ["é"]}


async def test_nothing_runs_after_the_end(lab: Lab) -> None:
    outcome = await lab.ask(["```repl\nprint(1)\nFINAL('first')\n```\n```repl\nFINAL('second')\n```"])
    assert outcome.answer == "first"
    assert len(lab.log.kind("cell")) == 1


async def test_a_reply_cut_at_the_length_limit_is_no_answer(lab: Lab) -> None:
    outcome = await lab.ask(
        [ScriptedReply("FINAL(half an ans)", finish_reason="length"), "FINAL(whole)"], documents=["x"]
    )
    assert outcome.answer == "whole"


async def test_unfinished_code_of_a_cut_reply_is_not_run(lab: Lab) -> None:
    cut = ScriptedReply("```repl\nprint('one')\n```\n```repl\nprint('tw", finish_reason="length")
    await lab.ask([cut, "FINAL(done)"])
    assert [node["code"] for node in lab.log.kind("cell")] == ["print('one')"]
    assert "cut at the length limit" in lab.root_requests()[1]["messages"][-1]["content"]


# ------------------------------------------------------------------------------------------------ feedback


async def test_blocks_of_one_reply_run_in_order_and_share_variables(lab: Lab) -> None:
    await lab.ask(["```repl\na = 20\n```\nthen\n```py\nprint(a + 1)\n```", "FINAL(21)"])
    assert [node["stdout"].strip() for node in lab.log.kind("cell")] == ["", "21"]


async def test_only_what_was_printed_comes_back(lab: Lab) -> None:
    canary = "CANARY-7719"
    text = "Nothing here.\n" * 100 + canary + "\n" + "Nor here.\n" * 2_000
    code = f"found = grep('{canary[:6]}')\nline = context[:5000]\nprint(len(found))"
    await lab.ask([cell(code), cell("print('still looking')"), "FINAL(done)"], documents=[text])
    assert all(canary not in json.dumps(request) for request in lab.server.requests)
    await lab.ask([cell("print(found := grep('CANARY')[0].text, context[1400:1411])"), "FINAL(x)"], documents=[text])


async def test_a_reply_without_code_is_told_how(lab: Lab) -> None:
    await lab.ask(["I think it is a fox.", "FINAL(a fox)"], documents=["short"])
    assert "```repl" in lab.root_requests()[1]["messages"][-1]["content"]


async def test_a_fence_with_another_mark_is_told_so(lab: Lab) -> None:
    await lab.ask(["```bash\nls\n```", "FINAL(a fox)"], documents=["short"])
    assert "'bash'" in lab.root_requests()[1]["messages"][-1]["content"]


async def test_an_error_comes_back_with_its_line_and_names_before_it_survive(lab: Lab) -> None:
    await lab.ask([cell("kept = 5\nprint('before')\nmissing + 1"), cell("print(kept)"), "FINAL(5)"])
    told = lab.root_requests()[1]["messages"][-1]["content"]
    assert "NameError" in told
    assert "before" in told
    assert lab.log.kind("cell")[0]["error"]["kind"] == "NameError"
    assert lab.log.kind("cell")[1]["stdout"].strip() == "5"


async def test_the_output_of_a_turn_is_capped_not_of_a_block(lab: Lab) -> None:
    flood = "```repl\nprint('ab' * 100_000)\n```\n" * 4
    await lab.ask([flood, "FINAL(x)"])
    told = lab.root_requests()[1]["messages"][-1]["content"]
    assert len(told) < 10_000
    assert "characters not shown" in told
    cells = lab.log.kind("cell")
    assert all(node["stdout_chars"] == 200_001 for node in cells)
    assert all(node["shown"] in told for node in cells)


async def test_the_history_only_grows_at_its_end(lab: Lab) -> None:
    await lab.ask([cell("print(1)"), cell("print(2)"), cell("print(3)"), "FINAL(x)"])
    requests = [request["messages"] for request in lab.root_requests()]
    for before, after in zip(requests, requests[1:], strict=False):
        assert after[: len(before)] == before


async def test_the_largest_prompt_does_not_grow_with_the_text(lab: Lab) -> None:
    sizes = []
    for chars in (8_000, 4_000_000):
        lab.server.reset()
        text = ("A line of the text that is long enough.\n" * (chars // 40 + 1))[:chars]
        await lab.ask([cell("print(len(context))"), cell("print(peek(300))"), "FINAL(x)"], documents=[text])
        sizes.append(max(sum(len(m["content"]) for m in r["messages"]) for r in lab.root_requests()))
    assert abs(sizes[0] - sizes[1]) / sizes[0] < 0.05


# ------------------------------------------------------------------------------------------------ sub-calls


async def test_a_batch_is_answered_in_order_in_parallel(lab: Lab) -> None:
    code = (
        "answers = llm_batch([f'MOCK_ECHO:item {i}' for i in range(40)])\n"
        "print(answers == [f'item {i}' for i in range(40)])"
    )
    lab.server.delay = 0.05
    await lab.ask([cell(code), "FINAL(x)"])
    assert lab.log.kind("cell")[0]["stdout"].strip() == "True"
    assert lab.server.peak >= 20
    calls = [node for node in lab.log.kind("lm") if node["depth"] == 1]
    assert {node["batch"] for node in calls} == {calls[0]["number"]}
    assert sorted(node["index"] for node in calls) == list(range(40))
    assert {node["line"] for node in calls} == {1}


async def test_one_failure_in_a_batch_is_nobody_elses(lab: Lab) -> None:
    code = "r = llm_batch(['MOCK_ECHO:a', 'MOCK_FAIL_400', 'MOCK_ECHO:c'])\nprint(r[0], r[1].kind, r[2])"
    await lab.ask([cell(code), "FINAL(x)"])
    assert lab.log.kind("cell")[0]["stdout"].split() == ["a", "bad_request", "c"]


async def test_a_failed_call_raises_in_the_repl(lab: Lab) -> None:
    code = "try:\n    llm_call('MOCK_FAIL_400')\nexcept LLMError as error:\n    print(error.kind)"
    await lab.ask([cell(code), "FINAL(x)"])
    assert lab.log.kind("cell")[0]["stdout"].strip() == "bad_request"


async def test_a_refused_content_is_a_failure_that_still_counts(lab: Lab) -> None:
    def script(body: dict) -> ScriptedReply:
        if body["messages"][0]["role"] == "user":
            return ScriptedReply("I will not.", finish_reason="content_filter")
        return ScriptedReply(cell("print(llm_batch(['x'])[0].kind)") if len(body["messages"]) == 2 else "FINAL(x)")

    lab.server.script(script)
    outcome = await lab.ask([])
    assert lab.log.kind("cell")[0]["stdout"].strip() == "content_filter"
    assert outcome.usage.calls == 3
    assert [node["usage"]["output_tokens"] > 0 for node in lab.log.kind("lm")] == [True] * 3


async def test_a_rate_limited_call_waits_and_is_answered(lab: Lab) -> None:
    await lab.ask([cell("print(llm_call('MOCK_RATE_429 once'))"), "FINAL(x)"])
    assert lab.log.kind("cell")[0]["stdout"].startswith("ANS[")
    retried = lab.log.of("lm.retried")
    assert [event.data["kind"] for event in retried] == ["rate_limit"]
    assert [node for node in lab.log.kind("lm") if node["depth"] == 1][0]["attempt"] == 2


async def test_a_schema_gives_the_checked_object(lab: Lab) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    code = (
        f"s = {schema!r}\n"
        "print(llm_call('MOCK_ECHO:{\"n\": 3}', schema=s)['n'])\n"
        "r = llm_batch(['MOCK_ECHO:{\"n\": \"x\"}', 'MOCK_ECHO:no'], schema=s)\n"
        "print([e.kind for e in r])"
    )
    await lab.ask([cell(code), "FINAL(x)"])
    assert lab.log.kind("cell")[0]["stdout"].split("\n")[:2] == ["3", "['schema', 'schema']"]


async def test_a_prompt_is_the_one_user_message_verbatim(lab: Lab) -> None:
    await lab.ask([cell("llm_call('  exactly\\n this  ')"), "FINAL(x)"])
    sub = [request for request in lab.server.requests if request["messages"][0]["role"] == "user"]
    assert sub[0]["messages"] == [{"role": "user", "content": "  exactly\n this  "}]


async def test_text_sent_to_a_model_is_recorded_as_read(lab: Lab) -> None:
    text = "".join(f"Line {i} of the text.\n" for i in range(2_000))
    await lab.ask([cell("piece = context[100:900]\nllm_call('Look: ' + piece)"), "FINAL(x)"], documents=[text])
    sent = [node for node in lab.log.kind("lm") if node["depth"] == 1][0]["reads"]
    assert sent == [{"document": 0, "start": 100, "end": 900, "how": "sent"}]


# ------------------------------------------------------------------------------------------------ depth


async def test_at_depth_0_calls_are_refused(lab: Lab) -> None:
    code = "try:\n    llm_call('hello')\nexcept LLMError as error:\n    print(error.kind)"
    await lab.ask([cell(code), "FINAL(x)"], max_depth=0)
    assert lab.log.kind("cell")[0]["stdout"].strip() == "depth"
    assert len(lab.server.requests) == 2


async def test_at_depth_1_a_recursive_call_is_a_plain_one(lab: Lab) -> None:
    await lab.ask([cell("print(rlm_call('What is it?', 'A fox.'))"), "FINAL(x)"], max_depth=1)
    assert len(lab.log.kind("rlm")) == 1
    sub = [request for request in lab.server.requests if request["messages"][0]["role"] == "user"]
    assert sub[0]["messages"][0]["content"] == "What is it?\n\nA fox."


@pytest.mark.parametrize("depth", [2, 3])
async def test_sub_rlms_go_down_to_the_depth_and_no_further(lab: Lab, depth: int) -> None:
    code = "print(rlm_call('Go deeper.', context[: len(context) // 2]))"
    lab.server.replies("root", [cell(code), "FINAL(deep)"])
    text = "".join(f"Line {i} of a text.\n" for i in range(4_000))
    outcome = await lab.ask([], documents=[text], max_depth=depth)
    assert outcome.answer == "deep"
    assert sorted(node["depth"] for node in lab.log.kind("rlm")) == list(range(depth))
    assert max(node["depth"] for node in lab.log.nodes.values()) == depth
    lab.log.check_starts_and_finishes()


async def test_children_in_parallel_share_nothing(lab: Lab) -> None:
    text = "".join(f"{letter * 60}\n" * 400 for letter in "abcdefgh")
    lab.server.replies(
        "root",
        [cell("mine = context[:3]\nprint(mine)"), cell("print(mine, 'parts' in dir())"), "FINAL_VAR(mine)"],
        when="sub question",
    )
    size = 61 * 400
    code = (
        f"parts = [context[i * {size}:(i + 1) * {size}] for i in range(8)]\n"
        "print(rlm_batch(['sub question'] * 8, parts))"
    )
    await lab.ask([cell(code), "FINAL(x)"], documents=[text], max_depth=2)
    expected = str([letter * 3 for letter in "abcdefgh"])
    root_cell = [node for node in lab.log.kind("cell") if node["depth"] == 0][0]
    assert root_cell["stdout"].strip() == expected
    assert all("True" not in node["stdout"] for node in lab.log.kind("cell") if node["depth"] == 1)
    lab.log.check_starts_and_finishes()


async def test_a_child_on_a_piece_of_a_document_reads_that_document(lab: Lab) -> None:
    text = "".join(f"Line {i} of a text.\n" for i in range(4_000))
    lab.server.replies(
        "root", [cell("print(peek(50, 10))"), cell("FINAL('x', sources=[(0, 5, 9)])")], when="sub question"
    )
    await lab.ask([cell("rlm_call('sub question', context[1000:30000])"), "FINAL(x)"], documents=[text], max_depth=2)
    child = [node for node in lab.log.kind("rlm") if node["depth"] == 1][0]
    assert child["sources"] == [{"document": 0, "start": 1005, "end": 1009, "text": text[1005:1009]}]
    reads = [read for node in lab.log.kind("cell") if node["depth"] == 1 for read in node["reads"]]
    assert {"document": 0, "start": 1010, "end": 1060, "how": "peek"} in reads or any(
        read["start"] == 1010 and read["end"] == 1060 for read in reads
    )


# ------------------------------------------------------------------------------------------------ limits


async def test_when_the_steps_are_used_up_there_is_one_last_chance(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)"), cell("print(2)"), "FINAL(what I have)"], max_steps=2)
    assert (outcome.status, outcome.ended_by, outcome.answer) == ("succeeded", "last_chance", "what I have")
    assert len(lab.log.kind("step")) == 2
    lab.log.check_starts_and_finishes()


async def test_without_an_answer_at_the_last_chance_the_run_fails(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)")], max_steps=2)
    assert (outcome.status, outcome.ended_by, outcome.answer) == ("failed", "limit_steps", None)
    lab.log.check_starts_and_finishes()


async def test_a_cap_on_calls_holds_with_the_last_chance_inside(lab: Lab) -> None:
    code = "r = llm_batch([f'MOCK_ECHO:{i}' for i in range(50)])\nprint(sum(isinstance(x, str) for x in r))"
    outcome = await lab.ask([cell(code), "FINAL(some)"], limits={"calls": 10})
    assert (outcome.status, outcome.ended_by) == ("succeeded", "limit_calls")
    assert len(lab.server.requests) == 10
    assert outcome.usage.calls == 10
    assert lab.log.of("budget.reached")[0].data["limit"] == "calls"


async def test_a_cap_on_tokens_holds(lab: Lab) -> None:
    code = "llm_batch(['x' * 4000] * 50)"
    outcome = await lab.ask([cell(code), "FINAL(some)"], limits={"tokens": 30_000})
    assert outcome.ended_by == "limit_tokens"
    assert outcome.usage.input_tokens + outcome.usage.output_tokens <= 30_000


async def test_sub_rlms_in_parallel_share_what_a_cap_leaves(lab: Lab) -> None:
    code = "r = rlm_batch(['child'] * 8, ['text'] * 8)\nFINAL(str(sum(isinstance(x, str) for x in r)))"
    lab.server.replies("root", [ScriptedReply("FINAL(yes)", delay=0.1)], when="<question>\nchild\n")
    outcome = await lab.ask([cell(code)], limits={"tokens": 40_000}, max_depth=2)
    assert (outcome.ended_by, outcome.answer) == ("answer", "8")
    assert not lab.log.of("budget.reached")


async def test_a_cap_on_time_stops_a_cell_and_still_asks_once_more(lab: Lab) -> None:
    outcome = await lab.ask([cell("import time\ntime.sleep(20)"), "FINAL(in time)"], limits={"seconds": 3})
    assert (outcome.status, outcome.ended_by, outcome.answer) == ("succeeded", "limit_time", "in time")
    assert [node["status"] for node in lab.log.kind("cell")] == ["cancelled"]
    lab.log.check_starts_and_finishes()


async def test_a_model_that_never_answers_ends_at_the_time_limit(lab: Lab) -> None:
    lab.server.script(lambda body: ScriptedReply("FINAL(late)", delay=60))
    outcome = await lab.ask([], limits={"seconds": 1})
    assert (outcome.status, outcome.ended_by) == ("failed", "limit_time")
    lab.log.check_starts_and_finishes()


async def test_exploration_block_refuses_an_answer_without_a_look(lab: Lab) -> None:
    outcome = await lab.ask(["FINAL(a guess)", cell("print(peek(50))"), "FINAL(a fox)"], exploration="block")
    assert outcome.answer == "a fox"
    assert "nothing of the text has been read" in lab.root_requests()[1]["messages"][-1]["content"]


async def test_a_tiny_text_needs_no_look(lab: Lab) -> None:
    outcome = await lab.ask(["FINAL(a guess)"], exploration="block", documents=["tiny"])
    assert outcome.answer == "a guess"


# ------------------------------------------------------------------------------------------------ failures, cancel


async def test_a_root_that_is_refused_ends_the_run_with_its_reason(lab: Lab) -> None:
    lab.server.script(lambda body: ScriptedReply("no such key", status=401))
    outcome = await lab.ask([])
    assert (outcome.status, outcome.ended_by, outcome.error_kind) == ("failed", "error", "auth")
    lab.log.check_starts_and_finishes()


async def test_the_key_is_nowhere_in_the_log(lab: Lab) -> None:
    lab.server.script(lambda body: ScriptedReply("the key sk-test-key is wrong", status=401))
    outcome = await lab.ask([])
    assert "sk-test-key" not in outcome.error_message
    assert "sk-test-key" not in repr(lab.log.events)


async def test_an_unknown_connection_is_a_clear_failure(lab: Lab) -> None:
    outcome = await lab.ask(["FINAL(x)"], models={"root": "nowhere/model"})
    assert outcome.error_kind == "policy"
    assert "nowhere" in outcome.error_message
    lab.log.check_starts_and_finishes()


async def test_cancelling_ends_all_that_is_open(lab: Lab) -> None:
    lab.server.replies("root", [cell("llm_batch(['MOCK_SLEEP_20000'] * 30)")])
    run = asyncio.create_task(lab.ask([]))
    await lab.server.arrived(31)
    began = asyncio.get_running_loop().time()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert asyncio.get_running_loop().time() - began < 2
    lab.log.check_starts_and_finishes()
    assert lab.log.events[-1].data["status"] == "cancelled"
    assert lab.log.events[-1].data["ended_by"] == "cancel"
    assert {node["status"] for node in lab.log.kind("lm") if node["depth"] == 1} == {"cancelled"}


async def test_an_interrupted_run_fails_and_says_so(lab: Lab) -> None:
    lab.server.replies("root", [cell("llm_call('MOCK_SLEEP_20000')")])
    run = asyncio.create_task(lab.ask([]))
    await lab.server.arrived(2)
    run.cancel(engine.INTERRUPTED)
    with pytest.raises(asyncio.CancelledError):
        await run
    last = lab.log.events[-1].data
    assert (last["status"], last["error"]["kind"]) == ("failed", "interrupted")


# ------------------------------------------------------------------------------------------------ accounts


async def test_the_parts_sum_up_to_the_whole(lab: Lab) -> None:
    lab.server.replies("root", [cell("print(llm_call('MOCK_ECHO:deep'))"), "FINAL(y)"], when="sub question")
    code = "llm_batch(['a', 'b', 'MOCK_FAIL_400'])\nrlm_batch(['sub question'] * 2, ['x' * 50, 'y' * 50])"
    outcome = await lab.ask([cell(code), "FINAL(x)"], max_depth=2)
    calls = lab.log.kind("lm")
    assert outcome.usage.calls == len(calls) == len(lab.server.requests)
    assert outcome.usage.input_tokens == sum(node["usage"]["input_tokens"] for node in calls)
    root = lab.log.nodes[1]
    assert root["subtree"]["usage"]["output_tokens"] == outcome.usage.output_tokens
    assert root["subtree"]["cost"] == lab.log.events[-1].data["cost"]


async def test_a_model_without_a_price_has_an_unknown_cost_never_zero(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)"), "FINAL(x)"])
    assert outcome.cost.kind == "unknown"
    assert outcome.cost.unpriced_calls == 2


async def test_the_words_of_the_root_are_told_while_it_writes(lab: Lab) -> None:
    await lab.ask([cell("print(1)"), "FINAL(x)"])
    root_calls = [node["number"] for node in lab.log.kind("lm")]
    assert "".join(text for node, text in lab.log.words if node == root_calls[1]) == "FINAL(x)"
