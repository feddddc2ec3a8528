"""Long runs: histories that are summed up, runs that lead nowhere, replies that only repeat themselves, replays."""

from typing import Any

import pytest

from tests.engine.conftest import Lab
from tests.model_server import ScriptedReply
from trajectories import engine
from trajectories.engine.stopping import RULES, repeats

pytestmark = pytest.mark.asyncio(loop_scope="session")


def cell(code: str) -> str:
    return f"```repl\n{code}\n```"


# ------------------------------------------------------------------------------------------------ summing up


async def test_a_long_history_is_replaced_by_a_summary_and_stays_in_the_repl(lab: Lab) -> None:
    looks = [cell(f"print({n}, peek(3000, {n} * 3000))") for n in range(4)]
    ending = cell("FINAL(str(len(history)) + ' ' + history[2]['content'][:20])")
    script: dict[str, Any] = {"turn": 0}

    def answer(body: dict[str, Any]) -> ScriptedReply | str:
        if body["messages"][-1]["content"].startswith("Your conversation is growing long"):
            return ScriptedReply("SUMMARY: looked at four places")
        script["turn"] += 1
        return ([*looks, ending])[min(script["turn"], 5) - 1]

    lab.server.script(answer)
    outcome = await lab.ask([], compaction={"at_tokens": 4_000, "keep_turns": 1}, max_steps=8)
    (compacted, *_rest) = lab.log.of("history.compacted")
    assert compacted.data["tokens_after"] < compacted.data["tokens_before"]
    last = lab.root_requests()[-1]["messages"]
    assert any("SUMMARY: looked at four places" in message["content"] for message in last)
    assert outcome.answer is not None
    assert outcome.answer.endswith("```repl\nprint(0, pee")
    assert int(outcome.answer.split()[0]) >= 6
    step = next(node for node in lab.log.kind("step") if node.get("compaction"))
    assert [node["kind"] for node in lab.log.nodes.values() if node.get("parent") == step["number"]] == ["lm", "cell"]


async def test_the_history_begins_with_the_same_messages_until_it_is_summed_up(lab: Lab) -> None:
    await lab.ask([cell(f"print({n})") for n in range(5)] + [cell("FINAL('x')")])
    requests = [request["messages"] for request in lab.root_requests()]
    for earlier, later in zip(requests, requests[1:], strict=False):
        assert later[: len(earlier)] == earlier


# ------------------------------------------------------------------------------------------------ early stopping


@pytest.mark.parametrize(
    ("rule", "replies"),
    [
        ("repeated_code", [cell("print(peek(50))")]),
        ("repeated_error", [cell(f"print(peek(9, {n})); nothing_here") for n in range(8)]),
        ("no_new_reading", [cell("print(peek(3000)[:1])"), *(cell(f"x = {n}") for n in range(8))]),
    ],
)
async def test_a_run_that_leads_nowhere_is_ended_with_a_last_chance(lab: Lab, rule: str, replies: list[str]) -> None:
    lab.server.script(lambda body: _last_or(body, replies))
    outcome = await lab.ask([], early_stopping={"mode": "on", "rules": [rule], "patience": 3})
    assert (outcome.status, outcome.ended_by, outcome.answer) == ("succeeded", "early_stop", "so far")
    (noticed,) = lab.log.of("early_stop.noticed")
    assert noticed.data["rule"] == rule
    assert len(lab.log.kind("step")) <= 5


async def test_in_shadow_mode_it_only_says_where_it_would_have_stopped(lab: Lab) -> None:
    replies = [cell("print(peek(50))")] * 5 + [cell("FINAL('found')")]
    outcome = await lab.ask(replies, early_stopping="shadow")
    assert outcome.answer == "found"
    assert lab.log.of("early_stop.noticed")[0].data["turn"] == 3


async def test_a_reply_that_only_repeats_itself_is_cut_while_it_is_written(lab: Lab) -> None:
    endless = ScriptedReply("and so on " * 20_000, chunks=["and so on " * 20] * 1_000, chunk_delay=0.001)
    lab.server.script(lambda body: endless if body["model"] == "worker" else _turns(body, "print(llm_call('x'))"))
    await lab.ask([], early_stopping="on")
    call = next(node for node in lab.log.kind("lm") if node["role"] == "worker")
    assert call["finish_reason"] == "degenerate"
    assert len(call["response"]) < 20_000
    assert "degenerate" in lab.log.kind("cell")[0]["error"]["traceback"] or "repeated" in str(lab.log.kind("cell")[0])


async def test_only_real_repetition_counts() -> None:
    assert repeats("ab" * 2_000)
    assert repeats(("x" * 150 + "\n") * 20)
    assert not repeats("".join(f"{n}, " for n in range(1_000)))
    assert not repeats("ab" * 500)
    assert set(RULES) >= {"repetition", "repeated_code", "repeated_error", "no_new_reading", "stable_answer"}


def _last_or(body: dict[str, Any], replies: list[str]) -> str:
    if "last reply" in body["messages"][-1]["content"]:
        return "FINAL(so far)"
    turn = sum(message["role"] == "assistant" for message in body["messages"])
    return replies[min(turn, len(replies) - 1)]


def _turns(body: dict[str, Any], code: str) -> str:
    return cell(code) if len(body["messages"]) == 2 else cell("FINAL('done')")


# ------------------------------------------------------------------------------------------------ replays


async def test_recorded_replies_answer_for_nothing_and_the_run_does_the_same(lab: Lab) -> None:
    replies = [cell("found = llm_batch(['a', 'b'])\nprint(found)"), cell("FINAL(found[1])")]
    first = await lab.ask(replies)
    recorded = {
        node["call_key"]: engine.RecordedReply(
            reply=engine.Reply(text=node["response"], finish_reason=node["finish_reason"], usage=None),
            usage=engine.Usage(**node["usage"]),
            cost=engine.Cost(usd=None, kind="unknown", unpriced_calls=1),
        )
        for node in lab.log.kind("lm")
    }
    asked = len(lab.server.requests)
    lab.log.events.clear()

    class Record:
        def reply(self, call_key: str) -> engine.RecordedReply | None:
            return recorded.get(call_key)

    task = lab.task(["The quick brown fox jumps over the lazy dog.\n" * 500], "What jumps?", {})
    again = await lab.engine.run(task, lab.log.emit, recorded=Record())
    assert again.answer == first.answer
    assert len(lab.server.requests) == asked
    assert again.usage.calls == 0
    assert all(node["replayed"] for node in lab.log.kind("lm"))


# ------------------------------------------------------------------------------------------------ caps of subtrees


async def test_a_sub_rlm_keeps_to_its_own_caps_and_answers_from_what_it_has(lab: Lab) -> None:
    child = cell("for n in range(10):\n    print(llm_call(str(n)))")
    lab.server.script(lambda body: _family(body, child))
    outcome = await lab.ask([], max_depth=2, subtree_limits={"calls": 4})
    assert outcome.answer == "child: so far"
    below = [node for node in lab.log.kind("lm") if node["depth"] == 1 and node["role"] == "root"]
    assert len([node for node in lab.log.kind("lm") if node["depth"] >= 1 and "usage" in node]) == 4
    assert below
    assert [event.data["limit"] for event in lab.log.of("budget.reached")] == ["calls"]


def _family(body: dict[str, Any], child: str) -> str:
    if body["model"] == "worker":
        return "ok"
    first = body["messages"][1]["content"]
    if "of the child" not in first:
        return _turns(body, "print(rlm_call('the task of the child', context))").replace(
            "FINAL('done')", "FINAL('child: ' + 'so far')"
        )
    if "last reply" in body["messages"][-1]["content"]:
        return "FINAL(so far)"
    return child
