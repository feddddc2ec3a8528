"""Long texts of nodes in pieces: what a node is told with at first, and a window of one text.

Works on nodes as `representations.node_json` tells them, so every door can cut what it would have told whole.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
TEXTS = ("code", "stdout", "shown", "response", "reasoning", "thought", "question", "answer")
MOST_CHARS = 200_000
"""In one window."""
MESSAGES = 4
"""So many times the length of a beginning is given for all messages of a request together."""


def beginnings(told: Json, chars: int) -> Json:
    """The node with only the first `chars` characters of each text. `chars` of it says how long the texts are: a number
    by name, for `request` one for each message. Of a request's messages the last ones come first: they are new."""
    lengths: Json = {}
    cut = dict(told)
    for name in TEXTS:
        if isinstance(told.get(name), str):
            lengths[name] = len(told[name])
            cut[name] = told[name][:chars]
    if isinstance(told.get("request"), list):
        lengths["request"] = [len(message["content"]) for message in told["request"]]
        cut["request"] = _messages(told["request"], chars)
    return {**cut, "chars": lengths}


def _messages(messages: Sequence[Json], chars: int) -> list[Json]:
    left = MESSAGES * chars
    cut = []
    for message in reversed(messages):
        content = message["content"][: min(chars, left)]
        left -= len(content)
        cut.append({**message, "content": content})
    return cut[::-1]


def text_of(told: Json, name: str) -> str | None:
    """A text by its name; `request.3` is the content of the fourth message. None: there is no such text."""
    if name in TEXTS:
        return told.get(name)
    index = message_index(name)
    messages = told.get("request") or []
    return messages[index]["content"] if index is not None and index < len(messages) else None


def message_index(name: str) -> int | None:
    """3 of `request.3`."""
    head, _, number = name.partition(".")
    return int(number) if head == "request" and number.isascii() and number.isdigit() and len(number) < 8 else None


def reference_of(references: Mapping[str, Any], name: str) -> Json | None:
    """The same for a node's references to its texts."""
    if name in TEXTS:
        return references.get(name)
    index = message_index(name)
    messages = references.get("request", {}).get("messages", [])
    return messages[index] if index is not None and index < len(messages) else None


def window(text: str, start: int, end: int) -> Json:
    """{start, end, chars, text}, clipped to the text and to `MOST_CHARS`."""
    start = min(start, len(text))
    end = max(start, min(end, start + MOST_CHARS, len(text)))
    return {"start": start, "end": end, "chars": len(text), "text": text[start:end]}


def same_messages(references: Mapping[str, Any], others: Mapping[str, Any]) -> int:
    """How many messages at the beginning of two requests are the same."""
    pair = [each.get("request", {}).get("messages", []) for each in (references, others)]
    count = 0
    for one, other in zip(*pair, strict=False):
        if (one["role"], one["sha"]) != (other["role"], other["sha"]):
            break
        count += 1
    return count
