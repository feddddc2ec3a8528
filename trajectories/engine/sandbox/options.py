"""What may be said about sandboxes beside their kind, by whoever runs the server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    image: str = ""
    """For containers and remote sandboxes: one with Python 3.11 or newer. Empty: what is best there."""
    runtime: str = ""
    """For containers: what the engine runs them with, such as gVisor's `runsc`. Empty: the engine's own choice."""
