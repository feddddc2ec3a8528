"""Memory and time of a large upload at the real server: `python -m tests.bench.upload [--megabytes N]`.

Prints the server's memory before, and its peak during the upload and the reading; fails when it grew by more than
`--most-growth` MiB.
"""

import argparse
import hashlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.house import House

LINE = b"The moon pulls the sea, and the sea, being water, gives way to it every day.\n"


def pieces(size: int, chunk: int) -> Iterator[bytes]:
    block = (LINE * (chunk // len(LINE) + 1))[:chunk]
    for start in range(0, size, chunk):
        yield block[: min(chunk, size - start)]


def memory(pid: int, what: str) -> float:
    """MiB: `VmRSS` now, `VmHWM` at its highest."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def upload(house: House, size: int) -> dict[str, Any]:
    digest = hashlib.sha256()
    begun = house.client.post("/api/v1/uploads", json={"name": "large.txt", "size": size}).json()
    offset = 0
    for piece in pieces(size, begun["chunk_size"]):
        digest.update(piece)
        response = house.client.put(f"/api/v1/uploads/{begun['id']}", params={"offset": offset}, content=piece)
        offset = response.json()["offset"]
    response = house.client.post(f"/api/v1/uploads/{begun['id']}/complete", timeout=120)
    assert response.status_code == 201 and response.json()["sha256"] == digest.hexdigest(), response.text
    return dict(response.json())


def wait_ready(house: House, document: dict[str, Any], seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while document["status"] == "processing" and time.monotonic() < deadline:
        time.sleep(0.05)
        document = house.client.get(f"/api/v1/documents/{document['id']}").json()
    assert document["status"] == "ready", document
    return document


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=400)
    options.add_argument("--most-growth", type=float, default=64)
    chosen = options.parse_args()
    size = chosen.megabytes << 20
    with House() as house:
        house.client.get("/api/v1/documents")
        before = memory(house.pid, "VmRSS")
        Path(f"/proc/{house.pid}/clear_refs").write_text("5")  # the peak counts from here
        began = time.monotonic()
        document = upload(house, size)
        arrived = time.monotonic()
        document = wait_ready(house, document)
        ready = time.monotonic()
        window = house.client.get(f"/api/v1/documents/{document['id']}/text", params={"start": size - 100}).json()
        assert window["end"] == size
        growth = memory(house.pid, "VmHWM") - before
        print(f"{chosen.megabytes} MiB: sent in {arrived - began:.1f} s, read in {ready - arrived:.1f} s")
        print(f"server: {before:.0f} MiB before, {growth:+.0f} MiB at the peak")
    sys.exit(growth > chosen.most_growth)


if __name__ == "__main__":
    main()
