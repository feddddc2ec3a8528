"""Whether a sentence holds what a question asks for: a number, a date, a place, a person, a reason."""

import re
from collections.abc import Container

from trajectories.engine.offline import words
from trajectories.engine.offline.question import Expected

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\b(?:1[0-9]|20)\d\d\b|\b(?:{_MONTHS})[a-z]*\.? \d|\b\d{{1,2}} (?:{_MONTHS})[a-z]*"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bcentur(?:y|ies)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion"
    r"|twice|once|half)\b",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Ž][\w’'\-]+")
_REASON = re.compile(
    r"\b(because|since|due to|as a result|in order to|so that|therefore|thus|reason|rationale|owing|caused?|purpose"
    r"|led to|for (?:being|acting|having|\w+ing))\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\b(?:in|at|near|from|within|outside|inside|to|under) (?:the )?[A-ZÀ-Ž\"/]|\"/|(?<!\w)/\w+/")
_REFERENCE = re.compile(r"\[\d+\]")


def holds(expected: Expected, text: str, asked: Container[str]) -> float:
    """+0.5 when the sentence holds it, -0.5 when not, 0 when nothing special is asked for. `asked`: stems of the
    question, whose names are not those of somebody else."""
    found: float
    match expected:
        case "number":
            found = bool(_NUMBER.search(_REFERENCE.sub("", text)))
        case "date":
            found = bool(_DATE.search(text))
        case "place":
            found = bool(_PLACE.search(text))
        case "reason":
            found = bool(_REASON.search(text))
        case "person":
            names = [name for name in _CAPITALISED.findall(text) if words.stem(name.lower()) not in asked]
            found = min(1.0, len(names) / 2)
        case _:
            return 0.0
    return found - 0.5
