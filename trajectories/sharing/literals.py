"""String literals of Python code, where prompts of sub-calls are written. Also of code that Python would not take."""

import re

from trajectories.sharing.blackout import BLACK

SHORTEST = 8
"""Characters; shorter ones are keys, separators, names of roles."""
_LITERAL = re.compile(
    r"#[^\n]*"
    r'|"""(?:[^"\\]|\\(?:.|\Z)|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^'\\]|\\(?:.|\Z)|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'(?:[^'\\\n]|\\.)*+'?",
    re.DOTALL,
)
_FENCED = re.compile(r"^(?P<fence>```+)[^\n]*\n(?P<code>.*?)(?:^(?P=fence)|\Z)", re.MULTILINE | re.DOTALL)


def in_code(code: str) -> str:
    """Code with its longer string literals blacked out."""
    return _LITERAL.sub(lambda found: _literal(found[0]), code)


def in_reply(reply: str) -> str:
    """The same in the fences of a model's reply."""
    return _FENCED.sub(lambda found: _inside(found), reply)


def _literal(literal: str) -> str:
    if literal.startswith("#"):
        return literal
    mark = literal[:3] if literal.startswith(('"""', "'''")) else literal[:1]
    inner = literal[len(mark) :].removesuffix(mark)
    return literal if len(inner) < SHORTEST else f"{mark}{BLACK}{mark}"


def _inside(found: "re.Match[str]") -> str:
    whole, start = found[0], found.start()
    first, last = found.start("code") - start, found.end("code") - start
    return whole[:first] + in_code(whole[first:last]) + whole[last:]
