"""How well the model's code is shut in: the levels, and a self-test that proves them by trying to get out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trajectories.engine.errors import IsolationError
from trajectories.engine.types import CallResult, HostCall

LEVELS = ("none", "interpreter", "syscalls", "full", "container")
"""From the weakest to the strongest."""

WAYS_OUT = (
    "Run it on Linux (in a virtual machine or the Windows Subsystem for Linux, for example), "
    "on an x86-64 or ARM64 machine; set RLM_SANDBOX=container; or take the reduced interpreter: pip install "
    "'rlm-web[monty]', RLM_SANDBOX=monty and RLM_SANDBOX_MIN=interpreter."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What this machine gives, and why. `findings` are sentences for a person."""

    kind: str
    level: str
    minimum: str
    findings: list[str]
    ok: bool
    """The level reaches the minimum."""
    offers: list[str] = field(default_factory=list)
    """What REPLs have here: sizes, libraries; sentences too."""


# Each attempt is harmless where it succeeds: this also runs on machines that shut nothing in.
PROBES = """
import ctypes, json, mmap, os, socket, threading
libc = ctypes.CDLL(None, use_errno=True)

def forked():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")

def secrets():
    if not os.environ:
        raise OSError(0, "empty")

attempts = {
    "open a file": lambda: open("/etc/hostname"),
    "list a folder": lambda: os.listdir("/"),
    "write to a file": lambda: open("/dev/null", "w"),
    "read the environment": secrets,
    "open a network socket": lambda: socket.socket(socket.AF_INET),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX).connect("/run/probe"),
    "start a process": forked,
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "signal a process": lambda: os.kill(os.getpid(), 0),
    "make a namespace": lambda: checked(libc.unshare(0x04000000)),
    "map memory as code": lambda: mmap.mmap(-1, 4096, prot=7),
    "be traced": lambda: checked(libc.ptrace(0, 0, 0, 0)),  # last: a traced process stops at its next signal
}
out = []
for name, attempt in attempts.items():
    try:
        attempt()
    except (OSError, ValueError):
        continue
    out.append(name)
FINAL(out)
"""


async def no_calls(call: HostCall) -> list[CallResult]:
    """For a REPL that has nobody to ask."""
    return [CallResult(error_kind="depth", error_message="There are no models here.") for _ in call.items]


def reaches(level: str, minimum: str) -> bool:
    return LEVELS.index(level) >= LEVELS.index(minimum)


def level_of(layers: Mapping[str, Any]) -> str:
    """What the layers of one child amount to."""
    if layers.get("interpreter"):
        return "interpreter"
    if not layers.get("seccomp"):
        return "none"
    if layers.get("box") and not layers["lacking"]:
        return "container"
    return "full" if layers.get("namespaces") and layers.get("root") == "empty" else "syscalls"


def required(level: str, minimum: str) -> str:
    """The level. Raises `IsolationError` when it is under the minimum."""
    if not reaches(level, minimum):
        raise IsolationError(f"The REPL is isolated as `{level}`, less than the configured minimum `{minimum}`.")
    return level


def findings_of(layers: Mapping[str, Any]) -> list[str]:
    """What holds and what does not in kind `process`, with reasons."""
    return [_namespaces(layers), _root(layers), _identity(layers), _landlock(layers), _system_calls(layers)]


def findings_of_box(layers: Mapping[str, Any]) -> list[str]:
    """The same of a kind that has boxes; it puts `box` (what it is), `holds` and `lacking` (sentences) into layers."""
    return [layers["box"], *layers["holds"], *layers["lacking"], _landlock(layers), _system_calls(layers)]


def said_of_test(got_out: list[str]) -> str:
    if got_out:
        return f"SELF-TEST FAILED: code in the REPL could {', '.join(got_out)}."
    return "Self-test passed: code could not reach files, network, environment, programs or processes."


def _namespaces(layers: Mapping[str, Any]) -> str:
    how = layers.get("namespaces")
    if how:
        return f"Own namespaces for network, processes and mounts, made as {how}."
    reason = layers.get("namespaces_error", "not asked for")
    return f"No own namespaces: {reason}. Allow user namespaces to get them (sysctl user.max_user_namespaces)."


def _root(layers: Mapping[str, Any]) -> str:
    if layers.get("root") == "empty":
        return "Empty file system."
    reason = layers.get("root_error", "that takes namespaces")
    return f"No empty file system ({reason}): the other layers alone keep files out of reach."


def _identity(layers: Mapping[str, Any]) -> str:
    if layers.get("uid"):
        return "A user of its own for each REPL."
    if layers.get("namespaces") == "user":
        return "A user without rights in a user namespace."
    return f"Runs as the server's user ({layers.get('uid_error', 'it is not root')}), without threads."


def _landlock(layers: Mapping[str, Any]) -> str:
    version = layers.get("landlock")
    if version:
        return f"Landlock refuses all paths (version {version})."
    return f"No Landlock: {layers.get('landlock_error', 'this kernel has none')}."


def _system_calls(layers: Mapping[str, Any]) -> str:
    if layers.get("seccomp"):
        return "Only the system calls on the list are possible (seccomp)."
    return f"No filter of system calls: {layers.get('seccomp_error', 'unknown reason')}. {WAYS_OUT}"


def got_out(answer: Any) -> list[str]:
    """Reads the probes' answer; a REPL that did not answer rightly has not passed."""
    if isinstance(answer, list) and all(isinstance(name, str) for name in answer):
        return answer
    return [f"not be tested ({json.dumps(answer)[:200]})"]
