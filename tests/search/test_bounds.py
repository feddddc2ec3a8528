"""Whatever is asked, and of however large a run: bounded work, and nothing lost by it."""

import hashlib
import random
import time
from collections.abc import Sequence

import pytest

from tests.fixtures.keep import keep
from tests.fixtures.runs import small
from tests.fixtures.searchable import RARE, keep_searchable
from trajectories import search
from trajectories.models import Node
from trajectories.search.held import HeldTexts, Text
from trajectories.search.patterns import pattern
from trajectories.search.query import Says
from trajectories.search.taken import _remembered

NEVER = 1e18
PROMPT, REPLY = 1, 2


def test_a_search_that_runs_out_of_time_goes_on_when_it_is_asked_again(db: None) -> None:
    run = keep_searchable(2_500, 300)
    whole = search.search_run(run, RARE)
    assert whole.is_whole and len(whole.numbers) == 2
    _remembered.clear()
    seen = [search.search_run(run, RARE, seconds=0)]
    while not seen[-1].is_whole and len(seen) < 100:
        seen.append(search.search_run(run, RARE, seconds=0 if len(seen) < 4 else 0.05))
    assert len(seen) > 3, "a thousand nodes at a time"
    assert [found.nodes for found in seen] == sorted(found.nodes for found in seen)
    assert seen[0].nodes < run.nodes and not seen[0].is_whole
    assert seen[-1] == whole


def test_what_must_not_be_there_is_not_told_before_all_is_looked_through(db: None) -> None:
    run = keep_searchable(600, 300)
    early = search.search_run(run, f"-{RARE}", seconds=0)
    assert not early.is_whole and early.numbers == []
    assert len(search.search_run(run, f"-{RARE}").numbers) == run.nodes - 2


@pytest.mark.parametrize("line", ["/(a|aa)+$/", "/(x+x+)+y/", "/.{300}.{300}.{300}q/", r"/(\w+\s?)+(\w+\s?)+#/"])
def test_a_hostile_expression_takes_no_longer_than_it_may(db: None, line: str) -> None:
    run = keep_searchable(300, 20_000)
    search.search_run(run, "")
    began = time.monotonic()
    search.search_run(run, line, seconds=0.3)
    assert time.monotonic() - began < 3


def test_a_hundred_thousand_nodes_are_searched(db: None) -> None:
    run = keep(small())
    call = Node.objects.filter(run=run, kind="lm").first()
    assert call is not None
    fields = {"run": run, "kind": "lm", "depth": 1, "status": "succeeded", "texts": call.texts, "data": call.data}
    Node.objects.bulk_create(
        (
            Node(number=number, parent=1, name=f"item {number}", started_at=number, finished_at=number + 1, **fields)
            for number in range(100, 100_100)
        ),
        batch_size=1_000,
    )
    while not search.search_run(run, "").is_whole:
        pass
    for line, many in (("kind:lm node:>100", 99_999), ("in:name item", 100_000), ('"item 77777"', 1), ("nowhere", 0)):
        began = time.monotonic()
        found = search.search_run(run, line)
        assert found.is_whole and time.monotonic() - began < 2, line
        assert len(found.numbers) == many


# ------------------------------------------------------------------------------------------------- texts held


def made_up(count: int) -> dict[bytes, bytes]:
    chance = random.Random(count)
    texts = [
        " ".join(chance.choices(["ax", "bö", "東", "needle", "é"], k=chance.randrange(0, 30))) for _ in range(count)
    ]
    return {hashlib.sha256(f"{n} {text}".encode()).digest(): text.encode() for n, text in enumerate(texts)}


@pytest.mark.parametrize("most_bytes", [0, 20_000, 10**9])
def test_texts_that_are_too_much_to_hold_are_read_again(most_bytes: int) -> None:
    texts = made_up(5_000)
    asked: list[bytes] = []

    def again(digests: Sequence[bytes]) -> dict[bytes, Text]:
        asked.extend(digests)
        return {digest: texts[digest] for digest in digests}

    held = HeldTexts(again, most_bytes)
    numbers = {
        held.add(digest, text, PROMPT if at % 3 else REPLY): text for at, (digest, text) in enumerate(texts.items())
    }
    for says in (Says(text="needle"), Says(text="東 ax"), Says(text="BÖ"), Says(text="^é( é)+$", is_expression=True)):
        compiled = pattern(says)
        for scopes in (PROMPT, REPLY, PROMPT | REPLY):
            found, is_whole = held.having(compiled, scopes, NEVER)
            wanted = {number for number, text in numbers.items() if compiled.first(text)}
            assert is_whole and found == {n for n in wanted if scopes & (PROMPT if n % 3 else REPLY)}
    assert bool(asked) == (most_bytes < 10**9)
    assert all(held.read(number) == text for number, text in list(numbers.items())[::97])


def test_no_word_is_found_across_two_texts() -> None:
    held = HeldTexts(lambda digests: {})
    for number, text in enumerate([b"one two", b"three", b"", b"four\n", b"five"]):
        held.add(bytes([number]), text, PROMPT)
    for words in ("two three", "threefour", "four five", "twothree"):
        assert held.having(pattern(Says(text=words)), PROMPT, NEVER) == (set(), True)
    for expression in (r"two.three", r"two\sthree", r"four\s+five", r"[^q]{25}", r"o\z.*three"):
        assert held.having(pattern(Says(text=expression, is_expression=True)), PROMPT, NEVER) == (set(), True)
    assert held.having(pattern(Says(text=r"\Athree\z", is_expression=True)), PROMPT, NEVER) == ({1}, True)


def test_a_text_that_gets_a_second_use_is_found_under_both() -> None:
    held = HeldTexts(lambda digests: {})
    number = held.add(b"1", b"a word", PROMPT)
    word = pattern(Says(text="word"))
    assert held.having(word, REPLY, NEVER) == (set(), True)
    held.use(number, REPLY)
    assert held.having(word, REPLY, NEVER) == ({0}, True)
