"""The text of a PDF has the headings and paragraphs that a reader of its pages sees."""

from collections.abc import Callable

import pytest

from tests.documents import files
from tests.documents.test_formats import DATA
from trajectories.documents.reading import Reading

Read = Callable[..., tuple[str, Reading]]

LAMPS: list[files.Printed] = [
    (72, 700, "B16", "3.8 Lamps of the tower"),
    (72, 670, "R10", "The lamp must burn from dusk until dawn, in all weather, and the"),
    (72, 658, "R10", "keeper trims it twice a night."),
    (72, 640, "R10", "A second lamp is held ready in the store below the stairs."),
]
LAMPS_READ = (
    "The lamp must burn from dusk until dawn, in all weather, and the\nkeeper trims it twice a night.\n\n"
    "A second lamp is held ready in the store below the stairs.\n"
)


def below(top: float, *texts: str) -> list[files.Printed]:
    return [(72, top - 12 * number, "R10", text) for number, text in enumerate(texts)]


@pytest.mark.parametrize("scaled", [False, True])
def test_a_larger_line_is_a_heading_and_a_gap_a_blank_line(read: Read, scaled: bool) -> None:
    text, reading = read("tower.pdf", files.typeset_pdf([LAMPS], scaled=scaled))
    assert text == "## 3.8 Lamps of the tower\n\n" + LAMPS_READ
    assert reading.warnings == []


def test_the_outline_says_what_is_a_heading_and_how_deep(read: Read) -> None:
    heading = [(72, 700, "R10", "LAMPS OF THE"), (72, 688, "R10", "TOWER")]
    page = [*heading, *LAMPS[1:], (72, 600, "B16", "Mind the stairs!")]
    outline = [("3 Lamps of the Tower", 0), ("Not on this page", 0), ("Nor this", 0)]
    text, _ = read("tower.pdf", files.typeset_pdf([page], outline))
    assert text == f"# LAMPS OF THE TOWER\n\n{LAMPS_READ}\nMind the stairs!\n"


def test_a_first_line_that_is_indented_begins_a_paragraph(read: Read) -> None:
    lines = below(
        700, "The lamp burns all night.", "Nobody sleeps then.", "Oil is brought by boat", "from the harbour."
    )
    lines[2] = (86, *lines[2][1:])
    text, _ = read("tower.pdf", files.typeset_pdf([lines]))
    assert text == "The lamp burns all night.\nNobody sleeps then.\n\nOil is brought by boat\nfrom the harbour.\n"


def test_a_definition_stands_indented_below_its_term(read: Read) -> None:
    lines = [
        (72, 700, "B10", "lamp"),
        (96, 688, "R10", "What burns"),
        (96, 676, "R10", "at night."),
        *below(658, "So."),
    ]
    text, _ = read("tower.pdf", files.typeset_pdf([lines]))
    assert text == "lamp\n    What burns\n    at night.\n\nSo.\n"


def test_a_comment_in_code_does_not_look_like_a_heading(read: Read) -> None:
    text, _ = read("tower.pdf", files.typeset_pdf([below(700, "# not a heading", "echo lamp")]))
    assert text == "    # not a heading\necho lamp\n"


def test_running_titles_and_page_numbers_are_left_out_and_parts_stay_exact(read: Read) -> None:
    pages = [
        [(72, 750, "B10", "Manual of the tower"), *below(700, f"Night {page} is dark.", f"In {page} years too."),
         (72, 40, "R10", f"{page + 3} Chapter {page % 3}")]
        for page in range(8)
    ]  # fmt: skip
    text, reading = read("tower.pdf", files.typeset_pdf(pages))
    assert "Manual" not in text and "Chapter" not in text
    for page, part in enumerate(reading.parts):
        assert text[part["start"] : part["start"] + part["chars"]] == f"Night {page} is dark.\nIn {page} years too.\n"


def test_numbers_that_are_not_the_pages_are_kept(read: Read) -> None:
    pages = [
        [*below(700, "Height of the water", "at noon"), (72, 40, "R10", str(height))] for height in (7, 3, 9, 2, 8)
    ]
    text, _ = read("water.pdf", files.typeset_pdf(pages))
    assert [int(word) for word in text.split() if word.isdigit()] == [7, 3, 9, 2, 8]


def test_a_sentence_goes_on_over_the_end_of_a_page(read: Read) -> None:
    pages = [below(700, "The keeper of the tower climbs every evening up to the"), below(700, "lamp, and lights it.")]
    text, _ = read("tower.pdf", files.typeset_pdf(pages))
    assert text == "The keeper of the tower climbs every evening up to the\n\flamp, and lights it.\n"


@pytest.mark.skipif(not DATA.exists(), reason="the shared texts are not here")
@pytest.mark.parametrize(
    ("name", "words", "heading"),
    [
        ("policy.pdf", 84_090, "## 3.8 Essential packages"),
        ("developers-reference.pdf", 56_070, "# SCOPE OF THIS DOCUMENT"),
    ],
)
def test_a_manual_has_its_headings_and_loses_no_words(read: Read, name: str, words: int, heading: str) -> None:
    text, _ = read(name, (DATA / name).read_bytes())
    assert f"\n\n{heading}\n\n" in text or f"\n\f\n{heading}\n\n" in text
    assert 0.98 * words < len(text.split()) <= words
