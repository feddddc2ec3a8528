"""Opens and closes what runs need: the engine of a worker process, and one run from its first event to its last."""

import asyncio
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from trajectories.engine import lm
from trajectories.engine.asking import Asker
from trajectories.engine.budget import Budget
from trajectories.engine.calls import Caller
from trajectories.engine.earlier import Earlier, KeptRepls
from trajectories.engine.errors import EngineError, NoAnswer, PolicyError
from trajectories.engine.events import Delta, Emit, Event, cost_json, source_json, usage_json
from trajectories.engine.judging import Judges
from trajectories.engine.lm.http import HTTP
from trajectories.engine.node import Recursion
from trajectories.engine.pacing import Pacer
from trajectories.engine.policy import Policy
from trajectories.engine.policy_json import policy_json
from trajectories.engine.profile import GENERAL, Profile, load_profile, profile_names
from trajectories.engine.recovery import Recovery
from trajectories.engine.routing import Router
from trajectories.engine.sandbox import Held, Options, SandboxHouse
from trajectories.engine.shop import Answer, Shop
from trajectories.engine.tools import Tool, chosen
from trajectories.engine.tree import Tree
from trajectories.engine.types import (
    Connection,
    Document,
    EndedBy,
    LMClient,
    ModelSpec,
    Outcome,
    Recorded,
    RunStatus,
    Source,
)

INTERRUPTED = "interrupted"
"""Message with which a run's asyncio task is cancelled when the process stops, not the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a run shall do, and with what."""

    question: str
    documents: tuple[Document, ...]
    policy: Policy
    connections: Mapping[str, Connection]
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    """What is known of models, by `connection/model`."""
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """The owner's own prompt profiles, by name; they go before shipped ones."""
    earlier: Earlier | None = None
    """What the question follows."""
    session: str = ""
    """Names the REPL for follow-up questions; empty: it is not kept."""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    """What this server offers; the policy chooses."""
    holder_key: str = ""
    """Names the user and the documents' texts. Runs with the same key find large texts decoded already; a key must
    never be the same for two users. Empty: nothing is kept beyond the run."""


class Engine:
    """One per worker process and event loop. `await open()` before the first run, `await close()` at the end."""

    def __init__(
        self,
        sandbox: str = "auto",
        sandbox_min: str = "syscalls",
        max_in_flight: int = 256,
        sandbox_options: Options | None = None,
    ) -> None:
        self._http = HTTP()
        self._sandboxes = SandboxHouse(kind=sandbox, minimum=sandbox_min, options=sandbox_options)
        self._pacer = Pacer(max_in_flight)
        self._kept = KeptRepls()
        self._clients: dict[Connection, LMClient] = {}

    async def open(self) -> None:
        """Raises `IsolationError` when this machine gives less than the configured minimum."""
        await self._http.open()
        await self._sandboxes.open()

    async def close(self) -> None:
        await self._kept.close()
        await self._sandboxes.close()
        await self._http.aclose()

    @property
    def sandbox_level(self) -> str:
        return self._sandboxes.level

    @property
    def sandbox_findings(self) -> list[str]:
        """What holds of the isolation, and why there is not more."""
        return self._sandboxes.findings

    @property
    def sandbox_kind(self) -> str:
        return self._sandboxes.kind

    async def test_connection(self, connection: Connection) -> list[str]:
        """The names of the models it offers. Raises `ProviderError`."""
        return await lm.list_models(connection, self._http)

    def client(self, connection: Connection) -> LMClient:
        """Kept as long as the engine: it learns what its server dislikes."""
        if connection not in self._clients:
            self._clients[connection] = lm.connect(connection, self._http)
        return self._clients[connection]

    async def run(
        self, task: Task, emit: Emit, on_delta: Delta | None = None, *, recorded: Recorded | None = None
    ) -> Outcome:
        """Makes one trajectory. Everything that happens is told to `emit`, from `run.started` to `run.finished`.
        `recorded`: replies of an earlier run, which answer the same calls at once and for nothing.

        Cancelling the asyncio task ends the run as cancelled (as interrupted, with that message) and raises again."""
        run = _Run(self, task, emit, on_delta, recorded)
        await run.begin()
        try:
            outcome = await run.outcome()
        except asyncio.CancelledError as error:
            await run.finish(run.broken_off(interrupted=INTERRUPTED in error.args))
            raise
        await run.finish(outcome)
        return outcome


class _Run:
    """One run while it goes on."""

    def __init__(
        self, engine: Engine, task: Task, emit: Emit, on_delta: Delta | None, recorded: Recorded | None
    ) -> None:
        self._engine = engine
        self._recorded = recorded
        self._task = task
        self._emit = emit
        self._on_delta = on_delta
        self._began = time.monotonic()
        self._tree = Tree(emit)
        self._profile = load_profile(GENERAL)
        self._unusable: PolicyError | None = None
        """What is wrong with the policy's profile."""

    def _chosen_profile(self) -> Profile:
        """The policy's, or with `auto` the one that is known to suit the root's model. Raises `PolicyError`."""
        policy, profiles = self._task.policy, self._task.profiles
        name = policy.profile
        if name == "auto":
            root = policy.named_models().get("root") or policy.model_for("root") or ""
            name = self._task.models.get(root, ModelSpec()).profile or GENERAL
            known = name in profiles or name in profile_names()
            name = name if known and not root.startswith("offline/") else GENERAL
        return profiles[name] if name in profiles else load_profile(name)

    async def begin(self) -> None:
        documents = [
            {"id": document.id, "name": document.name, "chars": document.text.chars}
            for document in self._task.documents
        ]
        sandbox = {
            "kind": self._engine.sandbox_kind,
            "level": self._engine.sandbox_level,
            "findings": self._engine.sandbox_findings,
        }
        try:
            self._profile = self._chosen_profile()
        except PolicyError as error:
            self._unusable = error
        data = {
            "documents": documents,
            "policy": policy_json(self._task.policy),
            "sandbox": sandbox,
            "profile": self._profile.label,
        }
        await self._emit(Event(type="run.started", data=data, texts={"question": self._task.question}))

    async def outcome(self) -> Outcome:
        try:
            answer = await self._solve()
        except NoAnswer as error:
            return self._failed(error.ended_by, error.kind, str(error), error.answer)  # type: ignore[arg-type]
        except EngineError as error:
            return self._failed("error", error.kind, str(error))
        return self._outcome("succeeded", answer.ended_by, answer=answer.text, sources=answer.sources)

    async def _solve(self) -> Answer:
        if self._unusable is not None:
            raise self._unusable
        shop = self._shop(self._task.policy)
        shop.router.check()
        task = self._task
        return await Recursion(shop).solve_root(task.question, task.documents, task.earlier, task.session)

    def _shop(self, policy: Policy) -> Shop:
        recovery = Recovery(policy.failures)
        caller = Caller(
            tree=self._tree,
            emit=self._emit,
            pacer=self._engine._pacer,
            concurrency=policy.concurrency,
            recovery=recovery,
            early_stopping=policy.early_stopping,
            on_delta=self._on_delta,
            recorded=self._recorded,
        )
        router = Router(policy, self._task.connections, self._engine.client, self._task.models)
        judges = Judges(policy.gates, self._tree, self._emit)
        held = Held(
            key=self._task.holder_key or f"run {secrets.token_hex(16)}",
            documents=self._task.documents,
            lasting=bool(self._task.holder_key),
        )
        return Shop(
            policy=policy,
            profile=self._profile,
            tree=self._tree,
            emit=self._emit,
            budget=Budget(policy.limits),
            router=router,
            asker=Asker(caller=caller, router=router, judges=judges, recovery=recovery, emit=self._emit),
            judges=judges,
            sandboxes=self._engine._sandboxes,
            kept=self._engine._kept,
            tools=chosen(policy.tools, self._task.tools),
            held=held,
        )

    def broken_off(self, *, interrupted: bool) -> Outcome:
        """How a cancelled run ended: by its user, or because the process stops."""
        if interrupted:
            message = "The server was stopped while this run was going on. What was recorded is kept; run it again."
            return self._failed("error", INTERRUPTED, message)
        return self._outcome("cancelled", "cancel")

    def _failed(self, ended_by: EndedBy, kind: str, message: str, answer: str | None = None) -> Outcome:
        return self._outcome("failed", ended_by, error_kind=kind, error_message=message, answer=answer)

    def _outcome(
        self,
        status: RunStatus,
        ended_by: EndedBy,
        *,
        answer: str | None = None,
        error_kind: str | None = None,
        error_message: str = "",
        sources: tuple[Source, ...] = (),
    ) -> Outcome:
        return Outcome(
            status=status,
            ended_by=ended_by,
            answer=answer,
            error_kind=error_kind,
            error_message=error_message,
            sources=sources,
            usage=self._tree.usage,
            cost=self._tree.cost,
        )

    async def finish(self, outcome: Outcome) -> None:
        error = {"kind": outcome.error_kind, "message": outcome.error_message} if outcome.error_kind else None
        data = {
            "status": outcome.status,
            "ended_by": outcome.ended_by,
            "error": error,
            "sources": [source_json(source) for source in outcome.sources],
            "usage": usage_json(outcome.usage),
            "cost": cost_json(outcome.cost),
            "seconds": round(time.monotonic() - self._began, 6),
            "nodes": self._tree.size,
            "depth": self._tree.depth,
        }
        texts = {} if outcome.answer is None else {"answer": outcome.answer}
        await self._emit(Event(type="run.finished", data=data, texts=dict(texts), durable=True))


def estimate_tokens(chars: int) -> int:
    """Roughly how many tokens a text has: four characters each."""
    return math.ceil(chars / 4)
