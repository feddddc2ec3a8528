"""The shipped texts can be had by one call and hold the answers to their questions."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import error_of
from trajectories import documents

Send = Callable[..., Any]


def test_there_is_a_real_text_with_questions() -> None:
    (sample,) = documents.samples()
    assert sample.chars > 300_000 and len(sample.questions) == 8 and sample.licence == "Public domain"
    assert (sample.path.parent / "README.md").read_text().count(sample.path.name) == 1


def test_a_sample_becomes_a_document_that_is_ready(send: Send) -> None:
    (sample,) = documents.samples()
    response = send("POST", f"/api/v1/samples/{sample.key}")
    document = response.json()
    assert response.status_code == 201 and document["status"] == "ready" and document["chars"] == sample.chars
    assert send("POST", f"/api/v1/samples/{sample.key}").json()["id"] == document["id"]


def test_an_unknown_sample_names_the_known_ones(send: Send) -> None:
    response = send("POST", "/api/v1/samples/../secret")
    assert response.status_code == 404
    response = send("POST", "/api/v1/samples/nothing")
    assert "sqlite" in error_of(response)["message"]


@pytest.mark.parametrize(
    "answer",
    [
        "maximum SQLite database size of about 281 terabytes",
        "use a client/server database engine instead of SQLite",
        "A hot journal is a rollback journal that needs to be played back",
        "foreign key constraint enforcement is turned off by default",
        "EXCLUSIVE prevents other database connections from reading",
        "Every WITHOUT ROWID table must have a PRIMARY KEY",
        "limited to SQLITE_MAX_ATTACHED which is set to 10 by default",
        "corrupt",
    ],
)
def test_the_answers_stand_in_the_text(answer: str) -> None:
    (sample,) = documents.samples()
    assert answer in " ".join(sample.path.read_text().split())
