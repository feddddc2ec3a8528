"""Sentences of an answer, and which of them rest on a recorded source: rules that say the same every time."""

import time

import pytest

from frontend.answers import MOST_MARKDOWN, render_answer
from frontend.marking import MOST_SENTENCES
from frontend.sentences import sentences
from frontend.sourcing import Ground, Sources

MILL = "The mill at Overton was built in 1790, of brick and oak."
CORN = "It ground 1,204 tons of corn a year until 1912. Then the “Great Flood” came."
ADDRESSES = ["/documents/a?at=0-56", "/documents/a?at=60-130"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        (
            "Dr. Smith et al. wrote it, e.g. in vol. 3. Then he left.",
            ["Dr. Smith et al. wrote it, e.g. in vol. 3.", "Then he left."],
        ),
        ("It weighs 3.5 kg, i.e. 7.7 lb. That is all.", ["It weighs 3.5 kg, i.e. 7.7 lb.", "That is all."]),
        (
            "He lives in the U.S. and J. R. Miller does too. Good.",
            ["He lives in the U.S. and J. R. Miller does too.", "Good."],
        ),
        ("It was built in 1790. It burnt in 1801.", ["It was built in 1790.", "It burnt in 1801."]),
        ("1. First of all. 2. After that.", ["1. First of all.", "2. After that."]),
        ("The answer is no. No. 5 is meant.", ["The answer is no.", "No. 5 is meant."]),
        ("“It burnt.” (He saw it.) Nobody else did!", ["“It burnt.”", "(He saw it.)", "Nobody else did!"]),
        ("It burnt.” (Report 3, page 2)", ["It burnt.” (Report 3, page 2)"]),
        ("一つ。「二つ！」三つ", ["一つ。", "「二つ！」", "三つ"]),
        ("क्या? हाँ। ठीक", ["क्या?", "हाँ।", "ठीक"]),
        ("Well … so be it. Yes… No.", ["Well … so be it.", "Yes…", "No."]),
        ("See a.py and b.js. Then run it", ["See a.py and b.js.", "Then run it"]),
        ("One line\nand its second. Another", ["One line\nand its second.", "Another"]),
        ("", []),
        (" … – ! ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, wanted: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == wanted


@pytest.mark.parametrize(
    "text", ["a. B" * 100_000, "." * 400_000 + "x", "。 " * 200_000, "1. " * 100_000, '."' * 200_000]
)
def test_no_text_keeps_the_splitting_waiting(text: str) -> None:
    began = time.process_time()
    sentences(text)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("sentence", "cited", "ground"),
    [
        ("Anything at all.", True, "cited"),
        ("He wrote: “The mill at\nOverton was built in 1790, of  brick and oak.”", False, "quoted"),
        ("built in 1790, of brick and oak.", False, "quoted"),
        ("It is as old as 1790.", False, "figures"),
        ("In 1912 it had ground 1204 tons.", False, "figures"),
        ("People called it the “Great Flood”.", False, "figures"),
        ("It was built in 1790 and ground until 1912.", False, "none"),
        ("It was built in 1791.", False, "none"),
        ("It was built in 179.", False, "none"),
        ("It has 2 wheels.", False, "none"),
        ("They called it the “Small Flood” of 1912.", False, "none"),
        ("The mill is old.", False, "none"),
        ("oak.", False, "none"),
    ],
)
def test_a_sentence_has_a_source_when_the_record_shows_it(sentence: str, cited: bool, ground: Ground) -> None:
    assert Sources([MILL, CORN]).ground(sentence, cited=cited) == ground


def test_without_recorded_sources_only_a_citation_counts() -> None:
    assert Sources([]).ground("It was built in 1790.", cited=False) == "none"


# ------------------------------------------------------------------------------------------------ in the page's HTML


def test_what_has_no_source_is_marked_and_counted_and_the_rest_is_left_alone() -> None:
    shown = render_answer("The mill is **old. It was** built in 1790 [1]. It is pretty.", [MILL], ADDRESSES[:1])
    assert (shown.sentences, shown.unsourced, shown.sourced) == (3, 2, 1)
    marked = [
        part.partition("<")[0] for part in shown.html.split('<span class="nosrc" title="No recorded source">')[1:]
    ]
    assert marked == ["The mill is ", "old.", "It is pretty."]
    assert shown.html.count("(no recorded source)") == 2, "said once for each, to those who do not see the mark"


def test_a_row_of_a_table_is_one_statement_and_heads_headings_and_code_are_none() -> None:
    answer = (
        "# The mill of 1799\n\n| Day | Source |\n|---|---|\n| 3 May | [1] |\n| 4 May | – |\n\n"
        "```\nprint(1). Then that.\n```\n\nThese are known:\n\n- brick [1]\n- slate\n"
    )
    shown = render_answer(answer, [MILL], ADDRESSES[:1])
    assert (shown.sentences, shown.unsourced) == (4, 2)
    assert ">4 May<" in shown.html and 'title="No recorded source">slate<' in shown.html
    assert ">3 May<" in shown.html and "nosrc" not in shown.html.partition("3 May")[0]


def test_an_answer_without_any_source_is_counted_but_not_marked_all_over() -> None:
    shown = render_answer("One. Two. Three.", [], [])
    assert (shown.sentences, shown.unsourced) == (3, 3)
    assert "nosrc" not in shown.html


@pytest.mark.parametrize(
    ("marks", "numbers"),
    [
        ("[1]", [1]),
        ("[1][2]", [1, 2]),
        ("[1, 2]", [1, 2]),
        ("[1–2]", [1, 2]),
        ("【2】", [2]),
        ("[^1]", [1]),
        ("[1; 2]", [1, 2]),
        ("[1, 3]", []),
        ("[2-1]", []),
        ("[0]", []),
    ],
)
def test_several_citations_of_one_sentence_each_lead_to_their_source(marks: str, numbers: list[int]) -> None:
    shown = render_answer(f"So it is {marks}. And more.", [MILL, CORN], ADDRESSES)
    assert [int(part.partition('"')[0]) for part in shown.html.split('data-cite="')[1:]] == numbers
    assert (marks in shown.html) is (not numbers)


def test_a_full_stop_in_code_ends_nothing() -> None:
    shown = render_answer("Call `a. B` in 1790 [1]. Then stop.", [MILL], ADDRESSES[:1])
    assert (shown.sentences, shown.unsourced) == (2, 1)


@pytest.mark.parametrize(
    "answer",
    [
        "*a* " * 50_000,
        "[1] " * 50_000,
        "| a |\n|--|\n" + "| b |\n" * 30_000,
        "“a” " * 50_000,
        "- a\n" * 50_000,
        "[1" * 90_000,
        "<" * 200_000,
    ],
)
def test_no_answer_keeps_the_page_waiting(answer: str) -> None:
    began = time.process_time()
    shown = render_answer(answer, ["x" * 20_000] * 200, ["/"] * 200)
    assert time.process_time() - began < 10
    assert shown.sentences <= MOST_SENTENCES


def test_an_answer_beyond_all_measure_is_shown_as_plain_text() -> None:
    shown = render_answer("<b>" * MOST_MARKDOWN, [], [])
    assert shown.html.startswith("<pre>&lt;b&gt;") and "<b>" not in shown.html


def test_a_line_of_a_few_bold_words_is_a_heading_and_no_statement() -> None:
    shown = render_answer("It burnt [1].\n\n**Other places**\n\nNobody knows why.", ["It burnt"], ["/"])
    assert (shown.sentences, shown.unsourced) == (2, 1)
    shown = render_answer("It burnt [1].\n\n**It was set on fire.**\n\nNobody knows why.", ["It burnt"], ["/"])
    assert (shown.sentences, shown.unsourced) == (3, 2), "a bold sentence is a statement all the same"
