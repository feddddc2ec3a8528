"""The whole log in one file that needs nothing else: a line for the run, one for each event, one for each text,
one for each thing the owner noted.

{"format": "rlm-web", "version": 1, "run": {…}}
{"seq": 1, "at": "…", "type": "run.started", …}
{"sha": "…", "text": "…"}        before the first event that refers to it; null: gone with its document
{"annotation": {…}}              no part of the record: an importer may leave it out
"""

from collections.abc import Iterator
from typing import Any

import orjson

from trajectories.exporters import Recorded

MEDIA_TYPE = "application/x-ndjson"
EXTENSION = "jsonl"
VERSION = 1
AT_ONCE = 200
"""Events whose texts are fetched together."""


def export(recorded: Recorded) -> Iterator[bytes]:
    yield _line({"format": "rlm-web", "version": VERSION, "run": recorded.run})
    told: set[str] = set()
    lines: list[str] = []
    for line in recorded.events():
        lines.append(line)
        if len(lines) == AT_ONCE:
            yield _written(recorded, lines, told)
            lines = []
    if lines:
        yield _written(recorded, lines, told)
    for annotation in recorded.annotations():
        yield _line({"annotation": annotation})


def _written(recorded: Recorded, lines: list[str], told: set[str]) -> bytes:
    """Some events, each after the texts it is the first to refer to."""
    wanted = [_shas(orjson.loads(line)) for line in lines]
    new = list(dict.fromkeys(sha for shas in wanted for sha in shas if sha not in told))
    texts = recorded.texts(new)
    told.update(new)
    written = []
    waiting = dict.fromkeys(new)
    for line, shas in zip(lines, wanted, strict=True):
        for sha in shas:
            if sha in waiting:
                del waiting[sha]
                written.append(_line({"sha": sha, "text": texts.get(sha)}))
        written.append(line.encode() + b"\n")
    return b"".join(written)


def _shas(event: dict[str, Any]) -> list[str]:
    references = (event.get("data") or {}).get("texts") or {}
    return [part["sha"] for each in references.values() for part in each.get("messages", [each])]


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE)
