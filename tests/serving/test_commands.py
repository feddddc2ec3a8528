"""The commands beside `serve`, as a user types them."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.house import PROJECT, House
from tests.model_server import ModelServer, ScriptedReply
from tests.serving.asking import TEXT


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(TEXT)
    return path


def test_token_makes_a_key_to_the_api(house: House) -> None:
    token = house.manage("token", "--name", "a script").stdout.strip()
    assert httpx.get(f"{house.url}/api/v1/runs", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_token_for_nobody_is_refused(house: House) -> None:
    refused = house.manage("token", "--user", "nobody", check=False)
    assert refused.returncode == 1
    assert "There is no user 'nobody'." in refused.stderr


def test_signin_prints_a_link_to_where_the_server_answers(house: House) -> None:
    assert re.fullmatch(re.escape(house.url) + r"/\?token=\S+", house.manage("signin").stdout.strip())
    elsewhere = house.manage("signin", "--base-url", "https://rlm.example/").stdout
    assert elsewhere.startswith("https://rlm.example/?token=")


def test_sandbox_check_tells_the_level_and_fails_under_the_minimum(house: House) -> None:
    told = house.manage("sandbox_check", check=False)
    level = re.search(r"isolation: (\w+)", told.stdout)
    assert level, told
    assert (told.returncode == 0) == (level[1] in ("syscalls", "full"))
    refused = house.manage("sandbox_check", check=False, env={**house.environment, "RLM_SANDBOX_MIN": "container"})
    assert refused.returncode != 0


@pytest.mark.parametrize("question", ["  ", "q " * 15_000])
def test_ask_refuses_a_question_that_cannot_be_asked(house: House, note: Path, question: str) -> None:
    refused = house.manage("ask", question, str(note), check=False)
    assert refused.returncode == 1
    assert re.fullmatch(r"CommandError: The question .*\.", refused.stderr.strip())


def test_ask_takes_a_question_of_any_bytes(house: House, note: Path) -> None:
    told = house.manage("ask", "the keeper \udcff?", str(note), "--policy", "offline", "--json")
    assert json.loads(told.stdout)["question"] == "the keeper ??"


def test_ask_answers_on_the_terminal(own_house: House, note: Path) -> None:
    own_house.stop()
    told = own_house.manage("ask", "What is the lighthouse keeper called?", str(note), "--policy", "offline")
    assert "Marta" in told.stdout
    assert "Sources" in told.stdout
    assert "note.txt, characters" in told.stdout
    assert "$0" in told.stdout
    assert "/runs/" in told.stdout.splitlines()[-1]
    assert "step 1" in told.stderr
    assert "Traceback" not in told.stderr


def test_ask_prints_the_run_as_json_while_the_server_works_on_it(house: House, note: Path) -> None:
    told = house.manage("ask", "What is the lighthouse keeper called?", str(note), "--policy", "offline", "--json")
    run = json.loads(told.stdout)
    assert run["status"] == "succeeded"
    assert run["url"].startswith(house.url)
    assert house.client.get(f"/api/v1/runs/{run['id']}").json()["answer"] == run["answer"]


def test_ask_fails_when_the_run_fails(own_house: House, models: ModelServer, note: Path) -> None:
    own_house.stop()
    models.replies("root", [ScriptedReply("The key is wrong.", status=401)], when="locked out")
    failed = own_house.manage("ask", "locked out", str(note), "--json", check=False)
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["status"] == "failed"


def test_ask_refuses_what_cannot_be(house: House, note: Path) -> None:
    assert "is not a file" in house.manage("ask", "q", "/nonexistent", check=False).stderr
    unknown = house.manage("ask", "q", str(note), "--policy", "nonsense", check=False)
    assert unknown.returncode == 1
    assert "nonsense" in unknown.stderr
    assert "Traceback" not in unknown.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_what_was_asked(own_house: House, models: ModelServer, note: Path, number: int) -> None:
    own_house.stop()
    models.replies("root", [ScriptedReply("…", delay=60)], when="take your time")
    models.reset()
    asked = subprocess.Popen(
        [sys.executable, "manage.py", "ask", "take your time", str(note), "--json"],
        cwd=PROJECT,
        env=own_house.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        models.wait_for(1)
        asked.send_signal(number)
        told, _ = asked.communicate(timeout=10)
    finally:
        asked.kill()
    assert asked.returncode == 130
    assert json.loads(told)["status"] == "cancelled"


def test_rebuild_finds_and_mends_what_does_not_follow_from_the_log(house: House, note: Path) -> None:
    asked = house.manage("ask", "What is the keeper called?", str(note), "--policy", "offline", "--json")
    run_id = json.loads(asked.stdout)["id"]
    assert "as it was stored" in house.manage("rebuild", run_id).stdout
    spoil = f"from trajectories.models import *; Node.objects.filter(run='{run_id}', number=2).update(name='x')"
    house.manage("shell", "-c", spoil)
    mended = house.manage("rebuild", run_id, check=False)
    assert mended.returncode == 1
    assert "node 2: name was 'x'" in mended.stderr
    assert "as it was stored" in house.manage("rebuild", run_id).stdout


def test_rebuild_of_nothing_is_refused(house: House) -> None:
    refused = house.manage("rebuild", "nosuchrun000", check=False)
    assert refused.returncode == 1
    assert "There is no run 'nosuchrun000'." in refused.stderr


def test_a_worker_of_its_own_needs_redis(house: House) -> None:
    refused = house.manage("worker", check=False)
    assert refused.returncode == 1
    assert "RLM_REDIS_URL" in refused.stderr
