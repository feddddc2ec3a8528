"""The API of the running product, as a program outside uses it."""

import asyncio
import csv
import hashlib
import io
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import orjson
import pytest

from tests.house import House
from tests.model_server import ModelServer, ScriptedReply

TEXT = (
    "The harbour book of Aldmouth.\n\n"
    "On 3 March 1887 the brig Concordia left the harbour with a cargo of salt. "
    "The harbour master that year was Edith Varley. "
    "On 9 May 1887 the schooner Wren ran aground at the northern mole.\n\n"
) + "Nothing of note was entered on that day. " * 200


@pytest.fixture
def client(house: House) -> httpx.Client:
    return house.client


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(client: httpx.Client, server: ModelServer) -> Iterator[dict[str, Any]]:
    """A policy whose root and worker live at the scripted server."""
    name = f"scripted-{server.url.rsplit(':')[-1].split('/')[0]}"
    body = {"name": name, "provider": "openai", "base_url": server.url, "api_key": "sk-secret-of-the-house"}
    client.post("/api/v1/connections", json=body).raise_for_status()
    yield {"models": {"root": f"{name}/root", "worker": f"{name}/worker"}, "limits": {"seconds": 60}}
    client.delete(f"/api/v1/connections/{name}").raise_for_status()


def add_text(client: httpx.Client, text: str = TEXT, name: str = "harbour.txt") -> str:
    response = client.post("/api/v1/documents", json={"name": name, "text": text})
    assert response.status_code in (200, 201), response.text
    return str(response.json()["id"])


def start(client: httpx.Client, question: str, document: str, policy: Any) -> str:
    response = client.post("/api/v1/runs", json={"question": question, "documents": [document], "policy": policy})
    assert response.status_code == 201, response.text
    assert response.json()["status"] == "queued"
    return str(response.json()["id"])


def followed(house: House, run_id: str, until: str = "end") -> list[dict[str, Any]]:
    """The events of a run up to its end (or to the first of a type), by its socket."""

    async def follow() -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        headers = {"Authorization": f"Bearer {house.token}"}
        async with (
            asyncio.timeout(60),
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{house.socket_url}/ws/runs/{run_id}") as socket,
        ):
            async for message in socket:
                frame = orjson.loads(message.data)
                events += frame.get("events", [])
                if frame["type"] == "end" or any(event["type"] == until for event in events):
                    return events
        raise AssertionError("the socket was closed before the end")

    return asyncio.run(follow())


def asked(house: House, question: str, policy: Any, text: str = TEXT) -> dict[str, Any]:
    """The run at its end."""
    run_id = start(house.client, question, add_text(house.client, text), policy)
    followed(house, run_id)
    run: dict[str, Any] = house.client.get(f"/api/v1/runs/{run_id}").json()
    return run


# ------------------------------------------------------------------------------------------------- a whole run


@pytest.fixture(scope="module")
def done(house: House) -> dict[str, Any]:
    return asked(house, "Who was the harbour master in 1887?", "offline")


def test_a_question_is_answered_with_sources_that_stand_in_the_text(client: httpx.Client, done: dict[str, Any]) -> None:
    assert done["status"] == "succeeded", done["error"]
    assert "Edith Varley" in done["answer"]
    assert done["cost"] == {"usd": "0", "kind": "exact", "unpriced_calls": 0}
    assert done["sources"]
    for source in done["sources"]:
        there = client.get(
            f"/api/v1/documents/{source['document']}/text", params={"start": source["start"], "end": source["end"]}
        ).json()
        assert there["text"] == source["text"] == TEXT[source["start"] : source["end"]]


def test_its_log_has_no_gaps_and_one_finish_for_each_start(client: httpx.Client, done: dict[str, Any]) -> None:
    log = client.get(f"/api/v1/runs/{done['id']}/events", params={"limit": 10_000}).json()
    assert [event["seq"] for event in log["events"]] == list(range(1, log["last_seq"] + 1))
    assert log["last_seq"] == done["last_seq"] and log["next"] is None
    assert log["events"][0]["type"] == "run.started" and log["events"][-1]["type"] == "run.finished"
    started = [event["node"] for event in log["events"] if event["type"] == "node.started"]
    finished = [event["node"] for event in log["events"] if event["type"] == "node.finished"]
    assert sorted(started) == sorted(finished) == list(range(1, done["nodes"] + 1))


def test_its_tree_and_its_nodes_say_the_same(client: httpx.Client, done: dict[str, Any]) -> None:
    tree = client.get(f"/api/v1/runs/{done['id']}/tree").json()
    rows = [dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"]]
    assert tree["last_seq"] == done["last_seq"] and len(rows) == done["nodes"]
    assert rows[0]["kind"] == "rlm" and rows[0]["parent"] is None
    for row in rows:
        node = client.get(f"/api/v1/runs/{done['id']}/nodes/{row['number']}").json()
        assert [node[name] for name in ("number", "parent", "kind", "name", "status")] == [
            row[name] for name in ("number", "parent", "kind", "name", "status")
        ]
        if row["kind"] == "lm":
            assert node["request"][0].keys() == {"role", "content"} and isinstance(node["response"], str)
        if row["kind"] == "cell":
            assert isinstance(node["code"], str) and isinstance(node["stdout"], str)


CHARTS = ("cost", "tokens", "concurrency", "cumulative", "latency", "cache", "budget", "time", "waste")


def test_its_charts_are_figures_of_at_most_300_marks(client: httpx.Client, done: dict[str, Any]) -> None:
    for name in CHARTS:
        figure = client.get(f"/api/v1/runs/{done['id']}/charts/{name}").json()
        assert sum(len(trace.get("x") or []) for trace in figure["data"]) <= 300, name
        table = client.get(f"/api/v1/runs/{done['id']}/charts/{name}.csv")
        assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(table.text)))
        assert len(rows) == 1 + figure["layout"]["meta"]["all_rows"] or not any(rows)


def test_its_log_as_a_file_needs_nothing_else(client: httpx.Client, done: dict[str, Any]) -> None:
    response = client.get(f"/api/v1/runs/{done['id']}/export/jsonl")
    assert response.headers["Content-Disposition"] == f'attachment; filename="run-{done["id"]}.jsonl"'
    header, *lines = [orjson.loads(line) for line in response.text.splitlines()]
    assert header["format"] == "rlm-web" and header["run"]["documents"] == done["documents"]
    texts: dict[str, str] = {}
    seqs = []
    for line in lines:
        if "sha" in line:
            assert hashlib.sha256(line["text"].encode()).hexdigest() == line["sha"] not in texts
            texts[line["sha"]] = line["text"]
            continue
        seqs.append(line["seq"])
        for reference in (line["data"].get("texts") or {}).values():
            assert all(part["sha"] in texts for part in reference.get("messages", [reference]))
    assert seqs == list(range(1, done["last_seq"] + 1)) and done["answer"] in texts.values()


def test_its_nodes_as_a_table(client: httpx.Client, done: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(f"/api/v1/runs/{done['id']}/export/csv").text)))
    assert [row["number"] for row in rows] == [str(number) for number in range(1, done["nodes"] + 1)]


def test_it_can_be_found_and_deleted(house: House) -> None:
    client = house.client
    run = asked(house, "When did the Wren run aground?", "offline")
    found = client.get("/api/v1/runs", params={"q": "wren run aground", "document": run["documents"][0]["id"]}).json()
    assert run["id"] in [item["id"] for item in found["items"]]
    assert client.delete(f"/api/v1/runs/{run['id']}").status_code == 204
    assert client.get(f"/api/v1/runs/{run['id']}").status_code == 404


# ------------------------------------------------------------------------------------------------- a real connection


def test_a_model_of_ones_own_answers_and_its_key_stays_secret(
    house: House, server: ModelServer, model: dict[str, Any]
) -> None:
    server.replies("root", ["```repl\nprint(len(context))\n```", 'FINAL("so many")'])
    run = asked(house, "How long is it?", model)
    assert (run["status"], run["answer"]) == ("succeeded", "so many"), run["error"]
    assert run["usage"]["calls"] == 2 and run["cost"] == {"usd": None, "kind": "unknown", "unpriced_calls": 2}
    assert server.requests[0].headers["Authorization"] == "Bearer sk-secret-of-the-house"
    for path in (f"runs/{run['id']}", f"runs/{run['id']}/events", f"runs/{run['id']}/export/jsonl", "connections"):
        assert "sk-secret" not in house.client.get(f"/api/v1/{path}").text


def test_own_prices_make_an_exact_cost(house: House, server: ModelServer, model: dict[str, Any]) -> None:
    server.replies("root", ['FINAL("done")'])
    root = model["models"]["root"]
    prices = {"input": "1000000", "output": "0"}
    house.client.put(f"/api/v1/models/{root}", json={"prices": prices}).raise_for_status()
    run = asked(house, "How long is it?", {**model, "limits": {"cost_usd": None}})
    assert run["cost"]["kind"] == "exact" and run["cost"]["usd"] == str(run["usage"]["input_tokens"])
    house.client.delete(f"/api/v1/models/{root}").raise_for_status()


def test_cancelling_ends_a_run_within_two_seconds(house: House, server: ModelServer, model: dict[str, Any]) -> None:
    server.script(lambda body: ScriptedReply("too late", delay=60))
    client = house.client
    run_id = start(client, "How long is it?", add_text(client), model)
    followed(house, run_id, until="node.started")
    began = time.monotonic()
    assert client.post(f"/api/v1/runs/{run_id}/cancel").status_code == 202
    events = followed(house, run_id)
    assert time.monotonic() - began < 2
    assert events[-1]["data"]["status"] == "cancelled"
    started = [event["node"] for event in events if event["type"] == "node.started"]
    assert sorted(started) == sorted(event["node"] for event in events if event["type"] == "node.finished")
    assert client.post(f"/api/v1/runs/{run_id}/cancel").status_code == 202
    assert client.get(f"/api/v1/runs/{run_id}").json()["ended_by"] == "cancel"


def test_health_needs_no_sign_in(house: House) -> None:
    health = httpx.get(f"{house.url}/api/v1/health").json()
    assert (health["status"], health["worker"]) == ("ok", "embedded") and health["sandbox"] in ("syscalls", "full")


# ------------------------------------------------------------------------------------------------- as a model


def chat(question: str, model: str = "offline", **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": TEXT}, {"role": "user", "content": question}]
    return {"model": model, "messages": messages, **more}


@pytest.fixture
def named(client: httpx.Client, model: dict[str, Any]) -> Iterator[str]:
    """The scripted policy under a name."""
    name = model["models"]["root"].partition("/")[0]
    client.put(f"/api/v1/policies/{name}", json=model).raise_for_status()
    yield name
    client.delete(f"/api/v1/policies/{name}").raise_for_status()


def test_a_policy_answers_as_a_model(client: httpx.Client) -> None:
    response = client.post("/v1/chat/completions", json=chat("Who was the harbour master in 1887?"))
    answer = response.json()
    assert response.status_code == 200, answer
    assert answer["object"] == "chat.completion" and answer["choices"][0]["finish_reason"] == "stop"
    assert "Edith Varley" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]
    assert (
        client.get(f"/api/v1/runs/{answer['rlm']['id']}").json()["answer"] == answer["choices"][0]["message"]["content"]
    )


def test_a_policy_streams_as_a_model(client: httpx.Client) -> None:
    body = chat("Who was the harbour master in 1887?", stream=True, stream_options={"include_usage": True})
    with client.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    chunks = [orjson.loads(line) for line in lines[:-1]]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    words = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert "Edith Varley" in words
    assert [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]][-1] == "stop"
    assert "total_tokens" in chunks[-1]["usage"] and chunks[-1]["choices"] == []


def test_its_documents_do_not_crowd_the_list(client: httpx.Client) -> None:
    before = {item["id"] for item in client.get("/api/v1/documents").json()["items"]}
    client.post("/v1/chat/completions", json=chat("A question about a text nobody uploaded?")).raise_for_status()
    assert {item["id"] for item in client.get("/api/v1/documents").json()["items"]} == before


def test_the_models_are_the_policies(client: httpx.Client) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list" and {"default", "offline"} <= {model["id"] for model in listed["data"]}
    assert client.get("/v1/models/offline").json()["id"] == "offline"
    assert client.get("/v1/models/nothing").json()["error"]["code"] == "model_not_found"


def test_errors_have_openais_shape(client: httpx.Client, house: House) -> None:
    unknown = client.post("/v1/chat/completions", json=chat("Who?", model="gpt-nothing"))
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
    assert unknown.json()["error"].keys() == {"message", "type", "param", "code"}
    empty = client.post("/v1/chat/completions", json={"model": "offline", "messages": []})
    assert (empty.status_code, empty.json()["error"]["type"]) == (400, "invalid_request_error")
    stranger = httpx.post(f"{house.url}/v1/chat/completions", json=chat("Who?"), headers={"Authorization": "Bearer no"})
    assert (stranger.status_code, stranger.json()["error"]["type"]) == (401, "authentication_error")


def test_a_run_that_fails_is_an_error_that_clients_do_not_retry(
    client: httpx.Client, server: ModelServer, named: str
) -> None:
    server.script(lambda body: ScriptedReply("no such model", status=404))
    failed = client.post("/v1/chat/completions", json=chat("Who?", model=named))
    assert (failed.status_code, failed.json()["error"]["code"]) == (422, "run_failed")
    with client.stream("POST", "/v1/chat/completions", json=chat("Who?", model=named, stream=True)) as response:
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line.startswith("data: ")]
    assert orjson.loads(lines[-2])["error"]["code"] == "run_failed" and lines[-1] == "[DONE]"


def test_a_client_that_goes_away_takes_its_run_with_it(
    client: httpx.Client, house: House, server: ModelServer, named: str
) -> None:
    server.script(lambda body: ScriptedReply("too late", delay=60))
    with client.stream("POST", "/v1/chat/completions", json=chat("Who?", model=named, stream=True)) as response:
        first = next(line for line in response.iter_lines() if line.startswith("data: "))
        run_id = orjson.loads(first.removeprefix("data: "))["id"].removeprefix("chatcmpl-")
    assert followed(house, run_id)[-1]["data"]["status"] == "cancelled"


def test_a_client_that_gives_up_waiting_takes_its_run_with_it(
    client: httpx.Client, house: House, server: ModelServer, named: str
) -> None:
    server.script(lambda body: ScriptedReply("too late", delay=60))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v1/chat/completions", json=chat("Who gives up?", model=named), timeout=2)
    run_id = client.get("/api/v1/runs", params={"q": "Who gives up?"}).json()["items"][0]["id"]
    assert followed(house, run_id)[-1]["data"]["status"] == "cancelled"


async def test_waiting_chats_hold_nobody_up(house: House, server: ModelServer, named: str) -> None:
    """Thirty clients wait for their answers while the rest of the house goes on answering."""
    arrived, loop = asyncio.Event(), asyncio.get_running_loop()

    def slowly(body: dict[str, Any]) -> ScriptedReply:
        loop.call_soon_threadsafe(arrived.set)
        return ScriptedReply('FINAL("yes")', delay=1.0)

    server.script(slowly)
    async with httpx.AsyncClient(base_url=house.url, headers=dict(house.client.headers), timeout=60) as client:
        body = chat("Who?", model=named)
        chats = [asyncio.ensure_future(client.post("/v1/chat/completions", json=body)) for _ in range(30)]
        await asyncio.wait_for(arrived.wait(), 30)
        began = time.monotonic()
        (await client.get("/api/v1/health")).raise_for_status()
        seconds = time.monotonic() - began
        statuses = [response.status_code for response in await asyncio.gather(*chats)]
    assert statuses == [200] * 30
    assert seconds < 1.0
