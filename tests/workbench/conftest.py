"""Made-up runs: as JSON files for the browser's modules in Node, and in the running product for its pages."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.keep import MADE_UP, keep
from tests.fixtures.plans import MadeRun
from tests.house import PROJECT, House
from tests.pages.conftest import add_text, ask, browser, model_server, open_page, scripted, signed_in
from trajectories import representations
from trajectories.models import Event

__all__ = ["add_text", "ask", "browser", "model_server", "open_page", "scripted", "signed_in"]

OLDEST_NODE = (20, 19)
"""The first that takes .js files with `import` for modules by themselves."""

NodeTest = Callable[..., None]


@pytest.fixture
def node_test() -> NodeTest:
    """Runs a file of tests with `node --test`; environment variables as keywords."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < OLDEST_NODE:
        pytest.skip(f"node {version} is too old")

    def run(name: str, **environment: str) -> None:
        done = subprocess.run(
            [node, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", str(Path(__file__).parent / name)],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", **environment},
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture
def recorded(db: None, tmp_path: Path) -> Path:
    """A folder with `NAME.json` of each made-up run: {events, cuts: [{after, tree}]}, trees folded by the server."""
    for name, make in MADE_UP.items():
        made = make()
        events, tree = _kept(made)
        length = len(events)
        places = sorted({1, length // 4, length // 2, length - 1, length})
        cuts = [{"after": place, "tree": _kept(cut(made, place))[1]} for place in places]
        text = json.dumps({"events": events, "cuts": cuts})
        (tmp_path / f"{name}.json").write_text(text)
        assert tree["last_seq"] == length
    return tmp_path


def cut(made: MadeRun, after: int) -> MadeRun:
    return replace(made, events=made.events[:after])


def _kept(made: MadeRun) -> tuple[list[Any], dict[str, Any]]:
    run = keep(made)
    events = [json.loads(data) for data in Event.objects.filter(run=run).order_by("seq").values_list("data", flat=True)]
    return events, json.loads(representations.tree_json(run))


@pytest.fixture(scope="session")
def put(house: House) -> Callable[..., str]:
    """Puts a made-up run into the running product, each once; its id."""
    known: dict[tuple[str, ...], str] = {}

    def put(*arguments: str) -> str:
        if arguments not in known:
            command = [sys.executable, "-m", "tests.fixtures.keep", *arguments]
            done = subprocess.run(
                command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stderr
            known[arguments] = done.stdout.strip()
        return known[arguments]

    return put
