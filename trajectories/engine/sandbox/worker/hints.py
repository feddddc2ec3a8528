"""One sentence after an exception, where it shows a mistake that models often make here."""

import builtins
import difflib
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_MEANT_FOR_CONTEXT = frozenset(
    "text texts doc docs document data content contents corpus full_text input_text input_data book article".split()
)
_ALIASES = {"np": "numpy", "pd": "pandas", "dt": "datetime"}
NETWORK = frozenset(
    "socket urllib http ssl ftplib smtplib imaplib poplib telnetlib nntplib requests httpx aiohttp".split()
)
PROCESSES = frozenset("subprocess multiprocessing pty".split())
NO_FILES = "Files are not available in the REPL; the text is in `context`."
NO_NETWORK = "There is no network in the REPL; the text is in `context`."
NO_PROCESSES = "Other programs and processes are not available in the REPL; many prompts run at once with llm_batch."
FAILED_ITEM = "A failed item of a batch is an LLMError object in its place: check with isinstance(item, LLMError)."


class Surroundings(NamedTuple):
    """What there is in a REPL."""

    namespace: Mapping[str, Any]
    reserved: Mapping[str, Any]
    """The REPL's own names."""
    documents: Sequence[str]
    """Their names."""
    libraries: Sequence[str]
    """Beside the standard library."""
    memory_bytes: int
    asked: bool
    """Whether a model has been asked so far."""


def hint_for(error: BaseException, around: Surroundings) -> str | None:
    for kind, hint in _HINTS:
        if isinstance(error, kind):
            return hint(error, around)  # type: ignore[no-any-return]
    return None


def _missing_module(error: ModuleNotFoundError, around: Surroundings) -> str:
    name = (error.name or "").partition(".")[0]
    if name in NETWORK:
        return NO_NETWORK
    more = f", {', '.join(around.libraries)}" if around.libraries else ""
    return f"Only Python's standard library{more} can be imported here, and nothing can be installed."


def _system(error: OSError | ImportError, around: Surroundings) -> str | None:
    modules = {
        frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in traceback.walk_tb(error.__traceback__)
    }
    if modules & PROCESSES:
        return NO_PROCESSES
    if modules & NETWORK or type(error).__name__ in ("URLError", "gaierror"):
        return NO_NETWORK
    if isinstance(error, TimeoutError | InterruptedError | BlockingIOError):
        return None
    asked = getattr(error, "filename", None)
    if isinstance(asked, str) and asked.rpartition("/")[2] in around.documents:
        return f"Files are not available in the REPL; this document is {_place(asked.rpartition('/')[2], around)}."
    return NO_FILES


def _place(name: str, around: Surroundings) -> str:
    single = isinstance(around.reserved.get("context"), str)
    return "`context`" if single else f"`context[{list(around.documents).index(name)}]`"


def _missing_name(error: NameError, around: Surroundings) -> str | None:
    name = error.name or ""
    if name in ("exit", "quit"):
        return "FINAL(answer) ends the work."
    made = [one for one in around.namespace if one not in around.reserved and not one.startswith("_")]
    if close := difflib.get_close_matches(name, made, 1, 0.8):
        return f"Did you mean `{close[0]}`?"
    module = _ALIASES.get(name, name)
    if module in sys.stdlib_module_names or module in around.libraries:
        return f"`import {module}{f' as {name}' if name != module else ''}` first."
    if name in _MEANT_FOR_CONTEXT:
        return "The text is in `context`."
    close = difflib.get_close_matches(name, [*made, *around.reserved, *vars(builtins)], 1, 0.75)
    return f"Did you mean `{close[0]}`?" if close else None


def _attribute(error: AttributeError, around: Surroundings) -> str | None:
    if type(error.obj).__name__ == "LLMError":
        return FAILED_ITEM
    owner: Any = error.obj
    if isinstance(owner, list) and hasattr(str, error.name or ""):
        if id(owner) == id(around.reserved.get("context")):
            return f"`context` is a list of {len(owner)} texts here: take one of them, such as context[0]."
        return "This is a list; join its items to a text, or take one of them."
    return None


def _type(error: TypeError, around: Surroundings) -> str | None:
    said = str(error)
    if "LLMError" in said:
        return FAILED_ITEM
    if "not callable" in said:
        hidden = [name for name in around.namespace if name in vars(builtins) and not name.startswith("_")]
        if hidden:
            name = hidden[0]
            return f"`{name}` is a variable of yours now, not the built-in function: `del {name}` brings it back."
        if "'int' object" in said:
            return "Matches of grep have numbers: match.start and match.end, without parentheses."
    return None


def _index(error: IndexError, around: Surroundings) -> str | None:
    whole: Any = around.reserved.get("context")
    if isinstance(whole, list) and "list index" in str(error) and len(whole) < 20:
        return f"`context` has {len(whole)} texts, from context[0] on."
    return None


def _syntax(error: SyntaxError, around: Surroundings) -> str | None:
    line = (error.text or "").strip()
    if line[:1] in ("!", "%"):
        return "This is plain Python: no commands with ! or %, and nothing can be installed."
    if "await" in str(error) or line.startswith("await "):
        return "There is nothing to await: llm_batch already asks in parallel."
    if "f-string" in str(error):
        return "Inside the braces of an f-string use the other kind of quotes and no backslash, or a variable."
    return None


def _memory(error: MemoryError, around: Surroundings) -> str:
    free = f"{around.memory_bytes >> 20:,} MiB"
    return f"There are {free} beside `context`: go through it in pieces and `del` what is done."


def _runtime(error: RuntimeError, around: Surroundings) -> str | None:
    if "start new thread" in str(error):
        return "Threads are few or not allowed here: llm_batch asks many prompts in parallel without them."
    return None


def _json(error: json.JSONDecodeError, around: Surroundings) -> str | None:
    return "A model asked with schema={…} gives a checked object instead of text to parse." if around.asked else None


_HINTS: list[tuple[type[BaseException], Any]] = [
    (ModuleNotFoundError, _missing_module),
    (ImportError, _system),
    (OSError, _system),
    (NameError, _missing_name),
    (AttributeError, _attribute),
    (TypeError, _type),
    (IndexError, _index),
    (SyntaxError, _syntax),
    (MemoryError, _memory),
    (RuntimeError, _runtime),
    (json.JSONDecodeError, _json),
]
