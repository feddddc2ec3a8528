"""How the workbench does on large runs: time until it is drawn, memory, time to a node's detail, time of a redraw.

    python -m tests.bench.workbench [NODES …]        10500 and 100000 by default

The real product serves made-up runs to Chromium. Load time is from the start of the navigation to the drawn trace, the
best of three; memory is the script heap after a collection; a detail counts from the key press to the text on the page.
"""

import subprocess
import sys
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.house import PROJECT, House
from tests.pages.conftest import CHROMIUM, FLAGS

SIZES = (10_500, 100_000)
TRIES = 3
STEPS = 20
DETAIL = """() => new Promise(resolve => {
  const body = document.querySelector('#det-b');
  const began = performance.now();
  const seen = new MutationObserver(() => {
    if (body.querySelector('.skel')) return;
    seen.disconnect();
    resolve(performance.now() - began);
  });
  seen.observe(body, { childList: true });
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
})"""
REDRAW = """() => new Promise(resolve => {
  const times = [];
  let last = performance.now();
  const zoom = frames => {
    const canvas = document.querySelector('#timeline');
    canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: frames % 2 ? 120 : -120, cancelable: true, bubbles: true }));
    requestAnimationFrame(now => {
      times.push(now - last);
      last = now;
      if (frames) zoom(frames - 1);
      else resolve(times.slice(1).sort((one, other) => one - other)[Math.floor(times.length / 2)]);
    });
  };
  zoom(30);
})"""


def put(house: House, nodes: int) -> str:
    command = [sys.executable, "-m", "tests.fixtures.keep", "large", "--nodes", str(nodes)]
    done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def load_seconds(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_selector("main[data-ready]", state="attached", timeout=120_000)
    return float(page.get_attribute("main", "data-ready") or "nan") / 1000


def heap_megabytes(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6


def figures(page: Page, house: House, nodes: int) -> dict[str, Any]:
    address = f"{house.url}/runs/{put(house, nodes)}/trace"
    load = min(load_seconds(page, address) for _ in range(TRIES))
    page.locator("#tree .batch .tw").first.click()
    details = [page.evaluate(DETAIL) for _ in range(STEPS)]
    return {
        "nodes": nodes,
        "load_seconds": round(load, 2),
        "heap_megabytes": round(heap_megabytes(page), 1),
        "detail_milliseconds": round(median(details)),
        "redraw_milliseconds": round(page.evaluate(REDRAW), 1),
        "rows_in_the_page": page.locator("#tree [data-id]").count(),
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
