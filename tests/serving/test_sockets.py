"""The socket of a run: everything that happened, then everything that happens, each once and in order."""

import asyncio
import time

import aiohttp
import httpx
import pytest

from tests.house import House
from tests.model_server import ModelServer, ScriptedReply
from tests.serving.asking import (
    POLICY,
    ask,
    ended,
    events_in,
    events_of,
    followed,
    frames_until,
    run_of,
    socket,
    until_event,
)


@pytest.fixture(scope="module")
def finished_run(house: House) -> str:
    run_id = ask(house)
    assert ended(house, run_id)["status"] == "succeeded"
    return run_id


async def close_code(house: House, path: str, **options: str | None) -> int | None:
    async with socket(house, path, **options) as opened:  # type: ignore[arg-type]
        await frames_until(opened, lambda frame: False)
        return opened.close_code


async def test_a_late_viewer_gets_everything_and_the_end(house: House, finished_run: str) -> None:
    frames = await followed(house, finished_run)
    assert [event["seq"] for event in events_in(frames)] == list(range(1, len(events_of(house, finished_run)) + 1))
    assert events_in(frames) == events_of(house, finished_run)
    assert frames[-1] == {"type": "end"}


async def test_a_viewer_who_comes_back_gets_what_is_missing(house: House, finished_run: str) -> None:
    last = run_of(house, finished_run)["last_seq"]
    for after in (1, last - 1, last, last + 5):
        frames = await followed(house, finished_run, after)
        assert [event["seq"] for event in events_in(frames)] == list(range(after + 1, last + 1))
        assert frames[-1] == {"type": "end"}


async def test_every_viewer_sees_each_event_once_and_in_order_while_it_happens(
    modelled: House, models: ModelServer
) -> None:
    models.replies("root", ["```repl\nprint(len(llm_batch([str(i) for i in range(40)])))\n```", "FINAL(done)"])
    run_id = await asyncio.to_thread(ask, modelled, "many", POLICY)
    viewers = [followed(modelled, run_id, after) for after in (0, 0, 3)]
    for after, frames in zip((0, 0, 3), await asyncio.gather(*viewers), strict=True):
        numbers = [event["seq"] for event in events_in(frames)]
        assert numbers == list(range(after + 1, numbers[-1] + 1))
    run = await asyncio.to_thread(run_of, modelled, run_id)
    assert run["status"] == "succeeded", run
    assert run["last_seq"] == numbers[-1]
    assert run["usage"]["calls"] == 42


async def test_a_viewer_gets_at_most_ten_frames_a_second(modelled: House, models: ModelServer) -> None:
    models.replies(
        "root", ["```repl\nfor i in range(60): llm_call(f'MOCK_SLEEP_20 {i}')\n```", "FINAL(done)"], when="fast"
    )
    run_id = await asyncio.to_thread(ask, modelled, "fast", POLICY)
    times = []
    async with socket(modelled, f"/ws/runs/{run_id}") as opened:
        async for _ in opened:
            times.append(time.monotonic())
    assert times[-1] - times[0] > 1
    busiest = max(sum(begin <= at < begin + 1 for at in times) for begin in times)
    assert 3 < busiest <= 12  # ten, the end, and one that was held up on its way


async def test_words_arrive_while_a_reply_is_being_written(modelled: House, models: ModelServer) -> None:
    words = ["The ", "keeper ", "is ", "Marta. "] * 10
    reply = ScriptedReply("".join(words) + "\nFINAL(Marta)", chunks=[*words, "\nFINAL(Marta)"], chunk_delay=0.02)
    models.replies("root", [reply])
    run_id = await asyncio.to_thread(ask, modelled, "slowly", {**POLICY, "exploration": "off"})
    frames = await followed(modelled, run_id)
    told = "".join(frame["text"] for frame in frames if frame["type"] == "delta")
    assert told
    assert told in reply.text or reply.text.startswith(told[:20])


async def test_an_event_arrives_soon_after_it_happened(modelled: House, models: ModelServer) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def answer(body: dict) -> str:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(release.wait(), loop))
        return "FINAL(now)"

    models.script(answer)
    try:
        run_id = await asyncio.to_thread(ask, modelled, "when", {**POLICY, "exploration": "off"})
        async with socket(modelled, f"/ws/runs/{run_id}") as opened:
            await frames_until(opened, lambda frame: any(e["node"] == 3 for e in frame.get("events", ())))
            release.set()
            began = time.monotonic()
            await frames_until(opened, lambda frame: frame["type"] == "events")
            assert time.monotonic() - began < 0.5  # 0.15 on a machine of one's own; tests/bench/house.py measures
    finally:
        release.set()
        models.script(models._default_script)


async def test_a_viewer_of_a_waiting_run_is_told_when_it_is_cancelled(modelled: House, models: ModelServer) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def answer(body: dict) -> str:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(release.wait(), loop))
        return "FINAL(now)"

    models.script(answer)
    try:
        run_id = await asyncio.to_thread(ask, modelled, "stop me", POLICY)
        await until_event(modelled, run_id, lambda event: event["data"].get("kind") == "lm")
        began = time.monotonic()
        answered = await asyncio.to_thread(modelled.client.post, f"/api/v1/runs/{run_id}/cancel")
        assert answered.status_code == 202
        frames = await followed(modelled, run_id)
        assert time.monotonic() - began < 2
    finally:
        release.set()
        models.script(models._default_script)
    events = events_in(frames)
    assert events[-1]["type"] == "run.finished"
    assert (events[-1]["data"]["status"], events[-1]["data"]["ended_by"]) == ("cancelled", "cancel")
    opened = [event["node"] for event in events if event["type"] == "node.started"]
    closed = [event["node"] for event in events if event["type"] == "node.finished"]
    assert sorted(opened) == sorted(closed)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "1" * 40, "٣"])
async def test_a_malformed_place_closes_with_4400(house: House, finished_run: str, after: str) -> None:
    assert await close_code(house, f"/ws/runs/{finished_run}?after={after}") == 4400


async def test_who_is_not_signed_in_is_closed_out_with_4401(house: House, finished_run: str) -> None:
    assert await close_code(house, f"/ws/runs/{finished_run}", token=None) == 4401
    assert await close_code(house, f"/ws/runs/{finished_run}", token="wrong") == 4401


async def test_a_run_that_is_not_there_closes_with_4404(house: House, finished_run: str) -> None:
    for path in ("/ws/runs/nothere", "/ws/elsewhere", f"/ws/runs/{finished_run}?share=abc"):
        assert await close_code(house, path) == 4404


async def test_somebody_elses_run_is_not_there(house: House, finished_run: str) -> None:
    create = "from django.contrib.auth import get_user_model as m; m().objects.create_user('guest')"
    await asyncio.to_thread(house.manage, "shell", "-c", create)
    token = (await asyncio.to_thread(house.manage, "token", "--user", "guest")).stdout.strip()
    assert await close_code(house, f"/ws/runs/{finished_run}", token=token) == 4404


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
async def test_foreign_origins_are_refused(house: House, finished_run: str, origin: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await close_code(house, f"/ws/runs/{finished_run}", Origin=origin)
    assert refused.value.status == 403


async def test_a_foreign_host_name_is_refused(house: House, finished_run: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await close_code(house, f"/ws/runs/{finished_run}", Host="evil.example")


async def test_a_session_of_our_own_origin_is_let_in(house: House, finished_run: str) -> None:
    link = await asyncio.to_thread(house.sign_in_url)
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        await browser.get(link)
        cookie = f"sessionid={browser.cookies['sessionid']}"
    async with socket(house, f"/ws/runs/{finished_run}", token=None, Cookie=cookie, Origin=house.url) as opened:
        assert (await frames_until(opened, lambda frame: frame["type"] == "end"))[-1] == {"type": "end"}


async def test_a_deleted_run_cannot_be_followed_until_it_is_restored(house: House) -> None:
    run_id = await asyncio.to_thread(ask, house)
    await asyncio.to_thread(ended, house, run_id)
    house.client.delete(f"/api/v1/runs/{run_id}").raise_for_status()
    assert await close_code(house, f"/ws/runs/{run_id}") == 4404
    house.client.post(f"/api/v1/runs/{run_id}/restore").raise_for_status()
    assert await close_code(house, f"/ws/runs/{run_id}") == 1000
