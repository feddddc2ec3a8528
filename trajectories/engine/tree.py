"""The nodes of a run while it runs: numbers them, tells their start and their one finish, and sums up subtrees."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from trajectories.engine.errors import EngineError
from trajectories.engine.events import Emit, Event, TextValue, cost_json, usage_json
from trajectories.engine.types import Cost, NodeKind, NodeStatus, Usage

MOST_NAME = 120


class Node:
    """One open node. What is put in `data` and `texts` goes out with its finish."""

    def __init__(self, number: int, parent: "Node | None", kind: NodeKind, depth: int) -> None:
        self.number = number
        self.parent = parent
        self.kind = kind
        self.depth = depth
        self.started = time.monotonic()
        self.status: NodeStatus = "succeeded"
        self.error: dict[str, str] | None = None
        self.data: dict[str, Any] = {}
        self.texts: dict[str, TextValue] = {}
        self.durable = False
        self.subtree_usage = Usage()
        self.subtree_cost = Cost()

    def fail(self, kind: str, message: str, **more: str) -> None:
        self.status = "failed"
        self.error = {"kind": kind, "message": message, **more}


class Tree:
    """Every node of one run."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._last = 0
        self.depth = 0
        """The deepest rlm node so far."""
        self.usage = Usage()
        self.cost = Cost()

    @property
    def size(self) -> int:
        return self._last

    def next_number(self) -> int:
        return self._last + 1

    def charge(self, node: Node | None, usage: Usage, cost: Cost) -> None:
        """Adds what a call took to its node, to all above it, and to the run."""
        self.usage += usage
        self.cost += cost
        while node is not None:
            node.subtree_usage += usage
            node.subtree_cost += cost
            node = node.parent

    @asynccontextmanager
    async def node(
        self,
        kind: NodeKind,
        parent: Node | None,
        name: str,
        *,
        depth: int,
        texts: dict[str, TextValue] | None = None,
        **data: Any,
    ) -> AsyncIterator[Node]:
        """A node for as long as the block runs. However the block ends, the node is finished once."""
        self._last += 1
        node = Node(self._last, parent, kind, depth)
        if kind == "rlm":
            self.depth = max(self.depth, depth)
        known = {key: value for key, value in data.items() if value is not None}
        known |= {
            "parent": parent.number if parent else None,
            "kind": kind,
            "depth": depth,
            "name": _one_line(name),
        }
        await self._emit(Event(type="node.started", node=node.number, data=known, texts=texts or {}))
        try:
            yield node
        except EngineError as error:
            node.fail(error.kind, str(error))
            await self._finish(node)
            raise
        except BaseException:
            if node.status == "succeeded":
                node.status = "cancelled"
            node.durable = False
            await self._finish(node)
            raise
        await self._finish(node)

    async def _finish(self, node: Node) -> None:
        data = node.data | {"status": node.status, "seconds": round(time.monotonic() - node.started, 6)}
        if node.error is not None:
            data["error"] = node.error
        if node.kind != "lm" or "cost" not in data:  # below a call there is nothing: its own figures say it
            data["subtree"] = {"usage": usage_json(node.subtree_usage), "cost": cost_json(node.subtree_cost)}
        await self._emit(
            Event(type="node.finished", node=node.number, data=data, texts=node.texts, durable=node.durable)
        )


def _one_line(text: str) -> str:
    line = " ".join(text[: 4 * MOST_NAME].split())
    return line if len(line) <= MOST_NAME else line[: MOST_NAME - 1] + "…"
