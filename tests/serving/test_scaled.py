"""The same product on Postgres and Redis: pages in one process, work in others."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.house import PROJECT, House
from tests.model_server import ModelServer
from tests.serving import servers
from tests.serving.asking import POLICY, ask, ended, events_in, events_of, followed, run_of, until_event


@pytest.fixture(scope="module")
def scaled(models: ModelServer) -> Iterator[House]:
    """Only serves: no worker yet."""
    with ExitStack() as stack:
        try:
            database, broker = stack.enter_context(servers.postgres()), stack.enter_context(servers.redis_server())
        except (servers.NotInstalled, PermissionError) as error:
            pytest.skip(str(error))
        environment = {"RLM_DATABASE_URL": database, "RLM_REDIS_URL": broker}
        yield stack.enter_context(House(OPENAI_BASE_URL=models.url, OPENAI_API_KEY="sk-test", **environment))


@contextmanager
def a_worker(house: House) -> Iterator["subprocess.Popen[str]"]:
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "worker", "--concurrency", "4"],
        cwd=PROJECT,
        env=house.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == "Waiting for runs.\n"
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        status = worker.wait(20)
        worker.stdout.close()
    assert status in (0, -signal.SIGKILL)


def test_a_run_waits_for_a_worker_and_is_watched_from_another_process(scaled: House, models: ModelServer) -> None:
    models.replies("root", ["```repl\nprint(llm_batch(['a', 'b']))\n```", "FINAL(far away)"], when="from afar")
    run_id = ask(scaled, "from afar", POLICY)
    assert run_of(scaled, run_id)["status"] == "queued"
    assert scaled.client.get("/api/v1/health").json()["worker"] == "separate"
    with a_worker(scaled):
        run = ended(scaled, run_id)
    assert (run["status"], run["answer"]) == ("succeeded", "far away"), run
    events = events_in(asyncio.run(followed(scaled, run_id)))
    assert events == events_of(scaled, run_id)
    assert "as it was stored" in scaled.manage("rebuild", run_id).stdout


def test_what_only_sqlite_would_take_is_kept_by_postgres_too(scaled: House, models: ModelServer) -> None:
    code = "```repl\nprint('nul \\0 and half \\ud800')\n```"
    models.replies("root", [code, "FINAL(a\0b)"], when="strange characters")
    run_id = ask(scaled, "strange characters", POLICY)
    with a_worker(scaled):
        run = ended(scaled, run_id)
    assert run["status"] == "succeeded", run
    assert "as it was stored" in scaled.manage("rebuild", run_id).stdout


def test_a_run_in_another_process_is_cancelled_within_two_seconds(scaled: House, models: ModelServer) -> None:
    async def never(body: dict) -> str:
        await asyncio.sleep(600)
        return ""

    models.script(never)
    try:
        with a_worker(scaled):
            run_id = ask(scaled, "wait", POLICY)
            asyncio.run(until_event(scaled, run_id, lambda event: event["data"].get("kind") == "lm"))
            began = time.monotonic()
            scaled.client.post(f"/api/v1/runs/{run_id}/cancel")
            assert ended(scaled, run_id)["status"] == "cancelled"
            assert time.monotonic() - began < 2
    finally:
        models.script(models._default_script)


def test_a_killed_worker_s_run_is_ended_by_another_when_its_lease_is_out(scaled: House, models: ModelServer) -> None:
    async def never(body: dict) -> str:
        await asyncio.sleep(600)
        return ""

    models.script(never)
    try:
        with a_worker(scaled) as worker:
            run_id = ask(scaled, "wait", POLICY)
            asyncio.run(until_event(scaled, run_id, lambda event: event["data"].get("kind") == "lm"))
            os.kill(worker.pid, signal.SIGKILL)
    finally:
        models.script(models._default_script)
    age = (
        f"from trajectories.models import Run;Run.objects.filter(pk='{run_id}').update(lease_until='2020-01-01T00:00Z')"
    )
    scaled.manage("shell", "-c", age)
    with a_worker(scaled):
        run = ended(scaled, run_id)
    assert (run["status"], run["error"]["kind"]) == ("failed", "interrupted")
