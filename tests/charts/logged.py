"""A made-up run's nodes as its log tells them: to compare what was computed from rows with something else."""

from collections import defaultdict
from collections.abc import Callable, Iterator
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


def pauses(node: Logged) -> list[tuple[float, float]]:
    found, at = [], node.sent
    for retry in node.retries:
        at += retry["seconds"]
        found.append((at, at + retry["wait_seconds"]))
        at += retry["wait_seconds"]
    return found


# ------------------------------------------------------------------------------------------------- groups

KEYS: dict[str, Callable[[dict[int, Logged], Logged], str]] = {
    "depth": lambda nodes, node: f"depth {node.began['depth']}",
    "model": lambda nodes, node: node.began["model"].partition("/")[2],
    "role": lambda nodes, node: node.began["role"],
    "tier": lambda nodes, node: node.began.get("tier") or "no tier",
    "call": lambda nodes, node: kind_of(nodes, node),
    "step": lambda nodes, node: step_of(nodes, node),
}


def kind_of(nodes: dict[int, Logged], node: Logged) -> str:
    if nodes[node.began["parent"]].began["kind"] == "cell":
        return "sub-calls"
    return "sub-RLM turns" if node.began["depth"] else "root turns"


def step_of(nodes: dict[int, Logged], node: Logged) -> str:
    steps = [each.number for each in nodes.values() if each.began["kind"] == "step" and each.began["depth"] == 0]
    while node.number not in steps:
        node = nodes[node.began["parent"]]
    return f"step {steps.index(node.number) + 1}"


def grouped(made: MadeRun, by: str) -> dict[str, list[Logged]]:
    nodes = logged(made)
    groups: dict[str, list[Logged]] = defaultdict(list)
    for node in calls(made):
        groups[KEYS[by](nodes, node)].append(node)
    return groups
