"""What a regular expression may do to a text, read from its parse tree: how to search so that it can be stopped.

`re` looks for an interrupt each 4,096 steps, but takes a repeated single character (`.*`, `[^@]+`) as one step, however
far it goes. On long stretches of text such a pattern cannot be stopped for minutes.
"""

import re
from collections.abc import Iterable
from re import _constants as words  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

SHORT = 1 << 16
"""Characters: on a stretch of this length no pattern goes without a look for an interrupt for more than a second."""
_FAR = 4096
_SPECIAL = frozenset("\\.^$*+?{}[]()|")
_SINGLE = (words.LITERAL, words.NOT_LITERAL, words.ANY, words.IN)
_REPEATS = (words.MAX_REPEAT, words.MIN_REPEAT, words.POSSESSIVE_REPEAT)
_NEWLINE = 10
_WITH_NEWLINE = (words.CATEGORY_SPACE, words.CATEGORY_NOT_DIGIT, words.CATEGORY_NOT_WORD)


class Shape(NamedTuple):
    hungry: bool
    """Takes characters without end in a single step."""
    crosses_lines: bool
    """What it does in a line may depend on other lines."""


WORST = Shape(hungry=True, crosses_lines=True)


def is_literal(regex: re.Pattern[str]) -> bool:
    """Whether the pattern is just the words it looks for."""
    pattern = regex.pattern
    return bool(pattern) and not regex.flags & re.VERBOSE and _SPECIAL.isdisjoint(pattern)


def shape_of(regex: re.Pattern[str]) -> Shape:
    try:
        parsed = parser.parse(regex.pattern, regex.flags & ~re.DEBUG)
        items = list(_items(parsed))
    except (RecursionError, re.error, TypeError, ValueError):
        return WORST
    dotall = bool(regex.flags & re.DOTALL) or any(
        operator is words.SUBPATTERN and given[1] & re.DOTALL for operator, given in items
    )
    multiline = bool(regex.flags & re.MULTILINE)
    return Shape(
        hungry=any(_is_hungry(*item) for item in items),
        crosses_lines=any(_meets_newline(*item, dotall, multiline) for item in items),
    )


def words_in(regex: re.Pattern[str]) -> str:
    """Words that stand in every match, the longest there are; empty where none are known."""
    if regex.flags & re.IGNORECASE:
        return ""
    try:
        runs = _runs(parser.parse(regex.pattern, regex.flags & ~re.DEBUG))
    except (RecursionError, re.error, TypeError, ValueError):
        return ""
    return max(runs, key=len, default="")


def _runs(parsed: Iterable[Any]) -> list[str]:
    """The literal stretches of a sequence that no match can be without."""
    runs = [""]
    for operator, given in parsed:
        if operator is words.LITERAL:
            runs[-1] += chr(given)
            continue
        inner: list[str] = []
        if operator is words.SUBPATTERN and not given[1]:  # no flags of its own
            inner = _runs(given[3])
        elif operator in _REPEATS and given[0] > 0:
            inner = _runs(given[2])
        elif operator is words.ATOMIC_GROUP:
            inner = _runs(given)
        runs += [*inner, ""]
    return runs


def _items(parsed: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    """All operators of a pattern with what is given to them, those inside others too."""
    for operator, given in parsed:
        yield operator, given
        for inner in _inside(operator, given):
            yield from _items(inner)


def _inside(operator: Any, given: Any) -> list[Any]:
    if operator in _REPEATS:
        return [given[2]]
    if operator is words.BRANCH:
        return list(given[1])
    if operator is words.SUBPATTERN:
        return [given[3]]
    if operator in (words.ASSERT, words.ASSERT_NOT):
        return [given[1]]
    if operator is words.ATOMIC_GROUP:
        return [given]
    if operator is words.GROUPREF_EXISTS:
        return [inner for inner in given[1:] if inner is not None]
    return []


def _is_hungry(operator: Any, given: Any) -> bool:
    if operator not in _REPEATS:
        return False
    least, most, repeated = given
    reach = least if operator is words.MIN_REPEAT else most
    return reach > _FAR and _is_single(repeated)


def _is_single(repeated: Any) -> bool:
    if len(repeated) != 1:
        return False
    operator, given = repeated[0]
    if operator is words.SUBPATTERN:
        return given[0] is None and _is_single(given[3])
    return operator in _SINGLE


def _meets_newline(operator: Any, given: Any, dotall: bool, multiline: bool) -> bool:
    if operator is words.LITERAL:
        return bool(given == _NEWLINE)
    if operator is words.NOT_LITERAL:
        return bool(given != _NEWLINE)
    if operator is words.ANY:
        return dotall
    if operator is words.IN:
        return _has_newline(given)
    if operator is words.AT:
        return given is words.AT_END_STRING or (given is words.AT_END and not multiline)
    return False


def _has_newline(given: Any) -> bool:
    negated = given[0][0] is words.NEGATE
    members = given[1:] if negated else given
    return negated != any(_is_newline(*member) for member in members)


def _is_newline(operator: Any, given: Any) -> bool:
    if operator is words.LITERAL:
        return bool(given == _NEWLINE)
    if operator is words.RANGE:
        return bool(given[0] <= _NEWLINE <= given[1])
    return given in _WITH_NEWLINE
