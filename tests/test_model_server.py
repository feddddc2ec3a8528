"""The model server of the tests answers as it says it does, in a loop, in a thread and as a process."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.model_server import ModelServer, ScriptedReply

TALK = [{"role": "system", "content": "You are a root."}, {"role": "user", "content": "Go."}]
SAID = {"role": "assistant", "content": "…"}


def ask(url: str, messages: list[dict[str, str]], model: str = "root") -> httpx.Response:
    return httpx.post(f"{url}/chat/completions", json={"model": model, "messages": messages}, trust_env=False)


def text(response: httpx.Response) -> Any:
    return response.json()["choices"][0]["message"]["content"]


def test_it_plays_a_conversation_turn_by_turn_and_repeats_the_last() -> None:
    with ModelServer() as server:
        server.replies("root", ["one", ScriptedReply("two")])
        assert [text(ask(server.url, TALK + [SAID] * turn)) for turn in range(3)] == ["one", "two", "two"]
        assert text(ask(server.url, TALK, model="other")) == "ANS[Go.]"


def test_a_conversation_is_told_by_how_it_opens() -> None:
    with ModelServer() as server:
        server.replies("root", ["root"])
        server.replies("root", ["child"], when="You are a child.")
        child = [{"role": "system", "content": "You are a child."}, *TALK[1:]]
        assert [text(ask(server.url, talk)) for talk in (TALK, child)] == ["root", "child"]


@pytest.mark.parametrize(
    ("prompt", "status"), [("MOCK_FAIL_500", 500), ("MOCK_FAIL_400", 400), ("MOCK_RATE_429", 429), ("hello", 200)]
)
def test_a_sub_call_fails_when_its_prompt_says_so(prompt: str, status: int) -> None:
    with ModelServer() as server:
        assert ask(server.url, [{"role": "user", "content": prompt}]).status_code == status


def test_it_limits_the_rate_of_a_prompt_once() -> None:
    with ModelServer() as server:
        prompt = [{"role": "user", "content": "MOCK_RATE_429"}]
        first, second = ask(server.url, prompt), ask(server.url, prompt)
        assert (first.status_code, first.headers["Retry-After"], second.status_code) == (429, "0", 200)


def test_it_remembers_what_it_was_asked() -> None:
    with ModelServer() as server:
        ask(server.url, TALK)
        request = server.wait_for(1)
        assert request["messages"] == TALK
        assert request.headers["content-type"] == "application/json"
        assert server.peak == 1


def test_it_runs_as_a_process_with_a_script_from_a_file(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("REPLIES = {'root': ['from the file']}\n")
    command = [sys.executable, "-m", "tests.model_server", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert text(ask(url, TALK)) == "from the file"
            assert httpx.get(url.replace("/v1", "/stats"), trust_env=False).json()["calls"] == 1
        finally:
            process.terminate()
