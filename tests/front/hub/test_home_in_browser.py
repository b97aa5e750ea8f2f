"""The page at `/` in a real Chromium, with scripts and without."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.front.hub.serving import Served

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [380, 900, 1500])
@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_is_whole_at_every_width_and_asks_for_nothing_more(
    browser: Browser, served: Served, width: int, scripts: bool
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(served.address + "/")
    assert "3 models held" in page.locator("h1").inner_text()
    assert page.locator("tbody").count() == 3
    assert complaints == []
    assert [url for url in asked if not url.endswith("/favicon.ico")] == [served.address + "/"]
    box = page.locator("table").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.close()


def test_a_search_narrows_the_table_and_needs_no_script(browser: Browser, served: Served) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(served.address + "/")
    page.get_by_label("Search").fill("TUNED")
    page.get_by_role("button", name="Show").click()
    assert page.locator(".model").all_inner_texts() == ["org/tuned"]
    page.close()


def test_a_line_to_copy_is_selected_whole_by_one_click(browser: Browser, served: Served) -> None:
    page = browser.new_page()
    page.goto(served.address + "/")
    line = page.locator("tbody .line").first
    line.click()
    assert page.evaluate("window.getSelection().toString()") == line.inner_text()
    page.close()
