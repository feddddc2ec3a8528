"""Driving a real REPL: cells in, what they did out, with a host that answers calls from a script."""

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from trajectories.engine.sandbox import ReplSandbox, SandboxHouse
from trajectories.engine.text import TextFile, TextInMemory
from trajectories.engine.types import CallItem, CallResult, Document, Execution, HostCall, ReplSettings

Answer = Callable[[CallItem], CallResult]


def document(text: str, name: str = "a.txt") -> Document:
    return Document(id=name, name=name, text=TextInMemory(text))


def file_document(path: Path) -> Document:
    return Document(id=path.name, name=path.name, text=TextFile.open(path))


def echo(item: CallItem) -> CallResult:
    return CallResult(value=f"about {item.prompt.text}")


def printing(code: str) -> str:
    """The code with its last expression printed, unless that is a call of `print` itself."""
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or ast.unparse(last).startswith(("print(", "SHOW_VARS(", "FINAL")):
        return code
    tree.body[-1:] = ast.parse(f"_ = {ast.unparse(last)}\nif _ is not None: print(repr(_))").body
    return ast.unparse(tree)


class Driven:
    """A REPL; calling it runs a cell. `calls` are the host calls so far."""

    def __init__(self, sandbox: ReplSandbox, answer: Answer) -> None:
        self.sandbox = sandbox
        self.answer = answer
        self.calls: list[HostCall] = []

    async def __call__(self, code: str) -> Execution:
        return await self.sandbox.execute(code, self.host)

    async def host(self, call: HostCall) -> list[CallResult]:
        self.calls.append(call)
        return [self.answer(item) for item in call.items]

    async def out(self, code: str) -> str:
        """What a cell that must not fail prints; if it ends with an expression, that is printed as a prompt would."""
        execution = await self(printing(code))
        assert execution.error is None, execution.error.traceback
        return execution.stdout

    async def error(self, code: str) -> str:
        """The traceback of a cell that must fail."""
        execution = await self(code)
        assert execution.error is not None
        return execution.error.traceback


class Opener:
    def __init__(self, house: SandboxHouse) -> None:
        self._house = house
        self._sandboxes: list[ReplSandbox] = []

    async def __call__(
        self,
        *documents: str | Document,
        answer: Answer = echo,
        context_is_list: bool | None = None,
        threads: bool = False,
        **settings: Any,
    ) -> Driven:
        """`threads`: the test needs them; they are allowed only where their number can be limited."""
        made: Sequence[Document] = [
            one if isinstance(one, Document) else document(one, f"{number}.txt") for number, one in enumerate(documents)
        ]
        sandbox = await self._house.sandbox(made, ReplSettings(**settings), context_is_list=context_is_list)
        self._sandboxes.append(sandbox)
        if threads and not sandbox.layers.get("threads"):
            pytest.skip("an ordinary user without user namespaces gets no threads in the REPL")
        return Driven(sandbox, answer)

    async def close(self) -> None:
        for sandbox in self._sandboxes:
            await sandbox.close()
