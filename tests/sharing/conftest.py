"""The running product with a run full of canaries, links to it, and every door below a link."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest

from tests.fixtures.canaries import DOCUMENT
from tests.house import PROJECT, House
from tests.pages.conftest import add_text, ask, browser, model_server, open_page, scripted, signed_in, told
from tests.workbench.conftest import put
from trajectories import charts, exporters

__all__ = ["add_text", "ask", "browser", "model_server", "open_page", "put", "scripted", "signed_in"]

Share = Callable[..., dict[str, Any]]
PAGES = ("", "/trace", "/cost", "/coverage")


@pytest.fixture(scope="session")
def canary(house: House) -> Callable[..., str]:
    """`canary("put")`, `canary("live")`: a new run's id; `canary("after", id)`: more is noted on it."""

    def canary(*arguments: str) -> str:
        command = [sys.executable, "-m", "tests.fixtures.canaries", *arguments]
        done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return canary


@pytest.fixture(scope="session")
def share(house: House) -> Share:
    """`share(run or [runs], scope="answer", …)`: what the API says of the new link."""

    def share(run: str | list[str], **wish: Any) -> dict[str, Any]:
        path, more = ("/api/v1/shares", {"runs": run}) if isinstance(run, list) else (f"/api/v1/runs/{run}/shares", {})
        made: dict[str, Any] = told(house.client.post(path, json={"scope": "trajectory", **wish, **more}))
        return made

    return share


@pytest.fixture
def viewer(house: House) -> Iterator[httpx.Client]:
    """Somebody without an account."""
    with httpx.Client(base_url=house.url, timeout=30, follow_redirects=True) as client:
        yield client


def path_of(made: dict[str, Any]) -> str:
    """`/s/TOKEN`"""
    return "/s/" + made["url"].rpartition("/s/")[2]


def data_doors(nodes: int = 3) -> list[str]:
    """Addresses below a link to one run that answer with data."""
    return [
        "/tree",
        "/events",
        "/events?after=1&limit=3",
        "/strips",
        "/critical",
        "/annotations",
        "/search?q=lamp",
        "/batches/5/dissent",
        *(f"/nodes/{number}" for number in range(1, nodes + 1)),
        *(f"/charts/{name}{more}" for name in charts.NAMES for more in ("", ".csv")),
        "/nodes/3?heads=40",
        "/nodes/3/texts/request.0?start=3&end=90",
        f"/strips?document={DOCUMENT}&start=0&end=9000",
        *(f"/export/{name}" for name in exporters.NAMES),
    ]


async def frames_of(house: House, path: str, **headers: str) -> tuple[list[dict[str, Any]], int | None]:
    """All frames of a socket until it closes, and the code it closes with."""
    frames = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(house.socket_url + path, headers=headers) as opened,
    ):
        async for message in opened:
            frames.append(json.loads(message.data))
        return frames, opened.close_code
