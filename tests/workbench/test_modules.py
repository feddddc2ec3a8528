"""The browser's pure modules, tested in Node on runs that the server has folded."""

from pathlib import Path

from tests.workbench.conftest import NodeTest


def test_the_browser_state_agrees_with_the_rows(node_test: NodeTest, recorded: Path) -> None:
    node_test("state.test.mjs", RUNS=str(recorded))


def test_rows_lanes_and_gaps(node_test: NodeTest, recorded: Path) -> None:
    node_test("layout.test.mjs", RUNS=str(recorded))


def test_names_are_found_by_some_of_their_letters(node_test: NodeTest) -> None:
    node_test("fuzzy.test.mjs")


def test_the_words_of_a_shown_answer_are_found_in_its_markdown(node_test: NodeTest) -> None:
    node_test("alignment.test.mjs")


def test_differences_of_texts_and_lanes_of_compared_runs(node_test: NodeTest) -> None:
    node_test("diff.test.mjs")
