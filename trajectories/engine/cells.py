"""The cells of one rlm node: code goes into its REPL, and what it did is recorded, shown and turned into answers."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trajectories.engine import labels, prompts
from trajectories.engine.calls import Call
from trajectories.engine.earlier import Earlier
from trajectories.engine.events import read_json, variable_json
from trajectories.engine.exploration import Exploration
from trajectories.engine.gates import Claim
from trajectories.engine.judging import tally_json
from trajectories.engine.parsing import ProseEnding
from trajectories.engine.prompts import SHOWN_CHARS, Shown
from trajectories.engine.shop import Answer, Shop
from trajectories.engine.subcalls import Reach, Solve, SubCalls, to_root
from trajectories.engine.tree import Node
from trajectories.engine.types import Document, Ending, Execution, Read, Sandbox, Source, Span

MOST_SOURCES = 200
LONGEST_SOURCE = 20_000


class Cells:
    """Runs the code of one rlm node."""

    def __init__(
        self,
        shop: Shop,
        sandbox: Sandbox,
        question: str,
        documents: tuple[Document, ...],
        *,
        depth: int,
        path: str,
        solve: Solve,
    ) -> None:
        self._shop = shop
        self._sandbox = sandbox
        self._question = question
        self._documents = documents
        self._depth = depth
        self._path = path
        self._solve = solve
        self._count = 0
        self.exploration = Exploration(documents)

    async def go_on(self, earlier: Earlier, node: Node, *, restore: bool) -> None:
        """Takes up a session: with its kept REPL as it is, or in a fresh one by running its cells again."""
        if not restore:
            self._count = len(earlier.cells)
            node.data["session"] = "kept"
            return
        node.data["session"] = "restored"
        async with self._shop.tree.node("step", node, "Session restored", depth=self._depth) as step:
            step.data |= {"restored": True, "label": "session restored"}
            for cell in earlier.cells:
                execution, _shown, _notes = await self.execute(step, cell.code, cell.step)
                if cell.variables_hash and execution.variables_hash != cell.variables_hash:
                    step.data["differs"] = True
                    step.data["notes"] = [
                        "The variables are not all as they were: a cell gave something else this time."
                    ]

    @property
    def libraries(self) -> tuple[str, ...]:
        """What the code can import beside the standard library."""
        return self._sandbox.libraries

    @property
    def dialect(self) -> str:
        """What of Python the code cannot use, in words for the model."""
        return self._sandbox.dialect

    async def execute(
        self, parent: Node, code: str, step: int, share: int = SHOWN_CHARS
    ) -> tuple[Execution, Shown, list[str]]:
        """Runs a cell and records it. `share`: characters of its output that the model may see. The last part of the
        result says what gates have against it, in words for the model."""
        shop = self._shop
        self._count += 1
        async with shop.tree.node(
            "cell", parent, labels.cell_name(code), depth=self._depth, texts={"code": code}
        ) as cell:
            path = f"{self._path}/{step}.{self._count}"
            reach = Reach(depth=self._depth, max_depth=shop.policy.max_depth, documents=self._documents)
            calls = SubCalls(shop, cell, path, reach, self._solve)
            execution = await self._sandbox.execute(code, calls)
            self.exploration.note(execution.reads, execution.stdout_chars, calls.made)
            shown = prompts.show_cell(shop.profile, execution, share)
            self._describe(cell, execution, shown)
            cell.data["gates"] = tally_json(calls.tally) or None
        notes = await self._judged(parent, cell, code, execution, path)
        return execution, shown, notes

    async def _judged(self, parent: Node, cell: Node, code: str, execution: Execution, path: str) -> list[str]:
        """What gates have against the cell. A refused cell has run all the same: the model is told."""
        shop = self._shop
        posts = shop.judges.stand("cell")
        if not posts:
            return []
        call = self._as_call(parent, path)
        gate, verdict = await shop.judges.judge(
            lambda ask: Claim(
                on="cell",
                text=execution.stdout,
                question=self._question,
                path=self._path,
                code=code,
                error=execution.error.traceback if execution.error else "",
                documents=self._documents,
                ask=ask,
            ),
            posts,
            parent,
            lambda node, prompt, role: shop.asker.ask_plainly(node, prompt, role, like=call),
            of=cell.number,
            tally=Counter(),
        )
        if verdict.accepted is not False:
            return []
        return [shop.profile.say("cell_refused", gate=gate, reason=verdict.reason)]

    def _as_call(self, parent: Node, path: str) -> Call:
        """Stands for the cell where a gate asks a model: its place in the tree and its budget."""
        route = self._shop.router.route("judge")
        return Call(
            route=route, messages=(), name="", parent=parent, depth=self._depth, path=path, budget=self._shop.budget
        )

    def _describe(self, cell: Node, execution: Execution, shown: Shown) -> None:
        cell.texts["stdout"] = execution.stdout
        cell.texts["shown"] = shown.text
        cell.data |= {
            "stdout_chars": execution.stdout_chars,
            "shown_chars": len(shown.output),
            "truncated": execution.truncated,
            "variables": [variable_json(variable) for variable in execution.variables],
            "variables_hash": execution.variables_hash,
            "reads": [read_json(read) for read in map_reads(execution.reads, self._documents)],
            "code_seconds": round(execution.seconds, 6),
            "repl_lost": execution.repl_lost,
            "notes": list(execution.notes),
            "ending": _ending_json(execution.ending, self._documents) if execution.ending else None,
        }
        if execution.error is not None:
            cell.fail(execution.error.kind, execution.error.message, traceback=execution.error.traceback)

    def answer(self, ending: Ending) -> Answer:
        text = ending.answer if isinstance(ending.answer, str) else json.dumps(ending.answer, ensure_ascii=False)
        return Answer(text=text, ended_by=ending.how, sources=self._sources(ending.sources), variable=ending.variable)

    def _sources(self, spans: Sequence[Span]) -> tuple[Source, ...]:
        """The places an answer names, with the text that stands there now."""
        sources = []
        for span in spans[:MOST_SOURCES]:
            end = min(span.end, span.start + LONGEST_SOURCE)
            place = to_root(replace(span, end=end), self._documents)
            if place is not None:
                text = self._documents[span.document].text.read(span.start, end)
                sources.append(Source(document=place.document, start=place.start, end=place.end, text=text))
        return tuple(sources)


def final_var(ending: ProseEnding) -> str:
    """The cell that reads the variable of a `FINAL_VAR(name)` in prose."""
    return f"FINAL_VAR({ending.value!r})"


def _ending_json(ending: Ending, documents: Sequence[Document]) -> dict[str, Any]:
    places = [to_root(span, documents) for span in ending.sources[:MOST_SOURCES]]
    sources = [{"document": place.document, "start": place.start, "end": place.end} for place in places if place]
    return {"how": ending.how, "variable": ending.variable, "sources": sources}


def map_reads(reads: Sequence[Read], documents: Sequence[Document]) -> list[Read]:
    """Reads of an rlm node's inputs as reads of the run's documents, as far as they are known."""
    mapped = []
    for read in reads:
        span = to_root(read, documents)
        if span is not None:
            mapped.append(Read(document=span.document, start=span.start, end=span.end, how=read.how))
    return mapped
