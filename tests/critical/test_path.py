"""The critical path against runs of which the whole truth is known: programs that were played on a clock of their own,
with the graph of what had to wait for what."""

import pytest

from tests.critical.programs import Batch, Call, Player, Step, Sub, Threads, Work, made_up
from trajectories.critical import critical_path, words

SEEDS = range(120)
SLOTS = (1, 2, 3, 8)
PLENTY = 10**6
SECOND = 1_000_000


def sentence(played: list) -> str:
    return "".join(part.text for part in words(critical_path(played)))


@pytest.mark.parametrize("slots", SLOTS)
def test_it_is_the_longest_path_through_what_had_to_wait_for_what(slots: int) -> None:
    for seed in SEEDS:
        played = Player(slots).play(made_up(seed, threads=False))
        length, sums = played.graph.longest()
        path = critical_path(played.spans)
        assert path.micros == length == played.micros, seed
        assert {key: micros for key, micros in path.shares.items() if micros} == sums, seed


@pytest.mark.parametrize("slots", SLOTS)
def test_with_slots_for_all_the_run_takes_just_what_the_path_says_it_would(slots: int) -> None:
    for seed in SEEDS:
        program = made_up(seed, threads=False)
        played = Player(slots).play(program)
        path = critical_path(played.spans)
        assert path.least == Player(PLENTY).play(program).micros, seed
        assert path.least == played.graph.longest(free_slots=True)[0], seed


@pytest.mark.parametrize("slots", SLOTS)
def test_with_threads_no_more_can_be_saved_than_it_says(slots: int) -> None:
    for seed in SEEDS:
        program = made_up(seed, threads=True)
        path = critical_path(Player(slots).play(program).spans)
        assert path.least <= Player(PLENTY).play(program).micros <= path.micros, seed


def test_shares_and_clauses_add_up_to_the_whole() -> None:
    for seed in SEEDS:
        for threads in (False, True):
            path = critical_path(Player(2).play(made_up(seed, threads=threads)).spans)
            assert sum(path.shares.values()) == path.micros
            assert sum(clause.micros for clause in path.clauses) == path.micros


def test_calls_from_threads_are_followed_one_after_the_other() -> None:
    slow, quick = (Call(3 * SECOND), Call(4 * SECOND)), (Call(SECOND), Call(SECOND))
    played = Player(8).play([Step(Call(5 * SECOND), (Threads((slow, quick)),))])
    path = critical_path(played.spans)
    took = [span.end - span.start for span in played.spans if span.number in path.leaves and span.kind == "lm"]
    assert took == [5 * SECOND, 3 * SECOND, 4 * SECOND]


def test_an_item_of_a_batch_never_waits_for_another_of_it() -> None:
    """Even when its node began after that of an early, quick one had ended."""
    items = (Call(3), *(Call(SECOND + index) for index in range(5)))
    path = critical_path(Player(8).play([Step(Call(SECOND), (Batch(items),))]).spans)
    assert len(path.leaves) == 3


def test_the_sentence_names_the_slowest_of_a_batch_and_what_more_workers_would_save() -> None:
    program = [
        Step(Call(61 * SECOND), (Work(24 * SECOND), Batch((*[Call(12 * SECOND)] * 15, Call(85 * SECOND))))),
    ]
    assert sentence(Player(15).play(program).spans) == (
        "182 s = 61 s root + 97 s slowest of 16 (12 s queued) + 24 s code; more workers would save at most 12 s"
    )
    assert sentence(Player(16).play(program).spans) == (
        "170 s = 61 s root + 85 s slowest of 16 + 24 s code; more workers would save nothing"
    )


def test_the_sentence_tells_retries_apart() -> None:
    tried = Call(4 * SECOND, ((2 * SECOND, SECOND), (SECOND, SECOND)))
    assert sentence(Player(4).play([Step(Call(SECOND), (tried,))]).spans) == (
        "10.0 s = 1.0 s root + 9.0 s one call (5.0 s retried); more workers would save nothing"
    )


def test_the_sentence_goes_by_what_the_root_awaited() -> None:
    child = Sub((Step(Call(5 * SECOND), (Work(5 * SECOND),)),))
    program = [Step(Call(2 * SECOND), (Batch((child, child)), Call(SECOND), Call(SECOND), Batch((Call(SECOND),) * 2)))]
    assert sentence(Player(4).play(program).spans) == (
        "15.0 s = 2.0 s root + 1.0 s slowest of 2 + 2.0 s 2 calls in a row + 10.0 s slowest of 2 sub-RLMs; "
        "more workers would save nothing"
    )


def test_the_figures_shown_add_up() -> None:
    for seed in SEEDS:
        text = sentence(Player(2).play(made_up(seed, threads=False)).spans).partition(";")[0]
        whole, _, rest = text.partition(" = ")
        shown = [part.partition(" (")[0].split() for part in rest.split(" + ")]
        assert sum(round(float(figure) * 100) for figure, *_ in shown) == round(float(whole.split()[0]) * 100), text


def test_a_run_that_asked_nobody_says_nothing_of_workers() -> None:
    assert sentence(Player(1).play([Step(Call(SECOND), (Work(SECOND),))]).spans) == "2.0 s = 1.0 s root + 1.0 s code"


def test_nodes_out_of_their_parents_time_are_clipped() -> None:
    played = Player(1).play([Step(Call(SECOND), (Call(SECOND),))])
    for span in played.spans[1:]:
        span.start, span.end = span.start - 5 * SECOND, span.end + 5 * SECOND
    path = critical_path(played.spans)
    assert sum(path.shares.values()) == path.micros == played.micros
