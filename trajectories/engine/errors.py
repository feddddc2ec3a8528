"""What can stop a run or a call. What the model's own code does wrong is not here: that is data (`Execution.error`).

EngineError                  one sentence: what happened and what to do
├── PolicyError              the policy asks for something that cannot be
├── SandboxError             the REPL could not be opened, or died and could not be replaced
│   └── IsolationError       this machine gives less isolation than the configured minimum
├── DocumentError            a text cannot be read, or not where it was asked for
├── BudgetReached            a cap of the policy would be exceeded (.limit)
├── EarlyStop                the work leads nowhere (.rule)
├── NoAnswer                 the work ended without an answer (.ended_by)
└── ProviderError            a model call failed (.kind, .retry_after, .status)
"""

from typing import Literal, get_args

FailureKind = Literal[
    "auth",
    "rate_limit",
    "timeout",
    "overloaded",
    "network",
    "context_length",
    "content_filter",
    "truncated",
    "degenerate",
    "malformed",
    "bad_request",
    "budget",
    "depth",
    "schema",
    "gate",
    "tool",
    "cancelled",
    "engine",
]
FAILURE_KINDS: tuple[str, ...] = get_args(FailureKind)

LimitName = Literal["cost_usd", "tokens", "calls", "seconds", "steps"]


class EngineError(Exception):
    """Stops a run. `str(error)` is one sentence fit for a user; `kind` is a word for programs."""

    kind: str = "engine"


class PolicyError(EngineError):
    """The policy is wrong or cannot be carried out here."""

    kind = "policy"


class SandboxError(EngineError):
    """The REPL could not be opened, or broke and could not be replaced."""

    kind = "sandbox"


class IsolationError(SandboxError):
    """The machine offers less isolation than the configured minimum."""

    kind = "isolation"


class DocumentError(EngineError):
    """A document's text cannot be read."""

    kind = "document"


class BudgetReached(EngineError):
    """Doing this would exceed a cap of the policy. Nothing was spent."""

    kind = "budget"

    def __init__(self, limit: LimitName, message: str) -> None:
        super().__init__(message)
        self.limit: LimitName = limit
        self.subtree = False
        """The cap is a sub-RLM's own, not the run's."""


class EarlyStop(EngineError):
    """A rule of early stopping says that the work leads nowhere."""

    kind = "early_stop"

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class NoAnswer(EngineError):
    """The work ended without an answer that was taken; what was done is kept."""

    def __init__(self, ended_by: str, message: str, *, kind: str = "no_answer", answer: str | None = None) -> None:
        """`answer`: the last one that was refused."""
        super().__init__(message)
        self.ended_by = ended_by
        self.kind = kind
        self.answer = answer


class ProviderError(EngineError):
    """A model call failed. `kind` says how, `retry_after` (seconds) when the server said to come back."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.status = status
        self.retry_after = retry_after
