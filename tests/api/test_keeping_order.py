"""Titles, tags and pins; deleting with an undo; annotations."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from tests.api.conftest import Send, error_of, make_document, make_run, sender
from trajectories import deletion, documents, exporters, representations
from trajectories.models import Annotation, Document, Event, Node, Run

LATE = timedelta(days=7, seconds=1)


def node(run: Run, number: int, **fields: Any) -> Node:
    base = {"kind": "lm", "depth": 0, "name": "lm", "status": "succeeded", "started_at": 0.0}
    return Node.objects.create(run=run, number=number, **{**base, **fields})


def reference(chars: int) -> dict[str, Any]:
    return {"sha": "0" * 64, "chars": chars, "head": ""}


# ------------------------------------------------------------------------------------------------- title, tags, pin


def test_a_run_is_named_tagged_and_pinned(send: Send, owner: Any) -> None:
    run = make_run(owner)
    plain = send("GET", f"/api/v1/runs/{run.id}").json()
    assert (plain["title"], plain["tags"], plain["pinned"]) == ("", [], False)
    wanted = {"title": "  The  mill ", "tags": [" Überfällig ", "todo", "TODO", "two  words"], "pinned": True}
    changed = send("PATCH", f"/api/v1/runs/{run.id}", wanted).json()
    assert changed["title"] == "The mill"
    assert changed["tags"] == ["todo", "two words", "überfällig"]
    assert changed["pinned"] is True
    assert changed == send("GET", f"/api/v1/runs/{run.id}").json()


def test_what_is_left_out_stays_as_it_is(send: Send, owner: Any) -> None:
    run = make_run(owner)
    send("PATCH", f"/api/v1/runs/{run.id}", {"title": "The mill", "tags": ["a"], "pinned": True})
    pinned_at = Run.objects.get().pinned_at
    send("PATCH", f"/api/v1/runs/{run.id}", {"pinned": True})
    assert Run.objects.get().pinned_at == pinned_at, "it keeps its place among the pinned"
    after = send("PATCH", f"/api/v1/runs/{run.id}", {"tags": []}).json()
    assert (after["title"], after["tags"], after["pinned"]) == ("The mill", [], True)
    after = send("PATCH", f"/api/v1/runs/{run.id}", {"title": "", "pinned": False}).json()
    assert (after["title"], after["pinned"]) == ("", False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"title": "a" * 201}, "more than 200 characters"),
        ({"title": None}, "must be a text"),
        ({"title": 5}, "must be a text"),
        ({"tags": "todo"}, "must be a list"),
        ({"tags": [""]}, "A tag is empty"),
        ({"tags": [" \t"]}, "A tag is empty"),
        ({"tags": ["a" * 41]}, "more than 40 characters"),
        ({"tags": ["İ" * 40]}, "more than 40 characters"),
        ({"tags": ["a" * 4_000]}, "more than 400 characters"),
        ({"tags": ["a,b"]}, "comma"),
        ({"tags": [str(number) for number in range(21)]}, "at most 20 tags"),
        ({"tags": ["a"] * 201}, "more than 200 items"),
        ({"tags": [5]}, "must be a text"),
        ({"pinned": "yes"}, "must be true or false"),
        ({"pinned": None}, "must be true or false"),
        ({"question": "Another?"}, "not known here"),
        ({"titel": "x"}, "not known here"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(send: Send, owner: Any, body: Any, words: str) -> None:
    run = make_run(owner, title="Before")
    answer = send("PATCH", f"/api/v1/runs/{run.id}", {**body, **({} if "title" in body else {"title": "After"})})
    assert answer.status_code == 422
    assert words in error_of(answer)["message"]
    assert Run.objects.get().title == "Before"


def test_runs_are_found_by_tag_and_pin(send: Send, owner: Any) -> None:
    one, other = make_run(owner), make_run(owner)
    send("PATCH", f"/api/v1/runs/{one.id}", {"tags": ["mills"], "pinned": True})
    ids = lambda query: [run["id"] for run in send("GET", f"/api/v1/runs?{query}").json()["items"]]  # noqa: E731
    assert ids("tag=Mills") == [one.id]
    assert ids("tag=mill") == []
    assert ids("pinned=true") == [one.id]
    assert ids("pinned=false") == [other.id]


def test_a_stranger_changes_nothing(owner: Any, stranger: Any) -> None:
    run = make_run(owner)
    made = Annotation.objects.create(run=run, thumb=1)
    other = sender(stranger)
    for method, path, body in (
        ("PATCH", f"/api/v1/runs/{run.id}", {"title": "mine"}),
        ("DELETE", f"/api/v1/runs/{run.id}", None),
        ("POST", f"/api/v1/runs/{run.id}/restore", None),
        ("GET", f"/api/v1/runs/{run.id}/annotations", None),
        ("POST", f"/api/v1/runs/{run.id}/annotations", {"thumb": "up"}),
        ("PATCH", f"/api/v1/annotations/{made.id}", {"thumb": "down"}),
        ("DELETE", f"/api/v1/annotations/{made.id}", None),
    ):
        assert error_of(other(method, path, body))["code"] == "not_found", path
    assert Run.objects.get().title == "" and Annotation.objects.get().thumb == 1


# ------------------------------------------------------------------------------------------------- deletion


def test_a_deleted_run_vanishes_at_every_door_and_comes_back_whole(send: Send, owner: Any) -> None:
    document = make_document(owner)
    run = make_run(owner, document, answer="Two.")
    node(run, 1)
    Event.objects.create(run=run, seq=1, data='{"seq":1}')
    before = send("GET", f"/api/v1/runs/{run.id}").json()
    made = send("POST", f"/api/v1/runs/{run.id}/annotations", {"thumb": "up"}).json()
    assert send("DELETE", f"/api/v1/runs/{run.id}").status_code == 204
    below = ("", "/events", "/tree", "/nodes/1", "/export/jsonl", "/charts/cost", "/annotations")
    for path in below:
        assert send("GET", f"/api/v1/runs/{run.id}{path}").status_code == 404, path
    assert send("PATCH", f"/api/v1/annotations/{made['id']}", {"comment": "x"}).status_code == 404
    assert send("DELETE", f"/api/v1/runs/{run.id}").status_code == 404
    assert send("GET", "/api/v1/runs").json()["items"] == []
    assert [each["id"] for each in send("GET", "/api/v1/runs?deleted=true").json()["items"]] == [run.id]
    assert send("POST", f"/api/v1/runs/{run.id}/restore").json() == before
    assert send("POST", f"/api/v1/runs/{run.id}/restore").status_code == 404
    for path in below:
        assert send("GET", f"/api/v1/runs/{run.id}{path}").status_code == 200, path


def test_a_run_at_work_is_not_deleted(send: Send, owner: Any) -> None:
    run = make_run(owner, status="running")
    for query in ("", "?for_good=true"):
        answer = send("DELETE", f"/api/v1/runs/{run.id}{query}")
        assert answer.status_code == 409 and error_of(answer)["code"] == "still_running"
    assert Run.objects.get().deleted_at is None


def test_after_a_week_a_deleted_run_is_purged_with_all_its_record(send: Send, owner: Any) -> None:
    kept = make_run(owner)
    run = make_run(owner, make_document(owner))
    Event.objects.bulk_create(Event(run=each, seq=seq, data="{}") for each in (run, kept) for seq in range(1, 5_001))
    node(run, 1)
    Annotation.objects.create(run=run, thumb=1)
    send("DELETE", f"/api/v1/runs/{run.id}")
    assert not deletion.purge_some(), "its time is not up"
    Run.objects.filter(pk=run.id).update(deleted_at=timezone.now() - LATE)
    assert send("POST", f"/api/v1/runs/{run.id}/restore").status_code == 404
    before = Event.objects.count()
    assert deletion.purge_some()
    assert 0 < before - Event.objects.count() <= deletion.ROWS_AT_ONCE, "a piece at a time"
    while deletion.purge_some():
        pass
    assert list(Run.objects.all()) == [kept] and Event.objects.count() == 5_000
    assert not Node.objects.exists() and not Annotation.objects.exists()
    assert Document.objects.count() == 1, "a document that was not deleted stays"


@pytest.mark.parametrize("deleted_before", [True, False])
def test_a_run_is_deleted_for_good_at_once(send: Send, owner: Any, deleted_before: bool) -> None:
    run = make_run(owner)
    if deleted_before:
        send("DELETE", f"/api/v1/runs/{run.id}")
    assert send("DELETE", f"/api/v1/runs/{run.id}?for_good=true").status_code == 204
    assert send("POST", f"/api/v1/runs/{run.id}/restore").status_code == 404
    assert send("GET", "/api/v1/runs?deleted=true").json()["items"] == []
    while deletion.purge_some():
        pass
    assert not Run.objects.exists()


def test_a_document_kept_for_a_deleted_run_goes_when_the_run_is_purged_and_not_before(send: Send, owner: Any) -> None:
    document = documents.add_text(owner, "mill.txt", "The mill was built in 1790.")
    run = make_run(owner, document)
    send("DELETE", f"/api/v1/documents/{document.id}?for_good=true")
    send("DELETE", f"/api/v1/runs/{run.id}")
    assert send("GET", f"/api/v1/documents/{document.id}").status_code == 404, "nothing shows it any more"
    documents.remove_unused()
    assert Document.objects.count() == 1
    send("POST", f"/api/v1/runs/{run.id}/restore")
    assert send("GET", f"/api/v1/documents/{document.id}/text").json()["text"].startswith("The mill")
    send("DELETE", f"/api/v1/runs/{run.id}?for_good=true")
    while deletion.purge_some():
        pass
    assert not Document.objects.exists()


def test_a_deleted_document_is_out_of_sight_and_comes_back(send: Send, owner: Any) -> None:
    document = documents.add_text(owner, "mill.txt", "The mill was built in 1790.")
    assert send("DELETE", f"/api/v1/documents/{document.id}").status_code == 204
    assert send("GET", f"/api/v1/documents/{document.id}").status_code == 404
    assert send("GET", "/api/v1/documents").json()["items"] == []
    assert [each["id"] for each in send("GET", "/api/v1/documents?deleted=true").json()["items"]] == [document.id]
    assert send("POST", f"/api/v1/documents/{document.id}/restore").json()["id"] == document.id
    assert send("GET", f"/api/v1/documents/{document.id}/text").json()["text"].startswith("The mill")
    send("DELETE", f"/api/v1/documents/{document.id}")
    Document.objects.update(deleted_at=timezone.now() - LATE)
    assert send("POST", f"/api/v1/documents/{document.id}/restore").status_code == 404
    deletion.purge_some()
    assert not Document.objects.exists()


def test_a_document_is_deleted_for_good_at_once(send: Send, owner: Any) -> None:
    document = documents.add_text(owner, "mill.txt", "The mill was built in 1790.")
    send("DELETE", f"/api/v1/documents/{document.id}")
    assert send("DELETE", f"/api/v1/documents/{document.id}?for_good=true").status_code == 204
    assert not Document.objects.exists()


# ------------------------------------------------------------------------------------------------- annotations


@pytest.fixture
def noted(owner: Any) -> Run:
    run = make_run(owner, answer="It is 🧂 salt.")
    request = {"messages": [{"role": "user", **reference(7)}, {"role": "user", **reference(9)}]}
    node(run, 3, texts={"response": reference(10), "request": request})
    return run


def test_thumbs_and_comments_are_kept_for_a_run_a_node_and_a_span(send: Send, noted: Run) -> None:
    path = f"/api/v1/runs/{noted.id}/annotations"
    whole = send("POST", path, {"thumb": "down", "comment": " Not what I asked. "})
    assert whole.status_code == 201
    assert whole.json()["comment"] == "Not what I asked." and whole.json()["thumb"] == "down"
    on_node = send("POST", path, {"node": 3, "comment": "Here it goes wrong."}).json()
    assert (on_node["node"], on_node["text"], on_node["thumb"]) == (3, None, None)
    span = {"node": 3, "text": "response", "start": 0, "end": 10, "comment": "All of it."}
    on_span = send("POST", path, span).json()
    assert (on_span["text"], on_span["start"], on_span["end"]) == ("response", 0, 10)
    listed = send("GET", path).json()
    assert [each["id"] for each in listed["items"]] == [whole.json()["id"], on_node["id"], on_span["id"]]
    assert listed["next"] is None


@pytest.mark.parametrize(
    "span",
    [
        {"text": "answer", "start": 6, "end": 7},
        {"text": "answer", "start": 0, "end": 13},
        {"text": "question", "start": 0, "end": 9},
        {"node": 3, "text": "request.1", "start": 8, "end": 9},
    ],
)
def test_a_span_may_lie_anywhere_in_its_text_counted_in_characters(send: Send, noted: Run, span: Any) -> None:
    assert send("POST", f"/api/v1/runs/{noted.id}/annotations", {**span, "comment": "x"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "says nothing"),
        ({"comment": "  "}, "says nothing"),
        ({"thumb": "sideways"}, "must be one of"),
        ({"thumb": 1}, "must be one of"),
        ({"comment": "a" * 4_001}, "more than 4000 characters"),
        ({"comment": "x", "node": 4}, "no node 4"),
        ({"comment": "x", "node": 0}, "must be 1 or more"),
        ({"comment": "x", "node": 2**63}, "must be"),
        ({"comment": "x", "node": "3"}, "must be a whole number"),
        ({"comment": "x", "text": "answer"}, "together"),
        ({"comment": "x", "start": 0, "end": 1}, "together"),
        ({"comment": "x", "text": "answer", "start": 0, "end": 14}, "within the 13 characters"),
        ({"comment": "x", "text": "answer", "start": 5, "end": 5}, "start first"),
        ({"comment": "x", "text": "answer", "start": -1, "end": 5}, "must be 0 or more"),
        ({"comment": "x", "text": "response", "start": 0, "end": 1}, "there are: answer, question"),
        ({"comment": "x", "node": 3, "text": "answer", "start": 0, "end": 1}, "request.0, request.1, response"),
        ({"comment": "x", "node": 3, "text": "request.2", "start": 0, "end": 1}, "no text"),
        ({"comment": "x", "node": 3, "text": "request", "start": 0, "end": 1}, "no text"),
        ({"comment": "x", "colour": "red"}, "not known here"),
    ],
)
def test_an_annotation_that_points_nowhere_is_refused(send: Send, noted: Run, body: Any, words: str) -> None:
    answer = send("POST", f"/api/v1/runs/{noted.id}/annotations", body)
    assert answer.status_code == 422, answer.content
    message = error_of(answer)["message"]
    assert words in message or words.replace("4000", "4,000") in message
    assert not Annotation.objects.exists()


def test_a_target_has_one_thumb(send: Send, noted: Run) -> None:
    path = f"/api/v1/runs/{noted.id}/annotations"
    first = send("POST", path, {"thumb": "up"}).json()
    spoken = send("POST", path, {"thumb": "up", "comment": "Right."}).json()
    on_node = send("POST", path, {"thumb": "up", "node": 3}).json()
    last = send("POST", path, {"thumb": "down"}).json()
    thumbs = {each["id"]: each["thumb"] for each in send("GET", path).json()["items"]}
    assert thumbs == {spoken["id"]: None, on_node["id"]: "up", last["id"]: "down"}
    assert first["id"] not in thumbs


def test_runs_are_found_by_their_thumb(send: Send, noted: Run, owner: Any) -> None:
    path = f"/api/v1/runs/{noted.id}/annotations"
    send("POST", path, {"thumb": "up", "node": 3})
    found = lambda thumb: [run["id"] for run in send("GET", f"/api/v1/runs?thumb={thumb}").json()["items"]]  # noqa: E731
    assert found("up") == [], "that of a node is not the run's"
    send("POST", path, {"thumb": "up"})
    assert (found("up"), found("down")) == ([noted.id], [])


def test_an_annotation_is_changed_and_deleted(send: Send, noted: Run) -> None:
    made = send("POST", f"/api/v1/runs/{noted.id}/annotations", {"thumb": "up", "comment": "Yes."}).json()
    path = f"/api/v1/annotations/{made['id']}"
    changed = send("PATCH", path, {"comment": "No."}).json()
    assert (changed["comment"], changed["thumb"]) == ("No.", "up")
    assert changed["updated_at"] > made["updated_at"]
    assert send("PATCH", path, {"thumb": None}).json()["thumb"] is None
    assert "delete it instead" in error_of(send("PATCH", path, {"comment": ""}))["message"]
    assert send("PATCH", path, {"node": 3}).status_code == 422
    assert send("DELETE", path).status_code == 204
    assert send("DELETE", path).status_code == 404


def test_a_run_takes_a_bounded_number_of_annotations(send: Send, noted: Run) -> None:
    Annotation.objects.bulk_create(Annotation(run=noted, comment="x") for _ in range(1_000))
    answer = send("POST", f"/api/v1/runs/{noted.id}/annotations", {"comment": "one more"})
    assert "at most 1,000 annotations" in error_of(answer)["message"]


def test_exports_carry_what_was_noted_for_the_owner_alone(send: Send, noted: Run) -> None:
    path = f"/api/v1/runs/{noted.id}/annotations"
    node(noted, 1, kind="rlm")
    send("POST", path, {"thumb": "down", "comment": "=cmd()"})
    send("POST", path, {"node": 3, "comment": "Here."})
    lines = [orjson.loads(line) for line in exported(noted, "jsonl").splitlines()]
    assert [line["annotation"]["comment"] for line in lines if "annotation" in line] == ["=cmd()", "Here."]
    sheet = exported(noted, "csv").decode().splitlines()
    assert sheet[0].endswith(",thumb,comments")
    assert sheet[1].endswith(",down,'=cmd()") and sheet[2].endswith(",,Here.")
    for name in exporters.NAMES:
        assert b"Here." not in exported(noted, name, annotated=False)


def exported(run: Run, name: str, *, annotated: bool = True) -> bytes:
    exporter = exporters.find(name)
    assert exporter is not None
    return b"".join(exporter.export(representations.recorded(run, representations.run_json(run), annotated=annotated)))
