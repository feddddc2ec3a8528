"""The first thing that runs in a box, given to its Python on the command line: takes in the rest of the worker.

The host sends it over standard input, a JSON object of module names and sources after a length of four bytes. Nothing
of it lies on a disk, so any image with a Python will do.
"""

import importlib.abc
import importlib.machinery
import json
import os
import struct
import sys
from types import ModuleType
from typing import Any

OLDEST = (3, 11)


class Unpacked(importlib.abc.MetaPathFinder):
    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in self._sources:
            return None
        loader: Any = self
        return importlib.machinery.ModuleSpec(name, loader, is_package=name == "worker")

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        source = self._sources[module.__name__]
        exec(compile(source, f"<{module.__name__}>", "exec", dont_inherit=True), module.__dict__)


def received(count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = os.read(0, count - len(data))
        if not piece:
            sys.exit("the host is gone")
        data += piece
    return data


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit(f"The REPL takes Python 3.11 or newer; here is {sys.version.split()[0]}.")
    (length,) = struct.unpack(">I", received(4))
    sys.meta_path.insert(0, Unpacked(json.loads(received(length))))
    from worker.boxed import main

    main()
