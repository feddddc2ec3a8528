"""The work that is measured, in words of its own, and the scripted model that has each system do it.

    python -m tests.model_server --script tests/bench/work.py

A model is named `SYSTEM.CASE`, such as `rlms.batch100`: the system says in which words its code is written, the case
which cells its root is given, one a turn. Everything else is a sub-call and is answered `ANS[first 40 characters]`.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

CALL_SECONDS = 0.2
"""How long a sub-call takes."""
STEPS = 10
RUNS = 16
CHILDREN = 8
PASS_CHARS = 100_000
"""Size of a piece in a full pass over a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a system's code says what all of them can do. All but `reply` are Python expressions."""

    context: str
    call: str
    batch: str
    finish: str
    children: str = ""
    """Empty: it has no recursive calls that go on side by side."""
    reply: str = "```repl\n{}\n```"
    turn: str = ""
    """Expression whose matches in a request are the turns so far; without one they are the assistant's messages."""

    def translated(self, cell: str) -> str:
        words = {"context": self.context, "call": self.call, "batch": self.batch}
        return self.reply.format(Template(cell).substitute(words, finish=self.finish, children=self.children))


DIALECTS = {
    "ours": Dialect(
        context="context",
        call="llm_call",
        batch="llm_batch",
        children="(lambda prompts: rlm_batch(prompts, role='child'))",
        finish="FINAL",
    ),
    "rlms": Dialect(
        context="context",
        call="llm_query",
        batch="llm_query_batched",
        children="(lambda prompts: rlm_query_batched(prompts, model='rlms.child'))",
        finish="(lambda value: answer.update(content=value) or answer.__setitem__('ready', True))",
    ),
    "dspy": Dialect(
        context="context",
        call="llm_query",
        batch="llm_query_batched",
        finish="SUBMIT",
        reply="[[ ## reasoning ## ]]\nThe next step.\n\n[[ ## code ## ]]\n```python\n{}\n```\n\n[[ ## completed ## ]]",
        turn=r"(?m)^=== Step \d+ ===",
    ),
    "minrlm": Dialect(
        context="input_0",
        call="sub_llm",
        batch="(lambda prompts: sub_llm_batch([(prompt, '') for prompt in prompts]))",
        finish="FINAL",
        reply="```python\n{}\n```",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something to do: the root's cells, turn by turn, and what the answer must be."""

    title: str
    cells: Sequence[str]
    answer: str = ""
    """`{run}` is the number of the run among those that go on at once; empty: whatever it is, it is not checked."""
    ideal: float = 0.0
    """Seconds that the models alone take."""
    runs: int = 1
    max_depth: int = 1
    root_seconds: float = 0.0
    call_seconds: float = CALL_SECONDS


def _step(number: int) -> str:
    return f"x{number} = {number} * 2\nprint('step', x{number}, $context[{number} : 10])"


def _batch(size: int) -> Case:
    return Case(
        title=f"batch of {size:,}",
        cells=[
            f"head = $context[:6]\nr = $batch([f'question {{i}}' for i in range({size})])\n"
            "$finish(f'{len(r)} {r[0]} {r[-1]}')"
        ],
        answer=f"{size} ANS[question 0] ANS[question {size - 1}]",
        ideal=CALL_SECONDS,
    )


CASES = {
    "steps": Case(
        title=f"{STEPS} steps, model at 0 ms",
        cells=[*map(_step, range(STEPS - 1)), "$finish(f'{x8} {$context[:6]}')"],
        answer="16 run 00",
    ),
    "batch100": _batch(100),
    "batch1000": _batch(1000),
    "sequence": Case(
        title="20 calls one after the other",
        cells=["head = $context[:6]\nr = [$call(f'question {i}') for i in range(20)]\n$finish(f'{len(r)} {r[-1]}')"],
        answer="20 ANS[question 19]",
        ideal=20 * CALL_SECONDS,
    ),
    "children": Case(
        title="8 children × 3 steps",
        cells=[f"r = $children([f'child {{i}}' for i in range({CHILDREN})])\n$finish(' '.join(map(str, r)))"],
        answer=" ".join(f"child {number}: 7 ANS[question of child {number}]" for number in range(CHILDREN)),
        ideal=CALL_SECONDS,
        max_depth=2,
    ),
    "child": Case(
        title="a child",
        cells=[
            "size = len($context)\nprint(size)",
            "found = $call('question of ' + $context[:7])\nprint(found)",
            "$finish(f'{$context[:7]}: {size} {found}')",
        ],
    ),
    "runs": Case(
        title=f"{RUNS} runs at once",
        cells=[
            "head = $context[:6]\nprint(head)",
            "r = $batch([f'{i} of {$context[:6]}' for i in range(8)])\nprint(r[0])",
            "last = $call('summary of ' + head)\nprint(last)",
            "$finish(f'{head} {len(r)} {r[-1]} {last}')",
        ],
        answer="run {run:02} 8 ANS[7 of run {run:02}] ANS[summary of run {run:02}]",
        ideal=6 * CALL_SECONDS,
        runs=RUNS,
        root_seconds=CALL_SECONDS,
    ),
    "large": Case(
        title="first look and answer",
        cells=["head = $context[:6]\nprint(len($context), head)", "$finish(f'{len($context)} {head}')"],
    ),
    "pass": Case(
        title="full pass",
        cells=[
            f"head = $context[:6]\nsize = {PASS_CHARS}\n"
            "parts = [$context[i : i + size] for i in range(0, len($context), size)]",
            "r = $batch(['What stands here?\\n' + part for part in parts])\nprint(len(r))",
            "$finish(f'{len(r)} {r[-1][:4]}')",
        ],
        call_seconds=0,
    ),
}

LONG_SYSTEM_MESSAGE = 1_000
"""Characters from which on a system message is that of a root; minrlm sends a short one with sub-calls, too."""


async def script(body: dict[str, Any]) -> str:
    """The model server's answer to a request."""
    system, case = body["model"].split("/")[-1].split(".")
    messages = body["messages"]
    if not _is_root(messages):
        await asyncio.sleep(CASES[case].call_seconds)
        return f"ANS[{_text(messages[-1])[:40]}]"
    dialect, cells = DIALECTS[system], CASES[case].cells
    await asyncio.sleep(CASES[case].root_seconds)
    return dialect.translated(cells[min(_turns(dialect, messages), len(cells) - 1)])


def _is_root(messages: list[dict[str, Any]]) -> bool:
    return messages[0]["role"] in ("system", "developer") and len(_text(messages[0])) >= LONG_SYSTEM_MESSAGE


def _turns(dialect: Dialect, messages: list[dict[str, Any]]) -> int:
    if dialect.turn:
        return sum(len(re.findall(dialect.turn, _text(message))) for message in messages)
    return [message["role"] for message in messages].count("assistant")


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
