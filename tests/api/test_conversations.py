"""From a chat in the OpenAI format to a question and its texts."""

from typing import Any

import pytest

from trajectories.api import conversations
from trajectories.api.errors import ApiError


def chat(*messages: tuple[str, Any], **more: Any) -> conversations.Chat:
    listed = [{"role": role, "content": content} for role, content in messages]
    return conversations.read({"model": "default", "messages": listed, **more})


def test_the_last_user_message_asks_of_what_stands_before_it() -> None:
    read = chat(("system", "The log of the year."), ("user", "How many storms?"))
    assert (read.question, read.texts) == ("How many storms?", (("context.txt", "The log of the year."),))


def test_a_longer_conversation_keeps_who_said_what() -> None:
    read = chat(("user", "Hello"), ("assistant", "Hi"), ("user", "How many?"))
    assert read.texts == (("conversation.txt", "user:\nHello\n\nassistant:\nHi"),)


def test_a_question_alone_is_its_own_text() -> None:
    assert chat(("user", "How many?")).texts == (("message.txt", "How many?"),)


def test_a_long_message_becomes_a_text_and_never_the_question() -> None:
    message = "The year began. " * 10_000 + "How many storms?"
    read = chat(("user", message))
    assert read.texts == (("message.txt", message),)
    assert len(read.question) < 4_000 and read.question.endswith("How many storms?")


def test_parts_of_text_are_joined() -> None:
    parts = [{"type": "text", "text": "How"}, {"type": "text", "text": "many?"}]
    assert chat(("user", parts)).question == "How\nmany?"


BAD: list[tuple[str, Any]] = [
    ("not an object", []),
    ("no model", {"messages": [{"role": "user", "content": "a"}]}),
    ("model a number", {"model": 5, "messages": []}),
    ("no messages", {"model": "default"}),
    ("messages empty", {"model": "default", "messages": []}),
    ("messages of texts", {"model": "default", "messages": ["hello"]}),
    ("too many messages", {"model": "default", "messages": [{"role": "user", "content": "a"}] * 2_001}),
    ("unknown role", {"model": "default", "messages": [{"role": "boss", "content": "a"}]}),
    ("role a list", {"model": "default", "messages": [{"role": ["user"], "content": "a"}]}),
    ("content a number", {"model": "default", "messages": [{"role": "user", "content": 5}]}),
    (
        "a picture",
        {"model": "default", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
    ),
    ("no user", {"model": "default", "messages": [{"role": "system", "content": "a"}]}),
    ("an empty question", {"model": "default", "messages": [{"role": "user", "content": "  "}]}),
    ("stream a text", {"model": "default", "stream": "yes", "messages": [{"role": "user", "content": "a"}]}),
    ("options a list", {"model": "default", "stream_options": [1], "messages": [{"role": "user", "content": "a"}]}),
    ("two answers", {"model": "default", "n": 2, "messages": [{"role": "user", "content": "a"}]}),
]


@pytest.mark.parametrize("body", [case[1] for case in BAD], ids=[case[0] for case in BAD])
def test_what_is_no_chat_is_refused_with_a_sentence(body: Any) -> None:
    with pytest.raises(ApiError) as caught:
        conversations.read(body)
    assert caught.value.status == 400 and caught.value.message.endswith(".")
