"""What is done about a call that failed: one list of actions for each kind of failure, tried in order, each bounded.

retry    by the caller, within the call: the same request again, after a wait
repair   the model is told what was wrong with its reply and asked once more
raise    the same question to the next model of the ladder
rechunk  a prompt that is too long for its model goes to a sub-RLM, which reads it as its context
stop     the call has failed; in the REPL it is an `LLMError` of that kind
"""

from collections.abc import Mapping

from trajectories.engine.policy import Action

DEFAULTS: Mapping[str, tuple[Action, ...]] = {
    "auth": ("stop",),
    "rate_limit": ("retry", "stop"),
    "timeout": ("retry", "raise", "stop"),
    "overloaded": ("retry", "raise", "stop"),
    "network": ("retry", "stop"),
    "malformed": ("retry", "raise", "stop"),
    "context_length": ("stop",),
    "content_filter": ("stop",),
    "truncated": ("repair", "raise", "stop"),
    "degenerate": ("retry", "raise", "stop"),
    "schema": ("repair", "raise", "stop"),
    "gate": ("raise", "stop"),
    "bad_request": ("stop",),
    "budget": ("stop",),
}
MOST_REPAIRS = 1
"""Of one question to one model."""


class Recovery:
    """The policy's actions over the defaults."""

    def __init__(self, failures: Mapping[str, tuple[Action, ...]]) -> None:
        self._actions = {**DEFAULTS, **failures}

    def is_retried(self, kind: str) -> bool:
        return "retry" in self._actions.get(kind, ())

    def next(self, kind: str, *, can_repair: bool, can_raise: bool, can_rechunk: bool) -> Action:
        """The first action that is still possible, the retries being over."""
        possible = {"repair": can_repair, "raise": can_raise, "rechunk": can_rechunk}
        for action in self._actions.get(kind, ()):
            if possible.get(action):
                return action
            if action == "stop":
                break
        return "stop"
