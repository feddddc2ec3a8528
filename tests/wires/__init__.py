"""The wire formats of the scripted model server: `pieces(body, reply, streamed)` and `error(reply)` in each file."""

from typing import Any


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def tokens_of(body: dict[str, Any], text: str) -> tuple[int, int]:
    """(asked, said), four characters each, at least one."""
    asked = max(1, sum(len(text_of(message)) for message in body["messages"]) // 4)
    return asked, max(1, len(text) // 4)
