"""A real Chromium with no network, and pages written to files for it to open."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, sync_playwright

from holdfast.front.web.page import render_page
from holdfast.records.report import CheckReport

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
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


@dataclass
class Opened:
    """A page that was opened from a file, with everything it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list[str])
    complaints: list[str] = field(default_factory=list[str])

    def numbers(self) -> list[int]:
        """Row numbers shown: by the table in its order, then by the list of what is not resolved."""
        rows = self.page.locator("[data-row]:not([hidden])")
        return [int(str(row.get_attribute("data-row"))) for row in rows.all()]

    def states(self) -> dict[int, str]:
        """The state that each row's class names."""
        classes = {
            int(str(row.get_attribute("data-row"))): str(row.get_attribute("class"))
            for row in self.page.locator("[data-row]").all()
        }
        return {n: next(c for c in words.split() if c.startswith("row--"))[5:] for n, words in classes.items()}

    def headline(self) -> str:
        """What the page says first."""
        return self.page.locator("#headline").inner_text()


OpenPage = Callable[..., Opened]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests, each of which gets a fresh profile."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing: apt-get install -y chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Write a report's page to a file and open it: `open_page(report, fragment="", **context_options)`."""
    contexts: list[BrowserContext] = []

    def open_report(report: CheckReport, fragment: str = "", **options: object) -> Opened:
        place = tmp_path / "report.html"
        place.write_text(render_page(report), encoding="utf-8")
        wanted: dict[str, object] = {"viewport": {"width": 1440, "height": 900}, **options}
        context = browser.new_context(**wanted)  # type: ignore[arg-type]
        contexts.append(context)
        context.route("**/*", _only_files)
        opened = Opened(context.new_page())
        _listen(opened)
        opened.page.goto(place.as_uri() + fragment)
        return opened

    yield open_report
    for context in contexts:
        context.close()


def _only_files(route: Route) -> None:
    if route.request.url.startswith("file:"):
        route.continue_()
    else:
        route.abort()


def _listen(opened: Opened) -> None:
    def note(request: Request) -> None:
        opened.requests.append(request.url)

    opened.page.on("request", note)
    opened.page.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
