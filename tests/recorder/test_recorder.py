"""The record of a run: log, rows, totals and texts agree, and only the holder of the fence writes."""

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db.models import Sum

from tests.recorder.made_up import LONG, START, finished_call, first_half, ids_of, make_run, started, whole
from trajectories import engine, recorder
from trajectories.models import Document, Event, Node, Payload, Run
from trajectories.recorder.rows import Fold

pytestmark = pytest.mark.django_db(transaction=True)


class Pokes:
    """Whom the writer told, and when."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self._arrived = threading.Condition()

    def __call__(self, run_id: str) -> None:
        with self._arrived:
            self.runs.append(run_id)
            self._arrived.notify_all()

    def wait(self) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: self.runs, 5), "the writer says when it has written"


@pytest.fixture
def pokes() -> Pokes:
    return Pokes()


@pytest.fixture
def writer(pokes: Pokes) -> Iterator[recorder.Writer]:
    writer = recorder.Writer(pokes)
    writer.start()
    yield writer
    writer.stop()


def record(writer: recorder.Writer, run: Run, events: list[engine.Event], fence: int = 1) -> None:
    asyncio.run(_record(writer, run, events, fence, ids_of(run)))


async def _record(
    writer: recorder.Writer, run: Run, events: list[engine.Event], fence: int, documents: list[str]
) -> None:
    its_recorder = recorder.RunRecorder(writer, run.pk, fence, documents)
    for event in events:
        await its_recorder.emit(event)


def log_of(run: Run) -> list[dict]:
    return list(recorder.events_of(run.pk))


def test_the_log_has_every_event_in_order_without_gaps(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, whole())
    log = log_of(run)
    assert [event["seq"] for event in log] == list(range(1, len(whole()) + 1))
    assert [event["type"] for event in log] == [event.type for event in whole()]
    assert log[0]["at"] == "2026-09-21T14:13:20.250000Z"
    assert all(set(event) == {"seq", "at", "type", "node", "data"} for event in log)


def test_nodes_and_totals_follow_from_the_log(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, whole())
    run.refresh_from_db()
    assert (run.status, run.ended_by, run.answer, run.sandbox) == ("succeeded", "answer", "It is it.", "full")
    assert (run.calls, run.input_tokens, run.output_tokens, run.nodes, run.last_seq) == (3, 1433, 143, 6, 15)
    assert run.started_at.timestamp() == START
    assert run.seconds == pytest.approx(3.3)
    call = Node.objects.get(run=run, number=3)
    assert (call.kind, call.parent, call.role, call.model, call.attempt) == ("lm", 2, "root", "own/big", 1)
    assert call.data["retries"][0]["kind"] == "overloaded"
    assert call.finished_at == START + 1.0
    assert Node.objects.get(run=run, number=6).batch == 5


def test_the_sum_of_the_calls_is_the_run_s_total_to_the_last_digit(writer: recorder.Writer) -> None:
    run, dice = make_run(), random.Random(7)
    calls = [str(Decimal(dice.randrange(10**11)) / 10**14) for _ in range(300)]
    events = [started(1, None, "rlm", START)]
    for number, usd in enumerate(calls, 2):
        events += [started(number, 1, "lm", START), finished_call(number, 10, usd, START)]
    record(writer, run, events)
    run.refresh_from_db()
    assert sum(node.cost_usd for node in Node.objects.filter(run=run, kind="lm")) == run.cost_usd
    assert Node.objects.filter(run=run).aggregate(total=Sum("input_tokens"))["total"] == run.input_tokens


def test_unknown_is_never_zero(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, [started(1, None, "lm", START), finished_call(1, 10, None, START)])
    run.refresh_from_db()
    assert (run.cost_usd, run.cost_kind, run.unpriced_calls) == (None, "unknown", 1)
    assert Node.objects.get(run=run).cost_usd is None


def test_documents_are_named_by_their_ids(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, whole())
    document = ids_of(run)[0]
    run.refresh_from_db()
    assert run.sources == [{"document": document, "start": 1, "end": 4, "text": "abc"}]
    cell = Node.objects.get(run=run, number=4)
    assert cell.data["reads"][0]["document"] == document
    assert cell.data["ending"]["sources"][0]["document"] == document
    assert Node.objects.get(run=run, number=5).data["reads"][0]["document"] == document


def test_a_run_rebuilt_from_its_log_is_what_was_stored(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, whole())
    run.refresh_from_db()
    assert recorder.rebuild(run) == []


def test_rebuilding_says_what_was_wrong_and_puts_it_right(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, whole())
    Node.objects.filter(run=run, number=3).update(model="another")
    Node.objects.filter(run=run, number=5).delete()
    Run.objects.filter(pk=run.pk).update(calls=99, answer="nonsense")
    run.refresh_from_db()
    differences = recorder.rebuild(run)
    assert len(differences) == 4
    assert any("node 3: model was 'another'" in line for line in differences)
    run.refresh_from_db()
    assert (run.calls, run.answer) == (3, "It is it.")
    assert recorder.rebuild(run) == []


def test_a_run_that_goes_on_is_not_rebuilt(writer: recorder.Writer) -> None:
    run = make_run()
    with pytest.raises(recorder.RunGoesOn):
        recorder.rebuild(run)


def test_texts_are_kept_once_and_read_back(writer: recorder.Writer) -> None:
    run = make_run()
    history = [engine.Message(role="user", content="the same long message " * 100)]
    events = [started(1, None, "rlm", START)]
    for number in range(2, 12):
        events.append(started(number, 1, "lm", START, texts={"request": tuple(history)}))
        history.append(engine.Message(role="assistant", content=f"reply {number}"))
        events.append(finished_call(number, 1, "0", START, response=f"reply {number}"))
    record(writer, run, events)
    assert Payload.objects.count() == 11
    last = recorder.read_texts(Node.objects.get(run=run, number=11).texts)
    assert last["request"] == [{"role": message.role, "content": message.content} for message in history[:-1]]
    assert last["response"] == "reply 11"


def test_a_prompt_made_of_document_text_is_kept_as_places(
    writer: recorder.Writer, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    record(writer, run, whole())
    reference = Node.objects.get(run=run, number=5).texts["request"]["messages"][0]
    kept = Payload.objects.get(sha256=bytes.fromhex(reference["sha"]))
    assert kept.codec == Payload.Codec.QUOTING
    assert len(kept.data) < len(LONG) / 10
    settings.OPEN_TEXT = "tests.recorder.test_recorder.text_of_any_document"
    assert recorder.payload_text(reference["sha"]) == f"Summarise: {LONG}"
    settings.OPEN_TEXT = "tests.recorder.test_recorder.changed_text"
    with pytest.raises(recorder.PayloadMissing, match="has changed"):
        recorder.payload_text(reference["sha"])
    Run.objects.all().delete()
    Document.objects.all().delete()
    with pytest.raises(recorder.PayloadMissing, match="has been deleted"):
        recorder.payload_text(reference["sha"])


def text_of_any_document(document: Document) -> engine.Text:
    return engine.TextInMemory("x" * 40 + LONG)


def changed_text(document: Document) -> engine.Text:
    return engine.TextInMemory("y" * 41 + LONG)


def test_a_text_that_is_missing_says_so() -> None:
    with pytest.raises(recorder.PayloadMissing):
        recorder.payload_text("ab" * 32)


def test_what_no_json_and_no_database_takes_is_kept_readable(writer: recorder.Writer) -> None:
    run = make_run()
    error = {"kind": "X\0", "message": "half \ud800 of a pair", "number": 2**80}
    events = [
        started(1, None, "cell", START, texts={"code": "\ud83d"}),
        engine.Event(
            type="node.finished", node=1, at=START, data={"status": "failed", "error": error}, texts={"stdout": "a\0b"}
        ),
    ]
    record(writer, run, [*events, engine.Event(type="run.resumed", durable=True)])
    node = Node.objects.get(run=run)
    assert node.error == {"kind": "X�", "message": "half ? of a pair", "number": str(2**80)}
    assert recorder.read_texts(node.texts) == {"code": "?", "stdout": "a\0b"}
    assert "\\u0000" not in "".join(Event.objects.values_list("data", flat=True))


def test_a_durable_event_is_stored_when_emit_returns(writer: recorder.Writer) -> None:
    run = make_run()

    ids_of_it = ids_of(run)

    async def tell() -> list[int]:
        its_recorder = recorder.RunRecorder(writer, run.pk, 1, ids_of_it)
        await its_recorder.emit(started(1, None, "lm", START))
        await its_recorder.emit(finished_call(1, 1, "0", START))
        return await asyncio.to_thread(lambda: [event["seq"] for event in recorder.events_of(run.pk)])

    # the thread reads with a connection of its own: what it sees is committed
    assert asyncio.run(tell()) == [1, 2]


def test_watchers_are_told_after_what_they_are_told_of_is_there(writer: recorder.Writer, pokes: Pokes) -> None:
    run = make_run()
    record(writer, run, [started(1, None, "rlm", START)])
    pokes.wait()
    assert pokes.runs[0] == run.pk
    assert len(log_of(run)) == 1


def test_a_recorder_without_the_fence_keeps_nothing_and_is_told(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, list(first_half()))
    before = len(log_of(run)), Node.objects.filter(run=run).count()
    Run.objects.filter(pk=run.pk).update(fence=2)
    with pytest.raises(recorder.FenceLost):
        record(writer, run, [started(1, None, "lm", START), finished_call(1, 1, "0", START)], fence=1)
    assert (len(log_of(run)), Node.objects.filter(run=run).count()) == before


def test_a_run_that_cannot_be_recorded_breaks_alone(writer: recorder.Writer, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = make_run(), make_run()

    async def both() -> list[BaseException | None]:
        nonsense = [finished_call(7, 1, "0", START)]  # of a node that never started
        fine = [started(1, None, "lm", START), finished_call(1, 1, "0", START)]
        work = (_record(writer, bad, nonsense, 1, ["d"]), _record(writer, good, fine, 1, ["d"]))
        return await asyncio.gather(*work, return_exceptions=True)

    broken, fine = asyncio.run(both())
    assert isinstance(broken, KeyError)
    assert fine is None
    assert len(log_of(good)) == 2
    assert "cannot be recorded" in caplog.text


def test_a_thousand_events_at_once_are_few_transactions(writer: recorder.Writer, pokes: Pokes) -> None:
    run = make_run()
    events = [started(number, None, "lm", START) for number in range(1, 1_001)]
    record(writer, run, [*events, finished_call(1, 1, "0", START)])
    assert len(log_of(run)) == 1_001
    assert len(pokes.runs) < 10


def test_a_cut_off_run_is_ended_with_all_its_record(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, list(first_half()))
    run.refresh_from_db()
    error = {"kind": "interrupted", "message": "The process ended."}
    recorder.end_run(run, status="failed", ended_by="error", error=error)
    run.refresh_from_db()
    log = log_of(run)
    assert (run.status, run.error, run.last_seq) == ("failed", error, len(log))
    assert log[-1]["type"] == "run.finished"
    opened = [event["node"] for event in log if event["type"] == "node.started"]
    closed = [event["node"] for event in log if event["type"] == "node.finished"]
    assert sorted(opened) == sorted(closed)
    assert closed[-4:] == [6, 4, 2, 1]
    assert run.finished_at.timestamp() == START + 2.0
    assert recorder.rebuild(run) == []


def test_nobody_knows_what_a_call_cost_that_was_cut_off(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, list(first_half()))
    run.refresh_from_db()
    recorder.end_run(run, status="failed", ended_by="error", error=None)
    run.refresh_from_db()
    assert (run.calls, run.cost_kind, run.unpriced_calls) == (3, "unknown", 1)
    end = log_of(run)[-1]["data"]
    assert end["usage"]["calls"] == 3
    assert Decimal(end["cost"]["usd"]) == run.cost_usd == Decimal("0.000013345679")
    cell = Node.objects.get(run=run, number=4)
    assert cell.data["subtree"]["usage"]["calls"] == 2


def test_the_same_events_one_by_one_or_all_at_once_give_the_same_rows(writer: recorder.Writer) -> None:
    run = make_run()
    record(writer, run, whole())
    fold, rows = Fold(), {}
    for line in Event.objects.filter(run=run).order_by("seq").values_list("data", flat=True):
        row = fold.apply(json.loads(line))
        if row:
            rows[row.number] = row
    assert not fold.open
    assert len(rows) == fold.run.nodes == 6
