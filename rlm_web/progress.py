"""A run as lines in a terminal: what began, what it made of it, how many calls are under way."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


class Progress:
    """Takes events in order; gives the lines worth showing."""

    def __init__(self) -> None:
        self._nodes: dict[int, Json] = {}
        self._steps = 0
        self._calls = 0
        self._began = ""

    def lines(self, event: Json) -> Iterator[str]:
        data = event["data"]
        match event["type"]:
            case "run.started":
                names = ", ".join(f"{one['name']} ({one['chars']:,} characters)" for one in data["documents"])
                yield f"reading {names or 'no documents'}"
            case "node.started":
                self._nodes[event["node"]] = data
                yield from self._started(data)
            case "node.finished":
                yield from self._finished(self._nodes.pop(event["node"], {}), data)
            case "lm.retried":
                yield f"    the model failed ({data['message']}); again in {data['wait_seconds']:.0f} s"
            case "budget.reached":
                yield f"  {data['message']}"

    def _started(self, data: Json) -> Iterator[str]:
        if data["kind"] == "step" and data["depth"] == 0:
            self._steps += 1
            yield f"step {self._steps}"
        elif data["kind"] == "rlm" and data["depth"]:
            yield f"  sub-question: {data['name']}"
        elif data["kind"] == "cell":
            yield f"  {'  ' * data['depth']}{data['name']}"

    def _finished(self, began: Json, data: Json) -> Iterator[str]:
        error = data.get("error")
        if began.get("kind") == "lm":
            self._calls += 1
        elif began.get("kind") == "cell":
            indent = "  " * (began["depth"] + 1)
            calls = f", {self._calls} model calls so far" if self._calls > 1 else ""
            outcome = error["kind"] if error else f"{data.get('stdout_chars', 0):,} characters printed"
            yield f"{indent}→ {outcome} in {data['seconds']:.1f} s{calls}"
        if error and began.get("kind") == "lm":
            yield f"    a call failed: {error['message']}"
