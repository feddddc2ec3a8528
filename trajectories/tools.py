"""The tools of this server: every public function of every file in `tools/` of the data folder, found at each run.

Putting a file there takes the rights of whoever runs the server; nothing that comes in over the net can. A file that
cannot be read is left out, and the log says why.
"""

import importlib.util
import inspect
import logging
from pathlib import Path
from types import ModuleType

from django.conf import settings

from trajectories import engine

log = logging.getLogger(__name__)

FOLDER = "tools"
_loaded: dict[Path, tuple[float, ModuleType]] = {}
"""By file: when it was written, and what it is."""


def tools() -> dict[str, engine.Tool]:
    """By name. Of two functions of one name the one of the later file (by name) holds."""
    found: dict[str, engine.Tool] = {}
    for path in sorted((Path(settings.DATA_DIR) / FOLDER).glob("*.py")):
        try:
            found |= _tools_of(_module(path))
        except engine.PolicyError as error:
            log.warning("The tools of %s are left out: %s", path.name, error)
        except Exception:
            log.exception("The tools of %s are left out: the file cannot be run", path.name)
    return found


def _tools_of(module: ModuleType) -> dict[str, engine.Tool]:
    own = [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]
    return {function.__name__: engine.tool_of(function) for function in own}


def _module(path: Path) -> ModuleType:
    """Run once, and again when the file has changed."""
    written = path.stat().st_mtime
    known = _loaded.get(path)
    if known is not None and known[0] == written:
        return known[1]
    spec = importlib.util.spec_from_file_location(f"rlm_tools_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    _loaded[path] = (written, module)
    return module
