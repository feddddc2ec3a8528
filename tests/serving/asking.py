"""Asking the running product: documents and runs by its API, what happens by its socket."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.house import House

SECONDS = 20.0
TEXT = "The lighthouse keeper is called Marta. She keeps seven goats. " * 20
POLICY = {"models": {"root": "openai/root", "worker": "openai/worker"}}
"""For houses with a scripted model server as OPENAI_BASE_URL."""


def add_text(house: House, text: str = TEXT, name: str = "note.txt") -> str:
    answer = house.client.post("/api/v1/documents", json={"name": name, "text": text})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def ask(house: House, question: str = "Who keeps the light?", policy: Any = None, text: str = TEXT) -> str:
    body = {"question": question, "documents": [add_text(house, text)], "policy": policy}
    answer = house.client.post("/api/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def run_of(house: House, run_id: str) -> dict[str, Any]:
    answer = house.client.get(f"/api/v1/runs/{run_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def events_of(house: House, run_id: str) -> list[dict[str, Any]]:
    return house.client.get(f"/api/v1/runs/{run_id}/events", params={"after": 0, "limit": 1000}).json()["events"]


@asynccontextmanager
async def socket(house: House, path: str, *, token: str | None = "", **headers: str):
    """An open socket. `token`: the owner's by default, None for nobody's."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token or house.token}"
    async with (
        asyncio.timeout(SECONDS),
        aiohttp.ClientSession() as session,
        session.ws_connect(house.socket_url + path, headers=headers) as opened,
    ):
        yield opened


async def frames_until(opened: aiohttp.ClientWebSocketResponse, enough: Callable[[dict], bool]) -> list[dict[str, Any]]:
    """Frames up to the first that is enough; all there are if the server closes."""
    frames = []
    async for message in opened:
        frames.append(json.loads(message.data))
        if enough(frames[-1]):
            break
    return frames


def events_in(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for frame in frames if frame["type"] == "events" for event in frame["events"]]


async def followed(house: House, run_id: str, after: int = 0) -> list[dict[str, Any]]:
    """Every frame to the end of the run."""
    async with socket(house, f"/ws/runs/{run_id}?after={after}") as opened:
        return await frames_until(opened, lambda frame: frame["type"] == "end")


def ended(house: House, run_id: str) -> dict[str, Any]:
    """The run, when it has ended."""
    asyncio.run(followed(house, run_id))
    return run_of(house, run_id)


async def until_event(house: House, run_id: str, wanted: Callable[[dict], bool]) -> None:
    def seen(frame: dict[str, Any]) -> bool:
        return any(wanted(event) for event in frame.get("events", ()))

    async with socket(house, f"/ws/runs/{run_id}") as opened:
        frames = await frames_until(opened, seen)
    assert frames and seen(frames[-1]), frames
