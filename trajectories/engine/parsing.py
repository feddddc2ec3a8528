"""What a root model's reply says: code to run, or an answer in prose.

Code stands in fences marked `repl`, `python` or `py`. An answer in prose is `FINAL(…)` or `FINAL_VAR(…)` alone on a
line outside every fence; beside code it does not count, because that code has not run yet.
"""

import ast
import re
import textwrap
from dataclasses import dataclass

RUNNABLE = frozenset({"repl", "python", "py", "python3"})
_FENCE = re.compile(r"^[ \t]*(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$")
_FINAL = re.compile(r"^[ \t]*(?P<name>FINAL_VAR|FINAL)\(", re.MULTILINE)
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_MOST_CLOSINGS = 20
"""How many later fences are tried as a block's end when the first cuts a string in two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of code to run."""

    code: str
    closed: bool
    """False for a last fence that the reply never closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseEnding:
    """`FINAL(answer)` or `FINAL_VAR(name)` written outside code."""

    is_variable: bool
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedReply:
    thought: str
    """The reply without its fences."""
    blocks: tuple[Block, ...]
    ending: ProseEnding | None
    """Also set beside code, where it must be ignored."""
    other_fences: tuple[str, ...]
    """Marks of the fences that are not run (`""` for an unmarked one)."""


def parse_reply(text: str) -> ParsedReply:
    lines = text.split("\n")
    prose: list[str] = []
    blocks: list[Block] = []
    others: list[str] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None:
            prose.append(lines[at])
            at += 1
            continue
        language = fence["info"].strip().split(" ")[0].strip("{}.").lower()
        runnable = language in RUNNABLE
        end = _end_of_block(lines, at, fence["marks"], runnable)
        if runnable:
            code = textwrap.dedent("\n".join(lines[at + 1 : end]))
            if code.strip():
                blocks.append(Block(code=code, closed=end < len(lines)))
        else:
            others.append(language)
        prose.append("")
        at = end + 1
    thought = "\n".join(prose).strip()
    return ParsedReply(thought=thought, blocks=tuple(blocks), ending=_prose_ending(thought), other_fences=tuple(others))


def _end_of_block(lines: list[str], start: int, marks: str, runnable: bool) -> int:
    """The line of the closing fence. A fence inside a string of the code does not close it: the first closing
    with which the code can be parsed does, and the very first when none helps."""
    closings = [
        number
        for number in range(start + 1, len(lines))
        if (line := lines[number].strip()).startswith(marks) and not line.strip(marks[0])
    ]
    if not closings:
        return len(lines)
    if runnable and len(closings) > 1:
        for number in closings[:_MOST_CLOSINGS]:
            if _parses("\n".join(lines[start + 1 : number])):
                return number
    return closings[0]


def _parses(code: str) -> bool:
    try:
        ast.parse(textwrap.dedent(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _prose_ending(prose: str) -> ProseEnding | None:
    """The last `FINAL(…)` that begins a line and whose closing bracket ends one. An empty one is no answer."""
    for match in reversed(list(_FINAL.finditer(prose))):
        value = _unquoted((_bracketed(prose[match.end() :]) or "").strip())
        if value.strip():
            return ProseEnding(is_variable=match["name"] == "FINAL_VAR", value=value)
    return None


def _bracketed(rest: str) -> str | None:
    """What stands before the bracket that closes at a line's end: balanced if possible, else the line's last."""
    ends = [match.start() for match in re.finditer(r"\)[ \t]*(?=\n|$)", rest)]
    for end in ends:
        inside = rest[:end]
        if inside.count("(") == inside.count(")"):
            return inside
    first_line = rest.partition("\n")[0].rstrip()
    return first_line[:-1] if first_line.endswith(")") else None


def _unquoted(value: str) -> str:
    for quote in ('"""', "'''"):
        if len(value) >= 6 and value.startswith(quote) and value.endswith(quote):
            return value[3:-3]
    if len(value) >= 2 and _QUOTES.get(value[0]) == value[-1]:
        return value[1:-1]
    return value
