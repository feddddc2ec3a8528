"""Whole runs with the offline models: real engine, real sandbox."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from trajectories import engine
from trajectories.engine.events import Event
from trajectories.engine.policy import Policy
from trajectories.engine.text import TextInMemory
from trajectories.engine.types import Connection, Document, Outcome

POLICY = Policy(models={"root": "offline/planner", "worker": "offline/extractive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    outcome: Outcome
    texts: tuple[str, ...]
    finished: list[Event]
    """The `node.finished` events."""

    @property
    def answer(self) -> str:
        assert self.outcome.status == "succeeded", self.outcome.error_message
        return self.outcome.answer or ""

    @property
    def quotes(self) -> list[str]:
        """Texts of the sources, checked against the documents."""
        for source in self.outcome.sources:
            assert self.texts[source.document][source.start : source.end] == source.text
        return [source.text for source in self.outcome.sources]

    @property
    def cells(self) -> list[Event]:
        return [event for event in self.finished if "stdout" in event.texts]


Ask = Callable[..., Awaitable[Run]]


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    made = engine.Engine()
    await made.open()

    async def run(question: str, *texts: str, **policy: Any) -> Run:
        finished: list[Event] = []

        async def emit(event: Event) -> None:
            if event.type == "node.finished":
                finished.append(event)

        documents = (
            Document(id=f"d{number}", name=f"text {number}.txt", text=TextInMemory(text))
            for number, text in enumerate(texts)
        )
        task = engine.Task(
            question=question,
            documents=tuple(documents),
            policy=dataclasses.replace(POLICY, **policy),
            connections={"offline": Connection(name="offline", provider="offline")},
        )
        return Run(outcome=await made.run(task, emit), texts=texts, finished=finished)

    yield run
    await made.close()
