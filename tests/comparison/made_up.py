"""Runs to compare, made from a list of turns: one edit in the list is one difference between two runs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.fixtures.keep import keep
from tests.fixtures.plans import ROOT, WORKER, Json, Plan, call, log
from tests.fixtures.runs import DOCUMENTS, QUESTION
from trajectories import comparison
from trajectories.models import Run


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A sub-call: of a model, or, with turns, of a sub-RLM."""

    prompt: str
    reply: str = "Yes."
    model: str = WORKER
    failed: bool = False
    turns: Sequence["Turn"] = ()


@dataclass(frozen=True, kw_only=True)
class Turn:
    code: str
    name: str = "Python"
    thought: str = "Let me look."
    stdout: str = "ok\n"
    error: Json | None = None
    reads: Sequence[Json] = ()
    asks: Sequence[Asked] = ()
    at_once: bool = True
    """Whether the sub-calls are a batch."""
    ending: str = ""
    gates: Sequence[bool] = ()
    reply_fails: bool = False


def made(turns: Sequence[Turn], *, question: str = QUESTION, model: str = ROOT, **more: Any) -> Any:
    """The log of a run. `answer`, `sources`, `documents`, `system` and what `log` takes."""
    answer = more.pop("answer", "Four outages.")
    sources = more.pop("sources", [])
    documents = more.pop("documents", DOCUMENTS)
    system = more.pop("system", "You answer a question about `context`.")
    root = Plan(
        kind="rlm", name=question, start=0.0, began={"role": "root", "model": model}, texts={"question": question}
    )
    history = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    root.end = _play(root, turns, history, model, 0.001)
    root.told = {"ended_by": "answer", "sources": sources}
    if answer is not None:
        root.texts_after = {"answer": answer}
    root.status = more.pop("status", "succeeded")
    return log("made", question, root, documents, **more)


def kept(turns: Sequence[Turn], **more: Any) -> Run:
    """The same as rows."""
    run: Run = keep(made(turns, **more))
    return run


def compared(*runs: Sequence[Turn] | Run, base: int = 0) -> comparison.Comparison:
    return comparison.compare([run if isinstance(run, Run) else kept(run) for run in runs], base)


def results(found: comparison.Comparison) -> list[str]:
    """Of the root's steps."""
    return [row.result for row in found.rows]


def _play(rlm: Plan, turns: Sequence[Turn], history: list[Json], model: str, at: float) -> float:
    depth = rlm.depth
    for number, turn in enumerate(turns, 1):
        step = rlm.add(Plan(kind="step", name=f"Step {number}", start=at, depth=depth))
        step.texts_after = {"thought": turn.thought}
        step.told = {"label": turn.name if turn.code else "", "notes": []}
        reply = f"{turn.thought}\n\n```repl\n{turn.code}\n```" if turn.code else turn.thought
        failure: Json = (
            {"status": "failed", "error": {"kind": "timeout", "message": "No answer."}} if turn.reply_fails else {}
        )
        step.add(
            call(
                "root", at + 0.001, at + 1, model=model, tokens=(1_000 + 100 * number, 50, 0), role="root",
                depth=depth, request=list(history), response=reply, **failure,
            )
        )  # fmt: skip
        at += 1.001
        history += [{"role": "assistant", "content": reply}, {"role": "user", "content": f"Output:\n{turn.stdout}"}]
        if turn.code:
            at = _cell(step, turn, at)
        for accepted in turn.gates:
            step.add(
                Plan(kind="gate", name="sources", start=at, end=at + 0.1, depth=depth, told={"accepted": accepted})
            )
            at += 0.101
        step.end = at + 0.001
        at += 0.002
    return at


def _cell(step: Plan, turn: Turn, at: float) -> float:
    cell = step.add(Plan(kind="cell", name=turn.name, start=at, depth=step.depth, texts={"code": turn.code}))
    key = object() if turn.at_once else None
    end = at
    for index, asked in enumerate(turn.asks):
        end = max(end, _ask(cell, asked, index, key, at + 0.001 * (index + 1)))
    cell.end = end + 0.1
    cell.texts_after = {"stdout": turn.stdout, "shown": turn.stdout}
    cell.told = {"stdout_chars": len(turn.stdout), "shown_chars": len(turn.stdout), "reads": list(turn.reads)}
    if turn.ending:
        cell.told["ending"] = {"how": turn.ending, "variable": None, "sources": []}
    if turn.error:
        cell.status, cell.error = "failed", turn.error
    return cell.end + 0.001


def _ask(cell: Plan, asked: Asked, index: int, key: object | None, at: float) -> float:
    place = {"index": index} if key else {}
    if asked.turns:
        child = Plan(
            kind="rlm", name=asked.prompt, start=at, depth=cell.depth + 1, batch=key,
            began={"role": "root", "model": ROOT, **place}, texts={"question": asked.prompt},
        )  # fmt: skip
        cell.add(child)
        child.end = _play(child, asked.turns, [{"role": "user", "content": asked.prompt}], ROOT, at + 0.001)
        child.told, child.texts_after = {"ended_by": "answer"}, {"answer": asked.reply}
        return child.end
    failure: Json = {"status": "failed", "error": {"kind": "timeout", "message": "No answer."}} if asked.failed else {}
    cell.add(
        call(
            asked.prompt, at, at + 0.5, model=asked.model, tokens=(100, 10, 0), depth=cell.depth + 1, batch=key,
            began=place, response=asked.reply, **failure,
        )
    )  # fmt: skip
    return at + 0.5


# ------------------------------------------------------------------------------------------------ the usual run

LOOK = Turn(code="print(len(documents))\nprint(peek(600))", name="peek", stdout="3\nThe reports.\n")
SPLIT = Turn(
    code='heads = grep(r"^INC-2025", limit=2000)\npicked = [h for h in heads if "certificate" in h.text]\n'
    "print(len(picked))",
    name="grep",
    stdout="350\n",
)
ASK = Turn(
    code='found = llm_batch(["Did it expire?\\n" + p for p in picked])\nprint(found[:3])',
    name="llm_batch",
    stdout="['Yes.', 'Yes.', 'Yes.']\n",
    asks=[Asked(prompt=f"Did it expire?\nreport {number}") for number in range(6)],
)
ADD_UP = Turn(code="minutes = sum(int(f) for f in found)\nprint(minutes)", stdout="317\n")
FINISH = Turn(code='FINAL("Four outages.", sources=heads[:4])', name="FINAL", stdout="", ending="answer")
USUAL = (LOOK, SPLIT, ASK, ADD_UP, FINISH)


def random_turns(chance: random.Random, count: int) -> list[Turn]:
    """Turns of all kinds; few different ones, so that repeats and near twins occur."""
    return [_random_turn(chance, 2) for _ in range(count)]


def _random_turn(chance: random.Random, levels: int) -> Turn:
    lines = [f"value_{chance.randrange(5)} = grep('{chance.choice('abc')}')" for _ in range(chance.randrange(1, 4))]
    asks: list[Asked] = []
    kind = chance.choice(("none", "none", "lm", "rlm"))
    if kind == "lm" or (kind == "rlm" and not levels):
        asks = [_random_ask(chance) for _ in range(chance.randrange(1, 6))]
    elif kind == "rlm":
        asks = [
            replace(
                _random_ask(chance), turns=[_random_turn(chance, levels - 1) for _ in range(chance.randrange(1, 3))]
            )
            for _ in range(chance.randrange(1, 3))
        ]
    return Turn(
        code="\n".join(lines) if chance.random() < 0.9 else "",
        name=chance.choice(("grep", "peek", "llm_batch")),
        stdout=f"{chance.randrange(3)}\n",
        asks=asks,
        at_once=chance.random() < 0.6,
        gates=[chance.random() < 0.5] if chance.random() < 0.1 else [],
    )


def _random_ask(chance: random.Random) -> Asked:
    return Asked(
        prompt=f"prompt {chance.randrange(4)}", reply=f"reply {chance.randrange(3)}", failed=chance.random() < 0.1
    )


def edited(turns: Sequence[Turn], chance: random.Random) -> list[Turn]:
    """The turns with some left out, put in, changed and swapped."""
    after: list[Turn] = []
    for turn in turns:
        what = chance.random()
        if what < 0.15:
            continue
        if what < 0.3:
            after.append(_random_turn(chance, 1))
        after.append(replace(turn, stdout=f"{chance.randrange(9)}\n") if what > 0.85 else turn)
    if len(after) > 2 and chance.random() < 0.3:
        after[0], after[1] = after[1], after[0]
    return after
