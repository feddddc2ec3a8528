"""Whatever is sent: a 4xx in the contract's shape that says what to do, never a 500."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import Send, error_of

DEEP = b'{"policy":' * 400 + b"1" + b"}" * 400


def run(**changes: Any) -> dict[str, Any]:
    return {"question": "How many?", "documents": ["READY"], **changes}


BAD_RUNS: list[tuple[str, Any, int]] = [
    ("no body", b"", 422),
    ("not JSON", b"{question: 1}", 400),
    ("half of a JSON text", b'{"question": "a', 400),
    ("bytes that are not UTF-8", b'{"question": "\xff\xfe"}', 400),
    ("half a surrogate pair", b'{"question": "\\ud800", "documents": []}', 400),
    ("NaN", b'{"question": NaN}', 400),
    ("Infinity", b'{"question": "a", "policy": {"limits": {"seconds": Infinity}}}', 400),
    ("endless nesting", DEEP, 422),
    ("a thousand levels", b"[" * 5000 + b"]" * 5000, 400),
    ("null", b"null", 422),
    ("a list", b"[1, 2]", 422),
    ("a number", b"7", 422),
    ("a text", b'"question"', 422),
    ("no question", {"documents": ["READY"]}, 422),
    ("no documents", {"question": "How many?"}, 422),
    ("question null", run(question=None), 422),
    ("question a number", run(question=5), 422),
    ("question a list", run(question=["a"]), 422),
    ("question empty", run(question=""), 422),
    ("question of spaces", run(question=" \n\t "), 422),
    ("question too long", run(question="a" * 20_001), 422),
    ("NUL in the question", run(question="a\0b"), 422),
    ("NUL in a key", b'{"question": "a", "documents": [], "\\u0000": 1}', 422),
    ("unknown field", run(documentz=[]), 422),
    ("documents null", run(documents=None), 422),
    ("documents a text", run(documents="READY"), 422),
    ("documents an object", run(documents={"id": "READY"}), 422),
    ("documents empty", run(documents=[]), 422),
    ("documents of numbers", run(documents=[1, 2]), 422),
    ("documents of nulls", run(documents=[None]), 422),
    ("ten thousand documents", run(documents=["READY"] * 10_000), 422),
    ("a document twice", run(documents=["READY", "READY"]), 422),
    ("unknown document", run(documents=["nosuchthing1"]), 404),
    ("a stranger's document", run(documents=["FOREIGN"]), 404),
    ("a deleted document", run(documents=["DELETED"]), 404),
    ("a document that is being read", run(documents=["READY", "PROCESSING"]), 409),
    ("a document that failed", run(documents=["FAILED"]), 409),
    ("a document's id without end", run(documents=["a" * 5_000]), 422),
    ("unknown policy", run(policy="nonsense"), 422),
    ("empty policy name", run(policy=""), 422),
    ("policy without end", run(policy="a" * 100_000), 422),
    ("policy a number", run(policy=5), 422),
    ("policy a list", run(policy=["default"]), 422),
    ("unknown key in the policy", run(policy={"max_dept": 1}), 422),
    ("negative depth", run(policy={"max_depth": -1}), 422),
    ("huge depth", run(policy={"max_depth": 2**63}), 422),
    ("depth 9,999", run(policy={"max_depth": 9_999}), 422),
    ("depth true", run(policy={"max_depth": True}), 422),
    ("depth a text", run(policy={"max_depth": "2"}), 422),
    ("depth null", run(policy={"max_depth": None}), 422),
    ("half a step", run(policy={"max_steps": 1.5}), 422),
    ("no steps", run(policy={"max_steps": 0}), 422),
    ("limits a list", run(policy={"limits": [1]}), 422),
    ("unknown limit", run(policy={"limits": {"dollars": 1}}), 422),
    ("negative cost", run(policy={"limits": {"cost_usd": "-1"}}), 422),
    ("cost NaN", run(policy={"limits": {"cost_usd": "NaN"}}), 422),
    ("cost Infinity", run(policy={"limits": {"cost_usd": "Infinity"}}), 422),
    ("cost below any coin", run(policy={"limits": {"cost_usd": "1E-999999999"}}), 422),
    ("cost without end", run(policy={"limits": {"cost_usd": "9" * 5_000}}), 422),
    ("cost a list", run(policy={"limits": {"cost_usd": []}}), 422),
    ("negative seconds", run(policy={"limits": {"seconds": -5}}), 422),
    ("negative tokens", run(policy={"limits": {"tokens": -5}}), 422),
    ("calls a float", run(policy={"limits": {"calls": 1e300}}), 422),
    ("models a text", run(policy={"models": "offline/planner"}), 422),
    ("a model without connection", run(policy={"models": {"root": "gpt-5"}}), 422),
    ("a model of an unknown connection", run(policy={"models": {"root": "nowhere/gpt-5"}}), 422),
    ("a model that is a number", run(policy={"models": {"root": 5}}), 422),
    ("a role that is no name", run(policy={"models": {"a b": "offline/planner"}}), 422),
    ("concurrency 0", run(policy={"concurrency": 0}), 422),
    ("unknown exploration", run(policy={"exploration": {"a": 1}}), 422),
    ("unknown profile", run(policy={"profile": ["x"]}), 422),
    ("tiers", run(policy={"tiers": {"S": ["offline/planner"]}}), 422),
]


@pytest.mark.parametrize(("body", "status"), [case[1:] for case in BAD_RUNS], ids=[case[0] for case in BAD_RUNS])
def test_a_bad_run_is_refused_with_a_sentence(send: Send, things: SimpleNamespace, body: Any, status: int) -> None:
    response = send("POST", "/api/v1/runs", _with_ids(body, things))
    error_of(response)
    assert response.status_code == status, response.content


def _with_ids(body: Any, things: SimpleNamespace) -> Any:
    if isinstance(body, dict) and isinstance(body.get("documents"), list):
        names = {"READY": things.ready, "FOREIGN": things.foreign, "PROCESSING": things.processing}
        names |= {"FAILED": things.failed, "DELETED": things.deleted}
        known = [names.get(each, each) if isinstance(each, str) else each for each in body["documents"]]
        return {**body, "documents": known}
    return body


BAD_ADDRESSES: list[tuple[str, str, int]] = [
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/", 404),
    ("GET", "/api", 404),
    ("GET", "/api/v2/runs", 404),
    ("GET", "/api/v1/", 404),
    ("POST", "/api/v1/nothing/at/all", 404),
    ("GET", "/v1/nothing", 404),
    ("PUT", "/api/v1/runs", 405),
    ("POST", "/api/v1/health", 405),
    ("PUT", "/api/v1/runs/{run}", 405),
    ("GET", "/api/v1/runs/{run}/cancel", 405),
    ("GET", "/api/v1/runs/nosuchthing1", 404),
    ("GET", "/api/v1/runs/{foreign_run}", 404),
    ("GET", "/api/v1/runs/{foreign_run}/tree", 404),
    ("GET", "/api/v1/runs/{foreign_run}/events", 404),
    ("GET", "/api/v1/runs/{foreign_run}/nodes/1", 404),
    ("GET", "/api/v1/runs/{foreign_run}/charts/cost", 404),
    ("GET", "/api/v1/runs/{foreign_run}/charts/cost.csv", 404),
    ("GET", "/api/v1/runs/{foreign_run}/export/jsonl", 404),
    ("POST", "/api/v1/runs/{foreign_run}/cancel", 404),
    ("DELETE", "/api/v1/runs/{foreign_run}", 404),
    ("DELETE", "/api/v1/runs/{running}", 409),
    ("POST", "/api/v1/runs/{run}/cancel", 409),
    ("GET", "/api/v1/runs/a%00b", 404),
    ("GET", "/api/v1/runs/" + "a" * 3_000, 404),
    ("GET", "/api/v1/runs/{run}/nodes/1", 404),
    ("GET", "/api/v1/runs/{run}/nodes/0", 404),
    ("GET", "/api/v1/runs/{run}/nodes/-1", 404),
    ("GET", "/api/v1/runs/{run}/nodes/one", 422),
    ("GET", "/api/v1/runs/{run}/nodes/1e3", 422),
    ("GET", "/api/v1/runs/{run}/nodes/" + "9" * 40, 404),
    ("GET", "/api/v1/runs/{run}/nodes/" + "9" * 4_000, 404),
    ("GET", "/api/v1/runs/{run}/nodes/" + "9" * 5_000, 422),
    ("GET", "/api/v1/runs/{foreign_run}/repriced?worker=1/2", 404),
    ("GET", "/api/v1/runs/{run}/repriced?nobody=1/2", 422),
    ("GET", "/api/v1/runs/{run}/charts/pie", 404),
    ("GET", "/api/v1/runs/{run}/charts/_record", 404),
    ("GET", "/api/v1/runs/{run}/charts/pie.csv", 404),
    ("GET", "/api/v1/runs/{run}/charts/cost?by=colour", 422),
    ("GET", "/api/v1/runs/{run}/charts/cost.csv?by=colour", 422),
    ("GET", "/api/v1/runs/{run}/export/docx", 404),
    ("GET", "/api/v1/runs/{run}/export/__init__", 404),
    ("GET", "/api/v1/runs/{run}/events?after=-1", 422),
    ("GET", "/api/v1/runs/{run}/events?after=abc", 422),
    ("GET", "/api/v1/runs/{run}/events?after=1.5", 422),
    ("GET", "/api/v1/runs/{run}/events?after=NaN", 422),
    ("GET", "/api/v1/runs/{run}/events?after=" + "9" * 30, 422),
    ("GET", "/api/v1/runs/{run}/events?after=" + "9" * 5_000, 422),
    ("GET", "/api/v1/runs/{run}/events?limit=0", 422),
    ("GET", "/api/v1/runs/{run}/events?limit=10001", 422),
    ("GET", "/api/v1/runs?status=done", 422),
    ("GET", "/api/v1/runs?limit=-1", 422),
    ("GET", "/api/v1/runs?limit=101", 422),
    ("GET", "/api/v1/runs?q=a%00b", 422),
    ("GET", "/api/v1/runs?q=" + "a" * 201, 422),
    ("GET", "/api/v1/runs?cursor=nonsense", 422),
    ("GET", "/api/v1/runs?cursor=AAAA", 422),
    ("GET", "/api/v1/runs?cursor=MDAwMS0wMS0wMVQwMDowMDowMCsyMzowMCBh", 422),
    ("GET", "/api/v1/runs?cursor=%F0%9F%98%80", 422),
    ("POST", "/api/v1/runs/import", 404),
    ("POST", "/api/v1/runs/{run}/fork", 404),
    ("GET", "/api/v1/compare?r=a&r=b", 404),
    ("GET", "/api/v1/compare?r={run}&r={foreign_run}", 404),
    ("GET", "/api/v1/compare", 422),
    ("GET", "/api/v1/compare?r={run}", 422),
    ("GET", "/api/v1/compare?r={run}&r={run}", 422),
    ("GET", "/api/v1/compare?r=a&r=b&r=c&r=d&r=e", 422),
    ("GET", "/api/v1/compare?r={run}&r={running}&base=a", 422),
    ("GET", "/api/v1/compare?r={run}&r={running}&base=" + "a" * 41, 422),
    ("POST", "/api/v1/connections/nowhere/test", 404),
    ("DELETE", "/api/v1/connections/nowhere", 404),
    ("DELETE", "/api/v1/connections/offline", 409),
    ("DELETE", "/api/v1/policies/default", 409),
    ("DELETE", "/api/v1/policies/nosuch", 404),
    ("DELETE", "/api/v1/models/offline/planner", 404),
]


@pytest.mark.parametrize(
    ("method", "path", "status"), BAD_ADDRESSES, ids=[f"{c[0]} {c[1][:50]}" for c in BAD_ADDRESSES]
)
def test_a_bad_address_is_refused_with_a_sentence(
    send: Send, things: SimpleNamespace, method: str, path: str, status: int
) -> None:
    response = send(method, path.format(**vars(things)))
    error_of(response)
    assert response.status_code == status, response.content


CONNECTION = {"name": "mine", "provider": "openai", "base_url": "http://127.0.0.1:1/v1", "api_key": "k"}
BAD_BODIES: list[tuple[str, str, Any, int]] = [
    ("POST", "/api/v1/connections", {**CONNECTION, "name": "Not a slug"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "name": ""}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "name": "a/b"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "name": "a" * 41}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "name": "offline"}, 409),
    ("POST", "/api/v1/connections", {**CONNECTION, "provider": "acme"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "provider": "offline"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "ftp://host/"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "file:///etc/passwd"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "http://user:pass@host/v1"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "http://host:99999/v1"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "http://[::1/v1"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "http:///v1"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "http://host/v1?key=1"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": "http://ho\nst/v1"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "base_url": None}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "api_key": 5}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "api_key": "a\nb"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "api_key": "clé"}, 422),
    ("POST", "/api/v1/connections", {**CONNECTION, "secret": "k"}, 422),
    ("PATCH", "/api/v1/connections/offline", {"base_url": ""}, 409),
    ("PATCH", "/api/v1/connections/nowhere", {"base_url": ""}, 404),
    ("PUT", "/api/v1/models/nowhere/m", {}, 404),
    ("PUT", "/api/v1/models/offline/planner", {"context_window": -1}, 422),
    ("PUT", "/api/v1/models/offline/planner", {"context_window": 2**63}, 422),
    ("PUT", "/api/v1/models/offline/planner", {"prices": {"input": "1"}}, 422),
    ("PUT", "/api/v1/models/offline/planner", {"prices": {"input": "-1", "output": "1"}}, 422),
    ("PUT", "/api/v1/models/offline/planner", {"prices": {"input": "NaN", "output": "1"}}, 422),
    ("PUT", "/api/v1/models/offline/planner", {"prices": {"input": "1e-999999999", "output": "1"}}, 422),
    ("PUT", "/api/v1/models/offline/planner", {"tier": "XL"}, 422),
    ("PUT", "/api/v1/models/offline/" + "m" * 201, {}, 422),
    ("PUT", "/api/v1/policies/default", {}, 422),
    ("PUT", "/api/v1/policies/Not%20a%20slug", {}, 422),
    ("PUT", "/api/v1/policies/mine", {"max_depth": -1}, 422),
    ("PUT", "/api/v1/policies/mine", [], 422),
    ("POST", "/api/v1/estimate", {"documents": ["nosuchthing1"]}, 404),
    ("POST", "/api/v1/estimate", {"documents": 5}, 422),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"), BAD_BODIES, ids=[f"{c[1][8:32]} {str(c[2])[-60:]}" for c in BAD_BODIES]
)
def test_a_bad_body_is_refused_with_a_sentence(send: Send, method: str, path: str, body: Any, status: int) -> None:
    response = send(method, path, body)
    error_of(response)
    assert response.status_code == status, response.content


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_another_content_type_than_json_is_415(send: Send, things: SimpleNamespace, content_type: str) -> None:
    body = f'{{"question": "a", "documents": ["{things.ready}"]}}'.encode()
    response = send("POST", "/api/v1/runs", body, content_type=content_type)
    assert (response.status_code, error_of(response)["code"]) == (415, "wrong_content_type")


def test_a_body_over_the_limit_is_413(send: Send) -> None:
    response = send("POST", "/api/v1/runs", b" " * ((16 << 20) + 1))
    assert (response.status_code, error_of(response)["code"]) == (413, "too_large")


def test_a_foreign_host_is_refused_in_the_shape(send: Send) -> None:
    response = send("GET", "/api/v1/runs", HTTP_HOST="evil.example")
    error_of(response)
    assert response.status_code == 400


def test_a_405_names_the_methods_there_are(send: Send) -> None:
    response = send("PUT", "/api/v1/runs")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert "PUT" in error_of(response)["message"]


def test_what_is_not_here_yet_says_so(send: Send, things: SimpleNamespace) -> None:
    response = send("POST", f"/api/v1/runs/{things.run}/fork", {"node": 3})
    assert error_of(response) == {"code": "not_yet", "message": "Forking a run is not part of this version yet."}


def test_an_unforeseen_failure_tells_nothing(db: None) -> None:
    """A view that breaks: the client gets a sentence, the log the traceback."""
    from trajectories.api.errors import as_response

    response = as_response(RuntimeError("the password is hunter2"))
    assert response.status_code == 500 and error_of(response)["code"] == "internal"
    assert b"hunter2" not in response.content


def test_the_pages_keep_their_own_errors(client: Client, db: None) -> None:
    assert not client.get("/no/such/page").headers["Content-Type"].startswith("application/json")
