"""Attacks on the wall: our own and a longer list where it is at hand; with and without namespaces, as root and as an
ordinary user, as far as this machine lets these be had."""

import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.sandbox.attacking import attacks_of

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
LISTS = {
    "frames": HERE / "attacks.json",
    "own": "own",
    "more": PROJECT.parent / "shared" / "data" / "attacks.json",
}
APART = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def apart(user: str) -> list[str]:
    """What runs a command in namespaces of its own as that user; skips where that cannot be had."""
    if os.getuid():
        if user == "root":
            pytest.skip("these tests are not run by root")
        return _tried([APART[0], "--user", "--map-current-user", "--keep-caps", *APART[1:]])
    if user == "root":
        return _tried(APART)
    return _tried([*APART, *_opened(), *NOBODY])


def _opened() -> list[str]:
    """For an interpreter, its packages or this project in a folder that is closed to others (the home of root, say):
    seen from the mount namespace of the attack alone, that folder is open and holds nothing else."""
    inside: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(Path(path).resolve() for path in (sys.base_prefix, sys.prefix, PROJECT)):
        for folder in [*path.parents][::-1]:
            if not folder.stat().st_mode & stat.S_IXOTH:
                inside.setdefault(folder, []).append(path)
                break
    if not inside:
        return []
    lines = ["set -e", "mount --make-rprivate /"]
    for number, (folder, paths) in enumerate(inside.items()):
        kept = [f"$aside/{number}-{index}" for index in range(len(paths))]
        lines += [
            f'mkdir -p "{there}"; mount --bind {shlex.quote(str(path))} "{there}"'
            for path, there in zip(paths, kept, strict=True)
        ]
        lines.append(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(folder))}")
        lines += [
            f'mkdir -p {shlex.quote(str(path))}; mount --move "{there}" {shlex.quote(str(path))}'
            for path, there in zip(paths, kept, strict=True)
        ]
    return ["sh", "-c", "\n".join(["aside=$(mktemp -d)", *lines, 'exec "$@"']), "sh"]


def _tried(command: list[str]) -> list[str]:
    try:
        probe = [*command, sys.executable, "-c", "import django, trajectories.engine"]
        subprocess.run(probe, check=True, cwd=PROJECT, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", b"") or b""
        pytest.skip(
            f"attacks run only in namespaces of their own, which are not to be had here: {said.decode()[-200:]}"
        )
    return command


@pytest.mark.parametrize("namespaces", ["namespaces", "no-namespaces"])
@pytest.mark.parametrize("user", ["root", "ordinary"])
@pytest.mark.parametrize("attacks", LISTS)
def test_no_attack_gets_through(attacks: str, user: str, namespaces: str) -> None:
    source = LISTS[attacks]
    if isinstance(source, Path) and not source.exists():
        pytest.skip(f"{source.name} is not at hand")
    results = results_of(
        [*apart(user), sys.executable, "-B", "-m", "tests.engine.sandbox.attacking", str(source), namespaces]
    )
    assert set(results) == {item["id"] for item in attacks_of(str(source), [])} | {"(sibling)"}
    assert {name: wrong for name, wrong in results.items() if wrong} == {}


def results_of(command: Sequence[str], engine: str = "") -> dict[str, str | None]:
    environment = {**os.environ, "DOCKER_HOST": engine} if engine else None
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=900, env=environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
