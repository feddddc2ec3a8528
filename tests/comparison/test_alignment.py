"""Sequences laid side by side: short and long, with what is put in, left out and repeated."""

import random
import time

import pytest

from trajectories.comparison.alignment import align, unique_twins


def equal(ours: list, theirs: list):
    return lambda one, other: 1.0 if ours[one] == theirs[other] else 0.0


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("abc", "axbc", [(0, 0), (1, 2), (2, 3)]),
        ("abc", "ac", [(0, 0), (2, 1)]),
        ("aab", "ab", None),
        ("", "ab", []),
        ("abc", "xyz", []),
    ],
)
def test_what_is_the_same_stands_side_by_side(ours: str, theirs: str, pairs: list | None) -> None:
    found = align(ours, theirs, equal(list(ours), list(theirs)))
    if pairs is None:
        assert len(found) == 2 and found[-1] == (2, 1)
    else:
        assert found == pairs


def test_what_is_hardly_alike_stands_apart() -> None:
    assert align([1], [2], lambda one, other: 0.39) == []
    assert align([1], [2], lambda one, other: 0.41) == [(0, 0)]


def test_the_most_alike_are_paired_when_not_all_can_be() -> None:
    likeness = {(0, 0): 0.5, (0, 1): 0.95, (1, 1): 0.6}
    assert align([1, 2], [3, 4], lambda one, other: likeness.get((one, other), 0.0)) == [(0, 1)]


def test_twins_rise_on_both_sides() -> None:
    twins = unique_twins("axbycc", "cabxyz")
    assert len(twins) == 3 and twins[0] == (0, 1) and twins[-1] == (3, 4)


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_items_with_edits_are_laid_side_by_side_quickly(seed: int) -> None:
    chance = random.Random(seed)
    ours = [f"step {number}" for number in range(5_000)]
    theirs = [each for each in ours if chance.random() > 0.05]
    for _ in range(200):
        theirs.insert(chance.randrange(len(theirs)), f"new {chance.random()}")
    began = time.process_time()
    pairs = align(ours, theirs, equal(ours, theirs))
    assert time.process_time() - began < 1.5
    assert all(ours[one] == theirs[other] for one, other in pairs)
    assert len(pairs) == sum(each.startswith("step") for each in theirs)


def test_thousands_of_items_without_a_landmark_end_soon() -> None:
    ours, theirs = ["same"] * 3_000, ["same"] * 2_900
    began = time.process_time()
    pairs = align(ours, theirs, lambda one, other: 1.0)
    assert time.process_time() - began < 2
    assert len(pairs) == 2_900
    assert all(one < other and a < b for (one, a), (other, b) in zip(pairs, pairs[1:], strict=False))
