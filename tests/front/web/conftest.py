"""A real Chromium with no network, and pages written to files for it to open.

To begin a profile and a process for every test takes longer than most tests: those that want nothing of their own use
one page in turn, and each leaves it empty.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, sync_playwright
from playwright.sync_api import Error as Thrown

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

    def listen(self) -> None:
        """From now on."""
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", self._note_error)

    def empty(self) -> None:
        """Nothing of this test is left for the next one."""
        self.page.remove_listener("request", self._note_request)
        self.page.remove_listener("console", self._note_message)
        self.page.remove_listener("pageerror", self._note_error)
        self.page.evaluate("localStorage.clear()")
        self.page.emulate_media(media="null")
        self.page.goto("about:blank")

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def _note_error(self, error: Thrown) -> None:
        self.complaints.append(str(error))

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


@pytest.fixture(scope="module")  # while it is open, nothing else in this process can run an event loop
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing: apt-get install -y chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def usual_page(browser: Browser) -> Page:
    """An empty page of the usual size."""
    return _begin_context(browser).new_page()


@pytest.fixture
def open_page(browser: Browser, usual_page: Page, tmp_path: Path) -> Iterator[OpenPage]:
    """Write a report's page to a file and open it, once a test: `open_page(report, fragment="", **context_options)`.
    With options it is opened in a fresh profile."""
    opened: list[Opened] = []

    def open_report(report: CheckReport, fragment: str = "", **options: object) -> Opened:
        assert not opened
        place = tmp_path / "report.html"
        place.write_text(render_page(report), encoding="utf-8")
        opened.append(Opened(_begin_context(browser, **options).new_page() if options else usual_page))
        opened[0].listen()
        opened[0].page.goto(place.as_uri() + fragment)
        return opened[0]

    yield open_report
    for one in opened:
        if one.page is usual_page:
            one.empty()
        else:
            one.page.context.close()


def _begin_context(browser: Browser, **options: object) -> BrowserContext:
    wanted: dict[str, object] = {"viewport": {"width": 1440, "height": 900}, **options}
    context = browser.new_context(**wanted)  # type: ignore[arg-type]
    context.route("**/*", _only_files)
    return context


def _only_files(route: Route) -> None:
    if route.request.url.startswith("file:"):
        route.continue_()
    else:
        route.abort()
