"""How comparing does on large runs: time of the API, of the page until it can be used, and of a pair's detail.

    python -m tests.bench.compare [NODES …]        10500 by default

The real product compares two made-up runs that asked the same and got other answers. The API's time is the median of
five; a page counts from the start of the navigation to the drawn picture, the best of three; memory is the script heap
after a collection; a detail counts from the key press to the texts on the page.
"""

import subprocess
import sys
import time
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.workbench import heap_megabytes
from tests.house import PROJECT, House
from tests.pages.conftest import CHROMIUM, FLAGS

SIZES = (10_500,)
ASKED = 5
TRIES = 3
DETAIL = """() => new Promise(resolve => {
  const began = performance.now();
  const seen = new MutationObserver(() => {
    const body = document.querySelector('.pair-detail .det-b');
    if (!body?.querySelector('.drow .ln')) return;
    seen.disconnect();
    resolve(performance.now() - began);
  });
  seen.observe(document.querySelector('#pairs'), { childList: true, subtree: true });
  document.querySelector('.pair.changed [data-open]:not(:disabled)').click();
})"""


def put(house: House, name: str, nodes: int) -> str:
    command = [sys.executable, "-m", "tests.fixtures.keep", name, "--nodes", str(nodes)]
    done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def api_seconds(house: House, address: str) -> tuple[float, int]:
    """And the size of the answer, in bytes."""
    took = []
    size = 0
    for _ in range(ASKED):
        began = time.perf_counter()
        answer = house.client.get(f"/api/v1{address}")
        took.append(time.perf_counter() - began)
        size = len(answer.raise_for_status().content)
    return median(took), size


def load_seconds(page: Page, address: str) -> tuple[float, float]:
    """Until the page stands (its script has run), and until the picture is drawn."""
    page.goto(address)
    page.wait_for_selector("main[data-ready]", state="attached", timeout=120_000)
    stands = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    return stands / 1000, float(page.get_attribute("main", "data-ready") or "nan") / 1000


def figures(page: Page, house: House, nodes: int) -> dict[str, Any]:
    address = f"/compare?r={put(house, 'large', nodes)}&r={put(house, 'large_other', nodes)}"
    seconds, size = api_seconds(house, address)
    loads = [load_seconds(page, f"{house.url}{address}") for _ in range(TRIES)]
    return {
        "nodes": nodes,
        "api_seconds": round(seconds, 2),
        "api_kilobytes": round(size / 1000),
        "interactive_seconds": round(min(stands for stands, _ in loads), 2),
        "drawn_seconds": round(min(drawn for _, drawn in loads), 2),
        "heap_megabytes": round(heap_megabytes(page), 1),
        "detail_milliseconds": round(page.evaluate(DETAIL)),
    }


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with House() as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(house.sign_in_url())
        for nodes in sizes:
            print(figures(page, house, nodes), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
