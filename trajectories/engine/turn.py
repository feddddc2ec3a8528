"""One reply of the root model, played: its blocks run in order until one ends the run, and what it is told after."""

from collections.abc import Awaitable, Callable

from trajectories.engine import prompts
from trajectories.engine.answering import Refusal
from trajectories.engine.cells import Cells, final_var
from trajectories.engine.parsing import Block, ParsedReply, ProseEnding
from trajectories.engine.prompts import SHOWN_CHARS, Shown
from trajectories.engine.shop import Answer, Shop
from trajectories.engine.tree import Node
from trajectories.engine.types import Execution, Variable

Check = Callable[[Answer], Awaitable[Refusal | None]]
"""Whether an answer is taken; None: it is."""


class Turn:
    """Plays one reply. `notes` says what was wrong with it, in the profile's words."""

    def __init__(
        self,
        shop: Shop,
        cells: Cells,
        step: Node,
        number: tuple[int, int],
        parsed: ParsedReply,
        check: Check,
        *,
        cut: bool,
    ) -> None:
        """`number`: of the turn in its session, and how many turns there were before this question."""
        self._shop = shop
        self._cells = cells
        self._step = step
        self._number, self._before = number
        self._parsed = parsed
        self._check = check
        self._cut = cut
        """The reply ended at the length limit: its last, unfinished part does not count."""
        self._chars = SHOWN_CHARS
        self._played: list[tuple[Execution, Shown]] = []
        self.notes: list[str] = []
        self.refused: list[tuple[Answer, Refusal]] = []
        """Answers that were given and not taken."""

    async def play(self) -> Answer | None:
        blocks = [block for block in self._parsed.blocks if block.closed or not self._cut]
        if not blocks:
            return await self._without_code()
        answer = await self._run(blocks)
        if answer is None:
            if self._parsed.ending is not None:
                self._note("ignored_final")
            if self._cut:
                self._note("cut_reply")
        return answer

    @property
    def error(self) -> str:
        """What the last cell failed with; empty when it did not."""
        error = self._played[-1][0].error if self._played else None
        return f"{error.kind}: {error.message}" if error else ""

    async def _run(self, blocks: list[Block]) -> Answer | None:
        for number, block in enumerate(blocks):
            execution = await self._cell(block.code, len(blocks) - number)
            if execution.ending is not None:
                taken = await self._taken(self._cells.answer(execution.ending))
                if taken is not None:
                    return taken
            if execution.repl_lost:
                break
        return None

    async def _taken(self, answer: Answer) -> Answer | None:
        refusal = await self._check(answer)
        if refusal is None:
            return answer
        self.notes.append(refusal.note)
        self.refused.append((answer, refusal))
        return None

    async def _cell(self, code: str, left: int) -> Execution:
        """Runs a block; what of the turn's characters its forerunners left is shared with the blocks still to come."""
        execution, shown, notes = await self._cells.execute(self._step, code, self._number, self._chars // left)
        self._chars -= min(self._chars, len(shown.output))
        self._played.append((execution, shown))
        self.notes.extend(notes)
        return execution

    async def _without_code(self) -> Answer | None:
        ending = self._parsed.ending
        if self._cut:
            self._note("cut_answer" if ending else "cut_reply")
        elif ending is None:
            others = self._parsed.other_fences
            self._note("other_fence" if others else "no_code", marks=repr(others[0]) if others else "")
        else:
            return await self._prose_answer(ending)
        return None

    async def _prose_answer(self, ending: ProseEnding) -> Answer | None:
        """The answer that `FINAL(…)` outside code gives; a variable is read in the REPL, as a cell."""
        if not ending.is_variable:
            return await self._taken(Answer(text=ending.value, ended_by="answer"))
        execution = await self._cell(final_var(ending), 1)
        return await self._taken(self._cells.answer(execution.ending)) if execution.ending else None

    def _note(self, message: str, **values: str) -> None:
        self.notes.append(self._shop.profile.say(message, **values))

    def feedback(self) -> str:
        variables: dict[str, Variable] = {}
        for execution, _shown in self._played:
            variables |= {variable.name: variable for variable in execution.variables if variable.changed}
        return prompts.feedback(
            self._shop.profile,
            shown=[shown for _execution, shown in self._played],
            notes=self.notes,
            variables=list(variables.values()),
            step=self._number - self._before,
            max_steps=self._shop.policy.max_steps,
            left=self._shop.budget.left() if self._shop.policy.tell_budget else {},
        )
