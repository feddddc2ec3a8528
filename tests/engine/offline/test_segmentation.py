"""Sentences, items, terms and headings, at their exact places."""

import pytest

from tests.engine.offline.texts import CHINESE, GERMAN, LETTERS, MANUAL
from trajectories.engine.offline.segmentation import Segments, segment


def kinds(text: str, segments: Segments) -> dict[str, str]:
    return {" ".join(text[item.start : item.end].split()): item.kind for item in segments.sentences}


@pytest.mark.parametrize("text", [MANUAL, LETTERS, GERMAN, CHINESE, "", "\n\n", "No end", "a\tb\tc\n" * 3, "x" * 5_000])
def test_sentences_stand_in_the_text_one_after_another(text: str) -> None:
    end = 0
    for sentence in segment(text).sentences:
        assert end <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end].strip() == text[sentence.start : sentence.end]
        end = sentence.end


def test_it_tells_headings_items_terms_and_prose_apart() -> None:
    found = kinds(MANUAL, segment(MANUAL))
    assert found["1.1. Fuel"] == "heading"
    assert found["a wick trimmer"] == "item"
    assert found["Beacon"] == "term"
    assert found["The lamp uses colza oil."] == "prose"


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert "Mr. Hollis, who supplies the oil, needs nine days to deliver it." in kinds(MANUAL, segment(MANUAL))


def test_items_know_the_sentence_that_introduces_them() -> None:
    segments = segment(MANUAL)
    item = next(item for item in segments.sentences if MANUAL.startswith("a funnel", item.start))
    lead = segments.sentences[item.lead]
    assert MANUAL[lead.start : lead.end] == "The keeper needs these tools:"


def test_sections_know_the_sections_around_them() -> None:
    segments = segment(MANUAL)
    oil = next(item for item in segments.sentences if MANUAL.startswith("The lamp uses", item.start))
    assert segments.path(oil.section)[-2:] == ["1. The lamp", "1.1. Fuel"]


def test_a_piece_of_a_text_begins_in_the_section_it_was_cut_from() -> None:
    segments = segment("Oil is dear.\n\n2. Storms\n*********\n\nWind blows.", above="1.1. Fuel")
    first, _, last = segments.sentences
    assert segments.path(first.section) == ["1.1. Fuel"]
    assert segments.path(last.section) == ["2. Storms"]


def test_lines_of_a_table_of_contents_are_marked() -> None:
    text = "* 1. The lamp\n\n* 2. Storms ........ 7\n\n1. The lamp\n***********\n\nIt burns.\n"
    assert [item.kind for item in segment(text).sentences] == ["contents", "contents", "heading", "prose"]


def test_a_mark_far_inside_its_line_makes_no_heading() -> None:
    assert [section.title for section in segment("# Lamps\n\n    # a comment\n").sections] == ["", "Lamps"]
