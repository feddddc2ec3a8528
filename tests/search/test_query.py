"""What a line of a search box asks for."""

import random
from datetime import date
from decimal import Decimal

import pytest

from tests.search.reference import slow_tokens
from trajectories.search import NODE_WORDS, RUN_WORDS, Word, WrongQuery
from trajectories.search.patterns import pattern
from trajectories.search.query import Among, Between, Days, Reads, Says, Term, parse, tokens

PIECES = ['"', "-", "/", ":", "\\", " ", "\u00a0", "\t", "(", "@", "--", "_", "=>", "\\/", "x:", "label:"] + [
    "kind:cell",
    "cost:>1",
    "foo",
    "Ünï",
    "a/b",
    "東京",
]


def only(line: str, words: tuple[Word, ...] = NODE_WORDS) -> Term:
    (term,) = parse(line, words).terms
    return term


def test_any_line_is_read_as_a_walk_along_it_reads_it() -> None:
    chance = random.Random(3)
    for _ in range(20_000):
        line = "".join(chance.choices(PIECES, k=chance.randrange(1, 12)))
        assert list(tokens(line)) == slow_tokens(line), line


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("grep", Says(text="grep")),
        ('"the  answer"', Says(text="the  answer")),
        ('-"a b', Says(text="a b", negated=True)),
        (r"/a\/b (c|d)/", Says(text=r"a\/b (c|d)", is_expression=True)),
        ("/usr/bin", Says(text="/usr/bin")),
        ("-/x+/", Says(text="x+", is_expression=True, negated=True)),
        ("--json", Says(text="--json")),
        ("->", Says(text="->")),
        ("https://example.org", Says(text="https://example.org")),
        ('x:"y z"', Says(text='x:"y z"')),
        ("kind:Cell,lm", Among(word="kind", values=("cell", "lm"), exact=True)),
        ("-status:failed", Among(word="status", values=("failed",), exact=True, negated=True)),
        ('label:"llm batch"', Among(word="label", values=("llm batch",), exact=False)),
        ("MODEL:Mini", Among(word="model", values=("mini",), exact=False)),
        ("cost:>$0.01", Between(word="cost", low=Decimal("0.01"), low_in=False)),
        ("cost:<=.5", Between(word="cost", high=Decimal("0.5"))),
        ("time:>=300ms", Between(word="time", low=Decimal("0.3"))),
        ("time:1m..2h", Between(word="time", low=Decimal(60), high=Decimal(7200))),
        ("tokens:>1.5k", Between(word="tokens", low=Decimal(1500), low_in=False)),
        ("depth:2", Between(word="depth", low=Decimal(2), high=Decimal(2))),
        ("reads:Report", Reads(name="report")),
        ("reads:report@1200-4000", Reads(name="report", start=1200, end=4000)),
        ('reads:"my report.txt"@7', Reads(name="my report.txt", start=7, end=8)),
        ("-reads:@0-10", Reads(start=0, end=10, negated=True)),
    ],
)
def test_a_word_is_read(line: str, term: Term) -> None:
    assert only(line) == term


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("is:pinned", Among(word="is", values=("pinned",), exact=True)),
        ("date:2026-01-31", Days(first=date(2026, 1, 31), last=date(2026, 1, 31))),
        ("date:>2026-01-31", Days(first=date(2026, 2, 1))),
        ("date:<2026-01-31", Days(last=date(2026, 1, 30))),
        ("date:2026-01-01..2026-02-01", Days(first=date(2026, 1, 1), last=date(2026, 2, 1))),
    ],
)
def test_a_word_for_runs_is_read(line: str, term: Term) -> None:
    assert only(line, RUN_WORDS) == term


def test_in_says_where_to_look() -> None:
    assert parse("grep in:code", NODE_WORDS).scopes == ("code",)
    assert parse("x in:reply,code in:answer", NODE_WORDS).scopes == ("code", "reply", "answer")
    assert "prompt" not in parse("x -in:prompt", NODE_WORDS).scopes
    assert len(parse("x -in:prompt", NODE_WORDS).scopes) == 7
    assert parse("grep", NODE_WORDS).scopes == ()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("kind:cells", "comes one of rlm, step, lm, cell or gate, such as kind:cell."),
        ("kind:", "comes one of"),
        ("knd:cell", "Write kind: instead, or put it in quotes"),
        ("statsu:failed", "Write status: instead"),
        ("cost:cheap", "an amount in dollars"),
        ("cost:>", "an amount in dollars"),
        ("cost:>1e9", "an amount in dollars"),
        ("time:>2days", "a time in ms, s, m or h"),
        ("tokens:>1٣", "a number"),
        ("model:", "a part of a name"),
        ("model:,", "a part of a name"),
        ("reads:", "a document's name"),
        ("reads:@", "a document's name"),
        ("reads:x@4000-1200", "smaller number first"),
        ("tag:checked", "chooses runs; use it on the page Runs"),
        ("in:cod", "one of code, prompt"),
        ("in:code kind:lm", "write beside it what to look for"),
        ("x in:code -in:code", "no text to look in"),
        ('""', "nothing between the quotes"),
        ('  - "  "', "nothing between the quotes"),
        ("x" * 501, "at most 500 characters"),
        ("x " * 21, "at most 20 words"),
    ],
)
def test_a_wrong_query_says_in_one_sentence_what_to_change(line: str, hint: str) -> None:
    with pytest.raises(WrongQuery) as refusal:
        parse(line, NODE_WORDS)
    assert hint in str(refusal.value)
    assert str(refusal.value).endswith(".") and len(str(refusal.value)) < 250


def test_a_word_for_nodes_is_not_taken_for_text_of_runs() -> None:
    with pytest.raises(WrongQuery, match="use it in the trace of a run"):
        parse("kind:cell", RUN_WORDS)


@pytest.mark.parametrize("line", ["date:2026-02-30", "date:yesterday", "date:>9999-12-31", "is:good"])
def test_a_wrong_word_for_runs_says_what_to_change(line: str) -> None:
    with pytest.raises(WrongQuery, match="comes"):
        parse(line, RUN_WORDS)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("(", "missing )"),
        ("a**", "correct it"),
        ("(?=a)", "look-arounds"),
        (r"(a)\1", "back-references"),
        ("(a{1000}){1000}", "repeats too much"),
        (r"((\pL{100}){10}){9}", "repeats too much"),
        ("x*", "fits any text"),
        ("x" * 201, "at most 200"),
    ],
)
def test_an_expression_that_cannot_be_used_says_why(text: str, hint: str) -> None:
    with pytest.raises(WrongQuery, match=hint.replace("(", r"\(").replace(")", r"\)")):
        pattern(Says(text=text, is_expression=True))


def test_every_word_has_an_example_that_it_takes() -> None:
    for words in (NODE_WORDS, RUN_WORDS):
        for word in words:
            for value in (word.example, *word.choices):
                parse(f"text {word.name}:{value}", words)
