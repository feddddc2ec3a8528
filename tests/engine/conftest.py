"""An engine with a real sandbox and a real model server, and a log that keeps every event."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest_asyncio

from tests.model_server import ModelServer
from trajectories import engine
from trajectories.engine.events import Event

MODELS = {"root": "test/root", "worker": "test/worker"}


class Log:
    """What a run told, in order; `nodes` folds starts and finishes together."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.words: list[tuple[int, str]] = []

    async def emit(self, event: Event) -> None:
        self.events.append(event)

    def on_delta(self, node: int, text: str) -> None:
        self.words.append((node, text))

    def of(self, type_: str) -> list[Event]:
        return [event for event in self.events if event.type == type_]

    @property
    def nodes(self) -> dict[int, dict[str, Any]]:
        nodes: dict[int, dict[str, Any]] = {}
        for event in self.events:
            if event.node is not None and event.type in ("node.started", "node.finished"):
                node = nodes.setdefault(event.node, {"number": event.node})
                node |= event.data | event.texts
        return nodes

    def kind(self, kind: str) -> list[dict[str, Any]]:
        return [node for node in self.nodes.values() if node["kind"] == kind]

    def check_starts_and_finishes(self) -> None:
        starts = Counter(event.node for event in self.of("node.started"))
        finishes = Counter(event.node for event in self.of("node.finished"))
        assert starts == finishes
        assert set(starts.values()) <= {1}
        assert [event.type for event in self.events][0] == "run.started"
        assert [event.type for event in self.events][-1] == "run.finished"


class Lab:
    """Runs questions through a real engine."""

    def __init__(self, made: engine.Engine, server: ModelServer) -> None:
        self.engine = made
        self.server = server
        self.log = Log()
        self.windows: dict[str, int] = {}
        """Context windows by `connection/model`."""
        self.provider = "openai"
        self.prices: dict[str, engine.Price] = {}
        self.sees: dict[str, bool] = {}
        """Whether models take images."""
        self.tools: dict[str, engine.Tool] = {}
        self.profile: str | None = None
        """What is known to suit the root's model."""

    async def ask(
        self,
        replies: Sequence[Any],
        *,
        documents: Sequence[str] = ("The quick brown fox jumps over the lazy dog.\n" * 500,),
        question: str = "What jumps?",
        **policy: Any,
    ) -> engine.Outcome:
        """The outcome of a run whose root gives these replies turn by turn. `policy` as in the API."""
        if replies:
            self.server.replies("root", replies, when=f"<question>\n{question}\n")
        return await self.engine.run(self.task(documents, question, policy), self.log.emit, self.log.on_delta)

    def task(self, documents: Sequence[str], question: str, policy: dict[str, Any]) -> engine.Task:
        texts = tuple(
            engine.Document(id=f"d{index}", name=f"text {index}.txt", text=engine.TextInMemory(text))
            for index, text in enumerate(documents)
        )
        connection = engine.Connection(
            name="test", provider=self.provider, base_url=self.server.url, api_key="sk-test-key"
        )
        offline = engine.Connection(name="offline", provider="offline")
        return engine.Task(
            question=question,
            documents=texts,
            policy=engine.policy_from_json({"models": MODELS} | policy),
            connections={"test": connection, "offline": offline},
            tools=self.tools,
            models={name: self._spec(name) for name in ("test/root", "test/worker", *self.windows, *self.prices)},
        )

    def _spec(self, name: str) -> engine.ModelSpec:
        profile = self.profile if name == "test/root" else None
        return engine.ModelSpec(
            context_window=self.windows.get(name),
            price=self.prices.get(name),
            profile=profile,
            takes_images=self.sees.get(name),
        )

    def root_requests(self) -> list[dict[str, Any]]:
        return [request for request in self.server.requests if request["messages"][0]["role"] == "system"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_engine() -> AsyncIterator[engine.Engine]:
    made = engine.Engine(sandbox="auto", sandbox_min="none")
    await made.open()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def lab(shared_engine: engine.Engine) -> AsyncIterator[Lab]:
    async with ModelServer() as server:
        yield Lab(shared_engine, server)
