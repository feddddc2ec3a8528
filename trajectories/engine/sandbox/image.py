"""An image for containers, made of the Python that runs here: nothing is fetched, and REPLs have the same version."""

import hashlib
import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from trajectories.engine.sandbox import stock
from trajectories.engine.sandbox.worker.library import LEFT_OUT, wanted

REPOSITORY = "rlm-web-repl"
HOME = "/python"
PYTHON = f"{HOME}/bin/python"
SITE = f"{HOME}/site"
"""Where numpy and pandas lie, if they are installed here."""

_LINKED = re.compile(r"(?:=> )?(/\S+) \(0x")
_LDD_SECONDS = 20.0


class Image:
    """Files of this Python, by where they go in the image."""

    def __init__(self) -> None:
        self._files = dict(sorted(_files()))

    @property
    def tag(self) -> str:
        """Of what is in it: another Python, or another numpy, is another image."""
        listed = hashlib.sha256()
        for name, path in self._files.items():
            state = path.stat()
            listed.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
        return listed.hexdigest()[:16]

    def write(self, file: IO[bytes]) -> None:
        """As a tar archive: of root, readable by all, writable by nobody else."""
        with tarfile.open(fileobj=file, mode="w") as archive:
            for folder in ("dev", "proc", "sys", "tmp"):
                archive.addfile(_member(folder, tarfile.DIRTYPE, 0))
            for name, path in self._files.items():
                data = path.read_bytes()
                archive.addfile(_member(name.lstrip("/"), tarfile.REGTYPE, len(data)), io.BytesIO(data))


def _member(name: str, kind: bytes, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.size, member.mode = kind, size, 0o755
    return member


def _files() -> Iterator[tuple[str, Path]]:
    """The interpreter, its standard library, what may be imported beside it, and all that these are linked with."""
    interpreter = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})).resolve()
    inside = f"{HOME}/lib/python{sysconfig.get_python_version()}"
    yield PYTHON, interpreter
    native = [interpreter]
    packages = list(_packages())
    for root, folder in ((library, inside), *((root, f"{SITE}/{root.name}") for root in packages)):
        for path in _modules(root):
            yield f"{folder}/{path.relative_to(root).as_posix()}".removesuffix("/."), path
            if ".so" in path.suffixes:
                native.append(path)
    for path in _linked(native):
        if not any(path.is_relative_to(root) for root in packages):  # those find what came with them where they are
            yield str(path), path


def _packages() -> Iterator[Path]:
    """The folders (or files) of numpy and pandas, of what they need, and of the libraries that came with them."""
    for folder in stock.places():
        for path in Path(folder).iterdir():
            if path.name.removesuffix(".libs").removesuffix(".py") in (*stock.LIBRARIES, *stock.NEEDED):
                yield path


def _modules(root: Path) -> Iterator[Path]:
    """All below a folder; a file that is a module is all there is of it."""
    for path in root.iterdir() if root.is_dir() else [root]:
        if path.is_dir() and not path.is_symlink():
            if path.name == "__pycache__" or path.name not in LEFT_OUT:
                yield from _modules(path)
        elif ".so" in path.suffixes:
            if wanted(path.name.partition(".")[0]):
                yield path
        elif path.suffix in (".py", ".pyc") and ".opt-" not in path.name:
            yield path


def _linked(native: list[Path]) -> Iterator[Path]:
    """The shared libraries, where the loader looks for them. Raises `OSError`."""
    done = subprocess.run(["ldd", *native], capture_output=True, text=True, timeout=_LDD_SECONDS, check=False)
    yield from {Path(os.path.normpath(found)) for found in _LINKED.findall(done.stdout)}
