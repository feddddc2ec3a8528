"""`manage.py serve`: starts fast, stops clean, refuses what must not come in."""

import json
import re
import signal
import socket
import time

import httpx
import pytest

from tests.house import House

MIB = 1 << 20

WITHOUT_PACKAGE = "Kind `container` takes Docker's package for Python: pip install 'rlm-web[container]'."


def test_the_second_start_is_fast_and_small_and_the_stop_is_clean(own_house: House) -> None:
    assert own_house.stop(signal.SIGTERM) == 0
    own_house.start()
    assert own_house.seconds_to_start < 6  # 3 on a machine of one's own; tests/bench/house.py measures
    assert own_house.memory() < 250 * MIB
    began = time.monotonic()
    assert own_house.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 4
    assert "Traceback" not in own_house.log


def test_ctrl_c_works_where_a_shell_has_switched_it_off(own_house: House) -> None:
    own_house.stop()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what `command &` in a script gives to its child
    try:
        own_house.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert own_house.stop(signal.SIGINT) == 0


def test_a_port_in_use_is_one_sentence_and_status_1(house: House, own_house: House) -> None:
    port = house.url.rpartition(":")[2]
    own_house.stop()
    refused = own_house.manage("serve", "--port", port, check=False)
    assert refused.returncode == 1
    assert f"Cannot answer at 127.0.0.1, port {port}: Address already in use." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_data_folder_serves_one_process_at_a_time(own_house: House) -> None:
    refused = own_house.manage("serve", "--port", "0", check=False)
    assert refused.returncode == 1
    assert f"and answers at {own_house.url}" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "example.com", "::"])
def test_only_this_machine_may_come_in_in_local_mode(house: House, host: str) -> None:
    refused = house.manage("serve", "--host", host, "--port", "0", check=False)
    assert refused.returncode == 1
    assert "local mode" in refused.stderr


def test_a_wrong_setting_stops_the_start_with_one_sentence(house: House) -> None:
    environment = {**house.environment, "RLM_SANDBOX": "castle"}
    refused = house.manage("serve", "--port", "0", check=False, env=environment)
    assert refused.returncode == 1
    assert refused.stderr.strip() == "RLM_SANDBOX is 'castle'. Use one of: auto, process, container, modal, monty."


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RLM_DATABASE_URL", "postgres://u:hidden@[bad/db", "RLM_DATABASE_URL is no URL of a database."),
        ("RLM_DATABASE_URL", "postgres://u:hidden@127.0.0.1:1/db", "The database cannot be used: "),
        ("RLM_DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3", "The database cannot be used: "),
        ("RLM_SANDBOX_IMAGE", "a b", "RLM_SANDBOX_IMAGE is 'a b', which cannot be the name of one."),
        ("RLM_SANDBOX", "monty", "isolates as `interpreter` at best, less than the configured minimum `syscalls`"),
        ("RLM_ALLOWED_HOSTS", "good.example, http://bad.example", "RLM_ALLOWED_HOSTS has 'http://bad.example'"),
        ("OPENAI_BASE_URL", "nonsense", "OPENAI_BASE_URL cannot be used. The base URL must be"),
        ("OPENAI_API_KEY", "key\nX-Header: x", "OPENAI_API_KEY or OPENAI_BASE_URL cannot be used. A key has"),
    ],
)
def test_what_only_turns_out_later_is_one_sentence_too(own_house: House, name: str, value: str, said: str) -> None:
    own_house.stop()
    environment = {**own_house.environment, name: value}
    refused = own_house.manage("serve", "--port", "0", check=False, env=environment)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "hidden" not in refused.stderr


def test_without_its_engine_the_kind_of_sandbox_stops_the_start(own_house: House) -> None:
    own_house.stop()
    environment = {**own_house.environment, "RLM_SANDBOX": "container", "DOCKER_HOST": "unix:///nowhere.sock"}
    refused = own_house.manage("serve", "--port", "0", check=False, env=environment)
    assert refused.returncode == 1
    said = "The container engine at unix:///nowhere.sock does not answer: No such file or directory."
    assert refused.stderr.strip() in (f"CommandError: {said}", f"CommandError: {WITHOUT_PACKAGE}")


def test_a_port_that_cannot_be_is_one_sentence(own_house: House) -> None:
    own_house.stop()
    refused = own_house.manage("serve", "--port", "99999", check=False)
    assert (refused.returncode, refused.stderr.strip()) == (
        1,
        "CommandError: There is no port 99999: --port takes a number from 0 to 65535.",
    )


def test_it_says_how_it_is_without_sign_in(house: House) -> None:
    answer = httpx.get(f"{house.url}/api/v1/health")
    assert answer.status_code == 200
    assert answer.json()["worker"] == "embedded"


def test_a_foreign_host_name_is_refused(house: House) -> None:
    assert httpx.get(f"{house.url}/api/v1/health", headers={"Host": "evil.example"}).status_code == 400
    assert "evil.example" not in house.log


def test_a_large_form_is_refused_at_once_and_costs_no_memory(house: House) -> None:
    before = house.memory()
    body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"a" * (64 * MIB) + b"\r\n--x--\r\n"
    began = time.monotonic()
    answer = httpx.post(f"{house.url}/", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    assert time.monotonic() - began < 5
    assert house.memory() - before < 24 * MIB


def test_a_large_body_is_refused_when_its_headers_arrive(house: House) -> None:
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {64 * MIB}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 100_000, 431),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"\r\n".join(b"X-%d: a" % n for n in range(1_000)), 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"\r\n".join(b"X: " + b"a" * 9_000 for _ in range(3)), 431),
        (b"nonsense", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon", 400),
    ],
)
def test_headers_beyond_measure_are_answered_like_any_bad_request(house: House, head: bytes, status: int) -> None:
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head + b"\r\n\r\n")
        answer = connection.makefile("rb").read()
    first, _, body = answer.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body)["error"]["message"].endswith(".")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_body_without_a_length_is_cut_at_the_limit(house: House) -> None:
    before = house.memory()
    answer = httpx.post(f"{house.url}/api/v1/documents", content=(b"x" * MIB for _ in range(64)))
    assert answer.status_code == 413
    assert house.memory() - before < 48 * MIB


def test_a_small_form_is_not_read_by_the_server_either(house: House) -> None:
    answer = httpx.post(f"{house.url}/api/v1/runs", files={"a": b"x" * 1000})
    assert answer.status_code in (400, 401, 403, 415, 422)


def test_the_printed_link_signs_in_once(own_house: House) -> None:
    own_house.stop()
    own_house.start()
    link = f"{own_house.url}/?token={own_house.sign_in_token}"
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(link).status_code == 200
        assert browser.get(f"{own_house.url}/api/v1/runs").status_code == 200
    with httpx.Client(follow_redirects=True) as other:
        other.get(link)
        assert other.get(f"{own_house.url}/api/v1/runs").status_code == 401


def test_static_files_have_hashed_names(house: House) -> None:
    page = httpx.get(house.sign_in_url(), follow_redirects=True).text
    found = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)
    assert found, page[:2000]
    sheet = httpx.get(house.url + found[1])
    assert sheet.status_code == 200
    assert "immutable" in sheet.headers["Cache-Control"]
