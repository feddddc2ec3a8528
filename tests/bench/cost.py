"""How the page Cost does on large runs: time of the server, size, time until everything is drawn, time of a redraw.

    python -m tests.bench.cost [NODES …]        1000 and 10500 by default

The real product serves made-up runs to Chromium. The server's time is from the request to the last byte, the first
time and the best of five more; drawn is from the start of the navigation to the last chart, the best of three; a redraw
is that of all charts after a change of the theme.
"""

import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.workbench import put
from tests.house import House
from tests.pages.conftest import CHROMIUM, FLAGS

SIZES = (1_000, 10_500)
TIMES = """() => {
  const page = performance.getEntriesByType('navigation')[0];
  return [page.responseEnd - page.requestStart, page.decodedBodySize];
}"""
REDRAW = """() => {
  const began = performance.now();
  dispatchEvent(new Event('theme'));
  return performance.now() - began;
}"""


def load(page: Page, address: str) -> tuple[float, float, float]:
    """(milliseconds of the server, bytes, milliseconds until drawn)"""
    page.goto(address)
    page.wait_for_selector("main[data-ready]", state="attached", timeout=120_000)
    server, size = page.evaluate(TIMES)
    return server, size, float(page.get_attribute("main", "data-ready") or "nan")


def figures(page: Page, house: House, nodes: int) -> dict[str, Any]:
    address = f"{house.url}/runs/{put(house, nodes)}/cost"
    first = load(page, address)
    more = [load(page, address) for _ in range(5)]
    return {
        "nodes": nodes,
        "server_milliseconds_first": round(first[0]),
        "server_milliseconds": round(min(each[0] for each in more)),
        "page_kilobytes": round(first[1] / 1000),
        "drawn_milliseconds": round(min(each[2] for each in more)),
        "redraw_milliseconds": round(min(page.evaluate(REDRAW) for _ in range(3))),
        "charts": page.locator(".plot.js-plotly-plot").count(),
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
