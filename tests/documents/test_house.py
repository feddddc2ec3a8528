"""Uploads and reading in the real server, which is killed on the way."""

import hashlib
import os

import pytest

from tests.bench.upload import LINE, memory, pieces, wait_ready
from tests.bench.upload import upload as upload_all
from tests.house import House


def test_an_upload_survives_the_death_of_the_server() -> None:
    content = LINE * 200_000
    half = len(content) // 2
    with House() as house:
        begun = house.client.post("/api/v1/uploads", json={"name": "a.txt", "size": len(content)}).json()
        path = f"/api/v1/uploads/{begun['id']}"
        assert house.client.put(f"{path}?offset=0", content=content[:half]).json() == {"offset": half}
        house.kill()
        house.start()
        assert house.client.get(path).json()["offset"] == half
        house.client.put(f"{path}?offset={half}", content=content[half:])
        document = house.client.post(f"{path}/complete").json()
        house.kill()  # while it is being read, or just before or after
        house.start()
        document = wait_ready(house, document)
    assert document["sha256"] == hashlib.sha256(content).hexdigest() and document["chars"] == len(content)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")  # noqa: PTH110
def test_a_large_upload_needs_no_memory_of_its_size(house: House) -> None:
    house.client.get("/api/v1/documents")
    before = memory(house.pid, "VmHWM")
    wait_ready(house, upload_all(house, size := 64 << 20))
    assert memory(house.pid, "VmHWM") - before < 48, "of 64 MiB"
    assert sum(map(len, pieces(size, 1 << 20))) == size
