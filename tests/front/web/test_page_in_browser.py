"""The page in a real Chromium: table, filters, what-ifs, evidence, keyboard, phone, hostile names."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from holdfast.records.lever import Effect, Reach
from holdfast.records.report import CheckReport, ModelRow, WhatIf
from tests.blasts import compute_blast, state_of
from tests.front.web.conftest import OpenPage
from tests.reports import (
    HOSTILE,
    make_hostile_report,
    make_large_report,
    make_report,
    make_scenario_report,
)

pytestmark = pytest.mark.browser


def _state(row: ModelRow) -> str:
    return "unresolved" if row.confidence == "unresolved" else state_of(row)


def _states_in(report: CheckReport, what_if: WhatIf) -> dict[int, str]:
    unresolved = {row.number for row in report.rows if row.confidence == "unresolved"}
    return {row.number: "unresolved" if row.number in unresolved else state_of(row) for row in what_if.rows}


def _what_if(report: CheckReport, wanted: str) -> WhatIf:
    return next(what_if for what_if in report.what_ifs if what_if.id == wanted)


# --- opening ------------------------------------------------------------------------------------------------------


def test_opening_the_page_asks_for_nothing_but_the_file_and_complains_of_nothing(open_page: OpenPage) -> None:
    opened = open_page(make_report())
    opened.page.wait_for_load_state("networkidle")
    assert [url.split(":")[0] for url in opened.requests] == ["file"]
    assert opened.complaints == []


def test_the_table_shows_every_row_with_the_state_that_its_findings_give(open_page: OpenPage) -> None:
    report = make_report()
    opened = open_page(report)
    assert opened.headline() == report.headline
    assert opened.numbers() == [row.number for row in report.rows]
    assert opened.states() == {row.number: _state(row) for row in report.rows}


def test_horizon_and_disclaimer_are_in_sight(open_page: OpenPage) -> None:
    report = make_report()
    page = open_page(report).page
    expect(page.locator(".foot")).to_contain_text(f"Evidence to {report.horizon}")
    expect(page.locator(".foot")).to_contain_text("not legal advice")
    expect(page.locator("#facts")).to_contain_text(f"evidence to {report.horizon}")


def test_without_scripts_the_rows_and_the_headline_are_still_there(open_page: OpenPage) -> None:
    report = make_report()
    page = open_page(report, java_script_enabled=False).page
    text = page.locator("body").inner_text()
    assert report.headline in text
    assert all(row.label in text for row in report.rows)
    assert "so nothing was assessed" in text


def test_waivers_stand_ins_catalogues_skipped_files_and_unknowns_are_on_record(open_page: OpenPage) -> None:
    report = make_report()
    text = open_page(report).page.locator("#record").evaluate("part => part.textContent")
    said = [skipped.path for skipped in report.skipped] + [skipped.reason for skipped in report.skipped]
    said += [waiver.reason for waiver in report.waivers] + [str(item.place) for item in report.catalogues]
    said += [stand_in.for_model for stand_in in report.stand_ins] + list(report.notes)
    said += [row.note for row in report.rows if row.confidence == "unresolved"]
    said += [conflict for row in report.rows for conflict in row.conflicts]
    said += [report.policy.reasons[key] for key in report.policy.failures]
    assert [words for words in said if words not in text] == []


def test_what_is_not_resolved_stands_after_the_models_with_where_its_name_is_set(open_page: OpenPage) -> None:
    page = open_page(make_report()).page
    assert page.locator("#table tr[data-row]").count() == 9
    block = page.locator("#models + #unresolved")
    expect(block.locator("h2")).to_have_text("Not resolved")
    assert block.locator("li").count() == 2
    expect(block.locator('[data-row="10"]')).to_contain_text("set in deploy/values.yaml:41 from the environment")
    block.locator('[data-row="10"] button').click()
    expect(page.locator("#evidence")).to_contain_text("search/rerank.py:17")
    expect(page.locator(".panel-at")).to_have_text("Row 10 of 11")


def test_a_report_without_models_still_lists_what_is_not_resolved(open_page: OpenPage) -> None:
    report = make_report()
    rows = tuple(row for row in report.rows if row.confidence == "unresolved")
    opened = open_page(replace(report, rows=rows, what_ifs=()))
    assert opened.numbers() == [10, 11]
    expect(opened.page.locator("#table")).to_contain_text("No use of a named model was found")
    assert opened.complaints == []


def test_the_evidence_of_a_row_shows_its_hits_on_official_lists_and_what_is_unknown(open_page: OpenPage) -> None:
    page = open_page(make_report()).page
    page.click('tr[data-row="1"] .c-weights')
    whose = page.locator('section[aria-labelledby="evidence-whose"]')
    expect(whose).to_contain_text("Official lists")
    expect(whose.locator(".hits li")).to_have_count(1)
    expect(whose.locator(".hits")).to_contain_text("Alibaba Group Holding Limited [a1]")
    expect(whose).to_contain_text("No hit is not clearance.")
    expect(whose).to_contain_text("Unknown for us-ofac-sdn")
    page.click("#evidence-close")
    page.click('tr[data-row="3"] .c-weights')
    expect(whose.locator(".hits")).to_have_count(0)
    expect(whose).to_contain_text("No hit is not clearance.")


def test_without_lists_the_page_says_that_nothing_was_screened(open_page: OpenPage) -> None:
    report = make_report()
    assert report.screening is not None
    says = ("No official list was screened: no list is held. Get them: holdfast lists update.",)
    page = open_page(replace(report, screening=replace(report.screening, involved=(), editions=(), says=says))).page
    expect(page.locator("#record")).to_contain_text(says[0])
    assert "clearance" not in page.locator("#record").inner_text()


# --- filters and sorting ------------------------------------------------------------------------------------------


def test_typing_a_word_leaves_the_rows_that_hold_it(open_page: OpenPage) -> None:
    opened = open_page(make_report())
    opened.page.fill("#filter-text", "Qwen")
    assert opened.numbers() == [1, 2]
    expect(opened.page.locator("#shown")).to_have_text("2 of 9 rows, 5 uses")
    opened.page.click("#filters-clear")
    assert len(opened.numbers()) == len(make_report().rows)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "hosted"),
        ("environment", "test"),
        ("service", "search"),
        ("origin", "CN"),
        ("endpoint", "US"),
        ("lever", "host-tos"),
        ("effect", "closed"),
        ("pin", "exact"),
    ],
)
def test_each_filter_leaves_the_rows_that_have_the_value(open_page: OpenPage, field: str, value: str) -> None:
    report = make_report()
    opened = open_page(report)
    opened.page.select_option(f"#filter-{field}", value)
    expected = [row.number for row in report.rows if value in _values(row, field)]
    assert expected
    assert opened.numbers() == expected


def _values(row: ModelRow, field: str) -> set[str]:
    unresolved = row.confidence == "unresolved"
    return {
        "kind": {row.kind.value},
        "environment": set(row.environments),
        "service": set(row.services),
        "origin": {org.country for org in row.builders},
        "endpoint": {row.endpoint.country} if row.endpoint else set(),
        "lever": {finding.lever for finding in row.findings if finding.bites},
        "effect": {row.effect.value},
        "pin": set() if unresolved else {row.pin.value},
    }[field]


def test_pressing_an_answer_in_the_balance_shows_its_rows_alone(open_page: OpenPage) -> None:
    report = make_report()
    opened = open_page(report)
    opened.page.click('.key[data-state="at-risk"]')
    assert opened.numbers() == [row.number for row in report.rows if _state(row) == "at-risk"]
    opened.page.click('.key[data-state="at-risk"]')
    assert len(opened.numbers()) == len(report.rows)


def test_the_rows_sort_by_a_column_and_back(open_page: OpenPage) -> None:
    report = make_report()
    opened = open_page(report)
    opened.page.click("th.c-model button")
    named = [row for row in report.rows if row.confidence != "unresolved"]
    by_name = [row.number for row in sorted(named, key=lambda row: row.label.lower())]
    assert opened.numbers() == [*by_name, 10, 11]
    expect(opened.page.locator("th.c-model[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    opened.page.click("th.c-model button")
    assert opened.numbers() == [*by_name[::-1], 10, 11]


# --- what-ifs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted", ["hosts-delist-prc", "letter-us-hosted@org:openai", "sdn-lab@org:deepseek", "hub-outage", "eu-gpai"]
)
def test_a_switch_gives_the_headline_and_the_rows_of_its_what_if(open_page: OpenPage, wanted: str) -> None:
    report = make_report()
    what_if = _what_if(report, wanted)
    opened = open_page(report)
    switch = opened.page.locator(f"#switch-{what_if.scenario}")
    if wanted == "eu-gpai":
        opened.page.locator(".more > summary").first.click()
    if what_if.target:
        opened.page.select_option(f"#target-{what_if.scenario}", what_if.id)
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    assert opened.headline() == what_if.blast.headline
    assert opened.states() == _states_in(report, what_if)
    assert _map_states(opened.page) == set(_states_in(report, what_if).values())
    switch.click()
    assert opened.headline() == report.headline
    assert opened.states() == {row.number: _state(row) for row in report.rows}


def _map_states(page: Page) -> set[str]:
    classes = [str(node.get_attribute("class")) for node in page.locator("#map .node--1").all()]
    return {word[7:] for words in classes for word in words.split() if word.startswith("state--")}


def test_several_switches_give_the_strictest_answer_of_each(open_page: OpenPage) -> None:
    report = make_report()
    one, other = _what_if(report, "hosts-delist-prc"), _what_if(report, "sdn-lab@org:alibaba")
    opened = open_page(report)
    opened.page.click("#switch-hosts-delist-prc")
    opened.page.select_option("#target-sdn-lab", other.id)
    opened.page.click("#switch-sdn-lab")
    rows = [_strictest(row, one, other) for row in report.rows]
    assert opened.states() == {row.number: _state(row) for row in rows}
    assert opened.headline() == compute_blast(rows, f"If {one.asks} and {other.asks}: ").headline
    expect(opened.page.locator('tr[data-row="1"] .c-levers')).to_contain_text("ofac-sdn")
    opened.page.click("#suppose-clear")
    assert opened.headline() == report.headline


def _strictest(row: ModelRow, *what_ifs: WhatIf) -> ModelRow:
    answers = [next(new for new in what_if.rows if new.number == row.number) for what_if in what_ifs]
    return replace(
        row,
        reach=min((a.reach for a in answers), key=list(Reach).index),
        effect=min((a.effect for a in answers), key=list(Effect).index),
        stops=any(a.stops for a in answers),
    )


def test_a_scenario_from_the_command_line_stays_on_under_the_switches(open_page: OpenPage) -> None:
    report = make_scenario_report()
    other = _what_if(report, "letter-us-hosted@org:anthropic")
    opened = open_page(report)
    assert opened.headline() == report.headline
    opened.page.click("#switch-letter-us-hosted")
    stops = {row.number for row in report.rows if row.stops} | {row.number for row in other.rows if row.stops}
    assert {number for number, state in opened.states().items() if state == "stops"} == stops
    asks = f"If {_what_if(report, 'hosts-delist-prc').asks} and {other.asks}: "
    assert opened.headline().startswith(asks)


def test_a_link_restores_switches_and_filters(open_page: OpenPage) -> None:
    report = make_report()
    opened = open_page(report, "#if=hosts-delist-prc&kind=weights&text=qwen")
    assert opened.headline() == _what_if(report, "hosts-delist-prc").blast.headline
    assert opened.numbers() == [1, 2]
    opened.page.click("#filters-clear")
    assert opened.page.url.endswith("#if=hosts-delist-prc")


# --- evidence -----------------------------------------------------------------------------------------------------


def test_the_evidence_of_a_row_holds_everything_the_report_knows_of_it(open_page: OpenPage) -> None:
    report = make_report()
    page = open_page(report).page
    row = report.rows[3]
    page.click('tr[data-row="4"] td.c-levers')
    expect(page.locator("#evidence")).to_be_visible()
    text = page.locator("#evidence").evaluate("panel => panel.textContent")
    assert [words for words in _known_of(row) if words not in text] == []
    links = [str(link.get_attribute("href")) for link in page.locator("#evidence a").all()]
    assert set(links) <= {c for c in _addresses(row) if c}


def _known_of(row: ModelRow) -> list[str]:
    words = [row.model, *row.licences, *row.conflicts, *row.environments]
    for use in row.uses:
        words += [str(use.place), use.text, use.rule, use.confidence.value]
    for org in row.builders:
        words += [org.name, org.evidence, org.confidence]
    for finding in row.findings:
        words += [finding.lever_title, finding.lever, str(finding.standing.since), f"Evidence to {finding.horizon}"]
        words += [*finding.standing.conflicts]
        for ground in finding.grounds:
            words += [ground.says, ground.citation.title, *(reason.text for reason in ground.reasons)]
            words += [objection.says for objection in ground.objections]
    return words


def _addresses(row: ModelRow) -> set[str | None]:
    grounds = [ground for finding in row.findings for ground in finding.grounds]
    cited = [ground.citation.url for ground in grounds]
    cited += [objection.citation.url for ground in grounds for objection in ground.objections]
    return {*cited, *(f.standing.citation.url for f in row.findings if f.standing.citation)}


def test_the_evidence_of_a_supposed_lever_shows_its_grounds_and_that_it_is_supposed(open_page: OpenPage) -> None:
    report = make_report()
    row = report.rows[0]
    power = next(finding for finding in row.findings if finding.lever == "ieepa-block")
    what_if = _what_if(report, "hosts-delist-prc")
    changed = tuple(replace(new, levers=(*new.levers, "ieepa-block")) for new in what_if.rows)
    page = open_page(replace(report, what_ifs=(replace(what_if, rows=changed),)), "#if=hosts-delist-prc").page
    page.click('tr[data-row="1"] td.c-levers')
    box = page.locator('section[aria-labelledby="evidence-levers"] .supposed-box')
    expect(box).to_contain_text("Supposed by the what-ifs")
    expect(box).to_contain_text(power.grounds[0].says)
    expect(box).to_contain_text("In force, with its condition met: reach forbidden, effect closed.")


@pytest.mark.parametrize(
    ("cell", "section"),
    [
        ("model", "title"),
        ("used", "uses"),
        ("weights", "whose"),
        ("runs", "whose"),
        ("answer", "levers"),
        ("copy", "copy"),
    ],
)
def test_every_cell_opens_its_own_part_of_the_evidence(open_page: OpenPage, cell: str, section: str) -> None:
    page = open_page(make_report()).page
    page.click(f'tr[data-row="2"] .c-{cell}')
    expect(page.locator(f"#evidence-{section}")).to_be_focused()


def test_the_keyboard_alone_reaches_the_evidence_and_comes_back(open_page: OpenPage) -> None:
    opened = open_page(make_report())
    page = opened.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.grid') !== null"):
            break
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    cell = page.locator('tr[data-row="3"] td.c-used')
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#evidence-uses")).to_be_focused()
    expect(page.locator("#evidence")).to_contain_text("search/answer.py:31")
    page.keyboard.press("Escape")
    expect(page.locator("#evidence")).not_to_be_visible()
    expect(cell).to_be_focused()


def test_arrow_keys_home_and_end_move_in_the_table_and_reach_its_headings(open_page: OpenPage) -> None:
    page = open_page(make_report()).page
    page.locator('tr[data-row="1"] th.c-model').focus()
    page.keyboard.press("Control+End")
    expect(page.locator('tr[data-row="9"] td.c-copy')).to_be_focused()
    page.keyboard.press("Control+Home")
    expect(page.locator('tr[data-row="1"] td.c-number')).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("th.c-number button")).to_be_focused()
    assert page.locator('.grid [tabindex="0"]').count() == 1


def test_every_control_has_a_name(open_page: OpenPage) -> None:
    page = open_page(make_report()).page
    page.click('tr[data-row="1"] th.c-model')
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, a[href], [role=button]')].filter((control) =>
        !(control.textContent.trim() || control.getAttribute('aria-label') || control.labels?.length))
        .map((control) => control.outerHTML)"""
    )
    assert nameless == []


# --- the map ------------------------------------------------------------------------------------------------------


def test_the_map_draws_the_filtered_rows_and_a_box_filters_the_table(open_page: OpenPage) -> None:
    opened = open_page(make_report())
    page = opened.page
    assert page.locator("#map .node--1").count() == len(make_report().rows)
    page.locator("#map").get_by_role("button", name="Organisation: DeepSeek").click()
    assert opened.numbers() == [8]
    assert page.locator("#map .node--1").count() == 1


def test_the_map_is_walked_with_arrow_keys_and_opens_a_model(open_page: OpenPage) -> None:
    page = open_page(make_report()).page
    page.locator('#map .node--1[tabindex="0"]').focus()
    page.keyboard.press("ArrowDown")
    focused = str(page.evaluate("document.activeElement.querySelector('title').textContent"))
    assert focused.startswith("Model: ")
    page.keyboard.press("Enter")
    expect(page.locator("#evidence-title")).to_have_text(focused.removeprefix("Model: ").split(",")[0])


def test_five_hundred_rows_are_drawn_in_groups_and_still_filter(open_page: OpenPage) -> None:
    report = make_large_report(500, 10)
    opened = open_page(report)
    assert opened.page.locator("#map .node--1").count() <= 19
    opened.page.click("#switch-hosts-delist-prc")
    assert opened.headline() == _what_if(report, "hosts-delist-prc").blast.headline
    opened.page.fill("#filter-text", "service-07/")
    expected = [row.number for row in report.rows if row.services == ("service-07",)]
    assert opened.numbers() == expected
    assert opened.complaints == []


# --- screens ------------------------------------------------------------------------------------------------------

PHONE = {"viewport": {"width": 360, "height": 740}}


def test_on_a_phone_nothing_scrolls_sideways_and_rows_are_cards(open_page: OpenPage) -> None:
    page = open_page(make_report(), **PHONE).page
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    row, cell = page.locator('tr[data-row="2"]'), page.locator('tr[data-row="2"] td.c-levers')
    row_box, cell_box = row.bounding_box(), cell.bounding_box()
    assert row_box is not None
    assert cell_box is not None
    assert cell_box["width"] > 0.9 * row_box["width"]
    page.click("#filters-fold")
    page.locator(".suppose-fold > summary").click()
    assert page.evaluate(wide) == 0
    row.locator("th").click()
    assert page.locator(".panel-body").evaluate("body => body.scrollWidth - body.clientWidth") == 0


def test_on_a_phone_hostile_names_do_not_widen_the_page(open_page: OpenPage) -> None:
    page = open_page(make_hostile_report(), **PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_theme_follows_the_system_and_the_button(open_page: OpenPage) -> None:
    page = open_page(make_report(), color_scheme="dark").page
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(paper)
    for _ in range(2):
        page.click("#theme")
    expect(page.locator("#theme")).to_have_text("Theme: light")
    assert page.evaluate(paper) != dark


def test_printing_leaves_out_the_controls_and_keeps_what_is_supposed(open_page: OpenPage) -> None:
    page = open_page(make_report(), "#if=hosts-delist-prc").page
    page.emulate_media(media="print")
    for hidden in ("#filters", "#suppose", "#theme"):
        expect(page.locator(hidden)).not_to_be_visible()
    expect(page.locator("#supposing")).to_contain_text("US hosts delist PRC-origin repositories")
    expect(page.locator(".grid")).to_be_visible()


def test_with_reduced_motion_nothing_moves(open_page: OpenPage) -> None:
    page = open_page(make_report(), reduced_motion="reduce").page
    assert page.locator(".knob").first.evaluate("knob => getComputedStyle(knob).transitionProperty") == "none"


# --- hostile reports ----------------------------------------------------------------------------------------------


def test_names_that_look_like_markup_stay_text(open_page: OpenPage) -> None:
    opened = open_page(make_hostile_report())
    page = opened.page
    page.locator("#switch-hosts-delist-prc").click()
    page.click('tr[data-row="1"] th.c-model')
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert HOSTILE.replace("\u2028", "") in page.locator("#evidence-title").evaluate("e => e.textContent").replace(
        "\u2028", ""
    )
    assert page.locator('a[href^="javascript"]').count() == 0
    assert opened.complaints == []
    assert all(url.startswith("file:") for url in opened.requests)
