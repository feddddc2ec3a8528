"""Nothing leaves through a link that its scope and its redaction do not let out: every byte of every door is searched
for words that stand in one kind of text each."""

import asyncio
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import pytest

from tests.fixtures.canaries import DOCUMENT, KINDS, PASSAGE, SECRET, WORD
from tests.house import House
from tests.sharing.conftest import PAGES, Share, data_doors, frames_of, path_of
from trajectories import charts
from trajectories.windows import TEXTS

NEVER = {"titleafter", "tagafter", "commentafter", "user", "other"}
ANSWER = {"question", "answer", "title", "document"}
"""The answer quotes the document."""
SOURCES = ANSWER | {"name"}
WHOLE = set(KINDS) - NEVER
SCOPES = {"answer": ANSWER, "sources": SOURCES, "trajectory": WHOLE}

OUTPUTS = {"stdout", "shown", "preview", "traceback", "exception", "childstdout"}
REPLIES = {"subreply", "childanswer", "verdict"}
REFUSALS = {"retry", "provider", "gatereason"}
ASKED = {"system", "prompt", "subprompt", "childquestion", "judge", "note"}
HIDDEN_BY_DOCUMENTS = OUTPUTS | REPLIES | REFUSALS | ASKED | {"name", "document"}
HIDDEN_BY_PROMPTS = ASKED | REFUSALS | {"literal", "preview", "traceback", "exception"}
REDACTIONS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "none": ({}, set()),
    "documents": ({"documents": True}, HIDDEN_BY_DOCUMENTS),
    "prompts": ({"prompts": True}, HIDDEN_BY_PROMPTS),
    "patterns": ({"patterns": [r"sk-live-\d+", "(?i)canary(?:question|answer|stdout|model|tag|comment)[0-9]+"]}, set()),
}
NAMED_BY_PATTERN = {"question", "answer", "stdout", "model", "tag", "comment"}


@pytest.fixture(scope="module")
def links(canary: Callable[..., str], share: Share) -> tuple[str, dict[tuple[str, str], str]]:
    """The run, and the path of a link for each scope and redaction; its owner noted more on it after they were made."""
    run = canary("put")
    made = {
        (scope, name): path_of(share(run, scope=scope, redact=redact))
        for scope in SCOPES
        for name, (redact, _) in REDACTIONS.items()
    }
    canary("after", run)
    return run, made


@cache
def text_doors(house: House, run: str) -> list[str]:
    """A window of each text that there is."""
    found = []
    for number in range(1, 26):
        node = house.client.get(f"/api/v1/runs/{run}/nodes/{number}").json()
        found += [f"/nodes/{number}/texts/{name}" for name in TEXTS if name in node]
        found += [f"/nodes/{number}/texts/request.{place}" for place, _ in enumerate(node.get("request", ()))]
    return found


def everything(house: House, viewer: httpx.Client, run: str, path: str) -> dict[str, str]:
    """Door → all its bytes, answers with an error and headers among them."""
    told = {}
    views = [f"/cost?{name}={by}" for name in charts.NAMES for by in charts.views(name)]
    others = ["/search?q=CANARY", "/search?q=sk-live", "/documents", f"/documents/{DOCUMENT}"]
    for door in [*PAGES, *data_doors(nodes=25), *text_doors(house, run), *views, *others]:
        answer = viewer.get(path + door)
        assert answer.status_code in (200, 404), door  # what broke would tell nothing, and prove nothing
        told[door] = f"{answer.headers}\n{answer.text}"
    frames, _ = asyncio.run(frames_of(house, f"/ws/runs/{run}?share={path.removeprefix('/s/')}"))
    told["socket"] = json.dumps(frames)
    return told


@pytest.mark.parametrize("redaction", REDACTIONS)
@pytest.mark.parametrize("scope", SCOPES)
def test_no_door_tells_more_than_the_link_lets_out(
    house: House, viewer: httpx.Client, links: Any, scope: str, redaction: str
) -> None:
    run, paths = links
    doors = everything(house, viewer, run, paths[scope, redaction])
    hidden = REDACTIONS[redaction][1] | (NAMED_BY_PATTERN if redaction == "patterns" else set())
    let_out = SCOPES[scope] - hidden
    found = {kind: sorted(door for door, text in doors.items() if WORD[kind] in text) for kind in KINDS}
    leaks = {kind: where for kind, where in found.items() if where and kind not in let_out}
    assert leaks == {}
    missing = {kind for kind in let_out if not found[kind]}
    assert not missing, "what is let out is there to be seen"


@pytest.mark.parametrize("scope", SCOPES)
def test_a_secret_that_a_pattern_names_is_nowhere(house: House, viewer: httpx.Client, links: Any, scope: str) -> None:
    run, paths = links
    open_doors = everything(house, viewer, run, paths[scope, "none"])
    assert any(SECRET in text for text in open_doors.values())
    doors = everything(house, viewer, run, paths[scope, "patterns"])
    assert {door for door, text in doors.items() if "4242424242" in text} == set()


@pytest.mark.parametrize("scope", SCOPES)
def test_exact_pieces_of_a_document_are_nowhere_when_documents_are_hidden(
    house: House, viewer: httpx.Client, links: Any, scope: str
) -> None:
    """Any twenty characters of the passage in a row, wherever its words were taken to."""
    run, paths = links
    doors = everything(house, viewer, run, paths[scope, "documents"])
    pieces = [PASSAGE[at : at + 20] for at in range(len(PASSAGE) - 20)]
    leaks = {door for door, text in doors.items() for piece in pieces if piece in text}
    assert leaks == set()


def test_hashes_by_which_a_text_could_be_guessed_are_nowhere(house: House, viewer: httpx.Client, links: Any) -> None:
    run, paths = links
    log = house.client.get(f"/api/v1/runs/{run}/events?limit=1000").text
    hashes = set(re.findall(r"\b[0-9a-f]{64}\b", log))
    assert hashes
    for name in ("documents", "prompts", "patterns"):
        doors = everything(house, viewer, run, paths["trajectory", name])
        assert not {door for door, text in doors.items() for each in hashes if each in text}, name


def test_documents_get_numbers_for_names(viewer: httpx.Client, links: Any) -> None:
    _, paths = links
    path = paths["trajectory", "documents"]
    tree = viewer.get(f"{path}/tree").json()
    assert [document["name"] for document in tree["run"]["documents"]] == ["Document 1"]
    assert viewer.get(f"{path}/strips").json()["documents"][0]["name"] == "Document 1"
    assert "Document 1" in viewer.get(f"{path}/coverage").text
    started = viewer.get(f"{path}/events").json()["events"][0]
    assert started["data"]["documents"][0]["name"] == "Document 1"


def test_a_blacked_out_log_is_whole(viewer: httpx.Client, links: Any) -> None:
    """Each text stands before the event that refers to it, under a name that is not its hash."""
    _, paths = links
    lines = [
        json.loads(line) for line in viewer.get(f"{paths['trajectory', 'documents']}/export/jsonl").text.splitlines()
    ]
    told = {line["sha"]: line["text"] for line in lines if "sha" in line}
    events = [line for line in lines if "seq" in line]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    for event in events:
        for reference in (event["data"].get("texts") or {}).values():
            for part in reference.get("messages", [reference]):
                assert told[part["sha"]] is not None


@pytest.fixture(scope="module")
def comparisons(canary: Callable[..., str], share: Share) -> dict[tuple[str, str], str]:
    """Paths of links to two runs beside one another."""
    runs = [canary("put"), canary("put")]
    made = {
        (scope, name): path_of(share(runs, scope=scope, redact=redact))
        for scope in SCOPES
        for name, (redact, _) in REDACTIONS.items()
    }
    for run in runs:
        canary("after", run)
    return made


@pytest.mark.parametrize("redaction", REDACTIONS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_comparison_tells_no_more_than_the_link_lets_out(
    viewer: httpx.Client, comparisons: dict[tuple[str, str], str], scope: str, redaction: str
) -> None:
    path = comparisons[scope, redaction]
    below = ["/trace", "/cost", "/tree", "/nodes/3", "/strips", "/annotations", "/export/jsonl"]
    doors = {
        door: viewer.get(path + door).text
        for door in ["", "?all=1", "?base=x&pair=y", "/r/0", "/r/1", *(f"/r/1{each}" for each in below)]
    }
    for door in ("", "?all=1", "/r/0", "/r/1"):
        assert viewer.get(path + door).status_code == 200, door
    hidden = REDACTIONS[redaction][1] | (NAMED_BY_PATTERN if redaction == "patterns" else set())
    let_out = SCOPES[scope] - hidden
    found = {kind: sorted(door for door, text in doors.items() if WORD[kind] in text) for kind in KINDS}
    assert {kind: where for kind, where in found.items() if where and kind not in let_out} == {}
    assert found["answer"] or redaction == "patterns"
    if redaction == "patterns":
        assert {door for door, text in doors.items() if "4242424242" in text} == set()
    if scope != "trajectory":
        assert {viewer.get(f"{path}/r/0{each}").status_code for each in below} == {404}
    for nowhere in ("/trace", "/tree", "/r/2", "/r/2/tree", "/r/00x"):
        assert viewer.get(path + nowhere).status_code == 404, nowhere
