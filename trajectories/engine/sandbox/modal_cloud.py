"""Kind `modal`: each REPL in a sandbox of its own at Modal, a service that runs them on other machines (gVisor).

The documents travel there. The walls of kind `process` stand inside as well; those around it are the service's word,
which nothing here can try.
"""

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trajectories.engine.errors import IsolationError, SandboxError
from trajectories.engine.sandbox import boxes, isolation
from trajectories.engine.sandbox.boxes import Box, BoxedSandbox, BoxNursery, in_short
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.options import Options
from trajectories.engine.types import Document, ReplSettings

APP = "rlm-web"
PATIENCE_SECONDS = 300
"""Of a box that hears nothing from here: then it ends, and soon its sandbox, so that nobody pays for it."""
_LIFE_SECONDS = 86_400
_OWN_BYTES = 512 << 20
_DECODING = 3
_MOST_SAID = 10_000
_MEBIBYTE = 1 << 20


class ModalKind:
    """What `SandboxHouse` knows this kind by."""

    best = "container"
    probes = isolation.PROBES

    def __init__(self, options: Options | None = None, *, modal: Any = None) -> None:
        """`modal`: what stands in for Modal's package, in tests."""
        self._options = options or Options()
        self._modal = modal
        self._app: Any = None

    def refusal(self) -> str | None:
        if self._modal is not None:
            return None
        if importlib.util.find_spec("modal") is None:
            return "Kind `modal` takes Modal's package for Python: pip install 'rlm-web[modal]'."
        if not _has_credentials():
            return (
                "Kind `modal` takes an account at Modal: set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or sign in with "
                "`modal setup`."
            )
        return None

    def sandbox(
        self,
        documents: Sequence[Document],
        settings: ReplSettings,
        *,
        context_is_list: bool,
        minimum: str,
        held: Held | None = None,
    ) -> BoxedSandbox:
        """Nothing is shared by REPLs of this kind, so `held` changes nothing."""

        async def open_line(size: int) -> RemoteLine:
            return await self._line(settings.memory_bytes + _OWN_BYTES + _DECODING * size)

        nursery = BoxNursery(open_line, _layers, patience_seconds=PATIENCE_SECONDS)
        return BoxedSandbox(nursery, documents, settings, context_is_list=context_is_list, minimum=minimum)

    def findings(self, layers: Mapping[str, Any]) -> list[str]:
        return isolation.findings_of_box(layers)

    def offers(self) -> list[str]:
        return ["Documents are sent to Modal, which runs the REPL and is paid for it; each takes seconds to open."]

    async def close(self) -> None:
        """Its sandboxes are closed already."""

    async def _line(self, memory_bytes: int) -> "RemoteLine":
        """Raises `IsolationError`, `SandboxError`."""
        modal = self._package()
        try:
            if self._app is None:
                self._app = await modal.App.lookup.aio(APP, create_if_missing=True)
            sandbox = await modal.Sandbox.create.aio(
                "sleep",
                str(_LIFE_SECONDS),
                app=self._app,
                image=self._image(modal),
                timeout=_LIFE_SECONDS,
                idle_timeout=PATIENCE_SECONDS,
                memory=(memory_bytes // _MEBIBYTE, memory_bytes // _MEBIBYTE),
                cpu=(0.5, 1.0),
                block_network=True,
            )
        except modal.exception.AuthError as error:
            raise IsolationError(f"Modal refuses the credentials: {in_short(error)}. Sign in again.") from error
        except (modal.exception.Error, OSError) as error:
            raise SandboxError(f"Modal could not start a sandbox: {in_short(error)}.") from error
        try:
            command = ("python3", *boxes.COMMAND)
            process = await sandbox.exec.aio(*command, env=boxes.ENVIRONMENT, text=False)
        except (modal.exception.Error, OSError) as error:
            await sandbox.terminate.aio()
            raise SandboxError(f"Modal could not start a REPL: {in_short(error)}.") from error
        return RemoteLine(modal, sandbox, process)

    def _image(self, modal: Any) -> Any:
        if self._options.image:
            return modal.Image.from_registry(self._options.image)
        return modal.Image.debian_slim(python_version="3.11")

    def _package(self) -> Any:
        if self._modal is None:
            import modal

            self._modal = modal
        return self._modal


async def _layers(box: Box, size: int) -> dict[str, Any]:
    """The box says itself whether it sees a network; what is around it cannot be tried from here."""
    seen = box.facts.get("interfaces")
    return {
        "box": "A remote sandbox of its own, by Modal (gVisor).",
        "holds": ["Its network is blocked and its memory limited, by Modal's word: that was not tried."],
        "lacking": [f"It has network interfaces ({seen})."] if seen else [],
    }


class RemoteLine:
    """The standard streams of a program in a remote sandbox."""

    def __init__(self, modal: Any, sandbox: Any, process: Any) -> None:
        self._errors = (modal.exception.Error, OSError)
        self._sandbox = sandbox
        self._stdin = process.stdin
        self._pieces: AsyncIterator[bytes] = process.stdout.__aiter__()
        self._said = b""
        self._listening = asyncio.create_task(self._listen(process.stderr))

    async def read(self) -> bytes:
        try:
            async for piece in self._pieces:
                if piece:
                    return piece
        except self._errors as error:
            raise ConnectionError(in_short(error)) from error
        return b""

    async def write(self, data: bytes) -> None:
        try:
            self._stdin.write(data)
            await self._stdin.drain.aio()
        except (*self._errors, ValueError) as error:
            raise ConnectionError(in_short(error)) from error

    async def close(self) -> None:
        self._listening.cancel()
        with suppress(*self._errors):
            await self._sandbox.terminate.aio()

    def last_words(self) -> str:
        return self._said.decode(errors="replace")

    async def _listen(self, stream: Any) -> None:
        with suppress(*self._errors):
            async for piece in stream:
                self._said = (self._said + piece)[-_MOST_SAID:]


def _has_credentials() -> bool:
    kept = Path(os.environ.get("MODAL_CONFIG_PATH") or "~/.modal.toml").expanduser()
    return bool(os.environ.get("MODAL_TOKEN_ID") and os.environ.get("MODAL_TOKEN_SECRET")) or kept.is_file()
