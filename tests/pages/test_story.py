"""What happened, in sentences: the same record always gives the same words, and each leads to its nodes."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from frontend.story import Part, Story, tell, traced_of, with_time
from frontend.story.traced import Brief, Happening, Traced, first_seen
from tests.fixtures.cited import cited
from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS, large
from trajectories import critical
from trajectories.models import Run


class Made:
    """A record made node by node."""

    def __init__(self, status: str = "succeeded", ended_by: str = "answer", error: Any = None) -> None:
        self.nodes: dict[int, Brief] = {}
        self.details: dict[int, Any] = {}
        self.happenings: list[Happening] = []
        self.status, self.ended_by, self.error = status, ended_by, error
        self.root = self.add("rlm", None, name="Why?")

    def add(self, kind: str, parent: int | None, **fields: Any) -> int:
        """The node's number. What is no column is told as its data."""
        number = len(self.nodes) + 1
        columns = {
            **{"depth": 0, "name": kind, "status": "succeeded", "model": "", "batch": None, "attempt": None},
            **{"start": float(number), "end": float(number) + 1, "usd": Decimal("0.01")},
        }
        data = {key: value for key, value in fields.items() if key not in columns}
        own = {key: value for key, value in fields.items() if key in columns}
        self.nodes[number] = Brief(number=number, parent=parent, kind=kind, **{**columns, **own})
        self.details[number] = data
        return number

    def step(self, **fields: Any) -> tuple[int, int]:
        """A step with its reply and its cell."""
        step = self.add("step", self.root, **fields)
        self.add("lm", step, model="north/large", attempt=1)
        return step, self.add("cell", step)

    def ask(self, cell: int, number: int, model: str = "north/mini", **fields: Any) -> list[int]:
        return [self.add("lm", cell, depth=1, model=model, attempt=1, **fields) for _ in range(number)]

    def happens(self, type_: str, node: int | None, /, **data: Any) -> None:
        at = self.nodes[node].start + 0.5 if node else len(self.nodes) + 0.5
        self.happenings.append(Happening(type=type_, node=node, at=at, data=data))

    def told(self, **more: Any) -> list[str]:
        return [sentence.text for sentence in self.story(**more)]

    def story(self, **more: Any) -> Story:
        base: dict[str, Any] = {"seen": [], "document_names": {"d": "log.txt"}}
        traced = Traced(
            nodes=self.nodes,
            details=self.details,
            happenings=self.happenings,
            status=self.status,
            ended_by=self.ended_by,
            error=self.error,
            **(base | more),
        )
        return tell(traced)


@pytest.fixture
def made() -> Made:
    return Made()


# ------------------------------------------------------------------------------------------------ steps


def test_questions_say_how_they_went_and_lead_to_those_that_failed(made: Made) -> None:
    step, cell = made.step()
    numbers = made.ask(cell, 1_200)
    made.nodes[numbers[7]] = replace(made.nodes[numbers[7]], status="failed", attempt=3)
    for number in numbers[20:23]:
        made.nodes[number] = replace(made.nodes[number], attempt=2)
    (sentence,) = made.story()
    assert sentence.text == "Step 1 asked mini 1,200 questions (1 got no answer, 3 needed several tries)."
    links = {part.text: part.node for part in sentence.parts if part.node}
    assert links["Step 1"] == step
    assert links["1,200 questions"] == numbers[0]
    assert links["1 got no answer"] == numbers[7]
    assert links["3 needed several tries"] == numbers[20]


def test_sub_rlms_are_told_with_all_that_went_on_below_them(made: Made) -> None:
    _step, cell = made.step()
    first = made.add("rlm", cell, depth=1)
    inner = made.add("step", first, depth=1)
    made.add("lm", inner, depth=1, model="north/large")
    code = made.add("cell", inner, depth=1)
    made.ask(code, 3)
    made.ask(code, 1, status="failed")
    made.add("rlm", code, depth=2)
    second = made.add("rlm", cell, depth=1, status="failed")
    made.happens("budget.reached", second, limit="steps", message="All 20 turns are used up.")
    assert made.told() == [
        "Step 1 gave 2 parts to sub-RLMs "
        "(1 step, 4 questions, 1 without an answer, 1 sub-RLM of their own, 1 failed, 1 limit reached)."
    ]


def test_repairs_and_raised_tiers_are_no_further_questions(made: Made) -> None:
    _step, cell = made.step()
    numbers = made.ask(cell, 10)
    again = made.ask(cell, 2)
    above = made.ask(cell, 1, model="north/large")
    made.happens("call.repaired", numbers[0], kind="malformed", reason="not JSON")
    made.happens("call.repaired", numbers[1], kind="malformed", reason="not JSON")
    made.happens(
        "tier.raised", again[0], kind="gate", reason="ungrounded", **{"from": "north/mini", "to": "north/large"}
    )
    assert above and made.told() == [
        "Step 1 asked mini 10 questions, had 2 replies repaired and gave large 1 question that others had failed."
    ]


def test_gates_speak_after_the_answer_and_the_root_goes_on_with_a_stronger_model(made: Made) -> None:
    step, cell = made.step()
    made.details[cell]["ending"] = {"how": "answer", "variable": None}
    made.add("gate", step, name="grounded", accepted=False, reason="2 of 9 claims have no source.")
    made.happens("tier.raised", step, kind="gate", reason="2 of 9 claims have no source", to="north/huge")
    step, cell = made.step()
    made.details[cell]["ending"] = {"how": "answer_variable", "variable": "report"}
    made.add("gate", step, name="grounded", accepted=True, reason="")
    made.add("gate", step, name="judge", accepted=None, reason="")
    assert made.told() == [
        "Step 1 gave the answer, which was sent back by the gate grounded: 2 of 9 claims have no source and "
        "went on with huge (2 of 9 claims have no source).",
        "Step 2 gave the answer from report, which was let through by the gate grounded and "
        "got no verdict from the gate judge.",
    ]


def test_troubles_of_a_step_are_told(made: Made) -> None:
    step = made.add("step", made.root)
    made.add("lm", step, model="north/large", attempt=3, finish_reason="length")
    cell = made.add("cell", step, status="failed", error={"kind": "KeyError", "message": "'minutes'"})
    made.details[cell] |= {"stdout_chars": 900, "shown_chars": 500, "repl_lost": True}
    step = made.add("step", made.root, status="failed")
    made.add("lm", step, status="failed", error={"kind": "auth", "message": "The server refused the key. " + "x" * 999})
    first, second = made.told()
    assert first == (
        "Step 1 needed 3 tries for its reply, had its reply cut at the length limit, printed 500 of 900 characters, "
        "stopped on KeyError: 'minutes' and lost its variables, because the code had to be killed."
    )
    assert second.startswith("Step 2 got no reply from the model: The server refused the key. xxx")
    assert second.endswith("….") and len(second) < 240


def test_reads_are_counted_by_document(made: Made) -> None:
    _step, cell = made.step()
    made.details[cell]["reads"] = [
        {"document": "d", "start": 0, "end": 500, "how": "peek"},
        {"document": "d", "start": 900, "end": 1000, "how": "slice"},
        {"document": "d", "start": 0, "end": 9, "how": "grep"},
        {"document": "e", "start": 0, "end": 9, "how": "grep"},
        {"document": "e", "start": 0, "end": 9, "how": "printed"},
    ]
    assert made.told() == ["Step 1 read 600 characters of log.txt and found 2 places in 2 documents."]


def test_a_summary_of_the_history_is_no_step_of_the_model(made: Made) -> None:
    made.step(name="Step 1")
    made.add(
        "step", made.root, name="Summary of the history", compaction=True, tokens_before=30_000, tokens_after=6_000
    )
    made.step(name="Step 2")
    assert made.told()[1:] == [
        "A summary summed up the history from some 30,000 to 6,000 tokens.",
        "Step 2 ran code that printed nothing.",
    ]


def test_a_run_that_goes_on_says_how_far_it_is() -> None:
    made = Made(status="running", ended_by="")
    step, cell = made.step(status="running", end=None)
    numbers = made.ask(cell, 20, status="running", end=None)
    for number in numbers[:5]:
        made.nodes[number] = replace(made.nodes[number], status="succeeded")
    (sentence,) = made.story()
    assert sentence.text == "Step 1 is asking mini 20 questions, 5 of them answered so far …"
    assert sentence.running and sentence.seconds is None
    waiting = Made(status="running", ended_by="")
    waiting.add("step", waiting.root, status="running", end=None)
    assert waiting.told() == ["Step 1 is at work …"]
    assert not Made(status="queued", ended_by="").story()


# ------------------------------------------------------------------------------------------------ between and after


@pytest.mark.parametrize(
    ("ended_by", "limit", "words"),
    [
        (
            "last_chance",
            "All 20 turns are used up.",
            "All 20 turns are used up; asked once more, large gave the answer",
        ),
        ("limit_cost", "", "The limit on cost was reached; asked once more, large gave the answer"),
        ("limit_time", "", "The limit on time was reached; asked once more, large gave the answer"),
        ("early_stop", "", "The run was ended early, because it led nowhere; asked once more, large gave the answer"),
    ],
)
def test_a_limit_and_the_last_chance_are_told(ended_by: str, limit: str, words: str) -> None:
    made = Made(ended_by=ended_by)
    made.step()
    call = made.add("lm", made.root, model="north/large")
    if limit:
        made.happens("budget.reached", made.root, limit="steps", message=limit)
    sentence = list(made.story())[-1]
    assert sentence.text == f"{words} from what there was."
    assert [part.node for part in sentence.parts if part.node] == [call]


def test_how_a_run_without_an_answer_ended_is_told() -> None:
    failed = Made(status="failed", ended_by="error", error={"kind": "auth", "message": "The key was refused."})
    assert failed.told() == ["It ended without an answer: The key was refused."]
    assert Made(status="cancelled", ended_by="cancel").told() == ["It was stopped by its user."]


def test_what_happened_between_steps_stands_between_them(made: Made) -> None:
    made.step()
    made.happenings.append(Happening(type="run.resumed", node=None, at=4.5, data={}))
    made.happenings.append(
        Happening(
            type="early_stop.noticed",
            node=made.root,
            at=4.6,
            data={"mode": "shadow", "rule": "same_code", "reason": "The last 3 turns ran the same code."},
        )
    )
    made.step()
    assert made.told() == [
        "Step 1 ran code that printed nothing.",
        "The worker was started again; the run went on with nothing lost.",
        "Would have been ended early here: The last 3 turns ran the same code.",
        "Step 2 ran code that printed nothing.",
    ]


def test_sources_are_traced_to_the_step_in_which_a_model_first_saw_them(made: Made) -> None:
    first, cell = made.step()
    second, _other = made.step()
    asked = made.ask(cell, 1)[0]
    spans = [{"document": "d", "start": at, "end": at + 10} for at in (100, 200, 300, 400)]
    reads = [
        (cell, "d", 0, 350, "grep"),
        (second + 2, "d", 95, 115, "printed"),
        (asked, "d", 190, 260, "sent"),
        (asked, "e", 300, 310, "sent"),
    ]
    seen = first_seen(spans, reads, made.nodes)
    assert [(each.step, each.by_model) for each in seen] == [
        (second, True),
        (first, True),
        (first, False),
        (None, False),
    ]
    sentence = list(made.story(seen=seen))[-1]
    assert sentence.text == (
        "The answer cites 4 passages: 2 3 first seen by a model in Step 1, 1 first seen by a model in Step 2 and "
        "4 without a recorded read."
    )
    assert [part.source for part in sentence.parts if part.source] == [2, 3, 1, 4]


def test_a_session_tells_each_of_its_questions(made: Made) -> None:
    made.step()
    made.root = made.add("rlm", None, name="And then?")
    made.step()
    assert made.told() == [
        "Question 1, step 1 ran code that printed nothing.",
        "Question 2, step 1 ran code that printed nothing.",
    ]


def test_a_long_story_is_folded_in_the_middle(made: Made) -> None:
    for _ in range(300):
        made.step()
    story = made.story()
    assert (len(story.first), len(story.middle), len(story.last)) == (12, 276, 12)
    assert story.folded == "276 more steps"
    assert [sentence.parts[0].text for sentence in story] == [f"Step {number}" for number in range(1, 301)]


def test_the_time_is_told_last(made: Made) -> None:
    made.step()
    story = with_time(made.story(), [Part(text="9 s", node=1), Part(text=" = 9 s root")])
    assert list(story)[-1].text == "Time: 9 s = 9 s root."
    assert with_time(story, []) == story


# ------------------------------------------------------------------------------------------------ from the rows


@pytest.mark.django_db
@pytest.mark.parametrize("name", RUNS)
def test_every_sentence_of_a_kept_run_leads_to_nodes_that_are_there(name: str) -> None:
    run = keep(RUNS[name]())
    traced = traced_of(run, {})
    story = tell(traced)
    for sentence in story:
        for part in sentence.parts:
            assert part.node is None or part.node in traced.nodes
    steps = [node for node in traced.nodes.values() if node.kind == "step" and node.depth == 0]
    assert [sentence.node for sentence in story][: len(steps)] == [step.number for step in steps]
    assert [each.text for each in tell(traced_of(run, {}))] == [each.text for each in story]


@pytest.mark.django_db
def test_the_story_of_a_whole_run_reads_well() -> None:
    run = keep(cited())
    assert isinstance(run, Run)
    names = dict(run.documents.values_list("id", "name"))
    lines = [sentence.text for sentence in tell(traced_of(run, names))]
    assert lines == [
        "Step 1 read 1,800 characters of 3 documents and printed 1,457 characters.",
        "Step 2 found 2 places in 2 documents and printed 30 characters.",
        "Step 3 asked mini 120 questions (4 got no answer) and printed 3,240 characters.",
        "Step 4 printed 195 characters and stopped on TypeError: 'LLMError' object is not subscriptable.",
        "Step 5 gave 5 parts to sub-RLMs (15 steps, 40 questions) and printed 22 characters.",
        "Step 6 gave the answer, which was sent back by the gate sources: 2 of 9 claims have no source.",
        "Step 7 gave the answer, which was let through by the gate sources.",
        "The answer cites 5 passages: 1 2 3 4 first seen by a model in Step 3 and 5 first seen by a model in Step 5.",
    ]
    assert critical.sentence(run)


@pytest.mark.django_db
def test_a_run_of_many_nodes_is_told_quickly(django_assert_max_num_queries: Callable[..., Any]) -> None:
    run = keep(large(2_100))
    with django_assert_max_num_queries(8):
        story = tell(traced_of(run, {}))
    assert [sentence.text for sentence in story][0] == (
        "Step 1 asked mini 417 questions (4 got no answer) and printed 3 characters."
    )
