"""Streams as they come off the wire: cut anywhere, ended by any line end, with comments and oddities."""

import pytest

from trajectories.engine.lm.sse import EventReader

PLAIN = (
    'data: {"a": "naïve 🦊"}\n\ndata: two\n\n: ping\n\nevent: x\ndata: 3a\ndata:3b\nid: 7\n\ndata: [DONE]\n\n'.encode()
)
EVENTS = ['{"a": "naïve 🦊"}', "two", "3a\n3b", "[DONE]"]
LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


def read(*pieces: bytes) -> list[str]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)] + list(reader.end())


@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_stream_cut_at_any_byte_reads_the_same(end: str) -> None:
    stream = PLAIN.replace(b"\n", LINE_ENDS[end])
    assert read(stream) == EVENTS
    for cut in range(len(stream) + 1):
        assert read(stream[:cut], stream[cut:]) == EVENTS
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == EVENTS


def test_events_come_as_soon_as_they_are_complete() -> None:
    reader = EventReader()
    assert list(reader.feed(b"data: one\n\nda")) == ["one"]
    assert list(reader.feed(b"ta: two\n")) == []
    assert list(reader.feed(b"\n")) == ["two"]


def test_the_last_event_counts_without_its_empty_line() -> None:
    assert read(b"data: one\n\ndata: two") == ["one", "two"]
    assert read(b"data: one\n\ndata: two\r") == ["one", "two"]


def test_a_byte_order_mark_and_fields_without_a_colon_are_no_harm() -> None:
    assert read(b"\xef\xbb\xbfdata: one\n\ndata\n\nretry: 5\n\n") == ["one", ""]


def test_bytes_that_are_no_utf_8_do_not_stop_it() -> None:
    assert read(b"data: \xff!\n\n") == ["\N{REPLACEMENT CHARACTER}!"]
