"""The page of a measurement in a real Chromium: nothing leaves it, nothing hostile runs, all of it can be read."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from holdfast.front.web.measured import render_measured
from tests.front.web.conftest import Opened
from tests.front.web.measured_headers import HOSTILE, Header, make_header, make_hostile_header

pytestmark = pytest.mark.browser
OpenMeasured = Callable[..., Opened]
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}}
PARTS = ("ttft", "end-to-end", "throughput", "tokens", "right", "compared", "cost-rate", "quality-cost", "tornado")


@pytest.fixture
def open_measured(browser: Browser, tmp_path: Path) -> Iterator[OpenMeasured]:
    """Write a header's page to a file and open it in a fresh profile, once a test."""
    opened: list[Opened] = []

    def open_header(header: Header, **options: object) -> Opened:
        assert not opened
        place = tmp_path / "measured.html"
        place.write_text(render_measured(header), encoding="utf-8")
        context = browser.new_context(**{**WIDE, **options})  # type: ignore[arg-type]
        opened.append(Opened(context.new_page()))
        opened[0].listen()
        opened[0].page.goto(place.as_uri())
        return opened[0]

    yield open_header
    for one in opened:
        one.page.context.close()


def _find_overflows(page: Page) -> list[str]:
    """What is written in a picture, and is not wholly in it."""
    found = page.evaluate(
        """() => [...document.querySelectorAll('svg.plot')].flatMap((plot) => {
          const box = plot.getBoundingClientRect();
          return [...plot.querySelectorAll('text')].filter((text) => {
            const own = text.getBoundingClientRect();
            return own.left < box.left - 3 || own.right > box.right + 3
              || own.top < box.top - 3 || own.bottom > box.bottom + 3;
          }).map((text) => text.textContent);
        })"""
    )
    return [str(text) for text in found]


def test_opening_it_asks_for_nothing_and_complains_of_nothing(open_measured: OpenMeasured) -> None:
    opened = open_measured(make_header())
    opened.page.wait_for_load_state("networkidle")
    assert [url.split(":")[0] for url in opened.requests] == ["file"]
    assert opened.complaints == []
    assert opened.page.locator("svg.plot").count() >= 12
    assert _find_overflows(opened.page) == []
    expect(opened.page.locator("#headline")).to_have_text("local and hosted, measured on 2026-11-26")


def test_every_picture_has_its_numbers_behind_a_disclosure(open_measured: OpenMeasured) -> None:
    page = open_measured(make_header()).page
    for part in PARTS:
        plate = page.locator(f"#{part}")
        table = plate.locator("details table")
        expect(table).not_to_be_visible()
        plate.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(table).to_be_visible()
        assert plate.locator("svg.plot[role=img][aria-label]").count() == plate.locator("svg.plot").count() > 0
    assert page.evaluate("[...document.querySelectorAll('table')].every((table) => table.caption?.textContent)")


def test_the_figures_can_be_had_as_a_file(open_measured: OpenMeasured, tmp_path: Path) -> None:
    opened = open_measured(make_header())
    with opened.page.expect_download() as waiting:
        opened.page.click("#download")
    waiting.value.save_as(tmp_path / "figures.json")
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8")) == make_header()
    assert waiting.value.suggested_filename == "measured-20261126T180000Z.json"
    assert opened.complaints == []


def test_on_a_phone_nothing_scrolls_sideways_but_tables_in_their_frames(open_measured: OpenMeasured) -> None:
    page = open_measured(make_header(), **PHONE).page
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert _find_overflows(page) == []
    frame = page.locator(".scroll").first
    frame.focus()
    expect(frame).to_have_js_property("scrollLeft", 0)
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(frame).not_to_have_js_property("scrollLeft", 0)


def test_hostile_names_stay_text_and_do_not_widen_a_phone(open_measured: OpenMeasured) -> None:
    opened = open_measured(make_hostile_header(), **PHONE)
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.click("#theme")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert HOSTILE[:20] in page.locator("#headline").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert all(url.startswith("file:") for url in opened.requests)
    assert opened.complaints == []


def test_without_scripts_all_of_it_is_there(open_measured: OpenMeasured) -> None:
    page = open_measured(make_header(), java_script_enabled=False).page
    assert page.locator("svg.plot").count() >= 12
    expect(page.locator("#cost-rate")).to_contain_text("cheaper from")
    expect(page.locator("#download")).not_to_be_visible()
    expect(page.locator("#theme")).not_to_be_visible()


def test_the_theme_follows_the_system_and_the_button_and_marks_follow_the_theme(open_measured: OpenMeasured) -> None:
    page = open_measured(make_header(), color_scheme="dark", reduced_motion="reduce").page
    colour = "getComputedStyle(document.querySelector('#ttft .marker')).fill"
    dark = page.evaluate(colour)
    for _ in range(2):
        page.click("#theme")
    expect(page.locator("#theme")).to_have_text("Theme: light")
    assert page.evaluate(colour) != dark


def test_printing_opens_every_disclosure_and_leaves_out_what_cannot_be_pressed(open_measured: OpenMeasured) -> None:
    page = open_measured(make_header(), viewport={"width": 794, "height": 1123}).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 794
    expect(page.locator("#tornado table")).to_be_visible()
    expect(page.locator("#theme")).not_to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#tornado table")).not_to_be_visible()


def test_the_keyboard_alone_reaches_tables_disclosures_and_parts(open_measured: OpenMeasured) -> None:
    page = open_measured(make_header()).page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    seen: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(str(page.evaluate("document.activeElement.className || document.activeElement.tagName")))
    assert {"quiet", "scroll", "SUMMARY", "A"} <= seen
