"""Kind `monty`: a REPL in a reduced interpreter of Python (pydantic-monty), for systems that cannot shut a process in.

The interpreter has no files, network, environment or processes to give, and runs in a process of its own. What holds is
an interpreter, not a kernel: level `interpreter`.
"""

import asyncio
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox import companion, handover
from trajectories.engine.sandbox.companion import Companion
from trajectories.engine.sandbox.handover import Place
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.nursery import Born
from trajectories.engine.sandbox.repl import ReplSandbox
from trajectories.engine.sandbox.wire import WireBroken
from trajectories.engine.sandbox.worker.dialect import DIALECT, MODULES
from trajectories.engine.text import TextFile
from trajectories.engine.types import Document, ReplSettings

MOST_TEXT = 128 << 20
"""Bytes of decoded text of one REPL: it is there several times, in the interpreter and in what is kept of its state,
and goes to the interpreter in one piece of at most 256 MB."""
_WINDOW = 1 << 20
_WORKING = ReplSettings().memory_bytes
_MISSING = (
    "RLM_SANDBOX is monty, and the reduced interpreter is not installed. Install it with pip install 'rlm-web[monty]', "
    "or leave RLM_SANDBOX unset on Linux."
)

PROBES = """
def module(name):
    def attempt():
        exec("import " + name)
    return attempt

def opened(path, mode):
    def attempt():
        open(path, mode)
    return attempt

def evaluated(code):
    def attempt():
        eval(code)
    return attempt

import os
from pathlib import Path
attempts = {
    "open a file": opened("/etc/hostname", "r"),
    "write to a file": opened("/dev/null", "w"),
    "read a file by its path": lambda: Path("/etc/hostname").read_text(),
    "list a folder": lambda: os.listdir("/"),
    "read the environment": lambda: os.environ["PATH"],
    "run a program": evaluated("os.system('true')"),
    "start a process": evaluated("os.fork()"),
    "reach the network": module("socket"),
    "load foreign code": module("ctypes"),
    "import what it likes": evaluated("__import__('sys')"),
    "reach the host's objects": evaluated("peek.__globals__"),
    "walk to all classes": evaluated("().__class__.__base__.__subclasses__()"),
}
out = []
for name, attempt in attempts.items():
    try:
        attempt()
        out.append(name)
    except Exception:
        pass
FINAL(out)
"""


class MontyKind:
    """What `SandboxHouse` knows this kind by."""

    best = "interpreter"
    probes = PROBES

    def refusal(self) -> str | None:
        return None if importlib.util.find_spec("pydantic_monty") else _MISSING

    def sandbox(
        self,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        held: Held | None,
    ) -> "MontySandbox":
        return MontySandbox(Companions(), documents, settings, context_is_list=context_is_list, minimum=minimum)

    def findings(self, layers: Mapping[str, Any]) -> list[str]:
        return [
            f"A reduced interpreter (pydantic-monty {layers.get('interpreter', '?')}) in a process of its own, without "
            "files, network, environment or other programs to give.",
            "It is an interpreter's isolation, not a kernel's: a flaw in it would give code the rights of the server's "
            "user.",
        ]

    def offers(self) -> list[str]:
        return [
            f"A REPL may have {MOST_TEXT >> 20} MiB of decoded text, and {_WORKING >> 20:,} MiB to work with.",
            f"Code can import parts of {', '.join(MODULES)}; no other modules, numpy and pandas among them.",
            "Missing in the language: class inheritance and exceptions of one's own, del, yield, super, property, "
            "threads.",
            "A cell that had to be stopped leaves the variables as they were before it.",
        ]

    async def close(self) -> None:
        """Nothing is kept between REPLs."""


class MontySandbox(ReplSandbox):
    """One REPL of the reduced interpreter."""

    dialect = DIALECT


class Companions:
    """Where the processes beside the interpreters come from. A text goes as the name of its file, or in frames."""

    async def child(self, documents: Sequence[Document], held: Held, *, libraries: bool = True) -> Born:
        """Raises `SandboxError`, `DocumentError`."""
        await asyncio.to_thread(handover.check_size, documents, MOST_TEXT)
        try:
            made = await companion.start()
        except OSError as error:
            raise SandboxError("The REPL's process could not be started; see `sandbox_check`.") from error
        try:
            await self._send_texts(made, documents)
        except BaseException as error:
            await made.close()
            if isinstance(error, WireBroken):
                raise SandboxError("The REPL could not be opened: its process ended while it was starting.") from error
            raise
        return Born(child=made, texts=[_place(document) for document in documents], libraries=())

    async def _send_texts(self, made: Companion, documents: Sequence[Document]) -> None:
        for document in documents:
            if not isinstance(document.text, TextFile):
                for start in range(0, document.text.chars, _WINDOW):
                    piece = await asyncio.to_thread(document.text.read, start, start + _WINDOW)
                    await made.wire.send({"t": "text", "text": piece.encode("utf-8", "replace").decode("utf-8")})


def _place(document: Document) -> Place:
    """Where the companion finds its text: a file, or so many of the frames that came."""
    if isinstance(document.text, TextFile):
        return ["path", str(document.text.path)]
    return ["frames", -(-document.text.chars // _WINDOW)]
