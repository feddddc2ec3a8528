"""Docker, or Podman by the same interface: an image with Python, containers from it, and their standard streams."""

import asyncio
import itertools
import logging
import os
import platform
import random
import re
import socket
import ssl
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from trajectories.engine.errors import IsolationError, SandboxError
from trajectories.engine.sandbox import boxes
from trajectories.engine.sandbox.boxes import in_short
from trajectories.engine.sandbox.image import PYTHON, REPOSITORY, SITE, Image
from trajectories.engine.sandbox.options import Options

log = logging.getLogger(__name__)

OTHERS_IMAGE = "python:3.11-slim"
"""Where this Python cannot be the one in the container: on another system, or another kind of processor."""
LABEL = "rlm-web-repl"
PROCESSES = 64
"""With threads, that a container may have."""
_FILES = 256
_NANO_CPUS = 1_000_000_000
_UIDS = range(20_000, 60_000)
_SECONDS = 60
_READ = 1 << 18
_STDERR = 2
_MOST_SAID = 10_000
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_SOCKETS = ("/var/run/docker.sock", "/run/podman/podman.sock", "{XDG_RUNTIME_DIR}/podman/podman.sock")
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")


def absent() -> str | None:
    """Why there is nobody to talk to, as far as a local socket tells at once; None when there is."""
    address = _address()
    if not address:
        return (
            "No container engine was found. Start Docker, or Podman's service (`systemctl start podman.socket`), or "
            "set DOCKER_HOST."
        )
    if not address.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(address.removeprefix("unix://"))
    except OSError as error:
        return f"The container engine at {address} does not answer: {error.strerror or error}."
    return None


def connect() -> Any:
    """A client of the engine that `DOCKER_HOST` names, or of one that is found. Raises `IsolationError`."""
    import docker

    why = absent()
    if why is not None:
        raise IsolationError(why)
    address = _address()
    try:
        if os.environ.get("DOCKER_HOST"):
            return docker.from_env(version="auto", timeout=_SECONDS)
        return docker.DockerClient(base_url=address, version="auto", timeout=_SECONDS)
    except (docker.errors.DockerException, OSError, ValueError) as error:
        raise IsolationError(f"The container engine at {address} does not answer: {in_short(error)}.") from error


def _address() -> str:
    """Empty when none is named and none is found."""
    return os.environ.get("DOCKER_HOST") or _found_socket()


def _found_socket() -> str:
    known = (path.format_map({"XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR", "")}) for path in _SOCKETS)
    return next((f"unix://{path}" for path in known if Path(path).is_socket()), "")


class Engine:
    """A container engine, with an image that has Python. Blocks; for threads. Raises `IsolationError`."""

    def __init__(self, client: Any, options: Options) -> None:
        self._client = client
        self._options = options
        self._uids = itertools.cycle(random.sample(_UIDS, len(_UIDS)))
        version = client.version()
        self.described = f"A container of its own, by {_described(version)}, with the runtime {self._runtime()}."
        self._image, self._python = self._found_image(str(version.get("Arch", "")))

    async def line(self, memory_bytes: int) -> "AttachedLine":
        """A new container. Raises `SandboxError`."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._start, memory_bytes))
        try:
            return AttachedLine(*await asyncio.shield(opening))
        except asyncio.CancelledError:
            opening.add_done_callback(_remove_unwanted)
            raise

    def close(self) -> None:
        self._client.close()

    def _start(self, memory_bytes: int) -> tuple[Any, Any]:
        from docker.errors import DockerException
        from docker.types import LogConfig, Ulimit

        user = next(self._uids)
        limits = {"nofile": _FILES, "nproc": PROCESSES, "core": 0}
        container = attached = None
        try:
            container = self._client.containers.create(
                self._image,
                [self._python, *boxes.COMMAND],
                environment={**boxes.ENVIRONMENT, "PYTHONPATH": SITE},
                entrypoint=[],
                user=f"{user}:{user}",
                working_dir="/",
                stdin_open=True,
                network_mode="none",
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit=memory_bytes,
                memswap_limit=memory_bytes,
                pids_limit=PROCESSES,
                nano_cpus=_NANO_CPUS,
                ulimits=[Ulimit(name=name, soft=value, hard=value) for name, value in limits.items()],
                log_config=LogConfig(type="none"),
                labels={LABEL: str(os.getpid())},
                auto_remove=True,
                **({"runtime": self._options.runtime} if self._options.runtime else {}),
            )
            ways = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            attached = self._client.api.attach_socket(container.id, params=ways)
            _stream_of(attached)
            container.start()
        except (DockerException, OSError) as error:
            if attached is not None:
                attached.close()
            if container is not None:
                _remove(container)
            raise SandboxError(f"The container engine could not start a REPL: {in_short(error)}.") from error
        return container, attached

    def _runtime(self) -> str:
        return self._options.runtime or str(self._client.info().get("DefaultRuntime") or "of the engine")

    def _found_image(self, architecture: str) -> tuple[str, str]:
        """The image, and the Python in it."""
        from docker.errors import DockerException, ImageNotFound

        alike = sys.platform == "linux" and _ARCHITECTURES.get(platform.machine()) == architecture
        wanted = self._options.image or OTHERS_IMAGE
        try:
            if alike and not self._options.image:
                return self._own_image(), PYTHON
            self._client.images.get(wanted)
        except ImageNotFound as error:
            raise IsolationError(
                f"The container engine has no image {wanted}. Pull it (`docker pull {wanted}`), or name another with "
                "Python 3.11 or newer in RLM_SANDBOX_IMAGE."
            ) from error
        except (DockerException, OSError) as error:
            raise IsolationError(f"The image for REPLs could not be made: {in_short(error)}.") from error
        return wanted, "python3"

    def _own_image(self) -> str:
        """Made of the Python that runs here, where the engine has not got it yet."""
        from docker.errors import ImageNotFound

        image = Image()
        name = f"{REPOSITORY}:{image.tag}"
        with suppress(ImageNotFound):
            return str(self._client.images.get(name).id)
        log.info("the image for REPLs is being made: %s", name)
        with tempfile.TemporaryFile() as file:
            image.write(file)
            file.seek(0)
            said = self._client.api.import_image_from_data(file, repository=REPOSITORY, tag=image.tag)
        made = self._client.images.get(_IMAGE_ID.findall(said)[-1])
        made.tag(REPOSITORY, image.tag)
        return str(made.id)


class AttachedLine:
    """The standard streams of a container, by the socket that the engine gave for them."""

    def __init__(self, container: Any, attached: Any) -> None:
        self._container = container
        self._attached = attached
        self._stream = _stream_of(attached)
        self._stream.setblocking(False)
        self._rest = bytearray()
        self._said = ""

    async def read(self) -> bytes:
        while True:
            head = await self._take(8, 8)
            if not head:
                return b""
            left = int.from_bytes(head[4:], "big")
            data = await self._take(1, left) if left else b""
            # a piece of a long one is as good as all of it: what is left follows under a head of the same kind
            rest = left - len(data)
            if rest:
                self._rest[:0] = head[:4] + rest.to_bytes(4, "big")
            if head[0] != _STDERR and data:
                return data
            self._said = (self._said + data.decode(errors="replace"))[-_MOST_SAID:]
            if not data and left:
                return b""

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._stream, data)

    async def close(self) -> None:
        self._attached.close()
        self._stream.close()
        await asyncio.to_thread(_remove, self._container)

    def last_words(self) -> str:
        return self._said

    async def _take(self, least: int, most: int) -> bytes:
        """Nothing at the end."""
        while len(self._rest) < least:
            data = await asyncio.get_running_loop().sock_recv(self._stream, _READ)
            if not data:
                return b""
            self._rest += data
        taken = bytes(self._rest[:most])
        del self._rest[:most]
        return taken


def _stream_of(attached: Any) -> socket.socket:
    """Raises `ConnectionError` for an engine that is reached in a way that this cannot use."""
    stream = getattr(attached, "_sock", attached)
    if not isinstance(stream, socket.socket) or isinstance(stream, ssl.SSLSocket):
        raise ConnectionError("an engine can be used over its local socket, or over TCP without TLS")
    return stream


def _remove(container: Any) -> None:
    from docker.errors import DockerException

    with suppress(DockerException, OSError):  # it removes itself too, once it has ended
        container.remove(force=True, v=True)


def _remove_unwanted(opening: "asyncio.Future[tuple[Any, Any]]") -> None:
    """Nobody waits for it any more."""
    if not opening.cancelled() and opening.exception() is None:
        container, attached = opening.result()
        attached.close()
        asyncio.get_running_loop().run_in_executor(None, _remove, container)


def _described(version: dict[str, Any]) -> str:
    names = [str(part.get("Name", "")).lower() for part in version.get("Components") or ()]
    return f"{'Podman' if any('podman' in name for name in names) else 'Docker'} {version.get('Version', '')}"
