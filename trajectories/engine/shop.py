"""What all rlm nodes of one run share, and what each of them comes back with."""

from dataclasses import dataclass

from trajectories.engine.budget import Budget
from trajectories.engine.calls import Caller, Router
from trajectories.engine.events import Emit
from trajectories.engine.prompts import Profile
from trajectories.engine.sandbox import SandboxHouse
from trajectories.engine.tree import Tree
from trajectories.engine.types import EndedBy, Policy, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    policy: Policy
    profile: Profile
    tree: Tree
    emit: Emit
    budget: Budget
    router: Router
    caller: Caller
    sandboxes: SandboxHouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str
    ended_by: EndedBy
    sources: tuple[Source, ...] = ()
