"""One sentence after an exception of the reduced interpreter: what to write instead of what it lacks."""

import re
from collections.abc import Callable
from typing import Any

from .dialect import MODULES
from .hints import FAILED_ITEM, NETWORK, NO_FILES, NO_NETWORK, NO_PROCESSES, PROCESSES, Surroundings, hint_for

_ERROR_HAS_NONE = "Errors have no attributes here: str(error) says what happened."
_INSTEAD = (
    ("class inheritance", "Write a plain class without a base, or functions and dicts; raise built-in exceptions."),
    ("'del' statement", "Use d.pop(key) or items.pop(i), or give the variable another value."),
    ("yield", "Collect the values in a list and return it."),
    ("callable replacement", "Go through re.finditer(…) and put the pieces together in a list."),
    ("Pattern.finditer() takes", "Searches have no limits here: search in a slice and add its start."),
    ("synchronous context", "Call it in a for loop or a comprehension; llm_batch asks many prompts at once."),
    ("is not an iterator", "A generator expression is a list here: take [0], or iter(…) first."),
    ("has no len()", "Classes of your own have no len() here: give the class a method, or take a list."),
    ("'RuntimeError' object has no attribute 'kind'", _ERROR_HAS_NONE),
    ("'RuntimeError' object has no attribute 'message'", _ERROR_HAS_NONE),
    ("'RuntimeError' object has no attribute", FAILED_ITEM),
    ("RuntimeError found", FAILED_ITEM),
    ("zero or one string argument", "Exceptions take one text, as in ValueError('what is wrong')."),
    ("'maketrans'", "Use replace() or a join over the characters."),
    ("has no attribute 'exit'", "FINAL(answer) ends the work."),
    ("not supported in this environment", NO_FILES),
    ("name 'input' is not defined", "Nobody is there to type. All there is stands in `context`."),
)
_LACKING = frozenset("super property classmethod staticmethod issubclass callable vars dir globals compile".split())


def hint_of(inner: BaseException, kind: str, message: str, line: str, around: Surroundings) -> str | None:
    """`inner`: the exception as Python has it, `line` where it came up."""
    for words, instead in _INSTEAD:
        if words in message:
            return instead
    if kind == "MemoryError":
        return f"There are {around.memory_bytes >> 20:,} MiB beside `context`: go through it in pieces."
    if kind in ("ModuleNotFoundError", "ImportError"):
        return _of_module(message)
    if (named := re.search(r"name '([^']+)' is not defined", message)) and named[1] in _LACKING:
        return f"The reduced interpreter has no {named[1]}()."
    return hint_for(_told_fully(inner, kind, message, line), around)


def _of_module(message: str) -> str:
    named = re.search(r"'(\w+)", message)
    name = named[1] if named else ""
    if name in NETWORK:
        return NO_NETWORK
    if name in PROCESSES:
        return NO_PROCESSES
    return f"Only these modules can be imported here, each in part: {', '.join(MODULES)}."


def _told_fully(inner: BaseException, kind: str, message: str, line: str) -> BaseException:
    """With what hints look at: the interpreter's errors have only their words."""
    for wanted, pattern, made in _DETAILS:
        if kind == wanted and (found := re.search(pattern, message)):
            return made(message, found)
    return SyntaxError(message, ("", 1, 1, line)) if kind == "SyntaxError" else inner


_DETAILS: tuple[tuple[str, str, Callable[[str, Any], BaseException]], ...] = (
    ("NameError", r"name '([^']+)' is not defined", lambda message, found: NameError(message, name=found[1])),
    (
        "AttributeError",
        r"'list' object has no attribute '(\w+)'",
        lambda message, found: AttributeError(message, name=found[1], obj=[]),
    ),
    ("PermissionError", r"'([^']*)'$", lambda message, found: PermissionError(13, message, found[1])),
    ("FileNotFoundError", r"'([^']*)'$", lambda message, found: FileNotFoundError(2, message, found[1])),
)
