"""What is asked for: a line of words → the conditions that all must hold. Pure.

    grep "expired certificate" /INC-\\d+/ kind:cell -in:prompt cost:>0.01 -status:failed

Free words, “quoted phrases” and /regular expressions/ are looked for in texts, whatever their case; `name:value` words
are those of `words.py`; several values are divided by commas; a minus before any of them turns it round.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from trajectories.search.words import ELSEWHERE, Word

LONGEST = 500
"""Characters of a query."""
MOST_TERMS = 20
SPACE = " \t\r\n\f\v\u00a0\u3000"
"""What divides words; the browser's parser knows the same signs."""

Number = Decimal


class WrongQuery(ValueError):
    """One sentence that says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """Some text contains this."""

    text: str
    is_expression: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """A name is one of these (a choice), or contains one of them. Lower case."""

    word: str
    values: tuple[str, ...]
    exact: bool
    negated: bool = False

    def fits(self, name: str) -> bool:
        name = name.lower()
        return name in self.values if self.exact else any(value in name for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A figure lies within; None: no such bound. `low_in`, `high_in`: the bound itself fits too."""

    word: str
    low: Number | None = None
    high: Number | None = None
    low_in: bool = True
    high_in: bool = True
    negated: bool = False

    def fits(self, figure: Number | float | int | None) -> bool:
        """What is not known fits nothing."""
        if figure is None:
            return False
        if self.low is not None and (figure < self.low or (figure == self.low and not self.low_in)):
            return False
        return self.high is None or figure < self.high or (figure == self.high and self.high_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Asked on a day within; both included."""

    first: date | None = None
    last: date | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """A recorded read touches [start, end) of a document whose name contains this; None: of any place in it."""

    name: str = ""
    start: int | None = None
    end: int | None = None
    negated: bool = False


Term = Says | Among | Between | Days | Reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    terms: tuple[Term, ...] = ()
    scopes: tuple[str, ...] = ()
    """Where text is looked for (names of `words.SCOPES`); none: everywhere."""

    @property
    def says(self) -> tuple[Says, ...]:
        return tuple(term for term in self.terms if isinstance(term, Says))

    @property
    def conditions(self) -> tuple[Among | Between | Days | Reads, ...]:
        """All that is no text."""
        return tuple(term for term in self.terms if not isinstance(term, Says))


# ------------------------------------------------------------------------------------------------- reading


def parse(line: str, words: Sequence[Word]) -> Query:
    """Raises `WrongQuery`."""
    if len(line) > LONGEST:
        raise WrongQuery(f"A query may have at most {LONGEST} characters; shorten it.")
    known = {word.name: word for word in words}
    terms: list[Term] = []
    for negated, text, quoted in tokens(line):
        terms.append(_term(negated, text, quoted, known))
        if len(terms) > MOST_TERMS:
            raise WrongQuery(f"A query may have at most {MOST_TERMS} words; leave some out.")
    places = [term for term in terms if isinstance(term, Among) and term.word == "in"]
    if places and not any(isinstance(term, Says) for term in terms):
        raise WrongQuery("The word “in:” says where to look; write beside it what to look for.")
    return Query(
        terms=tuple(term for term in terms if term not in places),
        scopes=_scopes(places, known["in"].choices) if places else (),
    )


_TOKEN = re.compile(
    rf"""
    (?P<minus>-(?=["/\w]))?
    (?:
        (?P<name>[A-Za-z]+):"(?P<named>[^"]*)"?(?P<rest>[^{SPACE}]*)
      | "(?P<phrase>[^"]*)"?
      | /(?P<expression>(?:[^/\\]|\\.)+)/(?=[{SPACE}]|$)
      | (?P<word>[^{SPACE}]+)
    )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(line: str) -> Iterator[tuple[bool, str, str]]:
    """(is there a minus before it, its text, how it is written: `phrase`, `expression`, `word` or `name:`)."""
    at = 0
    while at < len(line):
        if line[at] in SPACE:
            at += 1
            continue
        found = _TOKEN.match(line, at)
        assert found is not None, "anything but white space is at least a word"
        at = found.end()
        negated = found["minus"] is not None
        if found["name"] is not None:
            yield negated, found["named"] + found["rest"], found["name"].lower() + ":"
        elif found["phrase"] is not None:
            yield negated, found["phrase"], "phrase"
        elif found["expression"] is not None:
            yield negated, found["expression"], "expression"
        else:
            yield negated, found["word"], "word"


def _term(negated: bool, text: str, how: str, known: dict[str, Word]) -> Term:
    if how == "expression":
        return Says(text=text, is_expression=True, negated=negated)
    if how == "phrase":
        return _phrase(text, negated)
    name, colon, value = (how[:-1], ":", text) if how.endswith(":") else text.partition(":")
    word = known.get(name.lower()) if colon else None
    if word is None:
        if colon and name.isalpha():
            _refuse_slip(name, known)
        return Says(text=f'{name}:"{value}"' if how.endswith(":") else text, negated=negated)
    return _READERS[word.takes](word, value.strip(SPACE), negated)


def _phrase(text: str, negated: bool) -> Says:
    if not text.strip(SPACE):
        raise WrongQuery("There is nothing between the quotes; write the text to look for between them.")
    return Says(text=text, negated=negated)


def _refuse_slip(name: str, known: dict[str, Word]) -> None:
    """A word mistyped by a letter or two, or of the other search, would silently look for itself as text."""
    if name.lower() in ELSEWHERE:
        raise WrongQuery(
            f"The word “{name}:” chooses {ELSEWHERE[name.lower()]}, or put it in quotes to find it as text."
        )
    meant = get_close_matches(name.lower(), known, n=1, cutoff=0.75)
    if meant:
        raise WrongQuery(
            f"There is no word “{name[:40]}:”. Write {meant[0]}: instead, or put it in quotes to find it as text."
        )


def _scopes(places: Sequence[Among], choices: Sequence[str]) -> tuple[str, ...]:
    """Those asked for, or all, without those excluded."""
    asked = {value for term in places if not term.negated for value in term.values} or set(choices)
    left = asked - {value for term in places if term.negated for value in term.values}
    if not left:
        raise WrongQuery("These “in:” words leave no text to look in; take one away.")
    return tuple(choice for choice in choices if choice in left)


# ------------------------------------------------------------------------------------------------- values


def _choice(word: Word, value: str, negated: bool) -> Term:
    values = tuple(part.strip(SPACE).lower() for part in value.split(","))
    if not set(values) <= set(word.choices):
        raise WrongQuery(word.expects)
    return Among(word=word.name, values=values, exact=True, negated=negated)


def _part(word: Word, value: str, negated: bool) -> Term:
    values = tuple(part.lower() for part in value.split(",") if part)
    if not values:
        raise WrongQuery(word.expects)
    return Among(word=word.name, values=values, exact=False, negated=negated)


_AMOUNT = r"(?P<number>\d{1,15}(?:\.\d{0,12})?|\.\d{1,12})"
_NUMBER = re.compile(rf"{_AMOUNT}(?P<unit>[kKmM]?)", re.ASCII)
_MONEY = re.compile(rf"\$?{_AMOUNT}(?P<unit>)", re.ASCII)
_DURATION = re.compile(rf"{_AMOUNT}(?P<unit>ms|s|min|m|h|)", re.ASCII | re.IGNORECASE)
UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
SECONDS = {
    "": Decimal(1),
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "min": Decimal(60),
    "h": Decimal(3600),
}


def _number(word: Word, value: str, negated: bool) -> Term:
    return _between(word, value, negated, _NUMBER, UNITS)


def _money(word: Word, value: str, negated: bool) -> Term:
    return _between(word, value, negated, _MONEY, UNITS)


def _duration(word: Word, value: str, negated: bool) -> Term:
    return _between(word, value, negated, _DURATION, SECONDS)


def _between(
    word: Word, value: str, negated: bool, pattern: "re.Pattern[str]", units: dict[str, Decimal] | dict[str, int]
) -> Term:
    def read(text: str) -> Number:
        found = pattern.fullmatch(text.strip(SPACE))
        if found is None:
            raise WrongQuery(word.expects)
        return Decimal(found["number"]) * units[found["unit"].lower()]

    first, dots, last = value.partition("..")
    if dots:
        return Between(word=word.name, low=read(first), high=read(last), negated=negated)
    sign, rest = _sign(value)
    figure = read(rest)
    if sign.startswith(">"):
        return Between(word=word.name, low=figure, low_in=sign == ">=", negated=negated)
    if sign.startswith("<"):
        return Between(word=word.name, high=figure, high_in=sign == "<=", negated=negated)
    return Between(word=word.name, low=figure, high=figure, negated=negated)


def _sign(value: str) -> tuple[str, str]:
    sign = next((sign for sign in (">=", "<=", ">", "<", "=") if value.startswith(sign)), "")
    return sign, value[len(sign) :]


def _date(word: Word, value: str, negated: bool) -> Term:
    def read(text: str) -> date:
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip(SPACE), re.ASCII):
                raise ValueError
            return date.fromisoformat(text.strip(SPACE))
        except ValueError:
            raise WrongQuery(word.expects) from None

    first, dots, last = value.partition("..")
    if dots:
        return Days(first=read(first), last=read(last), negated=negated)
    sign, rest = _sign(value)
    day = read(rest)
    if sign in (">", "<"):
        try:
            day = date.fromordinal(day.toordinal() + (1 if sign == ">" else -1))
        except ValueError:
            raise WrongQuery(word.expects) from None
    return Days(
        first=None if sign.startswith("<") else day,
        last=None if sign.startswith(">") else day,
        negated=negated,
    )


_RANGE = re.compile(r"(\d{1,15})(?:-(\d{1,15}))?", re.ASCII)


def _place(word: Word, value: str, negated: bool) -> Term:
    name, at, stretch = value.rpartition("@")
    if not at:
        name, stretch = value, ""
    found = _RANGE.fullmatch(stretch)
    if (at and found is None) or not (name or at):
        raise WrongQuery(word.expects)
    if found is None:
        return Reads(name=name.lower(), negated=negated)
    start = int(found[1])
    end = int(found[2]) if found[2] else start + 1
    if end <= start:
        raise WrongQuery(f"The range {stretch} is empty; write the smaller number first, such as reads:@1200-4000.")
    return Reads(name=name.lower(), start=start, end=end, negated=negated)


_READERS = {
    "choice": _choice,
    "part": _part,
    "number": _number,
    "money": _money,
    "duration": _duration,
    "date": _date,
    "place": _place,
}
