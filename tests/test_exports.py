"""What every export format promises, over all files of `trajectories/exporters/`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.fixtures.runs import showcase
from trajectories import exporters
from trajectories.exporters import Frame, Recorded


class PlainPage:
    """The smallest page there is."""

    def frame(self, recorded: Recorded) -> Frame:
        return Frame(before="<!doctype html>", after="<p>The end.</p>")

    def nodes(self, recorded: Recorded) -> Iterator[dict[str, Any]]:
        for line in recorded.events():
            event = orjson.loads(line)
            if event["type"] == "node.finished":
                yield {"number": event["node"], "texts": event["data"].get("texts", {})}


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    made = showcase()
    columns = ("number", "kind", "name", "usd")
    return Recorded(
        run={"id": "r1", "question": made.question, "status": "succeeded"},
        events=lambda: (orjson.dumps(event).decode() for event in made.events),
        texts=lambda shas: {sha: made.texts[sha] for sha in shas if sha in made.texts},
        columns=columns,
        page=PlainPage(),
        nodes=lambda: iter([(1, "rlm", "=HYPERLINK(0)", Decimal("0.10")), (2, "step", "ünïcode, “quoted”", None)]),
    )


@pytest.mark.parametrize("name", exporters.NAMES)
def test_an_export_names_its_type_and_writes_pieces_of_bytes(name: str, recorded: Recorded) -> None:
    exporter = exporters.find(name)
    assert exporter is not None
    assert "/" in exporter.MEDIA_TYPE
    assert exporter.EXTENSION.isalnum()
    written = b"".join(exporter.export(recorded))
    assert written
    assert written.decode("utf-8")


def test_an_unknown_export_is_none() -> None:
    assert exporters.find("../models") is None


def test_the_log_as_an_export_needs_nothing_else(recorded: Recorded) -> None:
    exporter = exporters.find("jsonl")
    assert exporter is not None
    header, *lines = [orjson.loads(line) for line in b"".join(exporter.export(recorded)).splitlines()]
    assert header["format"] == "rlm-web"
    told: set[str] = set()
    sequence = []
    for line in lines:
        if "sha" in line:
            assert line["sha"] not in told, "each text stands there once"
            told.add(line["sha"])
            continue
        sequence.append(line["seq"])
        references = (line["data"].get("texts") or {}).values()
        wanted = {part["sha"] for each in references for part in each.get("messages", [each])}
        assert wanted <= told, "a text stands before the event that refers to it"
    assert sequence == list(range(1, len(sequence) + 1))


def test_what_a_spreadsheet_would_run_is_marked_as_text(recorded: Recorded) -> None:
    exporter = exporters.find("csv")
    assert exporter is not None
    assert b"'=HYPERLINK" in b"".join(exporter.export(recorded))
