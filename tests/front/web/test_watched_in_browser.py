"""The page of a watch in a real Chromium: nothing leaves it, nothing hostile runs, all of it can be read."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from holdfast.front.web.watched import render_watched
from holdfast.records.canonical_json import encode_canonical
from holdfast.workflows.watching.report import Reported
from tests.front.web.conftest import Opened
from tests.watches import HOSTILE, make_document, make_doubtful, make_new, make_swapped, make_watches

pytestmark = pytest.mark.browser
OpenWatched = Callable[..., Opened]
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}}
OVERFLOWS = """() => [...document.querySelectorAll('svg.plot')].flatMap((plot) => {
  const box = plot.getBoundingClientRect();
  return [...plot.querySelectorAll('text')].filter((text) => {
    const own = text.getBoundingClientRect();
    return own.left < box.left - 3 || own.right > box.right + 3 || own.top < box.top - 3 || own.bottom > box.bottom + 3;
  }).map((text) => text.textContent);
})"""


@pytest.fixture
def open_watched(browser: Browser, tmp_path: Path) -> Iterator[OpenWatched]:
    """Write a report's page to a file and open it in a fresh profile, once a test."""
    opened: list[Opened] = []

    def open_document(watches: Sequence[Reported] | None = None, **options: object) -> Opened:
        place = tmp_path / "watched.html"
        place.write_text(render_watched(make_document(watches)), encoding="utf-8")
        context = browser.new_context(**{**WIDE, **options})  # type: ignore[arg-type]
        opened.append(Opened(context.new_page()))
        opened[0].listen()
        opened[0].page.goto(place.as_uri())
        return opened[0]

    yield open_document
    for one in opened:
        one.page.context.close()


def open_all(page: Page) -> None:
    """Every disclosure."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")


def test_opening_it_asks_for_nothing_and_complains_of_nothing(open_watched: OpenWatched) -> None:
    opened = open_watched()
    opened.page.wait_for_load_state("networkidle")
    assert [url.split(":")[0] for url in opened.requests] == ["file"]
    assert opened.complaints == []
    assert opened.page.evaluate(OVERFLOWS) == []
    expect(opened.page.locator("#headline")).to_have_text("1 of 4 endpoints: the served distribution changed (swapped)")
    signs = opened.page.locator(".strip").first.locator("svg")
    box = signs.first.bounding_box()
    assert signs.count() == 81
    assert box is not None
    assert min(box["width"], box["height"]) >= 10


def test_on_a_phone_nothing_scrolls_sideways_but_tables_in_their_frames(open_watched: OpenWatched) -> None:
    page = open_watched(**PHONE).page
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(OVERFLOWS) == []


def test_hostile_names_stay_text_and_do_not_widen_a_phone(open_watched: OpenWatched) -> None:
    opened = open_watched([make_swapped(HOSTILE * 4), make_doubtful("x" * 180), make_new(HOSTILE)], **PHONE)
    page = opened.page
    open_all(page)
    page.click("#theme")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert opened.complaints == []


def test_without_scripts_all_of_it_is_there(open_watched: OpenWatched) -> None:
    page = open_watched(java_script_enabled=False).page
    assert page.locator("svg.plot").count() == 7
    expect(page.locator("#m2")).to_contain_text("It looks like: another model")
    expect(page.locator("#download")).not_to_be_visible()


def test_the_theme_follows_the_system_and_then_the_button(open_watched: OpenWatched) -> None:
    page = open_watched(color_scheme="dark").page
    colour = "getComputedStyle(document.querySelector('.strip .sign--changed')).color"
    dark = page.evaluate(colour)
    page.click("#theme")
    page.click("#theme")
    expect(page.locator("#theme")).to_have_text("Theme: light")
    assert page.evaluate(colour) != dark


def test_the_keyboard_alone_reaches_strips_disclosures_and_parts(open_watched: OpenWatched) -> None:
    page = open_watched().page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#heartbeat"
    seen: set[str] = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.add(str(page.evaluate("document.activeElement.className || document.activeElement.tagName")))
    assert {"SUMMARY", "A"} <= seen
    page.locator("#m1 summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#m1 table").first).to_be_visible()


def test_printing_opens_every_disclosure_and_fits_the_paper(open_watched: OpenWatched) -> None:
    page = open_watched(viewport={"width": 794, "height": 1123}).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 794
    expect(page.locator("#m2 table").first).to_be_visible()
    expect(page.locator("#theme")).not_to_be_visible()


def test_the_figures_can_be_had_as_a_file(open_watched: OpenWatched, tmp_path: Path) -> None:
    opened = open_watched(make_watches()[:1])
    with opened.page.expect_download() as waiting:
        opened.page.click("#download")
    waiting.value.save_as(tmp_path / "figures.json")
    whole = json.loads(encode_canonical(make_document(make_watches()[:1])))
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8")) == whole
    assert waiting.value.suggested_filename == "watched-20260127T183000Z.json"
