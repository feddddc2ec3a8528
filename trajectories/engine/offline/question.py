"""What a question asks for, without understanding it: its kind, its words, and what cannot be done about it here."""

import re
from dataclasses import dataclass
from typing import Literal

from trajectories.engine.offline import words

Kind = Literal["find", "define", "list", "compare", "count", "headings", "summarise"]
Expected = Literal["number", "date", "place", "person", "reason", "any"]
"""What a sentence that answers should hold."""

_NAME = re.compile(r"(?<!^)\b[A-ZÀ-Ž][\w’'\-]+(?:\s+(?:de la |de |of |von |van )?[A-ZÀ-Ž][\w’'\-]+)+")
_OPTION = re.compile(r"^\s*\(?(?:\d{1,2}|[A-Ha-h])[.)]\s*(\S.*?)[;,.]?\s*$", re.MULTILINE)
_HOW = re.compile(r"\bhow (?:long|far|big|tall|high|large|old|wide|deep|fast|soon)\b", re.IGNORECASE)
"""Words that ask for a number; the answer has the number instead."""
_MEASURE = re.compile(
    r"\b(?:maximum|minimum|maximal|minimal) (?:length|size|number|amount)\b|\b(?:number|amount|length|size)(?= of\b)",
    re.IGNORECASE,
)
_EDGES = " \t\n.,;:?!\"'“”‘’`«»()[]"

_EXPECTED: tuple[tuple[Expected, str], ...] = (
    (
        "number",
        r"\bhow (?:many|much|old|long|often|far|large|big|tall|high)\b|\b(?:maximum|minimum) (?:length|number|size)"
        r"|\bwhat (?:is the |was the )?(?:number|percentage|amount|size|maximum|minimum|range|price|cost)\b",
    ),
    (
        "date",
        r"^(?:\w+ )?when\b|\b(?:what|which) (?:year|date|day|month|century)\b|\bwhen (?:was|were|is|did|does|will)\b",
    ),
    (
        "place",
        r"\bwhere\b|\b(?:what|which) (?:city|country|place|directory|location|town|region|file|path|places)\b",
    ),
    ("person", r"\bwho(?:m|se)?\b|\b(?:what|which) (?:person|people|organi[sz]ations?)\b"),
    ("reason", r"\bwhy\b|\bwhat (?:is|was|were|are)? ?(?:the )?(?:reason|cause)"),
)

_QUOTED = r"[\"“‘'«]([^\"”’»]+?)[\"”’'»]"
_OCCURRENCES = (
    rf"\bhow (?:many times|often)\b.*?{_QUOTED}",
    rf"\b(?:count|number of) (?:the |all )?(?:occurrences?|mentions?|times).*?{_QUOTED}",
    r"\bhow (?:many times|often) (?:does|do|did|is|are|was|were) (?:the )?(?:words?|terms?|phrases?|names?)?\s*"
    r"(\S.*?) (?:occur|appear|mentioned|come up|found|used in (?:the|this))\b",
    r"\b(?:count|number of) (?:the |all )?(?:occurrences|mentions) of (?:the )?(?:word |term |phrase )?(.+)",
    r"\bhow many (?:occurrences|mentions) of (?:the )?(?:word |term |phrase )?(.+?)(?: (?:are|is) there\b.*)?[?.]*$",
)
_SECTIONS = r"\bhow many (?:top-level |main |numbered )?(sections?|chapters?|appendi\w+|parts?)\b"
_OF_THE_WHOLE = r"\b(document|manual|text|book|main part|are there|does (?:it|the|this)|in total)\b"
_SUMMARY = (
    r"\b(summari[sz]e|summary|overview of|what is (?:this|the) (?:text|document|book|manual|page|file) about"
    r"|main (?:points|topics|ideas))\b"
)
_COMPARISONS = (
    r"\bdifferences? between (.+?) and (.+?)[?.]*$",
    r"\bcompare (.+?) (?:and|with|to|versus|vs\.?) (.+?)[?.]*$",
    r"\b(?:how|in what way) (?:do|does|is|are) (.+?) (?:differ|different) from (.+?)[?.]*$",
    r"\bhow do (.+?) and (.+?) differ\b",
    r"\bwhat distinguishes (.+?) from (.+?)[?.]*$",
    r"^(.+?) (?:vs\.?|versus) (.+?)[?.]*$",
)
_LIST = (
    r"^(?:please )?(?:list|enumerate|name all)\b|^(?:what|which) (?:are|were) (?:all )?the \w+|"
    r"^(?:what|which) (?:\w+ )?\w+s\b.*\b(?:are|do|must|can|contain|accept|support)\b"
)
_DEFINITION = re.compile(
    r"^\s*(?:what(?:'s| is| are| was| were)|define|what does|what do|who (?:is|was)|explain what)"
    r"\s+(?:an? |the |term |meant by )*(.+?)(?: means?| stands? for| do| is| are)?[?.]*\s*$",
    re.IGNORECASE,
)
_SHORT_DEFINITION = (
    r"^\s*(?:define\b|what does .* (?:mean|stand for)|what is meant by"
    r"|what (?:is|are) (?:an? |the term )?[\w\"“” -]{2,40}\??$)"
)

_RANGE = re.compile(r"(.*?)\b(?:between|from) (.+) (?:and|to|until|till) (.+?)[?.]*$", re.IGNORECASE)

_BEYOND: tuple[tuple[str, str], ...] = (
    (
        "put things in order",
        r"^\W*(?:please )?(?:re-?order|order|sort|arrange|rank)\b"
        r"|\b(?:please|following) (?:re-?order|order|sort|arrange)\b"
        r"|\b(?:re-?order|sort|arrange|order) (?:these|the following|them|the timeline)|in chronological order",
    ),
    (
        "compute",
        r"\bhow (?:many|much) (?:more |fewer |less )?(?:years?|months?|weeks?|days?|hours?|minutes?|time)\b"
        r".*\b(?:between|until|till|elapsed|passed|from .+ to|after .+ before)\b"
        r"|\bhow long (?:did |does |do |was |were |has |have )?(?:it )?(?:take |last )?from .+ (?:to|until)\b"
        r"|\bdifferences? (?:of|in) (?:the )?(?:number|amount|price|size|age|cost)"
        r"|\b(?:on average|the average|sum of|in sum)\b"
        r"|\bhow (?:many|much) (?:more|fewer|less|older|younger|longer)\b",
    ),
    (
        "judge whether that is true",
        r"\b(?:is|are) (?:this|that|it|these) (?:statement )?(?:true|correct|right)\b|\btrue or false\b",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    text: str
    kind: Kind
    english: bool
    expected: Expected
    terms: tuple[str, ...]
    """Stems (and joined compounds) to search for, in the question's order."""
    sequence: tuple[str, ...]
    """Stems of all its content words, in order (for pairs of words)."""
    names: tuple[tuple[str, ...], ...]
    """Terms that together are one name ("Chief Justice Menon") and shall not count several times."""
    defined: tuple[str, ...]
    """Content stems of what is asked to be explained; empty for other questions."""
    counted: str
    """For `count`: the words to be counted."""
    subjects: tuple[str, ...]
    """For `compare`: the two things. For questions with options: the options. For "between A and B": what is asked of
    A, and of B."""
    beyond: str
    """What it asks for that nobody can do without a language model ("compute"); empty when nothing."""


def understand(text: str) -> Question:
    """Never fails: what is not recognised is a question to be answered with a quotation."""
    text = " ".join(text.split(" ")).strip()
    english = words.is_english(text)
    options = tuple(_OPTION.finditer(text))
    options = options if len(options) > 1 else ()
    asked = _OPTION.sub("", text) if options else text
    named = tuple(option[1] for option in options if len(words.content_stems(option[1])) > 1)
    kind, subjects, counted = _kind(text)
    beyond = _beyond(asked, len(options))
    if beyond:
        kind, subjects, counted = "find", _ends(asked) if beyond == "compute" else (), ""
    return Question(
        text=text,
        kind=kind,
        english=english,
        expected=_expected(asked),
        terms=_terms(asked, english),
        sequence=tuple(words.content_stems(asked, english=english)),
        names=_names(asked, english),
        defined=_defined(asked, english),
        counted=counted,
        subjects=named or subjects,
        beyond=beyond,
    )


def _kind(text: str) -> tuple[Kind, tuple[str, ...], str]:
    """The kind, the subjects of a comparison, and what is to be counted."""
    line = " ".join(text.split())
    counted = next((found[1] for pattern in _OCCURRENCES if (found := _search(pattern, line))), "").strip(_EDGES)
    if counted:
        return "count", (), counted
    if (found := _search(_SECTIONS, line)) and _search(_OF_THE_WHOLE, line):
        return "headings", (), found[1].lower()
    if _search(_SUMMARY, line):
        return "summarise", (), ""
    for pattern in _COMPARISONS:
        if found := _search(pattern, line):
            return "compare", tuple(_subject(part) for part in found.groups()), ""
    if _search(_LIST, line):
        return "list", (), ""
    if _search(_SHORT_DEFINITION, line):
        return "define", (), ""
    return "find", (), ""


def _search(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE)


def _subject(part: str) -> str:
    return re.sub(r"^(?:an|a|the)\s+", "", part.strip(_EDGES), flags=re.IGNORECASE)


def _beyond(text: str, options: int) -> str:
    for task, pattern in _BEYOND:
        if _search(pattern, text):
            return task
    return "choose between options" if options else ""


def _ends(text: str) -> tuple[str, ...]:
    """What is asked between two things or times, asked of each."""
    found = _RANGE.match(" ".join(text.split()))
    return (found[1] + found[2], found[1] + found[3]) if found else ()


def _expected(text: str) -> Expected:
    line = " ".join(text.lower().split())
    return next((kind for kind, pattern in _EXPECTED if re.search(pattern, line)), "any")


def _terms(text: str, english: bool) -> tuple[str, ...]:
    without_measure = _MEASURE.sub("", _HOW.sub("how", text))
    content = words.content_stems(without_measure, english=english) or words.content_stems(text, english=english)
    weak = {words.stem(word) for word in words.words(text) if _only_asks(word)} if english else frozenset()
    compounds = [words.joined(compound) for compound in words.compounds(text)]
    strong = [term for term in content if term not in weak] + compounds
    return tuple(dict.fromkeys(strong or content))


def _only_asks(word: str) -> bool:
    """`documents`, but not `documentation`."""
    return any(word.removesuffix(ending) in words.ASKING for ending in ("", "s", "es", "d", "ed", "ing"))


def _names(text: str, english: bool) -> tuple[tuple[str, ...], ...]:
    found = (tuple(dict.fromkeys(words.content_stems(match[0], english=english))) for match in _NAME.finditer(text))
    return tuple(name for name in found if len(name) > 1)


def _defined(text: str, english: bool) -> tuple[str, ...]:
    match = _DEFINITION.match(text)
    stems = tuple(words.content_stems(match[1], english=english)) if match else ()
    return stems if len(stems) <= 4 else ()


def search_forms(question: Question) -> dict[str, list[str]]:
    """For each term, beginnings of the words by which a plain search finds it: `{"polici": ["polic"]}`."""
    forms: dict[str, list[str]] = {term: [] for term in question.terms}
    for word in words.words(question.text):
        term = words.stem(word) if question.english else word
        if term in forms:
            forms[term] += [form for form in _beginnings(word, term) if form not in forms[term]]
    for compound in words.compounds(question.text):
        term = words.joined(compound)
        if term in forms and compound not in forms[term]:
            forms[term].append(compound)
    return {term: found for term, found in forms.items() if found}


def _beginnings(word: str, term: str) -> list[str]:
    irregular = words.irregular_forms(word)
    if irregular:
        return list(irregular)
    shared = 0
    while shared < min(len(word), len(term)) and word[shared] == term[shared]:
        shared += 1
    beginning = word[:shared]
    if beginning.endswith("i") and shared > 3:
        beginning = beginning[:-1]  # policies, policy
    return [beginning if len(beginning) >= 3 else word]
