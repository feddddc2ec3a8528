"""Follow-up questions through the running product: the same REPL, the same conversation, nothing paid twice."""

from typing import Any

import httpx
import pytest

from tests.house import House
from tests.model_server import ModelServer, RecordedRequest
from tests.serving.asking import ended


@pytest.fixture(scope="module")
def asked() -> Any:
    """A product of its own with a scripted model."""
    with (
        ModelServer() as models,
        House(OPENAI_API_KEY="none", OPENAI_BASE_URL=models.url, RLM_SANDBOX_MIN="none") as house,
    ):
        models.script(script)
        document = house.client.post(
            "/api/v1/documents", json={"name": "a.txt", "text": "The moon pulls the sea.\n" * 99}
        )
        yield house, models, document.json()["id"]


def script(body: dict[str, Any]) -> str:
    if body["messages"][0]["role"] != "system":
        return f"reply to {body['messages'][0]['content']}"
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    question = next(text for text in reversed(said) if "<question>" in text)
    turn = len(said) - 1 - said.index(question)
    if "What did you find?" in question:
        return "```repl\nFINAL('found ' + str(found))\n```"
    return ["```repl\nfound = llm_batch(['one', 'two'])\nprint(found)\n```", "```repl\nFINAL('first')\n```"][turn]


POLICY = {"models": {"root": "openai/root", "worker": "openai/worker"}, "limits": {"calls": 9}}


def first_run(house: House, document: str) -> dict[str, Any]:
    body = {"question": "What is it?", "documents": [document], "policy": POLICY}
    return ended(house, house.client.post("/api/v1/runs", json=body).raise_for_status().json()["id"])


def follow(house: House, run: dict[str, Any], **more: Any) -> httpx.Response:
    return house.client.post("/api/v1/runs", json={"question": "What did you find?", "follows": run["id"], **more})


def test_a_follow_up_finds_the_variables_and_the_conversation(asked: Any) -> None:
    house, models, document = asked
    run = first_run(house, document)
    assert run["answer"] == "first", run["error"]
    models.reset()
    second = ended(house, follow(house, run).raise_for_status().json()["id"])
    assert second["answer"] == "found ['reply to one', 'reply to two']", second["error"]
    assert (second["follows"], second["usage"]["calls"]) == (run["id"], 1)
    assert [each["id"] for each in second["documents"]] == [document]
    assert second["policy"]["limits"]["calls"] == 9
    (request,) = models.requests
    roles = [message["role"] for message in request["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert node(house, second, 1)["session"] == "kept"


def test_a_session_that_is_not_kept_any_more_is_restored_for_nothing(asked: Any) -> None:
    house, models, document = asked
    run = first_run(house, document)
    house.stop()
    house.start()
    models.reset()
    second = ended(house, follow(house, run).raise_for_status().json()["id"])
    assert second["answer"] == "found ['reply to one', 'reply to two']", second["error"]
    assert second["usage"]["calls"] == 1
    assert len(models.requests) == 1
    assert node(house, second, 1)["session"] == "restored"
    tree = house.client.get(f"/api/v1/runs/{second['id']}/tree").json()
    name = tree["columns"].index("name")
    assert [row[name] for row in tree["rows"]][1] == "Session restored"
    third = ended(house, follow(house, second).raise_for_status().json()["id"])
    assert third["answer"] == second["answer"]


def test_the_conversation_only_grows_at_its_end(asked: Any) -> None:
    house, models, document = asked
    models.reset()
    run = first_run(house, document)
    ended(house, follow(house, run).raise_for_status().json()["id"])
    roots: list[RecordedRequest] = [request for request in models.requests if request["model"] == "root"]
    for earlier, later in zip(roots, roots[1:], strict=False):
        assert later["messages"][: len(earlier["messages"])] == earlier["messages"]


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({"documents": ["x"]}, 422, "leave “documents” out"),
        ({"follows": "nothing0here"}, 404, "no such run"),
    ],
)
def test_a_wrong_follow_up_is_refused_with_a_sentence(asked: Any, more: dict[str, Any], status: int, says: str) -> None:
    house, _models, document = asked
    answer = follow(house, first_run(house, document), **more)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


def test_a_run_that_never_got_a_reply_has_no_session(asked: Any) -> None:
    house, _models, document = asked
    policy = {
        "models": {"root": "openai/root", "worker": "openai/worker"},
        "profile": "general",
        "limits": {"tokens": 1},
    }
    body = {"question": "What is it?", "documents": [document], "policy": policy}
    run = ended(house, house.client.post("/api/v1/runs", json=body).raise_for_status().json()["id"])
    assert run["status"] == "failed"
    answer = follow(house, run)
    assert answer.status_code == 409
    assert "never got a reply" in answer.json()["error"]["message"]


def node(house: House, run: dict[str, Any], number: int) -> dict[str, Any]:
    told: dict[str, Any] = house.client.get(f"/api/v1/runs/{run['id']}/nodes/{number}").raise_for_status().json()
    return told
