"""The description of the API and its page."""

import shutil

import pytest
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from tests.house import House

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def test_the_description_names_what_there_is_and_nothing_more(client: Client, db: None) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    paths = set(schema["paths"])
    assert paths >= {
        "/api/v1/runs",
        "/api/v1/runs/{run_id}",
        "/api/v1/runs/{run_id}/cancel",
        "/api/v1/runs/{run_id}/events",
        "/api/v1/runs/{run_id}/tree",
        "/api/v1/runs/{run_id}/nodes/{number}",
        "/api/v1/runs/{run_id}/charts/{name}",
        "/api/v1/runs/{run_id}/export/{format}",
        "/api/v1/compare",
        "/api/v1/uploads",
        "/api/v1/documents",
        "/api/v1/connections/{name}/test",
        "/api/v1/models/{connection}/{model}",
        "/api/v1/policies/{name}",
        "/api/v1/runs/{run_id}/shares",
        "/api/v1/runs/{run_id}/shares/preview",
        "/api/v1/shares",
        "/api/v1/shares/preview",
        "/api/v1/shares/{share_id}",
        "/api/v1/health",
    }
    assert not [path for path in paths if "fork" in path or "import" in path]
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert operation["summary"] and "4XX" in operation["responses"]
    ids = [operation["operationId"] for each in schema["paths"].values() for operation in each.values()]
    assert len(ids) == len(set(ids))


def test_the_page_takes_nothing_from_elsewhere(client: Client, db: None) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    html = page.content.decode()
    assert "https://" not in html and "/static/ninja/swagger-ui-bundle" in html
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_the_page_works_in_a_browser_under_the_strict_policy(house: House) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if house.url not in request.url else None)
        page.goto(f"{house.url}/api/v1/docs")
        page.locator("#operations-Server-trajectories_api_health_health .opblock-summary-control").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table .response-col_status").last).to_have_text("200")
        browser.close()
    assert [complaint for complaint in complaints if not complaint.startswith(("data:", "blob:"))] == []
