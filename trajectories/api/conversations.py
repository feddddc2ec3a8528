"""From a chat in the OpenAI format to a question and its texts."""

from dataclasses import dataclass
from typing import Any

from trajectories.api.errors import ApiError

MAX_MESSAGES = 2_000
LONG = 4_000
"""A longer last message is a text to look into, not only a question."""
SHOWN = 1_200
"""Characters of a long message's beginning and end that stand in the question made of it."""
ROLES = ("system", "developer", "user", "assistant", "tool", "function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    model: str
    question: str
    texts: tuple[tuple[str, str], ...]
    """(name, text) of the documents; at least one."""
    stream: bool
    include_usage: bool


def read(body: Any) -> Chat:
    """Raises `ApiError` (400) for what is not a chat."""
    if not isinstance(body, dict):
        raise _wrong("Send a JSON object with “model” and “messages”.")
    model, stream, options = body.get("model"), body.get("stream") or False, body.get("stream_options") or {}
    if not isinstance(model, str) or not 0 < len(model) <= 60:
        raise _wrong("“model” must be the name of a policy; GET /v1/models lists them.")
    if not isinstance(stream, bool) or not isinstance(options, dict):
        raise _wrong("“stream” must be true or false, and “stream_options” an object.")
    if body.get("n") not in (None, 1):
        raise _wrong("“n” must be 1: a run gives one answer.")
    before, last = _split(_messages(body.get("messages")))
    return Chat(
        model=model,
        question=_question(last),
        texts=_texts(before, last),
        stream=stream,
        include_usage=bool(options.get("include_usage")),
    )


def _messages(value: Any) -> list[tuple[str, str]]:
    """[(role, text)], the empty ones left out."""
    if not isinstance(value, list) or not value:
        raise _wrong("“messages” must be a list with at least one message.")
    if len(value) > MAX_MESSAGES:
        raise _wrong(f"“messages” has more than {MAX_MESSAGES} items; send fewer.")
    messages = []
    for index, message in enumerate(value):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            raise _wrong(f"“messages.{index}” must be an object whose “role” is one of: {', '.join(ROLES)}.")
        if text := _text(index, message.get("content")):
            messages.append((role, text))
    return messages


def _text(index: int, content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, list) else [content]
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    if len(texts) < len(parts):
        raise _wrong(f"“messages.{index}.content” must be a text, or a list of parts of type text.")
    return "\n".join(texts).strip()


def _split(messages: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], str]:
    """All others, and the last that a user wrote."""
    for index in reversed(range(len(messages))):
        role, text = messages[index]
        if role == "user":
            return messages[:index] + messages[index + 1 :], text
    raise _wrong("“messages” needs a user's message that is not empty: the last one is the question.")


def _question(last: str) -> str:
    if len(last) <= LONG:
        return last
    return (
        "Do what the document “message.txt” asks for. It is one long message of a user; the request stands at its "
        f"beginning or at its end.\n\nIt begins:\n{last[:SHOWN]}\n\nIt ends:\n{last[-SHOWN:]}"
    )


def _texts(before: list[tuple[str, str]], last: str) -> tuple[tuple[str, str], ...]:
    texts = []
    if len(before) == 1:
        texts.append(("context.txt", before[0][1]))
    elif before:
        texts.append(("conversation.txt", "\n\n".join(f"{role}:\n{text}" for role, text in before)))
    if not before or len(last) > LONG:
        texts.append(("message.txt", last))
    return tuple(texts)


def _wrong(message: str) -> ApiError:
    return ApiError(400, "wrong_value", message)
