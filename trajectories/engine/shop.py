"""What all rlm nodes of one run share, and what each of them comes back with."""

from collections.abc import Mapping
from dataclasses import dataclass

from trajectories.engine.asking import Asker
from trajectories.engine.budget import Budget
from trajectories.engine.earlier import KeptRepls
from trajectories.engine.events import Emit
from trajectories.engine.judging import Judges
from trajectories.engine.policy import Policy
from trajectories.engine.profile import Profile
from trajectories.engine.routing import Router
from trajectories.engine.sandbox import Held, SandboxHouse
from trajectories.engine.tools import Tool
from trajectories.engine.tree import Tree
from trajectories.engine.types import EndedBy, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    policy: Policy
    profile: Profile
    tree: Tree
    emit: Emit
    budget: Budget
    """The run's, or in a sub-RLM with caps of its own, that one's."""
    router: Router
    asker: Asker
    judges: Judges
    sandboxes: SandboxHouse
    kept: KeptRepls
    """REPLs of runs that were just finished."""
    tools: Mapping[str, Tool]
    """Those that the policy names."""
    held: Held
    """The run's documents under the name by which their texts may be held for later runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str
    ended_by: EndedBy
    sources: tuple[Source, ...] = ()
    variable: str | None = None
    """Where it was taken from, if it was."""
