"""Keeps trajectories: events become log lines, node rows, run totals and payloads, in one transaction, by one thread.

`rows.py` is the one place that says what a run's rows are, given its events; `rebuild.py` proves it.
"""

from trajectories.recorder.closing import end_run
from trajectories.recorder.log import events_of
from trajectories.recorder.payloads import (
    PayloadMissing,
    Quoted,
    kept_texts,
    payload_text,
    read_pieces,
    read_texts,
)
from trajectories.recorder.rebuild import RunGoesOn, rebuild
from trajectories.recorder.recorder import FenceLost, RunRecorder
from trajectories.recorder.writer import Writer

__all__ = [
    "FenceLost",
    "PayloadMissing",
    "Quoted",
    "RunGoesOn",
    "RunRecorder",
    "Writer",
    "end_run",
    "events_of",
    "kept_texts",
    "payload_text",
    "read_pieces",
    "read_texts",
    "rebuild",
]
