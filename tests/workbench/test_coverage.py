"""How near each piece of the documents came to the answer."""

import random

import pytest

from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS
from trajectories.coverage import Interval, coverage_of, flattened


def test_a_character_counts_at_its_highest_level() -> None:
    assert flattened([(1, 0, 100), (3, 20, 40), (4, 30, 35)], 100) == [
        Interval(start=0, end=20, level=1),
        Interval(start=20, end=30, level=3),
        Interval(start=30, end=35, level=4),
        Interval(start=35, end=40, level=3),
        Interval(start=40, end=100, level=1),
    ]


def test_stretches_are_clipped_to_the_document() -> None:
    assert flattened([(2, -5, 3), (2, 90, 200), (2, 300, 400)], 100) == [
        Interval(start=0, end=3, level=2),
        Interval(start=90, end=100, level=2),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_it_says_the_same_as_counting_every_character(seed: int) -> None:
    chance = random.Random(seed)
    spans = [(chance.randint(1, 4), start := chance.randrange(200), start + chance.randrange(40)) for _ in range(60)]
    highest = [0] * 200
    for level, start, end in spans:
        for at in range(start, min(end, 200)):
            highest[at] = max(highest[at], level)
    told = [0] * 200
    for interval in flattened(spans, 200):
        for at in range(interval.start, interval.end):
            assert told[at] == 0, "stretches do not overlap"
            told[at] = interval.level
    assert told == highest


@pytest.mark.django_db
def test_levels_of_a_run_add_up_to_its_documents() -> None:
    reports, oncall, runbooks = coverage_of(keep(RUNS["recursive"]()))
    for each in (reports, oncall, runbooks):
        assert sum(each.chars(level) for level in range(5)) == each.document.chars
    assert reports.chars(4) == 180 + 160 + 200 + 300
    assert (oncall.chars(1), oncall.reads) == (4_050_000, 1)
    assert (runbooks.chars(2), runbooks.chars(1)) == (800, 0)
