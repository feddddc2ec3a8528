"""The heart: an rlm node. A model is asked, its code runs, it sees what the code printed, until there is an answer.

`Recursion` opens and closes what an rlm node needs; `Session` is its conversation, turn by turn. Sub-calls of the code
(`subcalls.py`) come back to `Recursion` one level deeper.
"""

import asyncio
from dataclasses import replace

from trajectories.engine import labels, prompts
from trajectories.engine.calls import Call, ask_for
from trajectories.engine.cells import Cells, final_var
from trajectories.engine.errors import BudgetReached, LimitName, NoAnswer
from trajectories.engine.events import Event, source_json
from trajectories.engine.parsing import parse_reply
from trajectories.engine.shop import Answer, Shop
from trajectories.engine.subcalls import ChildTask
from trajectories.engine.tree import Node
from trajectories.engine.turn import Turn
from trajectories.engine.types import Document, EndedBy, Message, ReplSettings, Reply

ENDED_BY: dict[LimitName, EndedBy] = {
    "cost_usd": "limit_cost",
    "tokens": "limit_tokens",
    "calls": "limit_calls",
    "seconds": "limit_time",
    "steps": "limit_steps",
}


class Recursion:
    """Solves a task, and the tasks below it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def solve_root(self, question: str, documents: tuple[Document, ...]) -> Answer:
        """Raises `NoAnswer`, or what else stops a run."""
        task = ChildTask(
            question=question,
            documents=documents,
            context_is_list=len(documents) != 1,
            route=self._shop.router.route("root"),
            path="root",
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
                cells = Cells(shop, sandbox, task.documents, depth=depth, path=task.path, solve=self.solve_child)
                answer = await Session(shop, task, node, cells).run()
            finally:
                await sandbox.close()
            node.data |= {"ended_by": answer.ended_by, "sources": [source_json(source) for source in answer.sources]}
            node.texts["answer"] = answer.text
            return answer


class Session:
    """The conversation of one rlm node with its model. Its history only ever grows at the end."""

    def __init__(self, shop: Shop, task: ChildTask, node: Node, cells: Cells) -> None:
        self._shop = shop
        self._task = task
        self._node = node
        self._cells = cells
        self._is_root = node.parent is None
        levels = max(0, shop.policy.max_depth - node.depth)
        first = prompts.first_message(shop.profile, task.question, task.documents, task.context_is_list)
        self._history = [
            Message(role="system", content=prompts.system_message(shop.profile, levels)),
            Message(role="user", content=first),
        ]

    async def run(self) -> Answer:
        """Turns until an answer, a limit, or the last step; then one last chance. Raises `NoAnswer`.

        A sub-RLM that meets a cap of the run gives up at once (`BudgetReached`): what is kept back is the root's."""
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
        data = {"limit": reached.limit, "message": str(reached)}
        await self._shop.emit(Event(type="budget.reached", node=self._node.number, data=data))
        return await self._last_chance(reached)

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

    async def _step(self, number: int) -> Answer | None:
        shop = self._shop
        async with shop.tree.node("step", self._node, f"Step {number}", depth=self._node.depth) as step:
            reply = await shop.caller.call(self._call(step, number))
            parsed = parse_reply(reply.text)
            step.texts["thought"] = parsed.thought
            self._history.append(Message(role="assistant", content=reply.text or "(empty reply)"))
            turn = Turn(shop, self._cells, step, number, parsed, cut=reply.finish_reason == "length")
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

    async def _last_chance(self, reached: BudgetReached) -> Answer:
        """One more call, from what there is. It is a call, not a step; its share was kept back inside the caps."""
        shop = self._shop
        self._history.append(Message(role="user", content=shop.profile.say("last_chance", reason=str(reached))))
        answer = None
        try:
            async with asyncio.timeout_at(shop.budget.hard_deadline):
                reply = await shop.caller.call(self._call(self._node, 0, last_chance=True))
                answer = await self._last_answer(reply)
        except (BudgetReached, TimeoutError):
            answer = None
        if answer is None:
            raise NoAnswer(ENDED_BY[reached.limit], f"{reached} There is no answer; what was found is kept.")
        return replace(answer, ended_by="last_chance" if reached.limit == "steps" else ENDED_BY[reached.limit])

    async def _last_answer(self, reply: Reply) -> Answer | None:
        """What the last reply gives: `FINAL`, `FINAL_VAR`, code that ends, or plain words. A cut one gives nothing."""
        parsed = parse_reply(reply.text)
        if reply.finish_reason == "length":
            return None
        code = parsed.blocks[-1].code if parsed.blocks else None
        if code is None and parsed.ending is not None:
            if not parsed.ending.is_variable:
                return Answer(text=parsed.ending.value, ended_by="answer")
            code = final_var(parsed.ending)
        if code is not None:
            execution, _shown = await self._cells.execute(self._node, code, 0)
            return self._cells.answer(execution.ending) if execution.ending else None
        return Answer(text=parsed.thought, ended_by="last_chance") if parsed.thought else None
