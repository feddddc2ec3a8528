"""How the workbench does on large runs: time until it is drawn, memory, time to a detail, frames while one moves.

    python -m tests.bench.workbench [NODES …]        10500 and 100000 by default

The real product serves made-up runs to Chromium. Load time is from the start of the navigation to the drawn trace that
takes keys, the best of three, and how much of it was waiting for the skeleton; memory is the script heap after a
collection; a detail counts from the key press to the text on the page. Frames are the gaps between animation frames: of
scrolling through a batch of thousands of open rows, of zooming and of panning the time line (16.7 ms is 60 a second).
"""

import os
import subprocess
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.house import PROJECT, House
from tests.pages.conftest import CHROMIUM, FLAGS

SIZES = (10_500, 100_000)
TRIES = 3
STEPS = 30
LONG_FRAME = 50.0
"""Milliseconds from which on one sees a frame miss."""
DETAIL = """() => new Promise(resolve => {
  const body = document.querySelector('#det-b');
  const began = performance.now();
  const look = () => {
    if (body.getAttribute('aria-busy') === 'false' && body.dataset.shownFor !== window.shownBefore) {
      window.shownBefore = body.dataset.shownFor;
      resolve(performance.now() - began);
    } else {
      requestAnimationFrame(look);
    }
  };
  window.shownBefore = body.dataset.shownFor;
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
  look();
})"""
MOVES = {
    "scroll": """frame => { document.querySelector('#tree').scrollTop += 400; }""",
    "scroll_fast": """frame => { document.querySelector('#tree').scrollTop += 4000; }""",
    "zoom": """frame => document.querySelector('#timeline').dispatchEvent(new WheelEvent('wheel', {
        deltaY: frame % 60 < 30 ? -60 : 60, cancelable: true, bubbles: true }))""",
    "pan": """frame => document.querySelector('#timeline').dispatchEvent(new WheelEvent('wheel', {
        deltaX: frame % 60 < 30 ? 40 : -40, cancelable: true, bubbles: true }))""",
}
FRAMES = """move => new Promise(resolve => {
  const [step, gaps] = [eval(move), []];
  let [last, frame] = [performance.now(), 0];
  const next = now => {
    gaps.push(now - last);
    last = now;
    if (frame > 180) return resolve(gaps.slice(2));
    step(frame);
    frame += 1;
    return requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""


def put(house: House, nodes: int) -> str:
    command = [sys.executable, "-m", "tests.fixtures.keep", "large", "--nodes", str(nodes)]
    done = subprocess.run(command, cwd=PROJECT, env=house.environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def load(page: Page, address: str) -> tuple[float, float]:
    """Seconds until it is drawn, and of these until the skeleton had come."""
    page.goto(address)
    page.wait_for_selector("main[data-ready]", state="attached", timeout=120_000)
    came = page.evaluate(
        "performance.getEntriesByType('resource').find(each => each.name.endsWith('/tree')).responseEnd / 1000"
    )
    return float(page.get_attribute("main", "data-ready") or "nan") / 1000, came


def heap_megabytes(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6


def part(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def frames(page: Page, move: str) -> str:
    """“p50 16.7, p95 16.8, longest 33, 0 of 180 long”"""
    gaps = page.evaluate(FRAMES, move)
    late = sum(gap > LONG_FRAME for gap in gaps)
    return f"p50 {part(gaps, 0.5):.1f}, p95 {part(gaps, 0.95):.1f}, longest {max(gaps):.0f}, {late} of {len(gaps)} long"


def figures(page: Page, house: House, nodes: int) -> dict[str, Any]:
    address = f"{house.url}/runs/{put(house, nodes)}/trace"
    seconds, came = min(load(page, address) for _ in range(TRIES))
    page.locator("#tree .batch .tw").first.click()
    details = [page.evaluate(DETAIL) for _ in range(STEPS)]
    told = {
        "nodes": nodes,
        "load_seconds": round(seconds, 2),
        "of_it_waiting_for_the_skeleton": round(came, 2),
        "heap_megabytes": round(heap_megabytes(page), 1),
        "detail_milliseconds": f"p50 {part(details, 0.5):.0f}, p95 {part(details, 0.95):.0f}",
        **{f"{name}_milliseconds": frames(page, move) for name, move in MOVES.items()},
    }
    page.locator("#fit").click()
    return {**told, "rows_in_the_page": page.locator("#tree [data-id]").count()}


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    print(f"{os.cpu_count()} processors, load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    with House() as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(house.sign_in_url())
        for nodes in sizes:
            for name, value in figures(page, house, nodes).items():
                print(f"  {name.replace('_', ' '):34} {value}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
