"""Own Python functions offered to the REPL: run on the host's side, with hostile arguments, and only those named."""

import asyncio
from typing import Any

import pytest

from tests.engine.conftest import Lab
from trajectories import engine

pytestmark = pytest.mark.asyncio(loop_scope="session")


def weather(city: str, days: int = 1) -> list[str]:
    """What the weather will be.

    Not told to the model.
    """
    return [f"{city}: fog"] * days


async def slow_sum(*numbers: int) -> int:
    """Adds numbers up."""
    await asyncio.sleep(0)
    return sum(numbers)


def broken() -> None:
    """Never works."""
    raise LookupError("nothing there")


def endless() -> str:
    """Gives too much."""
    return "x" * 3_000_000


TOOLS = {function.__name__: engine.tool_of(function) for function in (weather, slow_sum, broken, endless)}


async def run(lab: Lab, code: str, names: list[str] | None = None, **policy: Any) -> dict[str, Any]:
    lab.tools = TOOLS
    chosen = list(TOOLS) if names is None else names
    await lab.ask([f"```repl\n{code}\n```", "FINAL(done)"], tools=chosen, **policy)
    return lab.log.kind("cell")[0]


async def test_code_calls_a_function_of_the_host_and_gets_its_value(lab: Lab) -> None:
    cell = await run(lab, "print(weather('Oslo', days=2), slow_sum(1, 2, 3))")
    assert cell["stdout"] == "['Oslo: fog', 'Oslo: fog'] 6\n"
    called = lab.log.of("tool.called")
    assert [(event.data["name"], event.data["line"], event.data["error"]) for event in called] == [
        ("weather", 1, None),
        ("slow_sum", 1, None),
    ]
    assert called[0].node == cell["number"]


async def test_the_model_is_told_of_the_tools_it_may_use_and_of_no_others(lab: Lab) -> None:
    await run(lab, "print(1)", ["weather"])
    system = lab.root_requests()[0]["messages"][0]["content"]
    assert "- `weather(city: str, days: int = 1) -> list[str]`: What the weather will be." in system
    assert "Not told to the model" not in system
    assert "slow_sum" not in system


async def test_a_tool_that_is_not_named_is_not_there(lab: Lab) -> None:
    cell = await run(lab, "slow_sum(1)", ["weather"])
    assert cell["error"]["kind"] == "NameError"


async def test_tools_work_where_model_calls_are_switched_off(lab: Lab) -> None:
    assert (await run(lab, "print(slow_sum(4, 5))", max_depth=0))["stdout"] == "9\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("weather()", "called wrongly"),
        ("weather('a', colour=1)", "called wrongly"),
        ("broken()", "broken failed: LookupError: nothing there"),
        ("endless()", "characters"),
    ],
)
async def test_what_goes_wrong_is_an_error_in_the_repl(lab: Lab, code: str, says: str) -> None:
    cell = await run(lab, f"try:\n    {code}\nexcept LLMError as error:\n    print(error.kind, error.message)")
    assert cell["stdout"].startswith("tool ")
    assert says in cell["stdout"]
    assert lab.log.of("tool.called")[0].data["error"]


async def test_only_plain_values_travel(lab: Lab) -> None:
    cell = await run(lab, "weather(object())")
    assert cell["error"]["kind"] == "TypeError"
    assert "plain values" in cell["error"]["message"]


async def test_a_policy_that_names_an_unknown_tool_ends_the_run_with_a_sentence(lab: Lab) -> None:
    outcome = await lab.ask(["FINAL(x)"], documents=["x"], tools=["none_such"])
    assert (outcome.status, outcome.error_kind) == ("failed", "policy")
    assert "'none_such'" in outcome.error_message


def context() -> None:
    """Would hide the text."""


def bare() -> None:
    return None


@pytest.mark.parametrize("function", [context, bare, lambda: None])
async def test_some_functions_cannot_be_tools(function: Any) -> None:
    with pytest.raises(engine.PolicyError):
        engine.tool_of(function)
