"""Links on the running product: made and listed, dead ones, passwords, views, and what they look like from outside."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.house import House
from tests.pages.conftest import told
from tests.sharing.conftest import PAGES, Share, data_doors, frames_of, path_of

SCOPES = {
    "answer": {""},
    "sources": {""},
    "trajectory": {*PAGES, *data_doors()},
}


@pytest.fixture(scope="module")
def run(canary: Callable[..., str]) -> str:
    return canary("put")


def listed(house: House, run: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = told(house.client.get("/api/v1/shares", params={"run": run}))["items"]
    return items


# ------------------------------------------------------------------------------------------------- made and listed


def test_a_link_is_made_listed_and_taken_back(house: House, viewer: httpx.Client, run: str, share: Share) -> None:
    made = share(run, scope="sources", expires_in=3600, redact={"patterns": ["abc"]})
    token = made["url"].rpartition("/s/")[2]
    assert made["url"] == f"{house.url}/s/{token}" and len(token) >= 22
    assert made["expires_at"] and made["status"] == "live" and made["runs"] == [run] and not made["password"]
    assert made["redact"] == {"documents": False, "prompts": False, "patterns": ["abc"]}
    assert [item for item in listed(house, run) if item["id"] == made["id"]] == [made]
    assert viewer.get(path_of(made)).status_code == 200
    assert house.client.delete(f"/api/v1/shares/{made['id']}").status_code == 204
    assert viewer.get(path_of(made)).status_code == 404
    assert made["id"] not in {item["id"] for item in listed(house, run)}
    assert house.client.delete(f"/api/v1/shares/{made['id']}").status_code == 404


def test_the_token_is_not_in_the_database(house: House, run: str, share: Share) -> None:
    token = share(run)["url"].rpartition("/s/")[2].encode()
    files = [path.read_bytes() for path in house.data_dir.glob("rlm.sqlite3*")]
    assert files and not any(token in content for content in files)


def test_links_are_their_owners(house: House, run: str, share: Share) -> None:
    made = share(run)
    house.manage("shell", "-c", "from django.contrib.auth import get_user_model as m; m().objects.create_user('eve')")
    token = house.manage("token", "--user", "eve").stdout.strip()
    with httpx.Client(base_url=house.url, headers={"Authorization": f"Bearer {token}"}) as eve:
        assert eve.get("/api/v1/shares").json()["items"] == []
        assert eve.delete(f"/api/v1/shares/{made['id']}").status_code == 404
        assert eve.post(f"/api/v1/runs/{run}/shares", json={"scope": "answer"}).status_code == 404
        assert eve.post("/api/v1/shares", json={"scope": "answer", "runs": [run]}).status_code == 404


WRONG = [
    ({"scope": "everything"}, "scope"),
    ({"expires_in": 0}, "expires"),
    ({"expires_in": -5}, "expires"),
    ({"expires_in": 10**12}, "expires"),
    ({"expires_in": "1 h"}, "expires_in"),
    ({"password": "abc"}, "password"),
    ({"password": "x" * 201}, "password"),
    ({"redact": {"patterns": ["("]}}, "parenthesis"),
    ({"redact": {"patterns": ["ok", "(?=x)"]}}, "Pattern 2"),
    ({"redact": {"patterns": ["a*"]}}, "empty text"),
    ({"redact": {"patterns": ["x" * 201]}}, "characters"),
    ({"redact": {"patterns": [str(n) for n in range(21)]}}, "patterns"),
    ({"redact": {"patterns": ["(?:(?:(?:a{1,30}){30}){30}){30}"]}}, "large"),
    ({"redact": {"secrets": True}}, "secrets"),
    ({"runs": ["x"]}, "runs"),
]


@pytest.mark.parametrize(("wish", "named"), WRONG)
def test_a_wrong_wish_gets_one_sentence(house: House, run: str, wish: dict[str, Any], named: str) -> None:
    before = len(listed(house, run))
    for path in ("shares", "shares/preview"):
        answer = house.client.post(f"/api/v1/runs/{run}/{path}", json={"scope": "answer", **wish})
        assert answer.status_code == 422, answer.text
        message = answer.json()["error"]["message"]
        assert named in message and message.endswith(".") and len(message) < 300
    assert len(listed(house, run)) == before


def test_comparisons_name_one_to_four_different_runs(house: House, run: str) -> None:
    for runs in ([], [run, run], [run] * 5):
        answer = house.client.post("/api/v1/shares", json={"scope": "answer", "runs": runs})
        assert answer.status_code == 422
    assert house.client.post("/api/v1/shares", json={"scope": "answer", "runs": ["nothere"]}).status_code == 404


# ------------------------------------------------------------------------------------------------- what a scope opens


@pytest.mark.parametrize("scope", SCOPES)
def test_what_a_scope_does_not_name_is_not_there(
    house: House, viewer: httpx.Client, run: str, share: Share, scope: str
) -> None:
    path = path_of(share(run, scope=scope))
    nowhere = viewer.get("/s/nothere").text, viewer.get("/s/nothere/tree").text
    for door in [*PAGES, *data_doors()]:
        answer = viewer.get(path + door)
        if door in SCOPES[scope]:
            assert answer.status_code == 200, door
        else:
            assert answer.status_code == 404, door
            assert answer.text == nowhere[door not in PAGES], door
    frames, code = asyncio.run(frames_of(house, f"/ws/runs/{run}?share={path[3:]}"))
    assert code == (1000 if scope == "trajectory" else 4404)
    assert bool(frames) is (scope == "trajectory")


def test_the_owners_doors_do_not_open_for_a_link(house: House, viewer: httpx.Client, run: str, share: Share) -> None:
    token = path_of(share(run))[3:]
    for path in (f"/api/v1/runs/{run}", f"/api/v1/runs/{run}/tree", "/api/v1/shares", "/api/v1/documents"):
        for how in ({"headers": {"Authorization": f"Bearer {token}"}}, {"params": {"share": token}}):
            assert viewer.get(path, **how).status_code == 401, path  # type: ignore[arg-type]
    assert "/sign-in" in str(viewer.get(f"/runs/{run}?share={token}").url)


def test_a_link_opens_its_own_run_only(
    house: House, viewer: httpx.Client, run: str, share: Share, canary: Callable[..., str]
) -> None:
    token = path_of(share(run))[3:]
    other = canary("put")
    assert asyncio.run(frames_of(house, f"/ws/runs/{other}?share={token}")) == ([], 4404)
    assert viewer.get(f"/s/{token}/r/0/tree").status_code == 404


def test_answers_are_for_nobodys_index_or_cache(viewer: httpx.Client, run: str, share: Share) -> None:
    path = path_of(share(run))
    for door in [*PAGES, *data_doors(), "/nothing", "/nodes/999999"]:
        for address in (path + door, f"/s/nothere{door}"):
            headers = viewer.get(address).headers
            assert "noindex" in headers["x-robots-tag"], address
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex' in viewer.get(path).text


# ------------------------------------------------------------------------------------------------- dead links


def dead(house: House, viewer: httpx.Client, run: str, token: str) -> list[Any]:
    """All that a link says on every door, without what changes from answer to answer."""
    said: list[Any] = []
    for door in [*PAGES, *data_doors(), "/r/0", "/r/0/tree", "/elsewhere"]:
        for method in ("GET", "HEAD"):
            answer = viewer.request(method, f"/s/{token}{door}")
            headers = {
                name: value for name, value in answer.headers.items() if name not in ("date", "content-security-policy")
            }
            said.append((door, method, answer.status_code, answer.text, headers))
    said.append(asyncio.run(frames_of(house, f"/ws/runs/{run}?share={token}")))
    return said


def test_dead_links_are_all_the_same(
    house: House, viewer: httpx.Client, run: str, share: Share, canary: Callable[..., str]
) -> None:
    revoked, expired, deleted_run = share(run), share(run, expires_in=1), canary("put")
    gone, restored = share(deleted_run), share(run, password="hunter22")
    house.client.delete(f"/api/v1/shares/{revoked['id']}")
    house.client.delete(f"/api/v1/shares/{restored['id']}")
    assert house.client.delete(f"/api/v1/runs/{deleted_run}").status_code == 204
    deadline = time.monotonic() + 5
    while viewer.get(path_of(expired)).status_code != 404:
        assert time.monotonic() < deadline
    nowhere = dead(house, viewer, run, "x" * 32)
    assert {entry[2] for entry in nowhere[:-1]} == {404} and nowhere[-1] == ([], 4404)
    for made, its_run in ((revoked, run), (expired, run), (gone, deleted_run), (restored, run)):
        assert dead(house, viewer, its_run, path_of(made)[3:]) == nowhere
    for odd in ("", "%00", "x" * 3000, "..%2f..", "é", path_of(revoked)[3:] + "x"):
        assert viewer.get(f"/s/{odd}").status_code == 404


def test_a_run_that_is_brought_back_has_its_links_back(
    house: House, viewer: httpx.Client, share: Share, canary: Callable[..., str]
) -> None:
    run = canary("put")
    made = share(run)
    house.client.delete(f"/api/v1/runs/{run}")
    assert viewer.get(path_of(made)).status_code == 404
    assert listed(house, run)[0]["status"] == "gone"
    told(house.client.post(f"/api/v1/runs/{run}/restore"))
    assert viewer.get(path_of(made)).status_code == 200


@pytest.mark.parametrize("how", ["revoked", "expired", "deleted"])
def test_an_open_socket_closes_when_its_link_dies(
    house: House, share: Share, canary: Callable[..., str], how: str
) -> None:
    run = canary("live")
    made = share(run, expires_in=3 if how == "expired" else None)

    async def watched() -> tuple[float, int | None]:
        watching = asyncio.create_task(frames_of(house, f"/ws/runs/{run}?share={path_of(made)[3:]}"))
        await asyncio.sleep(1)
        assert not watching.done()
        if how == "revoked":
            await asyncio.to_thread(house.client.delete, f"/api/v1/shares/{made['id']}")
        if how == "deleted":
            delete = f"Run.objects.filter(pk={run!r}).update(deleted_at='2026-01-01T00:00Z')"
            code = f"from trajectories.models import Run; {delete}"
            await asyncio.to_thread(house.manage, "shell", "-c", code)
        began = time.monotonic()
        frames, code_ = await watching
        assert frames
        return time.monotonic() - began, code_

    seconds, code = asyncio.run(watched())
    assert code == 4404
    assert seconds < (5 if how == "expired" else 2.5)


# ------------------------------------------------------------------------------------------------- passwords


def test_a_password_is_asked_for_on_every_door(house: House, viewer: httpx.Client, run: str, share: Share) -> None:
    made = share(run, password="correct horse")
    path = path_of(made)
    socket = f"/ws/runs/{run}?share={path[3:]}"
    assert made["password"] is True
    for door in data_doors():
        answer = viewer.get(path + door)
        assert answer.status_code == 401 and answer.json()["error"]["code"] == "locked", door
    for door in PAGES:
        assert "CANARY" not in viewer.get(path + door).text and 'name="password"' in viewer.get(path + door).text
    assert asyncio.run(frames_of(house, socket)) == ([], 4401)
    wrong = viewer.post(path, data={"password": "wrong"})
    assert wrong.status_code == 422 and "This is not the password" in wrong.text
    right = viewer.post(path, data={"password": "correct horse"})
    assert right.status_code == 200 and "CANARYANSWER" in right.text and str(right.url) == f"{house.url}{path}"
    for door in data_doors():
        assert viewer.get(path + door).status_code == 200, door
    for cookie in viewer.cookies.jar:
        if cookie.name.startswith("share-"):
            assert cookie.has_nonstandard_attr("HttpOnly") and cookie.path in (path, f"/ws/runs/{run}")
            assert "correct" not in str(cookie.value)
    proof = next(cookie for cookie in viewer.cookies.jar if cookie.path.startswith("/ws/"))
    frames, code = asyncio.run(frames_of(house, socket, Cookie=f"{proof.name}={proof.value}"))
    assert frames and code == 1000


def test_one_links_proof_does_not_open_another(house: House, viewer: httpx.Client, run: str, share: Share) -> None:
    first, second = share(run, password="first one"), share(run, password="second one")
    viewer.post(path_of(first), data={"password": "first one"})
    proof = next(cookie for cookie in viewer.cookies.jar if cookie.name == f"share-{first['id']}")
    forged = {"Cookie": f"share-{second['id']}={proof.value}"}
    assert httpx.get(f"{house.url}{path_of(second)}/tree", headers=forged).status_code == 401


def test_guessing_is_slowed_down_however_many_guess_at_once(
    house: House, viewer: httpx.Client, run: str, share: Share
) -> None:
    path = path_of(share(run, password="correct horse"))

    async def guess(client: httpx.AsyncClient, number: int) -> int:
        return (await client.post(path, data={"password": f"guess {number}"})).status_code

    async def guesses() -> list[int]:
        async with httpx.AsyncClient(base_url=house.url, timeout=60) as client:
            return await asyncio.gather(*(guess(client, number) for number in range(30)))

    codes = asyncio.run(guesses())
    assert set(codes) == {422, 429}
    assert codes.count(422) <= 7
    for number in range(10):  # the machine may have been so slow that a wait is over
        if viewer.post(path, data={"password": f"again {number}"}).status_code == 429:
            break
    told_to_wait = viewer.post(path, data={"password": "correct horse"})
    assert told_to_wait.status_code == 429 and int(told_to_wait.headers["retry-after"]) >= 1
    assert "Wait" in told_to_wait.text and "CANARY" not in told_to_wait.text
    time.sleep(int(told_to_wait.headers["retry-after"]) + 0.1)
    assert viewer.post(path, data={"password": "correct horse"}).status_code == 200


# ------------------------------------------------------------------------------------------------- views


def test_a_view_counts_once_for_each_viewer_and_visit(house: House, run: str, share: Share, signed_in: Any) -> None:
    made = share(run)
    path = path_of(made)

    def views() -> int:
        return next(item["views"] for item in listed(house, run) if item["id"] == made["id"])

    assert views() == 0
    for number in (1, 2):
        with httpx.Client(base_url=house.url) as viewer:
            for door in ["", "/trace", "/tree", "/events", "/cost", "", "/export/jsonl"]:
                assert viewer.get(path + door).status_code == 200
        assert views() == number
    httpx.head(f"{house.url}{path}")
    httpx.get(f"{house.url}{path}/tree")
    assert views() == 2, "a look at the address alone, or at data, is no view"
    owner = {cookie["name"]: cookie["value"] for cookie in signed_in["cookies"]}
    assert httpx.get(f"{house.url}{path}", cookies=owner).status_code == 200
    assert views() == 2, "the owner's own look is no view"
    item = next(item for item in listed(house, run) if item["id"] == made["id"])
    assert item["last_viewed_at"] >= item["created_at"]


# ------------------------------------------------------------------------------------------------- patterns


HOSTILE = [
    r"(a+)+$",
    r"(x+x+)+y",
    r"(?:[a-z ]{0,60}){9}q",
    r"a(?s:.*)z|.",
    r"(.*.*.*.*){20}zz",
    r"[^\n]{1,200}[a-f]{1,200}%",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_hostile_pattern_hangs_nothing(
    house: House, viewer: httpx.Client, run: str, share: Share, pattern: str
) -> None:
    """Either it is refused, or what it is asked of comes soon, and others need not wait for it."""
    began = time.monotonic()
    answer = house.client.post(
        f"/api/v1/runs/{run}/shares", json={"scope": "trajectory", "redact": {"patterns": [pattern]}}
    )
    if answer.status_code == 422:
        assert time.monotonic() - began < 2
        return
    path = path_of(told(answer))
    for door in ("", "/tree", "/nodes/4", "/events", "/export/jsonl"):
        began = time.monotonic()
        assert viewer.get(path + door).status_code == 200
        assert time.monotonic() - began < 6, door
