"""The heart: an rlm node. A model is asked, its code runs, it sees what the code printed, until there is an answer.

`Recursion.solve` opens and closes what one rlm node needs; `Session` is its conversation, turn by turn. Sub-calls of
the code come back here through `SubCalls`, one level deeper.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trajectories.engine import labels, prompts
from trajectories.engine.budget import Budget
from trajectories.engine.calls import Call, Caller, Router, ask_for
from trajectories.engine.errors import BudgetReached, LimitName, NoAnswer
from trajectories.engine.events import Emit, Event, read_json, source_json, variable_json
from trajectories.engine.parsing import ParsedReply, ProseEnding, parse_reply
from trajectories.engine.prompts import SHOWN_CHARS, Profile, Shown
from trajectories.engine.sandbox import SandboxHouse
from trajectories.engine.subcalls import ChildTask, Reach, SubCalls, to_root
from trajectories.engine.tree import Node, Tree
from trajectories.engine.types import (
    Document,
    EndedBy,
    Ending,
    Execution,
    Message,
    Policy,
    Read,
    ReplSettings,
    Reply,
    Sandbox,
    Source,
    Span,
    Variable,
)

TINY_CONTEXT = 16_384
"""Characters up to which an answer may come without a look."""
MOST_SOURCES = 200
LONGEST_SOURCE = 20_000
LIMITS_AS_ENDS: dict[LimitName, EndedBy] = {
    "cost_usd": "limit_cost",
    "tokens": "limit_tokens",
    "calls": "limit_calls",
    "seconds": "limit_time",
    "steps": "limit_steps",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str
    ended_by: EndedBy
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What all rlm nodes of one run share."""

    policy: Policy
    profile: Profile
    tree: Tree
    emit: Emit
    budget: Budget
    router: Router
    caller: Caller
    sandboxes: SandboxHouse


class Recursion:
    """Solves a task, and the tasks below it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def solve_root(self, question: str, documents: tuple[Document, ...]) -> Answer:
        task = ChildTask(
            question=question,
            documents=documents,
            context_is_list=len(documents) != 1,
            route=self._shop.router.route("root"),
            path="root",
            batch=None,
            index=None,
            line=None,
        )
        return await self._solve(task, None)

    async def solve_child(self, task: ChildTask, cell: Node) -> str:
        return (await self._solve(task, cell)).text

    async def _solve(self, task: ChildTask, parent: Node | None) -> Answer:
        shop = self._shop
        depth = parent.depth + 1 if parent else 0
        async with shop.tree.node(
            "rlm",
            parent,
            task.question,
            depth=depth,
            role=task.route.role,
            model=task.route.name,
            profile=shop.profile.label,
            batch=task.batch,
            index=task.index,
            line=task.line,
            texts={"question": task.question},
        ) as node:
            settings = ReplSettings(cell_seconds=shop.policy.cell_seconds, depth=max(0, shop.policy.max_depth - depth))
            sandbox = await shop.sandboxes.sandbox(task.documents, settings, context_is_list=task.context_is_list)
            try:
                answer = await Session(shop, self, task, node, sandbox).run()
            finally:
                await sandbox.close()
            node.data |= {"ended_by": answer.ended_by, "sources": [source_json(source) for source in answer.sources]}
            node.texts["answer"] = answer.text
            return answer


class Session:
    """The conversation of one rlm node with its model. Its history only ever grows at the end."""

    def __init__(self, shop: Shop, recursion: Recursion, task: ChildTask, node: Node, sandbox: Sandbox) -> None:
        self._shop = shop
        self._recursion = recursion
        self._task = task
        self._node = node
        self._sandbox = sandbox
        self._cells = 0
        self._looked = sum(document.text.chars for document in task.documents) <= TINY_CONTEXT
        levels = max(0, shop.policy.max_depth - node.depth)
        self._history = [
            Message(role="system", content=prompts.system_message(shop.profile, levels)),
            Message(
                role="user",
                content=prompts.first_message(shop.profile, task.question, task.documents, task.context_is_list),
            ),
        ]

    async def run(self) -> Answer:
        """Turns until an answer, a limit, or the last step. Raises `NoAnswer` when there is none."""
        budget = self._shop.budget
        try:
            if not self._is_root:
                return await self._turns()
            async with asyncio.timeout_at(budget.soft_deadline):
                return await self._turns()
        except TimeoutError:
            reached = budget.out_of_time()
        except BudgetReached as error:
            reached = error
        if not self._is_root and reached.limit != "steps":
            raise reached
        await self._shop.emit(
            Event(type="budget.reached", node=self._node.number, data={"limit": reached.limit, "message": str(reached)})
        )
        return await self._last_chance(reached)

    @property
    def _is_root(self) -> bool:
        return self._node.parent is None

    async def _turns(self) -> Answer:
        for number in range(1, self._shop.policy.max_steps + 1):
            self._check_budget()
            answer = await self._step(number)
            if answer is not None:
                return answer
        raise BudgetReached("steps", f"All {self._shop.policy.max_steps} turns are used up.")

    def _check_budget(self) -> None:
        """A cap that has refused a sub-call, or has no room for this turn, ends the turns."""
        budget = self._shop.budget
        ask = ask_for(self._call(self._node, 0))
        if self._is_root:
            budget.keep_back(ask)
        if budget.reached is not None:
            raise budget.reached
        budget.check(ask)

    # ------------------------------------------------------------------------------------------ one turn

    async def _step(self, number: int) -> Answer | None:
        shop = self._shop
        async with shop.tree.node("step", self._node, f"Step {number}", depth=self._node.depth) as step:
            reply = await shop.caller.call(self._call(step, number))
            parsed = parse_reply(reply.text)
            step.texts["thought"] = parsed.thought
            self._history.append(Message(role="assistant", content=reply.text or "(empty reply)"))
            turn = _Turn(self, step, number, parsed, cut=reply.finish_reason == "length")
            answer = await turn.play()
            step.data |= {"label": labels.label([block.code for block in parsed.blocks]), "notes": turn.notes}
            if answer is None:
                self._history.append(Message(role="user", content=turn.feedback()))
            return answer

    def _call(self, parent: Node, number: int, *, last_chance: bool = False) -> Call:
        return Call(
            route=self._task.route,
            messages=tuple(self._history),
            name=self._task.route.role if self._is_root else "sub-RLM",
            parent=parent,
            depth=self._node.depth,
            path=f"{self._task.path}/{number}",
            streams=True,
            last_chance=last_chance,
        )

    async def execute(self, parent: Node, code: str, step: int, share: int = SHOWN_CHARS) -> tuple[Execution, Shown]:
        """Runs a cell under a step and records it. `share`: characters of its output that the model may see."""
        shop = self._shop
        self._cells += 1
        async with shop.tree.node(
            "cell", parent, labels.cell_name(code), depth=self._node.depth, texts={"code": code}
        ) as cell:
            calls = SubCalls(
                tree=shop.tree,
                cell=cell,
                path=f"{self._task.path}/{step}.{self._cells}",
                reach=Reach(depth=self._node.depth, max_depth=shop.policy.max_depth, documents=self._task.documents),
                router=shop.router,
                caller=shop.caller,
                solve=self._recursion.solve_child,
            )
            execution = await self._sandbox.execute(code, calls)
            self._looked = self._looked or bool(execution.reads or calls.made or execution.stdout_chars)
            shown = prompts.show_cell(shop.profile, execution, share)
            self._describe(cell, execution, shown)
        return execution, shown

    def _describe(self, cell: Node, execution: Execution, shown: Shown) -> None:
        documents = self._task.documents
        cell.texts["stdout"] = execution.stdout
        cell.texts["shown"] = shown.text
        cell.data |= {
            "stdout_chars": execution.stdout_chars,
            "shown_chars": len(shown.output),
            "truncated": execution.truncated,
            "variables": [variable_json(variable) for variable in execution.variables],
            "variables_hash": execution.variables_hash,
            "reads": [read_json(read) for read in map_reads(execution.reads, documents)],
            "code_seconds": round(execution.seconds, 6),
            "repl_lost": execution.repl_lost,
            "ending": execution.ending.how if execution.ending else None,
        }
        if execution.error is not None:
            cell.fail(execution.error.kind, execution.error.message, traceback=execution.error.traceback)

    # ------------------------------------------------------------------------------------------ endings

    def may_end(self) -> bool:
        """Whether an answer is taken now. Without a look at the text it is not, where the policy blocks that."""
        if self._looked or self._shop.policy.exploration == "off":
            return True
        if self._shop.policy.exploration == "warn":
            self._node.data["unexplored"] = True
            return True
        return False

    def answer(self, ending: Ending) -> Answer:
        text = ending.answer if isinstance(ending.answer, str) else json.dumps(ending.answer, ensure_ascii=False)
        return Answer(text=text, ended_by=ending.how, sources=self._sources(ending.sources))

    def _sources(self, spans: Sequence[Span]) -> tuple[Source, ...]:
        sources = []
        for span in spans[:MOST_SOURCES]:
            end = min(span.end, span.start + LONGEST_SOURCE)
            place = to_root(replace(span, end=end), self._task.documents)
            if place is not None:
                text = self._task.documents[span.document].text.read(span.start, end)
                sources.append(Source(document=place.document, start=place.start, end=place.end, text=text))
        return tuple(sources)

    async def _last_chance(self, reached: BudgetReached) -> Answer:
        """One more call, from what there is. It is a call, not a step; its share was kept back inside the caps."""
        shop = self._shop
        self._history.append(Message(role="user", content=shop.profile.say("last_chance", reason=str(reached))))
        ended_by: EndedBy = "last_chance" if reached.limit == "steps" else LIMITS_AS_ENDS[reached.limit]
        answer = None
        try:
            async with asyncio.timeout_at(shop.budget.hard_deadline):
                reply = await shop.caller.call(self._call(self._node, 0, last_chance=True))
                answer = await self._last_answer(reply)
        except (BudgetReached, TimeoutError):
            answer = None
        if answer is None:
            raise NoAnswer(LIMITS_AS_ENDS[reached.limit], f"{reached} There is no answer; what was found is kept.")
        return replace(answer, ended_by=ended_by)

    async def _last_answer(self, reply: Reply) -> Answer | None:
        parsed = parse_reply(reply.text)
        if reply.finish_reason == "length":
            return None
        code = parsed.blocks[-1].code if parsed.blocks else None
        if code is None and parsed.ending is not None:
            if not parsed.ending.is_variable:
                return Answer(text=parsed.ending.value, ended_by="answer")
            code = final_var(parsed.ending)
        if code is not None:
            execution, _shown = await self.execute(self._node, code, 0)
            return self.answer(execution.ending) if execution.ending else None
        return Answer(text=parsed.thought, ended_by="last_chance") if parsed.thought else None


def final_var(ending: ProseEnding) -> str:
    """The cell that reads the variable of a `FINAL_VAR(name)` in prose."""
    return f"FINAL_VAR({ending.value!r})"


class _Turn:
    """One reply of the model, played: its blocks run in order until one ends the run, and what it is told after."""

    def __init__(self, session: Session, step: Node, number: int, parsed: ParsedReply, *, cut: bool) -> None:
        self._session = session
        self._shop = session._shop
        self._step = step
        self._number = number
        self._parsed = parsed
        self._cut = cut
        self._chars = SHOWN_CHARS
        self._played: list[tuple[Execution, Shown]] = []
        self.notes: list[str] = []

    async def play(self) -> Answer | None:
        blocks = [block for block in self._parsed.blocks if block.closed or not self._cut]
        for number, block in enumerate(blocks):
            execution = await self._cell(block.code, len(blocks) - number)
            if execution.ending is not None:
                if self._session.may_end():
                    return self._session.answer(execution.ending)
                self._note("no_look")
            if execution.repl_lost:
                break
        if not blocks:
            return await self._without_code()
        if self._parsed.ending is not None:
            self._note("ignored_final")
        if self._cut:
            self._note("cut_reply")
        return None

    async def _cell(self, code: str, left: int) -> Execution:
        """Runs a block; what of the turn's characters its forerunners left is shared with the blocks still to come."""
        share = self._chars // left
        execution, shown = await self._session.execute(self._step, code, self._number, share)
        self._chars -= len(shown.output)
        self._played.append((execution, shown))
        return execution

    async def _without_code(self) -> Answer | None:
        ending = self._parsed.ending
        if self._cut:
            self._note("cut_answer" if ending else "cut_reply")
        elif ending is None:
            others = self._parsed.other_fences
            self._note("other_fence" if others else "no_code", marks=repr(others[0]) if others else "")
        elif not self._session.may_end():
            self._note("no_look")
        else:
            return await self._prose_answer(ending)
        return None

    async def _prose_answer(self, ending: ProseEnding) -> Answer | None:
        """The answer that `FINAL(…)` outside code gives; a variable is read in the REPL, as a cell."""
        if not ending.is_variable:
            return Answer(text=ending.value, ended_by="answer")
        execution = await self._cell(final_var(ending), 1)
        return self._session.answer(execution.ending) if execution.ending else None

    def _note(self, message: str, **values: str) -> None:
        self.notes.append(self._shop.profile.say(message, **values))

    def feedback(self) -> str:
        shop = self._shop
        variables: dict[str, Variable] = {}
        for execution, _shown in self._played:
            variables |= {variable.name: variable for variable in execution.variables if variable.changed}
        return prompts.feedback(
            shop.profile,
            shown=[shown for _execution, shown in self._played],
            notes=self.notes,
            variables=list(variables.values()),
            step=self._number,
            max_steps=shop.policy.max_steps,
            left=shop.budget.left(),
        )


def map_reads(reads: Sequence[Read], documents: Sequence[Document]) -> list[Read]:
    """Reads of an rlm node's inputs as reads of the run's documents, as far as they are known."""
    mapped = []
    for read in reads:
        span = to_root(read, documents)
        if span is not None:
            mapped.append(Read(document=span.document, start=span.start, end=span.end, how=read.how))
    return mapped
