"""Where the answers of a batch differ: groups of what was really said, outliers first."""

import json
import random
import time
from typing import Any

import pytest

from tests.api.conftest import Send, error_of, owner, send, stranger
from tests.fixtures.judged import judged
from tests.fixtures.keep import keep
from trajectories.dissent import Answer, dissent
from trajectories.representations import encode

__all__ = ["owner", "send", "stranger"]


def answers(*texts: str | None, status: str = "succeeded") -> list[Answer]:
    return [Answer(number=number, text=text, status=status) for number, text in enumerate(texts, 1)]


def numbers(told: dict[str, Any]) -> list[list[int]]:
    return [group["numbers"] for group in told["groups"]]


def test_case_spacing_and_marks_say_nothing() -> None:
    told = dissent(answers("Yes.", "no", " yes ", "**Yes**", "“No!”", "no\n", "maybe"))
    assert numbers(told) == [[7], [1, 3, 4], [2, 5, 6]]
    assert [group["how"] for group in told["groups"]] == ["same"] * 3


def test_json_is_compared_as_values_whatever_it_is_wrapped_in() -> None:
    told = dissent(
        answers('{"a": 1, "b": 2}', '```json\n{"b": 2.0,\n "a": 1}\n```', '{"a": 1, "b": 3}', '{"b":2,"a":1}')
    )
    assert numbers(told) == [[3], [1, 2, 4]]


def test_json_that_hardly_repeats_goes_by_the_fields_that_tell() -> None:
    texts = [
        json.dumps(
            {"expired": "yes" if number == 7 else "no", "quote": f"Sentence number {number}.", "minutes": number}
        )
        for number in range(40)
    ]
    told = dissent(answers(*texts))
    assert numbers(told)[0] == [8] and len(numbers(told)[1]) == 39
    assert told["groups"][1]["label"] == "expired: no" and told["groups"][1]["how"] == "alike"


def test_texts_that_share_most_words_go_together() -> None:
    one = "The outage was caused by an expired certificate of the payments gateway in the night of the second of May"
    other = "Nothing in this report speaks of certificates, the disk of the primary database was full of debug logs"
    texts = [f"{one if number % 3 else other}, see line {number}." for number in range(30)]
    told = dissent(answers(*texts))
    assert [len(each) for each in numbers(told)] == [10, 20]
    assert numbers(told)[0] == [number + 1 for number in range(0, 30, 3)]


def test_failures_come_first_by_what_went_wrong_and_open_items_are_counted() -> None:
    given = answers(*["no"] * 5)
    given += [
        Answer(number=6, text=None, status="failed", error="timeout"),
        Answer(number=7, text=None, status="running"),
    ]
    given += [Answer(number=8, text="{broken", status="refused"), Answer(number=9, text=None, status="cancelled")]
    told = dissent(given)
    assert [(group["how"], group["label"]) for group in told["groups"]] == [
        ("failed", "timeout"),
        ("failed", "refused by a gate"),
        ("failed", "cancelled"),
        ("open", "not answered yet"),
        ("same", "no"),
    ]
    assert (told["count"], told["answered"]) == (9, 5)


def test_each_item_is_in_one_group() -> None:
    chance = random.Random(3)
    words = ["red", "green", "blue", "old", "new", "large", "small", "certificate", "disk", "queue"]
    texts = [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(150)]
    told = dissent(answers(*texts))
    assert sorted(number for each in numbers(told) for number in each) == list(range(1, 151))
    assert told == dissent(answers(*texts))
    assert [len(each) for each in numbers(told)] == sorted(len(each) for each in numbers(told))


def test_fields_tell_how_their_values_are_spread() -> None:
    texts = [json.dumps({"kind": "ab"[number == 3], "at": {"line": number}, "n": number % 4}) for number in range(12)]
    texts.append('{"kind": "a", "n": 0}')
    kind, line, count = dissent(answers(*texts))["fields"]
    assert kind["name"] == "kind" and [(each["value"], each["count"]) for each in kind["values"]] == [
        ("b", 1),
        ("a", 12),
    ]
    assert kind["values"][0]["numbers"] == [4]
    assert (line["name"], line["distinct"], line["missing"]) == ("at.line", 12, 1)
    assert line["range"] == {"least": 0, "median": 5, "most": 11}
    assert [(each["value"], each["count"]) for each in count["values"]] == [("1", 3), ("2", 3), ("3", 3), ("0", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        '{"a": "\\ud800"}',
        '{"\\ud800": 1}',
        '{"a": 1e999}',
        '{"a": NaN}',
        f'{{"a": {"9" * 4000}}}',
        '{"a":' * 3000 + "1" + "}" * 3000,
        "[" * 15_000,
        '{"a": {"b": {"c": {"d": {}}}}}',
        json.dumps({f"key {number}": number for number in range(2_000)}),
        "word " * 50_000,
        "<script>alert(1)</script>",
    ],
)
def test_no_answer_breaks_it(text: str) -> None:
    told = dissent(answers(text, '{"a": 1}', text + " ", "x"))
    encode(told)
    assert sorted(number for each in numbers(told) for number in each) == [1, 2, 3, 4]
    assert len(encode(told)) < 60_000


def test_ten_thousand_answers_take_a_moment() -> None:
    chance = random.Random(1)
    words = [f"w{number}" for number in range(450)]
    texts = [
        json.dumps({"expired": chance.choice(["no"] * 9 + ["yes"]), "quote": " ".join(chance.choices(words, k=30))})
        for _ in range(5_000)
    ]
    texts += [" ".join(chance.choices(words, k=200)) for _ in range(5_000)]
    began = time.process_time()
    told = dissent(answers(*texts))
    assert time.process_time() - began < 8
    assert len(told["groups"]) <= 200 and told["more"]["groups"] > 0


def test_the_door_tells_of_items_by_their_last_call(send: Send, owner: Any, stranger: Any, db: None) -> None:
    run = keep(judged())
    run.owner = owner
    run.save()
    batch = run.node_set.exclude(batch=None).values_list("batch", flat=True).first()
    told = send("GET", f"/api/v1/runs/{run.id}/batches/{batch}/dissent").json()
    assert told["batch"] == batch and told["count"] == told["answered"] == 30
    shown = [number for group in told["groups"] for number in group["numbers"]]
    assert len(shown) == 30 and set(shown) == set(
        run.node_set.filter(batch=batch, data__before__isnull=True).values_list("number", flat=True)
    )
    assert all("could not find" not in group["sample"] for group in told["groups"])
    for path in (f"batches/{batch + 1}/dissent", "batches/99999999999999999999999/dissent"):
        assert error_of(send("GET", f"/api/v1/runs/{run.id}/{path}"))["message"]
    run.owner = stranger
    run.save()
    assert send("GET", f"/api/v1/runs/{run.id}/batches/{batch}/dissent").status_code == 404
