"""How cost, prompts and record grow with the text: `python -m tests.bench.scale [--largest-mb 40]`.

Two kinds of tasks, made for every size: one needle in a haystack (S-NIAH: constant work), and one answer over all
records (OOLONG: work in proportion to the text). The root is scripted, the worker an oracle that really reads its
prompt. Four characters count as a token, so 400 MB are 100 M tokens. Told are answers, the root's largest prompt, cost,
record and time, and the slopes of cost over size on log-log axes, which are to be 0 and 1.
"""

import argparse
import math
import os
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.bench.memory import MB
from tests.bench.upload import wait_ready
from tests.house import House
from tests.model_server import ModelServer

TOKENS = (8_000, 64_000, 512_000, 4_000_000, 32_000_000, 100_000_000)
CHARS_A_TOKEN = 4
CHUNK = 100_000
KINDS = ("animal", "city", "metal", "river")
POLICY = {
    "models": {"root": "openai/root", "worker": "openai/worker"},
    "limits": {"cost_usd": None, "calls": None, "seconds": 3_600},
}
PRICES = {"input": "1", "output": "4"}
FILLER = "The ledger of that day says nothing else of note, and the clerk went home before the lamps were lit.\n"

NEEDLE = [
    "print(len(context), peek(300))",
    "hits = grep(r'The secret number is (\\d+)', limit=5)\nprint(hits)",
    "import re\nFINAL(re.search(r'\\d+', str(hits[0].text))[0], sources=hits)",
]
RECORDS = [
    "print(len(context), peek(300))",
    f"parts = [context[at : at + {CHUNK}] for at in range(0, len(context), {CHUNK})]\n"
    "asked = ['Count the records of each kind.\\n\\n' + part for part in parts]\n"
    "told = []\n"
    "for at in range(0, len(asked), 500):\n    told += llm_batch(asked[at : at + 500])\nprint(told[0], len(told))",
    "from collections import Counter\ntotal = Counter()\n"
    "for one in told:\n    total.update({k: int(n) for k, n in (pair.split('=') for pair in one.split())})\n"
    "FINAL(total.most_common(1)[0][0])",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    name: str
    cells: list[str]
    write: Callable[[Path, int], str]
    """Writes a text of that many characters and returns the right answer."""
    slope: float


def needle(path: Path, chars: int) -> str:
    chance = random.Random(chars)
    number = str(chance.randrange(10**9))
    lines = max(1, chars // len(FILLER))
    at = chance.randrange(lines)
    with path.open("w") as file:
        for first in range(0, lines, 10_000):
            block = [FILLER] * min(10_000, lines - first)
            if first <= at < first + len(block):
                block[at - first] = f"The secret number is {number}. Nobody wrote down why.\n"
            file.write("".join(block))
    return number


def records(path: Path, chars: int) -> str:
    """Fixed-length records, so that no chunk cuts one: each chunk is a whole number of them."""
    chance = random.Random(chars)
    counts = dict.fromkeys(KINDS, 0)
    weights = [4, 3, 2, 1]
    chance.shuffle(weights)
    with path.open("w") as file:
        for first in range(0, max(1, chars // 100), 1_000):
            block = chance.choices(KINDS, weights, k=min(1_000, max(1, chars // 100) - first))
            for kind in block:
                counts[kind] += 1
            file.write(
                "".join(f"record {first + n:09d} names a {kind}".ljust(99, ".") + "\n" for n, kind in enumerate(block))
            )
    return max(counts, key=lambda kind: counts[kind])


TASKS = (
    Task(name="needle (S-NIAH)", cells=NEEDLE, write=needle, slope=0.0),
    Task(name="all records (OOLONG)", cells=RECORDS, write=records, slope=1.0),
)


def oracle(body: dict[str, Any]) -> str:
    """Counts what really stands in its prompt."""
    found = re.findall(r"names a (\w+)", body["messages"][-1]["content"])
    return " ".join(f"{kind}={found.count(kind)}" for kind in KINDS)


def script(cells: list[str]) -> Callable[[dict[str, Any]], str]:
    def answer(body: dict[str, Any]) -> str:
        if body["model"] == "worker":
            return oracle(body)
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        return f"```repl\n{cells[min(turn, len(cells) - 1)]}\n```"

    return answer


def measure(house: House, models: ModelServer, task: Task, tokens: int) -> tuple[float, int]:
    """(dollars, characters of the root's largest prompt); prints a line."""
    chars = tokens * CHARS_A_TOKEN
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{task.name.split()[0]}-{tokens}.txt"
        right = task.write(path, chars)
        document = wait_ready(house, sent(house, path))
    models.reset()
    models.script(script(task.cells))
    before = record_bytes(house)
    body = {"question": "What is asked for?", "documents": [document["id"]], "policy": POLICY}
    run = ended(house, house.client.post("/api/v1/runs", json=body).raise_for_status().json()["id"])
    grown = record_bytes(house) - before
    largest = max(
        sum(len(message["content"]) for message in request["messages"])
        for request in models.requests
        if request["model"] == "root"
    )
    usd = Decimal(run["cost"]["usd"])
    print(
        f"{tokens:>12,} tokens  {'right' if run['answer'] == right else 'WRONG'}  {run['usage']['calls']:>6,} calls  "
        f"${usd:>10.4f}  root's largest prompt {largest:>6,} characters  record {grown / chars:6.3f} × the text  "
        f"{run['seconds']:6.1f} s",
        flush=True,
    )
    house.client.delete(f"/api/v1/documents/{document['id']}")
    return float(usd), largest


def ended(house: House, run_id: str) -> dict[str, Any]:
    """The run, however long it takes."""
    while True:
        run: dict[str, Any] = house.client.get(f"/api/v1/runs/{run_id}").raise_for_status().json()
        if run["status"] not in ("queued", "running"):
            return run
        time.sleep(0.1)


def record_bytes(house: House) -> int:
    """What the tables hold; pages that were given back are not counted."""
    (path,) = house.data_dir.glob("*.sqlite3")
    with closing(sqlite3.connect(path)) as database:
        used = "(SELECT page_count FROM pragma_page_count()) - (SELECT freelist_count FROM pragma_freelist_count())"
        ((count,),) = database.execute(f"SELECT ({used}) * page_size FROM pragma_page_size()").fetchall()
    return int(count)


def sent(house: House, path: Path) -> dict[str, Any]:
    """Uploads a file in chunks; the document."""
    size = path.stat().st_size
    told = house.client.post("/api/v1/uploads", json={"name": path.name, "size": size}).raise_for_status().json()
    with path.open("rb") as file:
        while piece := file.read(told["chunk_size"]):
            at = file.tell() - len(piece)
            house.client.put(f"/api/v1/uploads/{told['id']}?offset={at}", content=piece).raise_for_status()
    document: dict[str, Any] = house.client.post(f"/api/v1/uploads/{told['id']}/complete").raise_for_status().json()
    return document


def slope(sizes: list[int], amounts: list[float]) -> float:
    """Of a straight line through the points on log-log axes, least squares."""
    points = [(math.log(size), math.log(amount)) for size, amount in zip(sizes, amounts, strict=True)]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest-mb", type=int, default=16, help="400 for 100 M tokens")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    sizes = [tokens for tokens in TOKENS if tokens * CHARS_A_TOKEN <= options.largest_mb * MB]
    environment = {"OPENAI_API_KEY": "none", "RLM_SANDBOX_MIN": "none"}
    with ModelServer() as models, House(OPENAI_BASE_URL=models.url, **environment) as house:
        for name in ("root", "worker"):
            house.client.put(f"/api/v1/models/openai/{name}", json={"prices": PRICES}).raise_for_status()
        for task in TASKS:
            print(f"\n{task.name}")
            measured = [measure(house, models, task, tokens) for tokens in sizes]
            costs, prompts = zip(*measured, strict=True)
            print(
                f"slope of cost {slope(sizes, list(costs)):+.3f} (wanted {task.slope:g}), "
                f"root's largest prompt {max(prompts) / min(prompts) - 1:+.1%} (promise: within 5 %)"
            )


if __name__ == "__main__":
    main()
