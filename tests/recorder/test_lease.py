"""Who may work on a run: one at a time, three times at most, and no run is left lying."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.recorder.made_up import make_run
from trajectories import engine, lease, recorder, tasks
from trajectories.models import Event, Run

pytestmark = pytest.mark.django_db(transaction=True)


def queued_run() -> Run:
    run = make_run()
    Run.objects.filter(pk=run.pk).update(status="queued", fence=0)
    return Run.objects.get(pk=run.pk)


def let_expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_of_many_who_want_a_run_one_gets_it() -> None:
    run = queued_run()

    def try_it(_: int) -> Run | None:
        try:
            return lease.claim(run.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        got = [claimed for claimed in threads.map(try_it, range(16)) if claimed]
    assert len(got) == 1
    assert (got[0].status, got[0].fence, got[0].tries) == ("running", 1, 1)


def test_a_run_that_is_worked_on_is_not_to_be_had_until_its_lease_is_out() -> None:
    run = queued_run()
    assert lease.claim(run.pk)
    assert lease.claim(run.pk) is None
    assert lease.waiting_runs(0) == []
    let_expire(run)
    assert lease.waiting_runs(0) == [run.pk]
    again = lease.claim(run.pk)
    assert again
    assert (again.fence, again.tries) == (2, 2)


def test_the_heartbeat_keeps_a_run() -> None:
    run = queued_run()
    claimed = lease.claim(run.pk)
    assert claimed
    let_expire(run)
    lease.prolong([(run.pk, claimed.fence)])
    assert lease.claim(run.pk) is None
    lease.prolong([(run.pk, claimed.fence - 1)])
    run.refresh_from_db()
    assert run.lease_until > timezone.now()


def test_a_run_that_never_begins_is_given_up_after_three_tries() -> None:
    run = queued_run()
    for _ in range(lease.MOST_TRIES):
        assert lease.claim(run.pk)
        let_expire(run)
    assert lease.claim(run.pk) is None
    lease.end_cut_off_runs()
    run.refresh_from_db()
    assert (run.status, run.error["kind"], run.last_seq) == ("failed", "interrupted", 1)
    assert "3 times" in run.error["message"]


def test_a_run_with_a_record_is_ended_not_run_again() -> None:
    run = queued_run()
    claimed = lease.claim(run.pk)
    assert claimed
    Event.objects.create(
        run=run,
        seq=1,
        data='{"seq":1,"at":"2026-11-23T01:02:03.000000Z","type":"run.started","node":null,"data":{"documents":[]}}',
    )
    Run.objects.filter(pk=run.pk).update(last_seq=1)
    let_expire(run)
    assert lease.claim(run.pk) is None
    lease.end_cut_off_runs()
    run.refresh_from_db()
    assert (run.status, run.error["kind"], run.last_seq) == ("failed", "interrupted", 2)
    assert recorder.rebuild(run) == []


def test_one_that_was_ended_elsewhere_cannot_be_ended_again() -> None:
    run = queued_run()
    claimed = lease.claim(run.pk)
    assert claimed
    Run.objects.filter(pk=run.pk).update(fence=claimed.fence + 1)
    with pytest.raises(recorder.FenceLost):
        recorder.end_run(claimed, status="failed", ended_by="error", error=None)
    assert not Event.objects.filter(run=run).exists()


def test_a_queued_run_is_cancelled_at_once_where_nobody_works() -> None:
    run = queued_run()
    tasks.cancel_run(run)
    run.refresh_from_db()
    assert (run.status, run.ended_by, run.error) == ("cancelled", "cancel", None)
    assert [event["type"] for event in recorder.events_of(run.pk)] == ["run.finished"]
    assert lease.claim(run.pk) is None


def test_cancelling_an_ended_run_changes_nothing() -> None:
    run = queued_run()
    tasks.cancel_run(run)
    before = Run.objects.values().get(pk=run.pk)
    tasks.cancel_run(run)
    assert Run.objects.values().get(pk=run.pk) == before


def test_a_cut_off_run_that_was_to_be_cancelled_ends_as_cancelled() -> None:
    run = queued_run()
    assert lease.claim(run.pk)
    Run.objects.filter(pk=run.pk).update(cancel_requested=True)
    let_expire(run)
    lease.end_cut_off_runs()
    run.refresh_from_db()
    assert (run.status, run.ended_by) == ("cancelled", "cancel")


def test_a_started_run_is_queued_with_its_documents_in_order_and_its_policy() -> None:
    made = make_run(documents=3)
    inputs = list(made.documents.order_by("-name"))
    run = tasks.start_run(made.owner, "q", inputs, engine.Policy(name="mine", max_depth=0))
    assert run.status == "queued"
    assert run.policy["max_depth"] == 0
    assert [link.document for link in run.rundocument_set.all()] == inputs
