"""One question until a reply is accepted: schemas, repairs, cascades, gates, and what each kind of failure leads to."""

from typing import Any

import pytest

from tests.engine.conftest import Lab
from tests.model_server import ScriptedReply
from trajectories.engine.recovery import DEFAULTS

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIERS = {"A": "test/strong", "B": "test/middle", "C": "test/small"}
CASCADE: dict[str, Any] = {"tiers": TIERS, "routing": {"worker": {"kind": "cascade", "tiers": ["C", "B", "A"]}}}
NOT_EMPTY = {"gate": "not_empty", "on": "call"}


def asks(code: str) -> list[str]:
    return [f"```repl\n{code}\n```", "FINAL(done)"]


def calls_of(lab: Lab) -> list[dict[str, Any]]:
    return [node for node in lab.log.kind("lm") if node["role"] == "worker"]


async def test_a_cascade_asks_the_cheapest_model_first(lab: Lab) -> None:
    await lab.ask(asks("print(llm_call('hello'))"), **CASCADE)
    (call,) = calls_of(lab)
    assert (call["model"], call["tier"]) == ("test/small", "C")


async def test_a_refused_reply_raises_the_tier_and_says_why(lab: Lab) -> None:
    lab.server.replies("small", [ScriptedReply("  ")])
    await _script(lab, {"small": " ", "middle": "fine"})
    await lab.ask(asks("print(llm_call('hello'))"), gates=[NOT_EMPTY], **CASCADE)
    assert [call["model"] for call in calls_of(lab)] == ["test/small", "test/middle"]
    (raised,) = lab.log.of("tier.raised")
    assert (raised.data["from_tier"], raised.data["to_tier"], raised.data["kind"]) == ("C", "B", "gate")
    (gate,) = lab.log.kind("gate")
    assert (gate["gate"], gate["accepted"]) == ("not_empty", False)
    assert gate["of"] == calls_of(lab)[0]["number"]
    assert "fine" in lab.log.kind("cell")[0]["stdout"]
    assert lab.log.kind("cell")[0]["gates"] == {"not_empty": {"refused": 1, "accepted": 1}}


async def test_when_no_tier_is_left_the_item_fails_with_the_gates_reason(lab: Lab) -> None:
    await _script(lab, {"small": "", "middle": "", "strong": ""})
    code = "try:\n    llm_call('hello')\nexcept LLMError as error:\n    print(error.kind, error.message)"
    await lab.ask(asks(code), gates=[NOT_EMPTY], **CASCADE)
    assert len(calls_of(lab)) == 3
    assert lab.log.kind("cell")[0]["stdout"].startswith("gate not_empty: The reply is empty.")


async def test_one_refused_item_of_a_batch_is_nobody_elses_failure(lab: Lab) -> None:
    await _script(lab, {"worker": lambda prompt: "" if "2" in prompt else f"A{prompt}"})
    await lab.ask(asks("print(llm_batch([str(n) for n in range(4)]))"), gates=[NOT_EMPTY])
    stdout = lab.log.kind("cell")[0]["stdout"]
    assert stdout.startswith("['A0', 'A1', LLMError(kind='gate'")
    assert "'A3']" in stdout


async def test_a_reply_that_does_not_fit_its_schema_is_repaired_once(lab: Lab) -> None:
    replies = iter(["no JSON", '{"n": 3}'])
    await _script(lab, {"worker": lambda _prompt: next(replies)})
    schema = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'
    await lab.ask(asks(f"print(llm_call('count', schema={schema})['n'] + 1)"))
    assert lab.log.kind("cell")[0]["stdout"] == "4\n"
    (repaired,) = lab.log.of("call.repaired")
    assert repaired.data["kind"] == "schema"
    asked = [request for request in lab.server.requests if request["model"] == "worker"]
    assert [message["role"] for message in asked[1]["messages"]] == ["user", "assistant", "user"]
    assert "not JSON" in asked[1]["messages"][2]["content"]
    assert calls_of(lab)[1]["before"] == calls_of(lab)[0]["number"]


async def test_a_model_is_chosen_by_the_prompts_size(lab: Lab) -> None:
    routing = {"worker": {"kind": "by_size", "tiers": ["C", "B", "A"], "up_to": [1_000, 5_000]}}
    await lab.ask(asks("print(llm_batch(['x', 'y' * 6_000, 'z' * 30_000]))"), tiers=TIERS, routing=routing)
    assert sorted(call["model"] for call in calls_of(lab)) == ["test/middle", "test/small", "test/strong"]
    by_prompt = {request["messages"][0]["content"][0]: request["model"] for request in lab.server.requests[1:4]}
    assert by_prompt == {"x": "small", "y": "middle", "z": "strong"}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (ScriptedReply("no", status=401), "auth"),
        (ScriptedReply("no", status=400, code="context_length_exceeded"), "context_length"),
        (ScriptedReply("no", status=400, code="content_filter"), "content_filter"),
        (ScriptedReply("no", status=404), "bad_request"),
    ],
)
async def test_a_failure_that_does_not_pass_is_not_tried_again(lab: Lab, reply: ScriptedReply, kind: str) -> None:
    await _script(lab, {"small": reply})
    code = "try:\n    llm_call('hello')\nexcept LLMError as error:\n    print(error.kind)"
    await lab.ask(asks(code), **CASCADE)
    assert DEFAULTS[kind] == ("stop",)
    assert lab.log.kind("cell")[0]["stdout"] == f"{kind}\n"
    assert len(calls_of(lab)) == 1


NOW = {"Retry-After": "0"}
ALWAYS = {
    "overloaded": ScriptedReply("busy", status=503, headers=NOW),
    "timeout": ScriptedReply("slow", status=504, headers=NOW),
    "auth": ScriptedReply("who", status=401),
    "bad_request": ScriptedReply("what", status=404),
    "content_filter": ScriptedReply("no", status=400, code="content_filter"),
    "context_length": ScriptedReply("long", status=400, code="context_length_exceeded"),
    "schema": ScriptedReply("words"),
    "truncated": ScriptedReply('{"n": 1', finish_reason="length"),
    "gate": ScriptedReply(""),
}
TAKES = {
    "overloaded": (5, 0, 2),
    "timeout": (5, 0, 2),
    "auth": (1, 0, 0),
    "bad_request": (1, 0, 0),
    "content_filter": (1, 0, 0),
    "context_length": (1, 0, 0),
    "schema": (1, 3, 2),
    "truncated": (1, 3, 2),
    "gate": (1, 0, 2),
}
"""kind → (tries of each call, repairs, tiers raised) of a question that always fails so, with three tiers."""


@pytest.mark.parametrize("kind", ALWAYS)
async def test_each_kind_of_failure_takes_exactly_its_policy(lab: Lab, kind: str) -> None:
    await _script(lab, dict.fromkeys(("small", "middle", "strong"), ALWAYS[kind]))
    schema = ", schema={'type': 'object'}" if kind in ("schema", "truncated") else ""
    code = f"try:\n    llm_call('hello'{schema})\nexcept LLMError as error:\n    print(error.kind)"
    await lab.ask(asks(code), gates=[NOT_EMPTY] if kind == "gate" else [], **CASCADE)
    tries, repairs, raised = TAKES[kind]
    assert lab.log.kind("cell")[0]["stdout"] == f"{kind}\n"
    assert {call["attempt"] for call in calls_of(lab)} == {tries}
    assert len(calls_of(lab)) == 1 + repairs + raised
    assert len(lab.log.of("call.repaired")) == repairs
    assert [event.data["kind"] for event in lab.log.of("tier.raised")] == [kind] * raised
    assert len(lab.log.of("lm.retried")) == (tries - 1) * (1 + raised)
    lab.log.check_starts_and_finishes()


async def test_a_policy_may_raise_the_tier_where_the_default_stops(lab: Lab) -> None:
    await _script(lab, {"small": ScriptedReply("no", status=400, code="content_filter"), "middle": "fine"})
    await lab.ask(asks("print(llm_call('hello'))"), failures={"content_filter": ["raise"]}, **CASCADE)
    assert lab.log.kind("cell")[0]["stdout"] == "fine\n"


async def test_a_prompt_that_is_too_long_can_go_to_a_sub_rlm(lab: Lab) -> None:
    lab.server.replies("root", ["```repl\nFINAL(f'{len(context):,} read')\n```"], when="The task and its material")
    await _script(lab, {"worker": ScriptedReply("no", status=400, code="context_length_exceeded")}, but="root")
    await lab.ask(asks("print(llm_call(context))"), max_depth=2, failures={"context_length": ["rechunk"]})
    assert lab.log.kind("cell")[0]["stdout"] == "22,500 read\n"
    assert [node["depth"] for node in lab.log.kind("rlm")] == [0, 1]


async def test_a_prompt_beyond_the_known_window_is_not_sent(lab: Lab) -> None:
    lab.windows = {"test/worker": 1_000}
    code = "try:\n    llm_call('x' * 90_000)\nexcept LLMError as error:\n    print(error.kind, error.message)"
    await lab.ask(asks(code))
    stdout = lab.log.kind("cell")[0]["stdout"]
    assert stdout.startswith("context_length The prompt has 90,000 characters, at least 18,000 tokens; test/worker")
    assert not [request for request in lab.server.requests if request["model"] == "worker"]


async def test_a_storm_of_refusals_ends_with_all_answers_and_few_requests_at_once(lab: Lab) -> None:
    """The server takes three at once and refuses the rest."""
    server = lab.server

    async def limited(body: dict[str, Any]) -> ScriptedReply:
        if server.in_flight > 3:
            return ScriptedReply("Too many requests", status=429, headers={"Retry-After": "0.05"})
        return ScriptedReply("ok", delay=0.01)

    await _script(lab, {"worker": limited})
    await lab.ask(asks("print(llm_batch(['x'] * 100).count('ok'))"))
    assert lab.log.kind("cell")[0]["stdout"] == "100\n"
    assert len(calls_of(lab)) == 100


async def _script(lab: Lab, by_model: dict[str, Any], but: str = "") -> None:
    """Answers by model, whatever is asked; the root goes on with its turns."""
    default = lab.server._script

    async def script(body: dict[str, Any]) -> Any:
        answer = by_model.get(body["model"])
        if answer is None or body["model"] == but:
            told = default(body)
            return await told if hasattr(told, "__await__") else told
        if not callable(answer):
            return answer
        told = answer(body) if answer.__name__ == "limited" else answer(body["messages"][0]["content"])
        return await told if hasattr(told, "__await__") else told

    lab.server.script(script)
