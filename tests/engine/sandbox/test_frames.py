"""What the host accepts from a REPL: every kind of wrong frame is refused, before anything is done with it."""

import asyncio
import json
import math
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.sandbox.driving import document
from trajectories.engine.sandbox import received, wire
from trajectories.engine.sandbox.wire import Violation, Wire, WireBroken
from trajectories.engine.types import ReplSettings, Span

DOCUMENTS = (document("The text of the first document."), document("second"))
CALL = {"t": "call", "id": 1, "op": "llm", "count": 1, "batch": False, "role": "worker", "model": None, "schema": None}
DONE: dict[str, Any] = {
    "t": "done",
    "id": 1,
    "out": "hi",
    "out_chars": 2,
    "truncated": False,
    "error": None,
    "ending": None,
    "variables": [],
    "hash": "",
    "notes": [],
    "reads": [],
}
ENDING = {"how": "answer", "answer": "x", "variable": None, "sources": []}
VARIABLE = {"name": "x", "type": "int", "size": None, "preview": "1", "changed": True}


def done(**changes: Any) -> Any:
    return received.execution({**DONE, **changes}, DOCUMENTS, ReplSettings(), 0.1)


def call(items: Any, **changes: Any) -> received.CallInParts:
    coming = received.CallInParts({**CALL, "line": 1, **changes}, DOCUMENTS)
    coming.add_items({"items": items})
    return coming


def test_a_right_frame_is_an_execution() -> None:
    execution = done(ending={**ENDING, "sources": [[0, 4, 8]]}, variables=[VARIABLE], reads=[[1, 0, 6, "peek"]])
    assert (execution.stdout, execution.ending.sources[0].end, execution.reads[0].how) == ("hi", 8, "peek")


@pytest.mark.parametrize(
    "changes",
    [
        {"out": None},
        {"out": "x" * 2_000_000},
        {"out_chars": -1},
        {"out_chars": True},
        {"truncated": 1},
        {"error": "text"},
        {"error": {"kind": "E" * 300, "message": "", "traceback": ""}},
        {"ending": {**ENDING, "how": "theft"}},
        {"ending": {**ENDING, "sources": [[0, 0, 1000]]}},
        {"ending": {**ENDING, "sources": [[2, 0, 1]]}},
        {"ending": {**ENDING, "sources": [[0, 1, 1]]}},
        {"ending": {**ENDING, "sources": [[0, 0, 1]] * 201}},
        {"ending": {**ENDING, "answer": "x" * 3_000_000}},
        {"ending": {**ENDING, "answer": math.inf}},
        {"ending": {**ENDING, "answer": 10**400}},
        {"ending": {**ENDING, "answer": json.loads("[" * 60 + "]" * 60)}},
        {"variables": [VARIABLE] * 101},
        {"variables": [{**VARIABLE, "preview": "x" * 1000}]},
        {"variables": [{**VARIABLE, "size": "many"}]},
        {"hash": "x" * 100},
        {"reads": [[0, 0, 1, "stolen"]]},
        {"reads": [[0, 5, 1, "peek"]]},
        {"reads": [[0, 0, 1, "peek"]] * 501},
        {"reads": {}},
    ],
)
def test_a_wrong_end_of_a_cell_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Violation):
        done(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 0},
        {"id": "1"},
        {"op": "shell"},
        {"count": 0},
        {"count": 10_001},
        {"batch": None},
        {"role": 3},
        {"line": -1},
    ],
)
def test_a_wrong_call_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Violation):
        received.CallInParts({**CALL, **changes}, DOCUMENTS)


@pytest.mark.parametrize(
    "items",
    [
        [],
        [["text", None, False]],
        [[["a"], None, False]] * 2,
        [[[[0, 0, 1000]], None, False]],
        [[[[0, -1, 5]], None, False]],
        [[[[5, 0, 1]], None, False]],
        [[[0], None, False]],
        [[["a"] * 3000, None, False]],
        [[["a"], "context", False]],
        [[["a"], None, 0]],
        [[["x" * 9_000_000], None, False]],
        "items",
    ],
)
def test_wrong_items_are_refused(items: Any) -> None:
    with pytest.raises(Violation):
        call(items)


def test_a_document_cannot_be_asked_for_without_end() -> None:
    coming = received.CallInParts({**CALL, "line": 1}, [document("x" * 1_000_000)])
    with pytest.raises(Violation, match="too large"):
        coming.add_items({"items": [[["q"], [["own", [0, 0, 1_000_000]]] * 300, True]]})


def test_a_call_in_parts_without_end_is_refused() -> None:
    coming = received.CallInParts({**CALL, "count": 10_000, "line": 1}, DOCUMENTS)
    with pytest.raises(Violation, match="too many parts"):
        coming.add_items({"items": [[["q"], [[[1, 0, 6]]] * 1000, True]] * 10_000})


def test_quotations_are_read_from_the_documents_themselves() -> None:
    (item,) = call([[["Say: ", [0, 4, 8], "!"], [[[1, 0, 6]]], False]]).call().items
    assert item.prompt.text == "Say: text!"
    assert [(quote.at, quote.length, quote.start) for quote in item.prompt.quotes] == [(5, 4, 4)]


def test_a_context_that_is_one_piece_of_a_document_is_not_read() -> None:
    (item,) = call([[["q"], [[[1, 0, 6]], ["own ", [0, 4, 8]]], True]]).call().items
    assert item.context is not None
    place, words = item.context
    assert place == Span(document=1, start=0, end=6)
    assert words.text == "own text"


def test_texts_are_cleaned_without_changing_their_length() -> None:
    assert wire.clean("a\ud800\0b") == "a\ufffd\ufffdb"
    assert done(out="\udfff\0").stdout == "\ufffd\ufffd"


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 1 << 31),
        struct.pack(">I", 3) + b"[1]",
        struct.pack(">I", 3) + b"{,}",
        struct.pack(">I", 9) + b'{"a":NaN}',
        struct.pack(">I", 2) + b"\xff\xfe",
        struct.pack(">I", 100_000) + b"[" * 100_000,
    ],
)
async def test_a_frame_that_cannot_be_is_a_violation(data: bytes) -> None:
    with pytest.raises(Violation):
        await _received(lambda stream: stream.sendall(data))


async def test_a_broken_channel_is_told_apart() -> None:
    with pytest.raises(WireBroken):
        await _received(lambda stream: stream.sendall(b"\0\0"))


async def test_frames_survive_the_way() -> None:
    frame = {"t": "x", "text": "ü\ud800😀"}
    data = json.dumps(frame).encode()
    assert await _received(lambda stream: stream.sendall(struct.pack(">I", len(data)) + data)) == frame


async def _received(send: Callable[[socket.socket], None]) -> Any:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours:
        sending = asyncio.to_thread(_send_and_close, theirs, send)
        got, _ = await asyncio.gather(Wire(ours).receive(), sending, return_exceptions=True)
    if isinstance(got, BaseException):
        raise got
    return got


def _send_and_close(stream: socket.socket, send: Callable[[socket.socket], None]) -> None:
    with stream:
        send(stream)
