"""What a run says it took equals what the server counted, to the last digit: for each wire format, streamed or not,
with retries, repairs, recursion and failures; and sums of nodes equal the run's."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Lab
from tests.model_server import ScriptedReply
from trajectories import engine

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICES = engine.Price(
    **{
        "input": Decimal("1.25"),
        "output": Decimal("10"),
        "cache_read": Decimal("0.125"),
        "cache_write": Decimal("1.5625"),
    },
    **{"source": "own", "as_of": "2026-01-01"},
)
MILLION = Decimal(1_000_000)


class Count:
    """The server's own books."""

    def __init__(self, wire: str) -> None:
        self.wire = wire
        self.usage = dict.fromkeys(("calls", "input", "read", "write", "output", "reasoning"), 0)
        self.usd = Decimal(0)
        self._number = 0

    def reply(self, text: str, **more: Any) -> ScriptedReply:
        """A reply whose tokens are odd numbers that no estimate would hit."""
        self._number += 1
        number = self._number
        asked, read, write, said, thought = 1_000 + 7 * number, 100 + number, 0, 50 + 3 * number, number
        if self.wire == "anthropic":
            write = 11 * number
            thought = 0
        self._book(asked, read, write, said, thought)
        usage: dict[str, Any] = {
            "prompt_tokens": asked,
            "completion_tokens": said,
            "prompt_tokens_details": {"cached_tokens": read},
            "completion_tokens_details": {"reasoning_tokens": thought},
        }
        if self.wire == "anthropic":
            usage = {
                "input_tokens": asked - read - write,
                "cache_read_input_tokens": read,
                "cache_creation_input_tokens": write,
                "output_tokens": said,
            }
        if self.wire == "openrouter":
            usage["cost"] = float(Decimal(number) / 1_000)
        return ScriptedReply(text, usage=usage, **more)

    def _book(self, asked: int, read: int, write: int, said: int, thought: int) -> None:
        for name, tokens in zip(self.usage, (1, asked, read, write, said, thought), strict=True):
            self.usage[name] += tokens
        if self.wire == "openrouter":
            self.usd += Decimal(self._number) / 1_000
            return
        plain = asked - read - write
        self.usd += (
            plain * PRICES.input + read * PRICES.cache_read + write * PRICES.cache_write + said * PRICES.output  # type: ignore[operator]
        ) / MILLION


def cell(code: str) -> str:
    return f"```repl\n{code}\n```"


CODE = (
    "SCHEMA = {'type': 'object', 'required': ['n']}\n"
    "one = llm_batch(['part %d' % n for n in range(12)])\n"
    "two = llm_batch(['limited'] * 3)\n"
    "three = llm_call('form', schema=SCHEMA)\n"
    "four = rlm_batch(['the child'] * 2, contexts=['x' * 50, 'y' * 50])\n"
    "print(one, two, three, four)"
)


def script(count: Count) -> Any:
    seen: dict[str, int] = {}

    def answer(body: dict[str, Any]) -> ScriptedReply:
        messages = body["messages"]
        last = messages[-1]["content"]
        if messages[0]["role"] == "system":
            turn = sum(message["role"] == "assistant" for message in messages)
            is_child = "the child" in messages[1]["content"]
            return count.reply(
                cell("FINAL(llm_call('inside'))") if is_child else [cell(CODE), cell("FINAL('done')")][turn]
            )
        if last == "limited" and seen.setdefault("limited", 0) < 4:
            seen["limited"] += 1
            return ScriptedReply("slow down", status=429, headers={"Retry-After": "0.01"})
        if last == "form":
            return count.reply("no form at all")
        return count.reply('{"n": 1}' if "Reply to the same request" in last else f"ANS {last}")

    return answer


@pytest.mark.parametrize("wire", ["openai", "anthropic", "openrouter"])
@pytest.mark.parametrize("stops", ["off", "shadow"], ids=["whole", "streamed"])
async def test_the_books_agree_to_the_last_digit(lab: Lab, wire: str, stops: str) -> None:
    count = Count(wire)
    lab.server.script(script(count))
    lab.provider = "anthropic" if wire == "anthropic" else "openai"
    lab.prices = {"test/root": PRICES, "test/worker": PRICES}
    outcome = await lab.ask([], max_depth=2, early_stopping=stops)
    assert outcome.status == "succeeded", outcome.error_message
    usage = outcome.usage
    assert count.usage == {
        "calls": usage.calls,
        "input": usage.input_tokens,
        "read": usage.cache_read_tokens,
        "write": usage.cache_write_tokens,
        "output": usage.output_tokens,
        "reasoning": usage.reasoning_tokens,
    }
    assert outcome.cost == engine.Cost(usd=count.usd, kind="exact", unpriced_calls=0)
    check_sums(lab, outcome)
    assert len(lab.log.of("lm.retried")) == 4
    assert len(lab.log.of("call.repaired")) == 1


async def test_a_cancelled_run_counts_what_was_answered_and_says_what_it_does_not_know(lab: Lab) -> None:
    count = Count("openai")
    hanging = asyncio.Event()

    async def answer(body: dict[str, Any]) -> ScriptedReply:
        if body["messages"][0]["role"] == "system":
            return count.reply(cell("print(llm_batch(['a', 'b', 'hang']))"))
        if body["messages"][0]["content"] == "hang":
            hanging.set()
            await asyncio.sleep(60)
        return count.reply("ok")

    lab.server.script(answer)
    lab.prices = {"test/root": PRICES, "test/worker": PRICES}
    run = asyncio.create_task(lab.ask([]))
    await hanging.wait()
    while len([node for node in lab.log.kind("lm") if node.get("status") == "succeeded"]) < 3:
        await asyncio.sleep(0.01)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    (ended,) = lab.log.of("run.finished")
    assert ended.data["status"] == "cancelled"
    assert ended.data["usage"]["calls"] == count.usage["calls"] + 1, "the one that was broken off is a call, too"
    cost = ended.data["cost"]
    assert (Decimal(cost["usd"]), cost["kind"], cost["unpriced_calls"]) == (count.usd, "unknown", 1)
    lab.log.check_starts_and_finishes()


def check_sums(lab: Lab, outcome: engine.Outcome) -> None:
    """Of the calls, and of the root's subtree."""
    calls = [node for node in lab.log.kind("lm") if "cost" in node]
    assert sum((Decimal(node["cost"]["usd"]) for node in calls), Decimal(0)) == outcome.cost.usd
    assert sum(node["usage"]["input_tokens"] for node in calls) == outcome.usage.input_tokens
    root = lab.log.kind("rlm")[0]
    assert Decimal(root["subtree"]["cost"]["usd"]) == outcome.cost.usd
    children = [node for node in lab.log.nodes.values() if node["parent"] == root["number"]]
    below = [(node.get("subtree") or node)["cost"]["usd"] for node in children]
    assert sum(map(Decimal, below), Decimal(0)) == outcome.cost.usd
