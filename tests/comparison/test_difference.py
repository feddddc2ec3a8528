"""What differs between two texts: words that are gone and new, texts of any size in bounded time."""

import random
import time

import pytest

from trajectories.comparison.difference import MOST_WORDS, Part, common, difference


def sides(parts: tuple[Part, ...]) -> tuple[str, str]:
    """Both texts again."""
    one = "".join(part.text for part in parts if part.how != "new")
    other = "".join(part.text for part in parts if part.how != "gone")
    return one, other


def test_words_that_differ_are_told_apart() -> None:
    found = difference("Four outages in 2025.", "Five outages in 2025, all short.")
    assert [(part.how, part.text) for part in found.parts] == [
        ("gone", "Four"),
        ("new", "Five"),
        ("same", " outages in 2025"),
        ("new", ", all short"),
        ("same", "."),
    ]


def test_a_rewritten_sentence_is_marked_as_one() -> None:
    found = difference("All four now renew on their own.", "Billing is still renewed by hand.")
    assert [part.how for part in found.parts[:2]] == ["gone", "new"] and len(found.parts) <= 4


@pytest.mark.parametrize("pair", [("", ""), ("", "new"), ("gone", ""), ("same", "same"), ("a\n\nb", "a\n\n\nb")])
def test_both_texts_can_be_made_again(pair: tuple[str, str]) -> None:
    assert sides(difference(*pair).parts) == pair


@pytest.mark.parametrize("seed", range(20))
def test_nothing_of_any_text_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    texts = ["".join(chance.choice("ab c\n.é😀") for _ in range(chance.randrange(400))) for _ in range(2)]
    found = difference(*texts)
    assert sides(found.parts) == (texts[0], texts[1])
    assert all(one.how != other.how for one, other in zip(found.parts, found.parts[1:], strict=False))


def test_a_text_against_itself_has_no_difference() -> None:
    text = "One. Two.\n" * 200
    assert [part.how for part in difference(text, text).parts] == ["same"]


def test_long_texts_are_compared_by_paragraphs_and_say_so() -> None:
    one = "".join(f"Paragraph {number} has some words.\n\n" for number in range(MOST_WORDS // 8))
    other = one.replace("Paragraph 77 has", "Paragraph 77 had")
    found = difference(one, other)
    assert found.by == "paragraphs"
    assert [part.text for part in found.parts if part.how == "new"] == ["Paragraph 77 had some words.\n\n"]


def test_landmarks_that_show_up_one_by_one_do_not_make_it_slow() -> None:
    """Each token occurs twice, and once only in what is left when its forerunner has been found."""
    one = ["1", "landmark", *(token for number in range(2, 6_000) for token in (f"{number}", f"{number - 1}"))]
    other = [token for index, each in enumerate(one) for token in (each, f"x{index}")]
    began = time.process_time()
    pairs = common(one, other)
    assert time.process_time() - began < 4
    assert pairs and all(one[at] == other[beside] for at, beside in pairs)


@pytest.mark.parametrize(
    "make",
    [
        lambda chance: " ".join(str(chance.randrange(10**9)) for _ in range(9_000)),
        lambda chance: " ".join(chance.choice("abc") for _ in range(9_000)),
        lambda chance: "".join(f"{chance.randrange(50)}\n" for _ in range(200_000)),
        lambda chance: "x" * chance.randrange(2_000_000, 2_000_100),
        lambda chance: "." * chance.randrange(19_000, 19_100),
    ],
    ids=["nothing in common", "few words", "many lines", "one word", "one sign"],
)
def test_hostile_texts_end_soon(make) -> None:
    chance = random.Random(1)
    texts = make(chance), make(chance)
    began = time.process_time()
    found = difference(*texts)
    assert time.process_time() - began < 4
    assert sides(found.parts) == texts
