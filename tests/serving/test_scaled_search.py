"""Searches on Postgres find what they find on SQLite."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.fixtures.searchable import RARE
from tests.house import PROJECT, House
from tests.serving import servers

IN_RUN = (
    RARE,
    "straße",
    "-the kind:cell",
    "in:reply ba",
    '"certificate had expired"',
    "cost:>0.00001 kind:lm",
    "time:>1s",
    "reads:long@700-1400",
    "/ba(ce|di)+/ in:prompt",
)
ACROSS = (
    RARE,
    "status:succeeded",
    "cost:>0 model:mini",
    "policy:balanced",
    "time:>1s tokens:>10",
    "-is:shared",
    "document:long",
    "date:>2020-01-01",
    "calls:<99999999999",
    "-error:timeout",
    "marked:right",
    "tag:none",
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[House]:
    with ExitStack() as stack:
        try:
            database = stack.enter_context(servers.postgres())
        except (servers.NotInstalled, PermissionError) as error:
            pytest.skip(str(error))
        yield stack.enter_context(House(RLM_DATABASE_URL=database))


@pytest.fixture(scope="module")
def sqlite() -> Iterator[House]:
    with House() as house:
        yield house


def put(house: House) -> str:
    command = [sys.executable, "-m", "tests.fixtures.searchable", "--calls", "120", "--chars", "900"]
    done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_searches_on_postgres_find_what_they_find_on_sqlite(postgres: House, sqlite: House) -> None:
    runs = {house: put(house) for house in (postgres, sqlite)}
    for line in IN_RUN:
        told = [
            house.client.get(f"/api/v1/runs/{run}/search", params={"q": line}).raise_for_status().json()
            for house, run in runs.items()
        ]
        assert told[0] == told[1], line
    assert told[0]["total"] > 0
    for line in ACROSS:
        found = [
            len(house.client.get("/api/v1/runs", params={"q": line}).raise_for_status().json()["items"])
            for house in runs
        ]
        assert found[0] == found[1], line
