"""Boxes: what passes between the host and process 1 of a container or a remote sandbox, whatever carries it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.engine.sandbox.boxing import PlainBox, PlainLine
from tests.engine.sandbox.driving import Driven, document, echo
from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox import boxes
from trajectories.engine.sandbox.boxes import BoxError
from trajectories.engine.sandbox.worker.packets import Packet, Packets, WrongPacket, packed

OpenBox = Callable[..., Awaitable[Driven]]


@pytest.fixture
async def open_box() -> AsyncIterator[OpenBox]:
    async with AsyncExitStack() as stack:

        async def open_box(*texts: str, command: tuple[str, ...] = (), **settings: Any) -> Driven:
            documents = [document(text, f"{number}.txt") for number, text in enumerate(texts)]
            sandbox = PlainBox(documents, *command, **settings)
            stack.push_async_callback(sandbox.close)
            await sandbox.open()
            return Driven(sandbox, echo)

        yield open_box


def box_of(repl: Driven) -> Any:
    return repl.sandbox.boxes[-1]  # type: ignore[attr-defined]


async def test_a_repl_in_a_box_does_what_any_repl_does(open_box: OpenBox) -> None:
    repl = await open_box("The moon pulls the sea.\nSalt.\n" * 100)
    assert (
        await repl.out("grep('Salt', limit=1)")
        == "2: Salt.\n… the limit of 1 is reached; there are more (set limit=)\n"
    )
    assert await repl.out("print(llm_call('x'), llm_batch(['a', 'b']))") == "about x ['about a', 'about b']\n"
    assert await repl.out("import sqlite3, statistics\nkept = 3\nprint(sqlite3.connect(':memory:'))")
    execution = await repl("piece = context[4:8]\nprint(piece)")
    assert [(read.start, read.end) for read in execution.reads] == [(4, 8)]
    ending = (await repl("FINAL(kept)")).ending
    assert ending is not None and ending.answer == 3


async def test_several_documents_are_a_list_and_arrive_whole(open_box: OpenBox) -> None:
    large = "Zeile – 行 – 😀\n" * 200_000
    repl = await open_box("one", "", large)
    assert await repl.out("print([len(text) for text in context], hash(context[2]) == hash(str(context[2])))")
    assert await repl.out("print(context[2][-13:], context[0])") == f"{large[-13:]} one\n"


async def test_an_interrupt_keeps_the_state(open_box: OpenBox) -> None:
    repl = await open_box("text", cell_seconds=0.3)
    assert "Timeout" in await repl.error("kept = 1\nwhile True: pass")
    assert await repl.out("print(kept)") == "1\n"


async def test_what_cannot_be_stopped_is_killed_and_the_next_one_comes_from_the_same_box(
    open_box: OpenBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trajectories.engine.sandbox.cell.GRACE_SECONDS", 0.1)
    repl = await open_box("the text", cell_seconds=0.2)
    execution = await repl("x = list(range(30_000_000))\nsorted(x, key=lambda one: -one)\n10 ** 10 ** 9")
    assert execution.repl_lost
    assert await repl.out("print(context)") == "the text\n"
    assert len(repl.sandbox.lines) == 1  # type: ignore[attr-defined]


async def test_a_box_that_dies_is_replaced_and_the_model_is_told(open_box: OpenBox) -> None:
    repl = await open_box("the text")
    repl.sandbox.lines[0].process.kill()  # type: ignore[attr-defined]
    execution = await repl("print(1)")
    assert execution.repl_lost and execution.error is not None
    assert "replaced by a fresh one" in execution.error.message
    assert await repl.out("print(context)") == "the text\n"
    assert len(repl.sandbox.lines) == 2  # type: ignore[attr-defined]


async def test_code_that_closes_its_way_out_loses_the_repl_alone(open_box: OpenBox) -> None:
    repl = await open_box("the text")
    execution = await repl("import os\nfor file in range(3, 60):\n  try: os.close(file)\n  except OSError: pass")
    assert execution.repl_lost
    assert await repl.out("print(context)") == "the text\n"
    assert len(repl.sandbox.lines) == 1  # type: ignore[attr-defined]


async def test_code_cannot_reach_the_stream_of_the_box(open_box: OpenBox) -> None:
    repl = await open_box("the text")
    frames = """
import os
for file in (0, 1, 2):
    try:
        os.write(file, b"\\x09" + bytes(8) + b"x" * 4096)
    except OSError:
        pass
"""
    await repl(frames)
    assert await repl.out("print(context)") == "the text\n"
    assert not box_of(repl).gone


async def test_boxes_side_by_side_never_mix(open_box: OpenBox) -> None:
    repls = await asyncio.gather(*[open_box(f"box {number}") for number in range(6)])
    printed = await asyncio.gather(*[repl.out("for _ in range(50): print(context)") for repl in repls])
    assert printed == [f"box {number}\n" * 50 for number in range(6)]


async def test_many_answers_at_once_and_large_ones_come_through(open_box: OpenBox) -> None:
    repl = await open_box("text")
    prompts = "[str(number) + ' ' + 'p' * 30_000 for number in range(200)]"
    out = await repl.out(f"answers = llm_batch({prompts})\nprint(len(answers), answers[199][:9], len(answers[199]))")
    assert out == f"200 about 199 {len('about 199 ') + 30_000}\n"


async def test_closing_ends_the_process(open_box: OpenBox) -> None:
    repl = await open_box("text")
    process = repl.sandbox.lines[0].process  # type: ignore[attr-defined]
    await repl.sandbox.close()
    assert process.returncode is not None


async def test_a_box_that_hears_nothing_ends_by_itself(open_box: OpenBox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(self: boxes.Box, seconds: float) -> None:
        """The host is gone, and the stream does not tell."""

    monkeypatch.setattr(boxes.Box, "_stay_in_touch", silent)
    box = boxes.Box(line := await PlainLine.open())
    await box.begin(await boxes.handover.hand_over([]), (), 0.3)
    await asyncio.wait_for(line.process.wait(), 10)
    await box.close()


async def test_a_box_that_hears_from_the_host_stays(open_box: OpenBox) -> None:
    box = boxes.Box(line := await PlainLine.open())
    await box.begin(await boxes.handover.hand_over([]), (), 0.4)
    await asyncio.sleep(1.0)
    assert line.process.returncode is None and not box.gone
    await box.close()


# ------------------------------------------------------------------------------------------ boxes that are not ours


def program(body: str) -> tuple[str, ...]:
    """A box that does this instead, once it was sent the worker."""
    head = "import os, struct, json, time\nos.read(0, 1 << 20)\n"
    return (sys.executable, "-c", head + body)


HELLO = f"os.write(1, {packed('hello', 0, b'{}')!r})\n"
LOADED = f"os.write(1, {packed('loaded', 0, b'{}')!r})\n"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "os.write(1, b'GET / HTTP/1.1' * 999)",
        HELLO,
        f"os.write(1, {packed('hello', 0, b'[1]')!r})",
        f"os.write(1, {packed('hello', 0, b'{')!r})",
        HELLO + LOADED,
        HELLO + LOADED + f"os.write(1, {packed('gone', 1, b'')!r})",
        HELLO + LOADED + f"time.sleep(0.3); os.write(1, {packed('born', 1, b'')!r})",
        HELLO + LOADED + f"time.sleep(0.3); os.write(1, {packed('born', 1, b'')!r} + b'x' * 99)",
    ],
)
async def test_a_box_that_is_not_as_it_should_be_is_one_error(open_box: OpenBox, body: str) -> None:
    began = time.monotonic()
    with pytest.raises(SandboxError, match="box|could not be|ended"):
        await open_box("text", command=program(body))
    assert time.monotonic() - began < 10


async def test_what_the_box_said_last_is_told(open_box: OpenBox) -> None:
    with pytest.raises(BoxError, match="has ended: sh: python3: not found"):
        await open_box("text", command=("sh", "-c", "echo 'sh: python3: not found' >&2"))


async def test_a_box_that_does_not_answer_is_given_up(open_box: OpenBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "_ANSWER_SECONDS", 0.3)
    with pytest.raises(BoxError, match="does not answer"):
        await open_box("text", command=program("time.sleep(60)"))


def test_packets_are_put_together_from_any_pieces() -> None:
    stream = packed("data", 7, b"abc") + packed("gone", 2, b"") + packed("file", 1, b"x" * 3_000)
    for size in (1, 5, 12, 4_096, len(stream)):
        packets = Packets()
        found = [packet for at in range(0, len(stream), size) for packet in packets.fed(stream[at : at + size])]
        assert found == [Packet("data", 7, b"abc"), Packet("gone", 2, b""), Packet("file", 1, b"x" * 3_000)]


@pytest.mark.parametrize("wrong", [b"\xff" + bytes(8), b"\x01" + bytes(4) + b"\xff\xff\xff\xff"])
def test_what_is_no_packet_is_refused_at_once(wrong: bytes) -> None:
    with pytest.raises(WrongPacket):
        Packets().fed(wrong)
