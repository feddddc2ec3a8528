"""What the pages say, asked of Django directly: who gets in, what is shown to whom, what words are used."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from trajectories import accounts, documents
from trajectories.models import ApiToken, Document, Node, Run, RunDocument

TEXT = "The first page.\nOn 3 May the broker’s certificate ran out.\nThe last page.\n" * 400
POLICY = {
    "name": "balanced",
    "models": {"root": "my/large", "worker": "my/small"},
    "max_depth": 1,
    "max_steps": 20,
    "limits": {"cost_usd": "2.00", "seconds": 1800.0, "calls": 2000, "tokens": None},
}


@pytest.fixture
def owner(db: None) -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def pages(owner: Any) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def document(owner: Any) -> Document:
    return documents.add_text(owner, "log.txt", TEXT)


def make_run(owner: Any, *used: Document, **fields: Any) -> Run:
    began = timezone.now() - timedelta(minutes=5)
    settled = {"status": "succeeded", "policy": POLICY, "calls": 3, "nodes": 9, "cost_usd": Decimal("0.0123")}
    run = Run.objects.create(
        owner=owner,
        **{"question": "When?", "started_at": began, "finished_at": began + timedelta(seconds=75), **settled, **fields},
    )
    for position, each in enumerate(used):
        RunDocument.objects.create(run=run, document=each, position=position)
    return run


def add_node(run: Run, number: int, parent: int | None, kind: str, **fields: Any) -> None:
    assert run.started_at is not None
    began = run.started_at.timestamp() + number
    base = {"depth": 0, "name": kind, "status": "succeeded", "started_at": began, "finished_at": began + 1}
    Node.objects.create(run=run, number=number, parent=parent, kind=kind, **{**base, **fields})


# ------------------------------------------------------------------------------------------------ getting in


def test_a_sign_in_link_works_once_and_leaves_no_token_behind(owner: Any) -> None:
    link = f"/?token={accounts.make_sign_in_link_token(owner)}"
    client = Client()
    first = client.get(link)
    assert (first.status_code, first["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    again = Client().get(link, follow=True)
    assert again.redirect_chain[-1][0] == "/sign-in"
    assert "has been used or is too old" in again.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/runs", "/documents", "/settings/tokens", "/runs/abc", "/documents/abc", "/runs/new"]
)
def test_without_an_account_every_page_leads_to_sign_in(path: str) -> None:
    assert Client().get(path)["Location"] == f"/sign-in?next={path}"


@pytest.mark.django_db
def test_the_sign_in_page_says_how_to_get_a_link_and_asks_for_a_password_in_team_mode_only(settings: Any) -> None:
    assert "manage.py signin" in Client().get("/sign-in").content.decode()
    assert Client().get("/sign-in").content.decode().count("password") == 0
    settings.MODE = "team"
    get_user_model().objects.create_user("bea", password="correct horse")
    client = Client()
    wrong = client.post("/sign-in", {"username": "bea", "password": "wrong"})
    assert wrong.status_code == 422 and "do not fit together" in wrong.content.decode()
    right = client.post("/sign-in?next=/runs", {"username": "bea", "password": "correct horse", "next": "/runs"})
    assert right["Location"] == "/runs"
    away = Client().post("/sign-in", {"username": "bea", "password": "correct horse", "next": "https://evil.example/"})
    assert away["Location"] == "/"


def test_signing_out_takes_a_post(pages: Client) -> None:
    assert pages.get("/sign-out").status_code == 405
    assert pages.post("/sign-out")["Location"] == "/sign-in"
    assert pages.get("/runs").status_code == 302


def test_what_belongs_to_another_does_not_exist(pages: Client, document: Document) -> None:
    other = get_user_model().objects.create_user("eve")
    theirs = make_run(other, question="A secret question")
    their_text = documents.add_text(other, "secret.txt", "Nothing for ada.")
    for path in (f"/runs/{theirs.id}", f"/documents/{their_text.id}", f"/runs/new?run={theirs.id}"):
        answer = pages.get(path)
        assert answer.status_code == 404
        assert "it is not yours" in answer.content.decode()
    assert pages.post(f"/runs/{theirs.id}/keep", {"title": "mine"}).status_code == 404
    pages.post("/runs/delete", {"r": theirs.id})
    assert Run.objects.filter(pk=theirs.id, deleted_at=None).exists()
    assert (
        "secret" not in (pages.get("/runs").content + pages.get("/documents").content + pages.get("/").content).decode()
    )


def test_an_unknown_address_is_answered_in_the_look_of_the_product(pages: Client) -> None:
    answer = pages.get("/nowhere")
    assert answer.status_code == 404
    assert "Nothing is here" in answer.content.decode() and "app.css" in answer.content.decode()


# ------------------------------------------------------------------------------------------------ runs


def test_a_run_shows_its_answer_its_figures_and_its_sources_at_their_spans(
    pages: Client, owner: Any, document: Document
) -> None:
    start = TEXT.index("On 3 May", 5000)
    quote = TEXT[start : start + 42]
    run = make_run(
        owner,
        document,
        answer="On **3 May** [1], not later [7].",
        ended_by="answer",
        sources=[{"document": document.id, "start": start, "end": start + 42, "text": quote}],
    )
    shown = pages.get(f"/runs/{run.id}").content.decode()
    assert "<strong>3 May</strong>" in shown
    assert f'href="/documents/{document.id}?at={start}-{start + 42}" data-cite="1"' in shown
    assert "not later [7]" in shown, "there is no seventh source to link to"
    assert f"<mark>{quote}</mark>" in shown
    assert "$0.01" in shown and "1:15" in shown


def test_each_passage_is_held_against_its_document_when_it_is_shown(
    pages: Client, owner: Any, document: Document
) -> None:
    right = {"document": document.id, "start": 4, "end": 14, "text": "first page"}
    wrong = {**right, "text": "last page."}
    run = make_run(owner, document, answer="It is the first page. [1]", sources=[right])
    shown = pages.get(f"/runs/{run.id}").content.decode()
    assert "checked against the documents" in shown and "cannot be confirmed" not in shown
    assert shown.count('class="checked"') == 2, "in the list and beside the text"
    Run.objects.filter(pk=run.pk).update(sources=[right, wrong])
    shown = pages.get(f"/runs/{run.id}").content.decode()
    assert "1 of 2 passages cannot be confirmed" in shown
    assert "The document says something else there now" in shown
    assert shown.count('class="unchecked"') == 1, "the other passage still stands in its document"
    documents.open_text(document).path.unlink()
    shown = pages.get(f"/runs/{run.id}").content.decode()
    assert "2 of 2 passages cannot be confirmed" in shown and "The document can no longer be read" in shown
    assert "first page" in shown, "the words of the record are still there"


def test_sentences_without_a_source_are_counted_and_marked_without_scripts(
    pages: Client, owner: Any, document: Document
) -> None:
    source = {"document": document.id, "start": 4, "end": 14, "text": "first page"}
    run = make_run(owner, document, answer="It is the first [1]. It is torn. It is old.", sources=[source])
    shown = pages.get(f"/runs/{run.id}").content.decode()
    assert "2 of 3 sentences</b> have no recorded source" in shown
    assert shown.count('class="nosrc"') == 2
    Run.objects.filter(pk=run.pk).update(answer="It is the first [1].")
    assert "Its sentence has a recorded source" in unescape(strip_tags(pages.get(f"/runs/{run.id}").content.decode()))
    Run.objects.filter(pk=run.pk).update(sources=[])
    assert "This answer names no sources" in pages.get(f"/runs/{run.id}").content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cost_usd": None, "cost_kind": "unknown", "unpriced_calls": 3}, "unknown"),
        ({"cost_usd": Decimal("1.24"), "cost_kind": "unknown", "unpriced_calls": 3}, "at least $1.24"),
        ({"cost_usd": Decimal("0.0042")}, "$0.0042"),
        ({"cost_usd": Decimal(0)}, "$0.00"),
    ],
)
def test_an_unknown_price_is_a_word_and_never_zero(pages: Client, owner: Any, fields: Any, words: str) -> None:
    run = make_run(owner, answer="Yes.", **fields)
    for path in ("/runs", f"/runs/{run.id}"):
        assert words in pages.get(path).content.decode()


def test_runs_are_filtered_and_paged(pages: Client, owner: Any, document: Document) -> None:
    for number in range(30):
        make_run(owner, question=f"Question number {number:02}", created_at=timezone.now() - timedelta(hours=number))
    make_run(owner, document, question="The odd one", status="failed", policy={**POLICY, "name": "economy"})
    first = pages.get("/runs").content.decode()
    assert "The odd one" in first and "number 23" in first and "number 24" not in first
    last = Run.objects.order_by("-created_at")[24]
    assert f"?before={last.id}" in first
    assert "number 24" in pages.get(f"/runs?before={last.id}").content.decode()
    for query in ("status=failed", "q=odd", f"document={document.id}", "policy=economy"):
        found = pages.get(f"/runs?{query}").content.decode()
        assert "The odd one" in found and "number 02" not in found, query
    assert "No run fits" in pages.get("/runs?q=nothing+like+it").content.decode()


def test_the_story_is_told_from_the_nodes(pages: Client, owner: Any, document: Document) -> None:
    run = make_run(owner, document, answer="Done.")
    reads = [{"document": document.id, "start": 0, "end": 500, "how": "peek"}]
    add_node(run, 1, None, "rlm")
    add_node(run, 2, 1, "step")
    add_node(run, 3, 2, "lm", input_tokens=900)
    add_node(run, 4, 2, "cell", data={"reads": reads, "stdout_chars": 900, "shown_chars": 500})
    add_node(run, 5, 1, "step", subtree_usd=Decimal("0.4"))
    add_node(run, 6, 5, "cell")
    for number in range(7, 19):
        add_node(run, number, 6, "lm", model="my/small", batch=7, status="failed" if number == 9 else "succeeded")
    add_node(run, 19, 1, "step")
    add_node(run, 20, 19, "cell", status="failed", error={"kind": "KeyError", "message": "'minutes'"})
    add_node(run, 21, 1, "step")
    add_node(run, 22, 21, "cell", data={"ending": {"how": "answer_variable", "variable": "report"}})
    shown = pages.get(f"/runs/{run.id}").content.decode()
    told = unescape(strip_tags(shown))
    assert "Step 1 read 500 characters of log.txt and printed 500 of 900 characters." in told
    assert "Step 2 asked small 12 questions (1 got no answer)." in told
    assert "Step 3 stopped on KeyError: 'minutes'." in told
    assert "Step 4 gave the answer from report." in told
    assert f"/runs/{run.id}/trace?node=7" in shown


def test_a_run_without_an_answer_says_what_to_do(pages: Client, owner: Any) -> None:
    failed = make_run(owner, status="failed", error={"kind": "network", "message": "Connection refused."})
    shown = pages.get(f"/runs/{failed.id}").content.decode()
    assert "cannot be reached" in shown and "Connection refused." in shown and "Open settings" in shown
    stopped = make_run(owner, status="cancelled", ended_by="cancel")
    assert "This run was stopped" in pages.get(f"/runs/{stopped.id}").content.decode()


def test_a_run_of_the_offline_policy_is_labelled(pages: Client, owner: Any) -> None:
    policy = {**POLICY, "name": "offline", "models": {"root": "offline/planner", "worker": "offline/extractive"}}
    run = make_run(owner, answer="“A quote.”", policy=policy)
    assert "No language model" in pages.get(f"/runs/{run.id}").content.decode()
    assert "no language model" in pages.get("/runs").content.decode()


def test_only_a_finished_run_can_be_deleted(pages: Client, owner: Any) -> None:
    live, done = make_run(owner, status="running", finished_at=None), make_run(owner)
    pages.post("/runs/delete", {"r": [live.id, done.id]})
    assert list(Run.objects.filter(deleted_at=None)) == [live]


# ------------------------------------------------------------------------------------------------ documents, settings


@pytest.mark.parametrize("at", ["", "5-2", "x-y", "-", "9" * 60, "10-99999999", "0-1"])
def test_any_span_in_the_address_of_a_document_is_answered(pages: Client, document: Document, at: str) -> None:
    assert pages.get(f"/documents/{document.id}?at={at}").status_code == 200


def test_a_document_is_read_window_by_window_without_scripts(pages: Client, document: Document) -> None:
    first = pages.get(f"/documents/{document.id}")
    assert "The first page." in first.content.decode()
    following = first.context["following"]
    assert 0 < following < document.chars
    second = pages.get(f"/documents/{document.id}?from={following}")
    assert second.context["passage"].start >= following
    assert "Show what comes before" in second.content.decode()


def test_a_token_is_shown_once_and_can_be_revoked(pages: Client, owner: Any) -> None:
    made = pages.post("/settings/tokens", {"name": "nightly"})
    token = made.context["made"]
    assert token in made.content.decode()
    assert accounts.user_of_token(token) == owner
    assert token not in pages.get("/settings/tokens").content.decode()
    pages.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke")
    assert accounts.user_of_token(token) is None


def test_a_run_of_an_older_version_is_asked_again_with_what_its_policy_did_not_say_yet(
    pages: Client, owner: Any
) -> None:
    asked = pages.get(f"/runs/new?run={make_run(owner).id}").context["asked"]
    assert "exploration" not in POLICY and asked["exploration"] == "warn"
    assert {key: asked[key] for key in POLICY if key != "limits"} == {
        key: value for key, value in POLICY.items() if key != "limits"
    }
    assert asked["limits"]["cost_usd"] == "2.00"
    refused = make_run(owner, policy={**POLICY, "max_depth": "deep"})
    assert pages.get(f"/runs/new?run={refused.id}").context["asked"] == refused.policy


def test_settings_tell_no_secrets(pages: Client, settings: Any) -> None:
    for section in ("connections", "prices", "policies", "tokens", "about"):
        shown = pages.get(f"/settings/{section}")
        assert shown.status_code == 200
        assert settings.SECRET_KEY not in shown.content.decode()


def test_the_theme_is_told_by_a_cookie_with_known_values_only(pages: Client) -> None:
    pages.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in pages.get("/runs").content.decode()
    pages.cookies["theme"] = "'onload=alert(1)"
    assert '<html lang="en">' in pages.get("/runs").content.decode()
