"""A made-up run's nodes as its log tells them: to compare what was computed from rows with something else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fixtures.plans import MadeRun


@dataclass(kw_only=True)
class Logged:
    """One node: what its start and its finish told. Times are seconds since the run's start."""

    number: int
    start: float
    end: float | None = None
    began: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)
    retries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def usage(self) -> dict[str, Any]:
        return self.told.get("usage") or {}

    @property
    def usd(self) -> Decimal | None:
        usd = (self.told.get("cost") or {}).get("usd")
        return None if usd is None or self.told["cost"]["kind"] == "unknown" else Decimal(usd)

    @property
    def sent(self) -> float:
        return self.start + (self.told.get("queued_ms") or 0) / 1000


def logged(made: MadeRun) -> dict[int, Logged]:
    nodes: dict[int, Logged] = {}
    began = datetime.fromisoformat(made.events[0]["at"]).timestamp()
    for event in made.events:
        at = datetime.fromisoformat(event["at"]).timestamp() - began
        if event["type"] == "node.started":
            nodes[event["node"]] = Logged(number=event["node"], start=at, began=event["data"])
        elif event["type"] == "node.finished":
            nodes[event["node"]].end = at
            nodes[event["node"]].told = event["data"]
        elif event["type"] == "lm.retried":
            nodes[event["node"]].retries.append(event["data"])
    return nodes


def calls(made: MadeRun) -> Iterator[Logged]:
    """Model calls that count: they have ended and told what they used."""
    return (node for node in logged(made).values() if node.began["kind"] == "lm" and node.usage)


def prompt(made: MadeRun, call: Logged) -> str:
    """The whole request as one text."""
    messages = call.began["texts"]["request"]["messages"]
    return "".join(f"\0{message['role']}\0{made.texts[message['sha']]}" for message in messages)
