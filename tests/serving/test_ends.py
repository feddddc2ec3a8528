"""How runs end when their user, their process or the machine stops them."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator

import pytest

from tests.house import House
from tests.model_server import ModelServer
from tests.serving.asking import POLICY, ask, ended, events_of, run_of, until_event

NEVER = 600.0


@pytest.fixture
def silent(models: ModelServer) -> Iterator[Callable[[], None]]:
    """The models do not answer; the call they got is seen by its event."""

    async def answer(body: dict) -> str:
        await asyncio.sleep(NEVER)
        return ""

    models.script(answer)
    yield lambda: None
    models.script(models._default_script)


def a_run_that_waits_for_its_model(house: House) -> str:
    run_id = ask(house, "wait", POLICY)
    asyncio.run(until_event(house, run_id, lambda event: event["data"].get("kind") == "lm"))
    return run_id


def assert_whole(house: House, run_id: str) -> None:
    """Every start has its one finish, the run's end is the last event, the rows follow from the log."""
    events = events_of(house, run_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    opened = [event["node"] for event in events if event["type"] == "node.started"]
    closed = [event["node"] for event in events if event["type"] == "node.finished"]
    assert sorted(opened) == sorted(closed)
    assert [event["type"] for event in events].index("run.finished") == len(events) - 1
    assert "as it was stored" in house.manage("rebuild", run_id).stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_the_server_ends_its_runs_as_interrupted(own_house: House, silent: object, number: int) -> None:
    run_id = a_run_that_waits_for_its_model(own_house)
    began = time.monotonic()
    assert own_house.stop(number) == 0
    assert time.monotonic() - began < 4
    own_house.start()
    run = run_of(own_house, run_id)
    assert (run["status"], run["ended_by"], run["error"]["kind"]) == ("failed", "error", "interrupted")
    assert run["cost"]["kind"] == "unknown"
    assert_whole(own_house, run_id)


def test_a_run_whose_process_was_killed_is_interrupted_at_the_next_start(own_house: House, silent: object) -> None:
    run_id = a_run_that_waits_for_its_model(own_house)
    own_house.kill()
    own_house.start()
    run = run_of(own_house, run_id)
    assert (run["status"], run["error"]["kind"]) == ("failed", "interrupted")
    assert run["nodes"] == 3
    assert_whole(own_house, run_id)
    with sqlite3.connect(own_house.data_dir / "rlm.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_run_nobody_had_begun_is_begun_at_the_next_start(own_house: House, models: ModelServer) -> None:
    models.replies("root", ["FINAL(here I am)"])
    own_house.kill()
    make = (
        "from trajectories import accounts, documents, policies\n"
        "from trajectories.models import Run, RunDocument\n"
        "from trajectories import engine\n"
        "owner = accounts.owner_account()\n"
        "how = policies.resolve(owner, {'models': {'root': 'openai/root'}, 'exploration': 'off'})\n"
        "run = Run.objects.create(owner=owner, question='q', policy=engine.policy_json(how))\n"
        "RunDocument.objects.create(run=run, position=0, document=documents.add_text(owner, 'a.txt', 'text'))\n"
        "print(run.pk)"
    )
    run_id = own_house.manage("shell", "--no-imports", "-c", make).stdout.split()[-1]
    own_house.start()
    run = ended(own_house, run_id)
    assert (run["status"], run["answer"]) == ("succeeded", "here I am")


def test_cancelling_ends_a_run_within_two_seconds(modelled: House, silent: object) -> None:
    run_id = a_run_that_waits_for_its_model(modelled)
    began = time.monotonic()
    assert modelled.client.post(f"/api/v1/runs/{run_id}/cancel").status_code == 202
    run = ended(modelled, run_id)
    assert time.monotonic() - began < 2
    assert (run["status"], run["ended_by"], run["error"]) == ("cancelled", "cancel", None)
    assert_whole(modelled, run_id)


def test_cancelling_stops_code_that_never_ends(modelled: House, models: ModelServer) -> None:
    models.replies("root", ["```repl\nwhile True: pass\n```"], when="loop forever")
    run_id = ask(modelled, "loop forever", POLICY)
    asyncio.run(until_event(modelled, run_id, lambda event: event["data"].get("kind") == "cell"))
    began = time.monotonic()
    modelled.client.post(f"/api/v1/runs/{run_id}/cancel")
    assert ended(modelled, run_id)["status"] == "cancelled"
    assert time.monotonic() - began < 2
    assert_whole(modelled, run_id)


def test_more_runs_than_are_worked_on_at_once_wait_and_can_be_cancelled_at_once(
    modelled: House, silent: object
) -> None:
    going = [ask(modelled, f"fill {number}", POLICY) for number in range(16)]
    for run_id in going:
        asyncio.run(until_event(modelled, run_id, lambda event: event["type"] == "run.started"))
    waiting = ask(modelled, "wait", POLICY)
    assert run_of(modelled, waiting)["status"] == "queued"
    modelled.client.post(f"/api/v1/runs/{waiting}/cancel")
    run = run_of(modelled, waiting)
    assert (run["status"], run["last_seq"]) == ("cancelled", 1)
    for run_id in going:
        modelled.client.post(f"/api/v1/runs/{run_id}/cancel")
    assert {ended(modelled, run_id)["status"] for run_id in going} == {"cancelled"}
    assert_whole(modelled, waiting)
