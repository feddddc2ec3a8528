"""The run as one page that opens from a disk, without a network: answer, sources, story, trace, costs, coverage.

The page itself comes from `recorded.page`. Here its data is packed: compressed blocks, which the page's script reads
when it needs them, so that a file of 10,000 calls opens at once.

    <script type="text/plain" id="nodes-3">eNqN…</script>      base64 of zlib of JSON
    tree-N     some rows of the skeleton, in order
    texts-N    some texts, in order; null: gone with its document
    nodes-N    some nodes: {number, …, texts: {code: 17, request: [["system", 18], ["user", 19]]}}, texts by number
    reads-0    [node, document, start, end, how]…
    index-0    {run, columns, last_seq, tree, texts: [number of the first text of each block], nodes: [[numbers]…]}
"""

import base64
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from trajectories.exporters import Recorded

MEDIA_TYPE = "text/html; charset=utf-8"
EXTENSION = "html"

ROWS_AT_ONCE = 2_000
NODES_AT_ONCE = 100
BLOCK = 1 << 18
"""Characters of texts in one block: what is unpacked when one of them is looked at."""
MOST_READS = 300_000
LEFT_OUT = ("url", "title", "tags", "pinned", "forked_from")
"""What a run's address and its owner's order would tell of the machine and of the owner."""


def export(recorded: Recorded) -> Iterator[bytes]:
    """Raises ValueError when there is no page to put the data in."""
    if recorded.page is None:
        raise ValueError("A page is needed to put the record in; hand one in with the record.")
    frame = recorded.page.frame(recorded)
    yield frame.before.encode()
    pack = _Pack(recorded)
    yield from pack.tree()
    yield from pack.nodes(recorded.page.nodes(recorded))
    yield from pack.rest()
    yield frame.after.encode()


class _Pack:
    """Fills the blocks of one file."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._known: dict[str, int] = {}
        """SHA-256 → number of the text."""
        self._texts: list[str | None] = []
        self._size = 0
        self._reads: list[list[Any]] = []
        self._index: dict[str, Any] = {"tree": 0, "texts": [], "nodes": []}

    def tree(self) -> Iterator[bytes]:
        rows = iter(self._recorded.nodes())
        while some := [list(row) for row in islice(rows, ROWS_AT_ONCE)]:
            yield _block(f"tree-{self._index['tree']}", some)
            self._index["tree"] += 1

    def nodes(self, nodes: Iterator[dict[str, Any]]) -> Iterator[bytes]:
        while some := list(islice(nodes, NODES_AT_ONCE)):
            yield from self._take_texts(some)
            for node in some:
                node["texts"] = {name: self._numbered(reference) for name, reference in node["texts"].items()}
                self._take_reads(node)
            yield _block(f"nodes-{len(self._index['nodes'])}", some)
            self._index["nodes"].append([node["number"] for node in some])

    def rest(self) -> Iterator[bytes]:
        yield from self._texts_block()
        yield _block("reads-0", self._reads)
        run = {key: value for key, value in self._recorded.run.items() if key not in LEFT_OUT}
        told = {"run": run, "columns": self._recorded.columns, "last_seq": run.get("last_seq")}
        yield _block("index-0", {**told, **self._index})

    # ---------------------------------------------------------------------------------------------- texts

    def _take_texts(self, nodes: list[dict[str, Any]]) -> Iterator[bytes]:
        """Puts the texts that these nodes are the first to refer to into blocks."""
        shas = (part["sha"] for node in nodes for reference in node["texts"].values() for part in _parts(reference))
        new = [sha for sha in dict.fromkeys(shas) if sha not in self._known]
        found = self._recorded.texts(new)
        for sha in new:
            self._known[sha] = len(self._known)
            self._texts.append(found.get(sha))
            self._size += len(found.get(sha) or "")
            if self._size >= BLOCK:
                yield from self._texts_block()

    def _texts_block(self) -> Iterator[bytes]:
        if self._texts:
            yield _block(f"texts-{len(self._index['texts'])}", self._texts)
            self._index["texts"].append(len(self._known) - len(self._texts))
            self._texts, self._size = [], 0

    def _numbered(self, reference: Mapping[str, Any]) -> Any:
        if "messages" in reference:
            return [[message["role"], self._known[message["sha"]]] for message in reference["messages"]]
        return self._known[reference["sha"]]

    def _take_reads(self, node: Mapping[str, Any]) -> None:
        for read in node.get("reads") or []:
            if len(self._reads) < MOST_READS:
                self._reads.append([node["number"], read["document"], read["start"], read["end"], read["how"]])


def _parts(reference: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    messages: list[Mapping[str, Any]] | None = reference.get("messages")
    return [reference] if messages is None else messages


def _block(name: str, value: Any) -> bytes:
    """Base64 has no sign that could end the script or mean anything in a page."""
    packed = base64.b64encode(zlib.compress(orjson.dumps(value, default=_plain), 6))
    return b'<script type="text/plain" id="%b">%b</script>\n' % (name.encode(), packed)


def _plain(value: Any) -> str:
    """Amounts as everywhere: decimal text without an exponent."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
