"""What a run without an answer says instead of one: what happened, and what to do."""

from dataclasses import dataclass

from trajectories.models import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """What a run without an answer says instead of one."""

    title: str
    advice: str
    message: str = ""
    """As recorded."""
    settings: bool = False
    """Whether the settings are where to go."""


CONNECTION_TROUBLES = {
    "auth": ("The model’s server refused the key", "Check the key of the connection, then ask again."),
    "rate_limit": ("The model’s server is asked too often", "Wait a little, or lower the concurrency of the policy."),
    "timeout": ("The model did not answer in time", "Check the connection, then ask again."),
    "overloaded": ("The model’s server is overloaded", "Wait a little, then ask again."),
    "network": ("The model’s server cannot be reached", "Check that it runs and its address, then ask again."),
    "bad_request": ("The model’s server refused the request", "Check the policy’s name of the model, then ask again."),
    "malformed": ("The model’s server sent something unreadable", "Check the connection’s address, then ask again."),
}
TROUBLES = {
    "context_length": ("A prompt was too long for the model", "Choose a model with a larger window, then ask again."),
    "isolation": ("This machine isolates code too little", "Settings, About says what it offers and what is wanted."),
    "interrupted": ("The server stopped in the middle of this run", "What was recorded is kept. Ask again."),
    "budget": ("A limit of the policy was reached", "Raise the limit, or ask a narrower question."),
}
UNKNOWN = ("This run ended without an answer", "Look at its last steps in the trace, then ask again.")


def todo(shown: Run) -> Todo | None:
    if shown.is_live or shown.answer:
        return None
    if shown.status == Run.Status.CANCELLED:
        return Todo(
            title="This run was stopped", advice="What it did until then is kept below. Ask again to have it answered."
        )
    error = shown.error or {}
    kind = "budget" if shown.ended_by.startswith("limit_") else str(error.get("kind", ""))
    title, advice = CONNECTION_TROUBLES.get(kind) or TROUBLES.get(kind) or UNKNOWN
    message = str(error.get("message", ""))
    return Todo(title=title, advice=advice, message=message, settings=kind in CONNECTION_TROUBLES)
