"""The standard library held in memory: the locked child imports from here, since it has no files to import from."""

import importlib
import importlib.machinery
import importlib.util
import marshal
import os
import sys
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from . import time_zones

LEFT_OUT = {
    *("idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "test", "site-packages", "pydoc_data", "venv"),
    *("curses", "__pycache__", "tests"),
}
_LEFT_OUT_NATIVE = {
    *("_tkinter", "_curses", "_curses_panel", "readline", "_ctypes_test", "_dbm", "_gdbm", "nis", "ossaudiodev"),
    *("spwd", "xxlimited", "xxlimited_35"),
}
_AT_HAND = """
    re json collections collections.abc math cmath statistics datetime csv itertools functools operator string
    random textwrap unicodedata difflib heapq bisect decimal fractions hashlib base64 struct copy enum
    dataclasses typing io time calendar pprint html html.parser xml.etree.ElementTree urllib.parse zlib bz2 lzma
    binascii contextlib concurrent.futures threading queue asyncio uuid secrets tempfile pathlib types abc ast
    tokenize warnings encodings.utf_8 encodings.latin_1 encodings.ascii encodings.utf_16 encodings.cp1252
    encodings.idna zoneinfo string.templatelib graphlib numbers array fnmatch shlex codecs locale inspect gzip
    zipfile _strptime
"""


class _Kept(NamedTuple):
    package: bool
    path: str
    code: bytes
    compiled: bool


class InMemory:
    """Finds and loads pure Python modules from bytes that were read before the files went away."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def keep(self, root: str, top: str = "") -> None:
        """All modules under a folder that are not imported yet; `top` is the package that the folder is."""
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name.isidentifier() and name not in LEFT_OUT]
            inner = os.path.relpath(folder, root).replace(os.sep, ".")
            package = ".".join(part for part in (top, "" if inner == "." else inner) if part)
            for file in files:
                if file.endswith(".py"):
                    self._keep_file(folder, file[:-3], package)

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        kept = self._kept.get(name)
        if kept is None:
            return None
        loader: Any = self
        spec = importlib.machinery.ModuleSpec(name, loader, origin=kept.path, is_package=kept.package)
        if kept.package:
            spec.submodule_search_locations = [os.path.dirname(kept.path)]  # noqa: PTH120
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        kept = self._kept[module.__name__]
        module.__file__ = kept.path
        code: CodeType = (
            marshal.loads(kept.code) if kept.compiled else compile(kept.code, kept.path, "exec", dont_inherit=True)
        )
        exec(code, module.__dict__)

    def _keep_file(self, folder: str, stem: str, package: str) -> None:
        is_package = stem == "__init__"
        name = ".".join(part for part in (package, "" if is_package else stem) if part)
        if not name or (package and name in sys.modules):
            return
        path = f"{folder}/{stem}.py"
        compiled = _compiled(f"{folder}/__pycache__/{stem}.{sys.implementation.cache_tag}.pyc")
        code = _read(path) if compiled is None else compiled
        if code is not None:
            self._kept[name] = _Kept(is_package, path, code, compiled is not None)


memory = InMemory()
path_hooks: list[Any] = []
"""How modules are found in folders, for whoever brings in more later."""


def take_along() -> None:
    """Reads the whole standard library, imports what is used often and every native module, then lets go of files."""
    root = os.path.dirname(os.__file__)  # noqa: PTH120
    memory.keep(root)
    for name in [*_AT_HAND.split(), *_native(f"{root}/lib-dynload")]:
        _try_import(name)
    time_zones.take_along()
    path_finder = importlib.machinery.PathFinder
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not path_finder] + [memory]
    sys.path[:] = []
    path_hooks[:] = sys.path_hooks
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    sys.argv[:] = [""]


def _native(folder: str) -> list[str]:
    """The extension modules of the standard library: nothing can be mapped as code once the child is locked."""
    files = sorted(os.listdir(folder)) if os.path.isdir(folder) else []  # noqa: PTH112, PTH208
    return [name for name in (file.split(".")[0] for file in files if file.endswith(".so")) if wanted(name)]


def wanted(native: str) -> bool:
    """Whether this extension module is of use in a REPL."""
    return native not in _LEFT_OUT_NATIVE and not native.startswith(("_test", "_xx"))


def _try_import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ImportError:
        return  # this Python was built without it, or is too old for it


def _compiled(path: str) -> bytes | None:
    data = _read(path)
    if data is None or data[:4] != importlib.util.MAGIC_NUMBER:
        return None
    return data[16:]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return None
