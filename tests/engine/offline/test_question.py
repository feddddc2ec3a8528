"""What a question is taken for."""

import pytest

from trajectories.engine.offline.question import search_forms, understand


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Where was the keeper born?", "find"),
        ("What is a lamp glass?", "define"),
        ("Define pharology.", "define"),
        ("What does MIA mean?", "define"),
        ("List the tools of the keeper.", "list"),
        ("What are the tools of the keeper?", "list"),
        ("What is the difference between a beacon and a lamp?", "compare"),
        ("How does the bell differ from the horn?", "compare"),
        ('How many times does the word "lamp" occur?', "count"),
        ("How often is Hollis mentioned?", "count"),
        ("Count the occurrences of “storm bell”.", "count"),
        ("How many chapters does the manual have?", "headings"),
        ("How many sections are there?", "headings"),
        ("Summarise this text.", "summarise"),
        ("What is this document about?", "summarise"),
        ("How many days does Hollis need?", "find"),
        ("How often is the archive updated?", "find"),
        ("", "find"),
        ("?", "find"),
    ],
)
def test_it_takes_a_question_for_its_kind(text: str, kind: str) -> None:
    assert understand(text).kind == kind


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("How many years passed between the flood and the fire?", "compute"),
        ("How long did it take from the announcement to the visit?", "compute"),
        ("Reorder these events:\n1. The storm came\n2. The roof fell", "put things in order"),
        ("Which of them is kept in the cellar?\nA. the oil\nB. the glasses", "choose between options"),
        ("All keepers play the fiddle, is this true? Why?", "judge whether that is true"),
        ("How many days does Hollis need?", ""),
        ("In what order are versions compared?", ""),
    ],
)
def test_it_knows_what_it_cannot_do(text: str, beyond: str) -> None:
    assert understand(text).beyond == beyond


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When was it built?", "date"),
        ("Who built it?", "person"),
        ("Where is it?", "place"),
        ("How many are there?", "number"),
        ("Why is it there?", "reason"),
        ("Tell me of the storm.", "any"),
    ],
)
def test_it_expects_what_was_asked_for(text: str, expected: str) -> None:
    assert understand(text).expected == expected


def test_it_searches_by_stems_irregular_forms_and_compounds() -> None:
    forms = search_forms(understand("Who wrote the policies on Pre-Depends?"))
    assert forms["polici"] == ["polic"]
    assert {"write", "wrote", "written"} <= set(forms["write"])
    assert forms["predepends"] == ["pre-depends"]


def test_it_leaves_words_of_other_languages_as_they_are() -> None:
    question = understand("Wer spielt auf der Insel die Geige?")
    assert not question.english
    assert "geige" in question.terms


def test_the_subjects_of_a_comparison_are_found() -> None:
    assert understand("What is the difference between a beacon and the lamp?").subjects == ("beacon", "lamp")


def test_both_ends_of_a_span_of_time_are_asked_for() -> None:
    question = understand("How many days passed between the order of oil and its delivery?")
    assert question.subjects == ("How many days passed the order of oil", "How many days passed its delivery")


def test_documentation_is_looked_for_although_documents_are_not() -> None:
    assert "document" in understand("In which directory must documentation be installed?").terms
    assert "document" not in understand("Which lamps does the document list?").terms


def test_the_measure_that_is_asked_for_is_not_looked_for() -> None:
    assert understand("What is the maximum length of the synopsis?").terms == ("synopsi",)
