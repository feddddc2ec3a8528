"""The heart: an rlm node. A model is asked, its code runs, it sees what the code printed, until there is an answer.

`Recursion` opens and closes what an rlm node needs; `Session` is its conversation, turn by turn. Sub-calls of the code
(`subcalls.py`) come back to `Recursion` one level deeper.
"""

import asyncio
from dataclasses import replace
from decimal import Decimal

from trajectories.engine import labels, prompts, stopping
from trajectories.engine.answering import MOST_REFUSALS, AnswerCheck, Refusal
from trajectories.engine.calls import Call, ask_for
from trajectories.engine.cells import Cells, final_var
from trajectories.engine.compaction import Compactor
from trajectories.engine.earlier import Earlier
from trajectories.engine.errors import BudgetReached, EarlyStop, LimitName, NoAnswer
from trajectories.engine.events import Event, source_json
from trajectories.engine.judging import tally_json
from trajectories.engine.parsing import parse_reply
from trajectories.engine.shop import Answer, Shop
from trajectories.engine.subcalls import ChildTask
from trajectories.engine.tree import Node
from trajectories.engine.turn import Turn
from trajectories.engine.types import Document, EndedBy, Message, ReplSettings, Reply, Sandbox

ENDED_BY: dict[LimitName, EndedBy] = {
    "cost_usd": "limit_cost",
    "tokens": "limit_tokens",
    "calls": "limit_calls",
    "seconds": "limit_time",
    "steps": "limit_steps",
}
Stopped = BudgetReached | EarlyStop


class Recursion:
    """Solves a task, and the tasks below it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def solve_root(
        self, question: str, documents: tuple[Document, ...], earlier: Earlier | None = None, session: str = ""
    ) -> Answer:
        """`earlier`: what the question follows. `session`: keeps the REPL under this name when the run has an answer.
        Raises `NoAnswer`, or what else stops a run."""
        task = ChildTask(
            question=question,
            documents=documents,
            context_is_list=len(documents) != 1,
            ladder=self._shop.router.ladder("root"),
            path="root",
            earlier=earlier,
            session=session,
        )
        return await self._solve(task, None)

    async def _solve_child(self, task: ChildTask, cell: Node) -> str:
        """With caps of its own, where the policy sets some for each sub-RLM."""
        limits = self._shop.policy.subtree_limits
        below = replace(self._shop, budget=self._shop.budget.below(limits)) if any_of(limits) else self._shop
        return (await Recursion(below)._solve(task, cell)).text

    async def _solve(self, task: ChildTask, parent: Node | None) -> Answer:
        shop = self._shop
        depth = parent.depth + 1 if parent else 0
        route = task.ladder[0]
        async with shop.tree.node(
            "rlm",
            parent,
            task.question,
            depth=depth,
            role=route.role,
            tier=route.tier,
            model=route.name,
            profile=shop.profile.label,
            batch=task.batch,
            index=task.index,
            line=task.line,
            texts={"question": task.question},
        ) as node:
            kept = shop.kept.take(task.earlier.session) if task.earlier else None
            sandbox = kept or await self._opened(task, depth)
            try:
                cells = Cells(
                    shop,
                    sandbox,
                    task.question,
                    task.documents,
                    depth=depth,
                    path=task.path,
                    solve=self._solve_child,
                )
                if task.earlier is not None:
                    await cells.go_on(task.earlier, node, restore=kept is None)
                answer = await Session(shop, task, node, cells).run()
            except BaseException:
                await sandbox.close()
                raise
            if task.session:
                shop.kept.put(task.session, sandbox)
            else:
                await sandbox.close()
            node.data |= {"ended_by": answer.ended_by, "sources": [source_json(source) for source in answer.sources]}
            node.texts["answer"] = answer.text
            return answer

    async def _opened(self, task: ChildTask, depth: int) -> Sandbox:
        shop = self._shop
        settings = ReplSettings(
            cell_seconds=shop.policy.cell_seconds,
            depth=max(0, shop.policy.max_depth - depth),
            tools=tuple(shop.tools),
        )
        return await shop.sandboxes.sandbox(
            task.documents, settings, context_is_list=task.context_is_list, held=shop.held
        )


class Session:
    """The conversation of one rlm node with its model. Its history only grows at the end, until it is summed up."""

    def __init__(self, shop: Shop, task: ChildTask, node: Node, cells: Cells) -> None:
        self._shop = shop
        self._task = task
        self._node = node
        self._cells = cells
        self._ladder = task.ladder
        self._is_root = node.parent is None
        self._check = AnswerCheck(shop, task.question, task.documents, cells.exploration, is_root=self._is_root)
        self._progress = stopping.Progress()
        self._noticed: set[str] = set()
        """Rules of early stopping that have spoken."""
        self._refusals = 0
        """Of the present model's answers, by gates."""
        self._compactor = Compactor(shop, node, cells)
        levels = max(0, shop.policy.max_depth - node.depth)
        first = prompts.first_message(shop.profile, task.question, task.documents, task.context_is_list)
        if self._is_root and shop.policy.answer_schema is not None:
            first += "\n\n" + prompts.answer_form(shop.profile, shop.policy.answer_schema)
        self._before = task.earlier.turns if task.earlier else 0
        """Turns of the questions before this one."""
        if task.earlier is not None and task.earlier.messages:
            asked = shop.profile.say("follow_up", question=task.question)
            self._history = [*task.earlier.messages, Message(role="user", content=asked)]
            return
        system = prompts.system_message(shop.profile, levels, list(shop.tools.values()), cells.libraries, cells.dialect)
        self._history = [
            Message(role="system", content=system),
            Message(role="user", content=first),
        ]

    async def run(self) -> Answer:
        """Turns until an answer, a limit, or the last step; then one last chance. Raises `NoAnswer`.

        A sub-RLM that meets a cap of the run gives up at once (`BudgetReached`): what is kept back is the root's."""
        budget = self._shop.budget
        stopped: Stopped
        try:
            if not (self._is_root or budget.is_subtree):
                return await self._turns()
            async with asyncio.timeout_at(budget.soft_deadline):
                return await self._turns()
        except TimeoutError:
            stopped = budget.out_of_time()
        except (BudgetReached, EarlyStop) as error:
            stopped = error
        if not self._has_last_chance(stopped):
            raise stopped
        if isinstance(stopped, BudgetReached):
            data = {"limit": stopped.limit, "message": str(stopped)}
            await self._shop.emit(Event(type="budget.reached", node=self._node.number, data=data))
        return await self._last_chance(stopped)

    def _has_last_chance(self, stopped: Stopped) -> bool:
        return self._is_root or isinstance(stopped, EarlyStop) or stopped.limit == "steps" or stopped.subtree

    async def _turns(self) -> Answer:
        for turn in range(1, self._shop.policy.max_steps + 1):
            number = self._before + turn
            self._check_budget()
            self._history = await self._compactor.compacted(self._history, self._call(self._node, number))
            answer = await self._step(number)
            if answer is not None:
                return answer
            await self._look_for_idling()
        raise BudgetReached("steps", f"All {self._shop.policy.max_steps} turns are used up.")

    def _check_budget(self) -> None:
        """A cap that has refused a sub-call, or has no room for this turn, ends the turns."""
        budget = self._shop.budget
        ask = ask_for(self._call(self._node, 0))
        if budget.reached is not None:
            raise budget.reached
        if self._is_root or budget.is_subtree:
            budget.keep_back(ask)
        budget.check(ask)

    async def _step(self, number: int) -> Answer | None:
        shop = self._shop
        looked_before = self._cells.exploration.enough
        async with shop.tree.node("step", self._node, f"Step {number - self._before}", depth=self._node.depth) as step:
            call = self._call(step, number)
            accepted = await shop.asker.ask(call, self._ladder)
            reply, self._ladder = accepted.reply, accepted.ladder
            parsed = parse_reply(reply.text)
            step.texts["thought"] = parsed.thought
            self._history.append(Message(role="assistant", content=reply.text or "(empty reply)"))

            async def check(answer: Answer) -> Refusal | None:
                return await self._check.refusal(answer, step, call, looked_before=looked_before)

            turn = Turn(
                shop, self._cells, step, (number, self._before), parsed, check, cut=reply.finish_reason == "length"
            )
            answer = await turn.play()
            codes = [block.code for block in parsed.blocks]
            step.data |= {
                "turn": number,
                "label": labels.label(codes),
                "strategies": labels.strategies(codes),
                "notes": turn.notes,
            }
            if answer is None:
                self._history.append(Message(role="user", content=turn.feedback()))
            self._note_progress(codes, turn)
            await self._count_refusals(turn, step)
            return answer

    # ------------------------------------------------------------------------------------------ going on

    def _note_progress(self, codes: list[str], turn: Turn) -> None:
        spent = self._node.subtree_cost.usd or Decimal(0)
        self._progress.turn(codes, turn.error, self._cells.exploration.chars, spent)
        self._progress.candidates += [answer.text for answer, _refusal in turn.refused]

    async def _count_refusals(self, turn: Turn, step: Node) -> None:
        """After several answers that gates refused, the next model goes on; without one, the work ends."""
        counted = [(answer, refusal) for answer, refusal in turn.refused if refusal.counts]
        self._refusals += len(counted)
        if self._check.tally:
            step.data["gates"] = tally_json(self._check.tally)
        if self._refusals < MOST_REFUSALS:
            return
        answer, refusal = counted[-1]
        if len(self._ladder) == 1:
            message = (
                f"No answer was taken: {refusal.by} refused {self._refusals} of them. The last reason: {refusal.note}"
            )
            raise NoAnswer("error", message, kind="gate", answer=answer.text)
        below, *rest = self._ladder
        self._ladder, self._refusals = tuple(rest), 0
        data = {
            **{"kind": "gate", "reason": refusal.note, "from": below.name, "to": self._ladder[0].name},
            **{"from_tier": below.tier, "to_tier": self._ladder[0].tier},
        }
        await self._shop.emit(Event(type="tier.raised", node=step.number, data=data))

    async def _look_for_idling(self) -> None:
        """Raises `EarlyStop` when a rule says that the turns lead nowhere and the policy wants to hear of it."""
        how = self._shop.policy.early_stopping
        rule, reason = stopping.verdict(self._progress, how, self._shop.policy.limits)
        if not rule or (how.mode == "shadow" and rule in self._noticed):
            return
        self._noticed.add(rule)
        data = {"rule": rule, "mode": how.mode, "reason": reason, "turn": len(self._progress.codes)}
        await self._shop.emit(Event(type="early_stop.noticed", node=self._node.number, data=data))
        if how.mode == "on":
            raise EarlyStop(rule, reason)

    def _call(self, parent: Node, number: int, *, last_chance: bool = False) -> Call:
        route = self._ladder[0]
        return Call(
            route=route,
            messages=tuple(self._history),
            name=route.role if self._is_root else "sub-RLM",
            parent=parent,
            depth=self._node.depth,
            path=f"{self._task.path}/{number}",
            budget=self._shop.budget,
            streams=True,
            last_chance=last_chance,
        )

    # ------------------------------------------------------------------------------------------ the last chance

    async def _last_chance(self, stopped: Stopped) -> Answer:
        """One more call, from what there is. It is a call, not a step; its share was kept back inside the caps."""
        shop = self._shop
        self._history.append(Message(role="user", content=shop.profile.say("last_chance", reason=str(stopped))))
        ended_by = "early_stop" if isinstance(stopped, EarlyStop) else ENDED_BY[stopped.limit]
        answer = None
        try:
            async with asyncio.timeout_at(shop.budget.hard_deadline):
                call = self._call(self._node, 0, last_chance=True)
                accepted = await shop.asker.ask(call, self._ladder[:1])
                answer = await self._last_answer(accepted.reply)
        except (BudgetReached, TimeoutError):
            answer = None
        if answer is None or self._check.unfitting(answer):
            raise NoAnswer(ended_by, f"{stopped} There is no answer; what was found is kept.")
        if isinstance(stopped, BudgetReached) and stopped.limit == "steps":
            return replace(answer, ended_by="last_chance")
        return replace(answer, ended_by=ended_by)

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
            execution, _shown, _notes = await self._cells.execute(self._node, code, 0)
            return self._cells.answer(execution.ending) if execution.ending else None
        return Answer(text=parsed.thought, ended_by="last_chance") if parsed.thought else None


def any_of(limits: object) -> bool:
    """Whether any cap is set."""
    return any(getattr(limits, name) is not None for name in ("cost_usd", "tokens", "calls", "seconds"))
