"""The engine makes trajectories: asyncio, httpx and small libraries; no Django.

This is its front door. Everyone else says `from trajectories import engine` and uses only what is named here.
Read `types.py`, `events.py` and `node.py`, in this order, to know how it works.
"""

from typing import Any

from trajectories.engine.earlier import Earlier, EarlierCell
from trajectories.engine.errors import (
    BudgetReached,
    DocumentError,
    EngineError,
    IsolationError,
    NoAnswer,
    PolicyError,
    ProviderError,
    SandboxError,
)
from trajectories.engine.events import Delta, Emit, Event, TextValue
from trajectories.engine.gates import NAMES as GATES
from trajectories.engine.gates import describe as describe_gate
from trajectories.engine.lm import PROVIDERS
from trajectories.engine.offline import LABEL as OFFLINE_LABEL
from trajectories.engine.policy import TIERS, Limits, Policy
from trajectories.engine.policy_json import policy_from_json, policy_json, split_model
from trajectories.engine.profile import Profile, load_profile, profile_names, read_profile
from trajectories.engine.profile import shipped_text as shipped_profile_text
from trajectories.engine.recovery import DEFAULTS as FAILURE_ACTIONS
from trajectories.engine.run import INTERRUPTED, Engine, Task, estimate_tokens
from trajectories.engine.stopping import RULES
from trajectories.engine.text import TextFile, TextInMemory, write_index
from trajectories.engine.tools import Tool, tool_of
from trajectories.engine.tools import chosen as chosen_tools
from trajectories.engine.types import (
    Connection,
    Cost,
    Document,
    Message,
    ModelSpec,
    Outcome,
    Picture,
    Pictures,
    Price,
    Quote,
    QuotingText,
    Read,
    Recorded,
    RecordedReply,
    Reply,
    Source,
    Span,
    Text,
    Usage,
)

STOPPING_RULES = tuple(RULES)
"""Names of the rules of early stopping."""


def described_gates() -> list[dict[str, Any]]:
    """Every gate for people who choose: [{name, title, says, places, options, free}]."""
    return [describe_gate(name) for name in GATES]


__all__ = [
    "FAILURE_ACTIONS",
    "INTERRUPTED",
    "OFFLINE_LABEL",
    "STOPPING_RULES",
    "TIERS",
    "PROVIDERS",
    "BudgetReached",
    "Connection",
    "Cost",
    "Delta",
    "Document",
    "DocumentError",
    "Earlier",
    "EarlierCell",
    "Emit",
    "Engine",
    "EngineError",
    "Event",
    "IsolationError",
    "Limits",
    "Message",
    "ModelSpec",
    "NoAnswer",
    "Outcome",
    "Policy",
    "Picture",
    "Pictures",
    "PolicyError",
    "Price",
    "Profile",
    "ProviderError",
    "Quote",
    "QuotingText",
    "Read",
    "Recorded",
    "RecordedReply",
    "Reply",
    "SandboxError",
    "Source",
    "Span",
    "Task",
    "Text",
    "TextFile",
    "TextInMemory",
    "TextValue",
    "Tool",
    "Usage",
    "estimate_tokens",
    "chosen_tools",
    "describe_gate",
    "described_gates",
    "load_profile",
    "policy_from_json",
    "policy_json",
    "profile_names",
    "read_profile",
    "shipped_profile_text",
    "split_model",
    "tool_of",
    "write_index",
]
