"""numpy and pandas, taken along by a fork of the zygote where they are installed; the zygote itself stays small.

All their native modules are loaded before anything is locked, since nothing can be mapped as code afterwards; the rest
of their Python modules is kept in memory. Nothing else that is installed beside them can be reached.
"""

import importlib
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from . import library

_NEEDED = ("numpy", "pandas", "dateutil", "six", "pytz", "tzdata", "_cyutility")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
"""Threads do not survive a fork, and a REPL may have none or few."""
_LEFT_OUT = (
    "numpy.f2py",
    "numpy.distutils",
    "numpy.testing",
    "numpy._pyinstaller",
    "pandas.conftest",
    "pandas.plotting",
)


def take_along(folders: Sequence[str], names: Sequence[str]) -> list[str]:
    """Imports those of the libraries that can be imported; returns their names and versions."""
    os.environ |= dict.fromkeys(_ONE_THREAD, "1")
    finder = _Finder(folders)
    sys.path_hooks[:] = library.path_hooks
    sys.meta_path.append(finder)
    try:
        loaded = [module for module in map(_imported, names) if module is not None]
        for module in loaded:
            _take_all(module)
    finally:
        sys.meta_path.remove(finder)
        sys.path_hooks[:] = []
        sys.path_importer_cache.clear()
        os.environ.clear()
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        raise RuntimeError("a library has started threads, which a fork would lose")
    return [f"{module.__name__} {module.__version__}" for module in loaded]


class _Finder:
    """Finds the libraries and what they need, and nothing else of what stands beside them."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = list(folders)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in _NEEDED:
            return None
        return importlib.machinery.PathFinder.find_spec(name, self._folders if path is None else path, target)


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001 - a broken installation: it is not offered then
        return None


def _take_all(package: ModuleType) -> None:
    folder = os.path.dirname(str(package.__file__))  # noqa: PTH120
    for name in _native_modules(folder, package.__name__):
        _imported(name)
    library.memory.keep(folder, package.__name__)


def _native_modules(folder: str, package: str) -> list[str]:
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("tests", "__pycache__")]
        inner = os.path.relpath(place, folder).replace(os.sep, ".")
        prefix = package if inner == "." else f"{package}.{inner}"
        found += [f"{prefix}.{file.partition('.')[0]}" for file in files if file.endswith((".so", ".pyd"))]
    return [name for name in sorted(found) if not name.endswith("_tests") and not name.startswith(_LEFT_OUT)]
