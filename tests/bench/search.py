"""How long a search of a large run takes through the API of the real product.

    python -m tests.bench.search [CALLS …]        10500 by default

Two runs of so many calls with 7,000 characters of a document each: one keeps its prompts as quotations, as the product
records them, one as words, as an import has them. First: the search that finds nothing ready, as after a start of the
server; and the same once a page has got the run ready. Then each query once, in milliseconds of the whole request;
`again` is the same query for the second time.
"""

import subprocess
import sys
import time
from statistics import median

from tests.fixtures.searchable import RARE
from tests.house import PROJECT, House

SIZES = (10_500,)
CHARS = 7_000
QUERIES = (
    RARE,
    "the",
    "a",
    "xyzzyx",
    "straße",
    "expired certificate",
    '"certificate had expired"',
    "in:reply ba",
    "in:code llm_batch",
    "-the kind:cell",
    "kind:lm cost:>0.0001",
    "reads:@700000-1400000",
    "/ba(ce|di)+fo.*the/",
    "/(a|aa)+$/",
    "/.{200}.{200}q/",
)


def put(house: House, calls: int, *options: str) -> str:
    command = [
        sys.executable,
        "-m",
        "tests.fixtures.searchable",
        "--calls",
        str(calls),
        "--chars",
        str(CHARS),
        *options,
    ]
    done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def milliseconds(house: House, run: str, query: str) -> tuple[float, int]:
    client = house.client
    began = time.perf_counter()
    answer = client.get(f"/api/v1/runs/{run}/search", params={"q": query}).raise_for_status().json()
    assert answer["complete"], query
    return (time.perf_counter() - began) * 1000, answer["total"]


def after_head_start(house: House, run: str) -> float:
    """The first search of a server whose page Trace has stood open for a moment."""
    house.stop()
    house.start()
    milliseconds(house, run, "")
    return milliseconds(house, run, "first of all")[0]


def report(house: House, title: str, run: str) -> None:
    before = house.memory()
    first, _ = milliseconds(house, run, "first of all")
    print(
        f"\n{title}: first search {first:,.0f} ms; after a head start {after_head_start(house, run):,.0f} ms; then",
        flush=True,
    )
    slowest = 0.0
    for query in QUERIES:
        took, total = milliseconds(house, run, query)
        again = median(milliseconds(house, run, query)[0] for _ in range(3))
        slowest = max(slowest, took)
        print(f"  {query:28} {took:6.0f} ms, again {again:6.0f} ms   {total:7,} nodes", flush=True)
    print(f"  slowest {slowest:.0f} ms; memory {(house.memory() - before) / 1e6:+.0f} MB", flush=True)


def main() -> None:
    with House() as house:
        for calls in [int(size) for size in sys.argv[1:]] or SIZES:
            quoting, plain = put(house, calls), put(house, calls - 1, "--plain")
            report(house, f"{calls:,} calls, prompts kept as quotations", quoting)
            report(house, f"{calls - 1:,} calls, prompts kept as words", plain)


if __name__ == "__main__":
    main()
