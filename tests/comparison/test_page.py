"""The page on the server: answers marked word by word, whatever a model wrote, every address from a place."""

import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.test import Client, RequestFactory

from frontend.comparing.answers import marked_answers
from frontend.comparing.page import compare_context
from frontend.place import Place, own_place
from tests.comparison.made_up import ADD_UP, ASK, FINISH, LOOK, SPLIT, USUAL, Asked, Turn, kept
from trajectories import accounts, comparison
from trajectories.models import Run
from trajectories.sharing import SCOPES

pytestmark = pytest.mark.django_db


def marked(*answers: str | None) -> list[str]:
    runs = [kept(USUAL, answer=answer) for answer in answers]
    return [str(html) for html in marked_answers(runs, [own_place(run) for run in runs]).html]


# ------------------------------------------------------------------------------------------------ answers


def test_words_that_differ_are_marked_inside_what_they_stand_in() -> None:
    one, other = marked("**Four** outages, see `log`.", "**Five** outages, see `log` and [1].")
    assert "<strong><del>Four</del></strong> outages" in one and "<ins>" not in one
    assert "<strong><ins>Five</ins></strong> outages" in other and "<ins> and [1]</ins>" in other
    assert "<code>log</code>" in one and "<code>log</code>" in other


def test_what_only_one_has_is_marked_paragraph_by_paragraph() -> None:
    one, other = marked("One.\n\n- a\n- b", "One.\n\n- a\n- b\n- c\n\nTwo.")
    assert "<del>" not in one
    assert re.search(r"<li><ins>c</ins></li>", other) and "<p><ins>Two.</ins></p>" in other


def test_of_more_than_two_only_the_others_are_marked() -> None:
    first, second, third = marked("Four outages.", "Five outages.", "Four outages.")
    assert "<del>" not in first and "<ins>Five</ins>" in second and "<ins>" not in third


def test_no_answer_is_none() -> None:
    assert marked("Four.", None)[1] == "None"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '[x](https://a/"><script>alert(1)</script>)',
        "`</code><script>alert(1)</script>`",
        "a < b && c > d &lt;script&gt;",
        "| a |\n|---|\n| <script>alert(1)</script> |",
        "![x](https://tracker/pixel.png)",
        "<ins>\0</ins>",
    ],
)
def test_hostile_answers_stay_text(hostile: str) -> None:
    for html in (*marked("plain", hostile), *marked(hostile, hostile.replace("a", "b"))):
        tags = re.findall(r"<[^>]*>", html.lower())
        assert not [tag for tag in tags if re.search(r"^<(script|img)|javascript:|\son\w+=", tag)]
        assert html.count("<ins>") == html.count("</ins>") and html.count("<del>") == html.count("</del>")


def test_long_answers_are_compared_by_paragraphs_and_say_so() -> None:
    long = "\n\n".join(f"Paragraph {number} has some words of its own." for number in range(5_000))
    runs = [kept(USUAL, answer=long), kept(USUAL, answer=long.replace("Paragraph 77 has", "Paragraph 77 had"))]
    began = time.process_time()
    found = marked_answers(runs, [own_place(run) for run in runs])
    assert time.process_time() - began < 6
    assert "paragraph by paragraph" in found.note
    assert str(found.html[1]).count("<ins>") == 1 and "<ins>Paragraph 77 had" in str(found.html[1])


# ------------------------------------------------------------------------------------------------ the page


def page(client: Client, *runs: Run, more: str = "") -> str:
    client.force_login(accounts.owner_account())
    answer = client.get(f"/compare?{'&'.join(f'r={run.id}' for run in runs)}{more}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_text_of_models_is_escaped_everywhere(client: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    turns = [
        Turn(code=f"print('{evil}')", name=evil, stdout=evil, error={"kind": evil, "message": evil}),
        Turn(code="y = 1", asks=[Asked(prompt=evil, reply=evil)]),
    ]
    html = page(client, kept(USUAL, question=evil), kept(turns, question=evil, policy={"name": evil}))
    assert "<img" not in html and "&lt;img src=x onerror=alert(1)&gt;" in html


def test_a_share_has_its_own_addresses_and_nothing_to_change(client: Client) -> None:
    runs = [kept(USUAL), kept([LOOK, SPLIT, ASK, FINISH]), kept([LOOK, ADD_UP])]
    places = [
        Place(pages=f"/s/token/r/{number}", data=f"/s/token/r/{number}/data", socket="")
        for number, _ in enumerate(runs)
    ]
    html = shared(runs, places)
    main = html[html.index('<div class="head cmp-top">') :]
    for foreign in ("/runs/", "/api/", "/documents", "Add a run"):
        assert foreign not in main, foreign
    assert "/s/token/r/0/trace?node=2" in main and '"data":"/s/token/r/1/data"' in main.replace(" ", "")


def test_a_share_of_answers_tells_of_nothing_else(client: Client) -> None:
    runs = [kept(USUAL), kept([LOOK, SPLIT, FINISH], answer="Five outages.", policy={"name": "Thorough"})]
    places = [
        Place(pages=f"/s/t/r/{number}", data=f"/s/t/r/{number}", socket="", parts=SCOPES["answer"].parts)
        for number in range(2)
    ]
    html = shared(runs, places)
    assert "<ins>Five</ins>" in html and "Cost" in html
    for hidden in ("grep", "Thorough", "north/", "incident-reports", "max_depth", "/trace", "Step 3", "mirror"):
        assert hidden not in html[html.index('<div class="head cmp-top">') :], hidden


def shared(runs: list[Run], places: list[Place]) -> str:
    """As whoever holds a share sees it."""
    request = RequestFactory().get("/s/token?only=1")
    request.user = AnonymousUser()
    records = [comparison.read_record(run) for run in runs]
    context = compare_context(records, places, request.GET, read_only=True)
    return render(request, "frontend/compare.html", context).content.decode()


def test_only_so_many_rows_are_shown_unless_all_are_asked_for(client: Client) -> None:
    turns = [Turn(code=f"value_{number} = {number}") for number in range(450)]
    runs = kept(turns), kept(turns)
    html = page(client, *runs)
    assert html.count('<li class="pair same') == 400 and "50 more rows" in html
    assert page(client, *runs, more="&all=1").count('<li class="pair same') == 450


def test_runs_that_have_not_begun_are_told_of(client: Client) -> None:
    queued = Run.objects.create(owner=accounts.owner_account(), question="Why?", policy={})
    html = page(client, queued, kept(USUAL))
    assert "still going on" in html and "A has no answer" in html


def test_strangers_see_nothing(client: Client, django_user_model: Any) -> None:
    runs = kept(USUAL), kept(USUAL)
    client.force_login(django_user_model.objects.create_user("mallory"))
    assert client.get(f"/compare?r={runs[0].id}&r={runs[1].id}").status_code == 404
    client.logout()
    assert client.get(f"/compare?r={runs[0].id}&r={runs[1].id}").status_code == 302
