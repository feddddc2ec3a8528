"""Attacks on the wall, our own and a longer list where it is at hand, with and without namespaces."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
OWN = HERE / "attacks.json"
MORE = PROJECT.parent / "shared" / "data" / "attacks.json"

APART = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
if os.getuid():
    APART[1:1] = ["--user", "--map-root-user"]


@pytest.mark.parametrize("namespaces", ["namespaces", "no-namespaces"])
@pytest.mark.parametrize("attacks", [OWN, MORE], ids=["own", "more"])
def test_no_attack_gets_through(attacks: Path, namespaces: str) -> None:
    if not attacks.exists():
        pytest.skip(f"{attacks.name} is not at hand")
    try:
        subprocess.run([*APART, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"attacks run only in namespaces of their own, which are not to be had here: {error}")
    command = [*APART, sys.executable, "-m", "tests.engine.sandbox.attacking", str(attacks), namespaces]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == len(json.loads(attacks.read_text())) + 1
    assert {name: wrong for name, wrong in results.items() if wrong} == {}
