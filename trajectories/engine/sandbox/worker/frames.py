"""The frame that ends a cell, as both kinds of REPL send it."""

import time
from typing import Any, NamedTuple

from .channel import Frame
from .output import Output
from .texts import Record
from .variables import Listed

Error = dict[str, str]
"""kind, message, traceback"""


class Done(NamedTuple):
    """What a cell has come to."""

    error: Error | None
    ending: dict[str, Any] | None
    listed: Listed
    notes: list[str]


def done_frame(number: int, done: Done, output: Output, record: Record, began: float) -> Frame:
    """`began` is the processor time at which the cell did."""
    return {
        "t": "done",
        "id": number,
        "out": output.value(),
        "out_chars": output.chars,
        "truncated": output.truncated,
        "error": done.error,
        "ending": done.ending,
        "variables": done.listed.variables,
        "hash": done.listed.hash,
        "notes": done.notes,
        "reads": record.take(),
        "cpu": time.process_time() - began,
    }


def bare_done_frame(number: int, failure: str) -> Frame:
    """For a cell of which nothing else can be sent; `failure` is the name of what was raised."""
    message = f"the result of the cell could not be sent ({failure})"
    return {
        **{"t": "done", "id": number, "out": "", "out_chars": 0, "truncated": False, "ending": None},
        **{"error": plain_error("Error", message), "variables": [], "hash": "", "notes": [], "reads": [], "cpu": 0.0},
    }


def plain_error(kind: str, message: str) -> Error:
    """An error without a place in the code."""
    return {"kind": kind, "message": message, "traceback": f"{kind}: {message}"}
