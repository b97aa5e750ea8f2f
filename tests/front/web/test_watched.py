"""The page of a watch as text: outcomes, days, evidence and costs where they belong, and nothing that harms."""

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from typing import cast
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from holdfast.front.web.watched import render_watched
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.watching import Moved, Outcome
from tests.front.web.measured_reading import cut_between, cut_plate, read_drawings, read_words
from tests.watches import (
    FIRST,
    HOSTILE,
    TODAY,
    make_document,
    make_doubtful,
    make_new,
    make_quiet,
    make_swapped,
    make_triage,
)


@pytest.fixture(scope="module")
def page() -> str:
    """Of all four monitors: m1 quiet, m2 swapped, m3 doubtful, m4 new."""
    return render_watched(make_document())


def cut_monitor(page: str, number: int) -> str:
    """The part of one monitor."""
    part = page.split(f'<section class="block" id="m{number}"', 1)[1]
    return part.split(f'<section class="block" id="m{number + 1}"', 1)[0].split("</main>", 1)[0]


def list_signs(page: str, number: int) -> list[str]:
    """The signs of a strip, in order."""
    strips = re.findall(r'<span class="strip".*?</span>', page)
    return re.findall(r'href="#d-([\w-]+)"', strips[number])


# --- what is said -------------------------------------------------------------------------------------------------


def test_the_same_document_gives_the_same_bytes_and_is_in_the_page(page: str) -> None:
    assert render_watched(make_document()) == page
    data = cut_between(page, '<script type="application/json" id="watch-data">', "</script>")
    assert json.loads(data) == json.loads(encode_canonical(make_document()))


def test_the_headline_counts_what_changed(page: str) -> None:
    assert "<title>1 of 4 endpoints: the served distribution changed (swapped)</title>" in page
    calm = render_watched(make_document([make_quiet()]))
    assert "<title>No endpoint changed: 1 of 1 the same</title>" in calm


def test_every_outcome_stands_with_its_alpha_and_its_tolerance(page: str) -> None:
    opening = read_words(cut_between(page, '<dl class="found">', "</dl>"))
    assert opening.count("for this life; tolerated shift of a day (epsilon): tokens 0.05") == 4
    for number in range(1, 5):
        assert "alpha 0.000" in read_words(cut_monitor(page, number))


def test_a_change_is_one_of_the_served_distribution_and_never_of_weights(page: str) -> None:
    words = read_words(page.split("<main>", 1)[1].split("<script", 1)[0])
    assert "the served distribution changed" in words
    assert "weights" not in words.replace("weights, precision, kernels, hardware, prompts and filters all look", "")


def test_a_change_has_its_alarm_its_start_with_interval_and_its_triage(page: str) -> None:
    words = read_words(cut_monitor(page, 2))
    for said in (
        "Alarm on 2026-01-26 after 2,200 answers; probably since 2026-01-23 (between 2026-01-21 and 2026-01-24).",
        "It looks like: another model (another model 86%",
        "A description, without a guarantee of its own.",
        "Nearest known changes, with their distances: another model (0.120), int4 (0.700).",
        "logprobs (unusual log probabilities): too little was seen",
    ):
        assert said in words


def test_what_a_monitor_cannot_see_is_in_sight_of_every_judged_one(page: str) -> None:
    for number in (1, 2, 3):
        part = cut_monitor(page, number)
        assert "int8 and finer by tokens alone" in part.split("<details", 1)[1].split("What it cannot see", 1)[1]
    assert "They are not stated." in cut_monitor(page, 4)


def test_facts_that_changed_and_acceptances_are_on_the_page(page: str) -> None:
    words = read_words(cut_monitor(page, 2))
    assert "large-20252025-11-08 to 2026-01-22" in words
    assert "large-20262026-01-23 to 2026-01-27changed" in words
    assert "the vendor announced the new snapshot; our suite passes" in words


def test_an_accepted_change_stays_on_the_page_with_when_it_began_and_what_it_looked_like() -> None:
    swapped = make_swapped()
    first = replace(swapped.judgements[0], triage=make_triage())
    page = render_watched(make_document([replace(swapped, judgements=(first, swapped.judgement))]))
    lives = read_words(cut_between(page, "<caption>Baselines</caption>", "</table>"))
    assert "the served distribution changed2025-12-07, probably since 2025-12-05another model" in lives


def test_an_empty_document_is_a_page_that_says_so() -> None:
    words = read_words(render_watched({}))
    assert "Nothing is watched" in words
    assert "As of an unknown time" in words


def test_a_new_monitor_says_that_nothing_was_judged_and_what_is_not_known(page: str) -> None:
    words = read_words(cut_monitor(page, 4))
    assert "could not tell. The reference is not yet collected" in words
    assert "Nothing was judged yet." in words


def test_costs_are_said_against_the_budget_or_as_unknown(page: str) -> None:
    assert "$0.81 of $1.00 in 2026-01." in read_words(cut_plate(page, "m2-cost"))
    assert "Cost unknown without a budget in 2026-01." in read_words(cut_plate(page, "m3-cost"))
    assert "The price of 31 visits." in read_words(cut_plate(page, "m3-cost"))


# --- where it is drawn --------------------------------------------------------------------------------------------


def test_a_strip_has_a_sign_for_each_day(page: str) -> None:
    signs = list_signs(page, 0)
    assert len(signs) == TODAY - FIRST + 1
    assert signs[:14] == ["reference"] * 14
    assert (signs[40], signs[51], signs[-1]) == ("none", "unknown", "same")
    assert list_signs(page, 1)[-2:] == ["changed", "changed"]
    assert list_signs(page, 2)[-1] == "suspected"


def test_signs_differ_in_shape_and_not_in_colour_alone(page: str) -> None:
    shapes = dict(re.findall(r'<symbol id="d-([\w-]+)"[^>]*>(.*?)</symbol>', page))
    assert set(shapes) == {"same", "alarm-free", "suspected", "changed", "unknown", "reference", "none"}
    assert len({re.sub(r'(fill|stroke)="[^"]*"', "", shape) for shape in shapes.values()}) == 7


def test_a_strip_is_said_in_words_to_who_cannot_see_it(page: str) -> None:
    (said, *_) = re.findall(r'class="strip" role="img" aria-label="([^"]*)"', page)
    assert said == ("2025-11-08 to 2026-01-27: 65 same, 1 could not tell, 14 reference, 1 no visit; last: same")


def test_lines_go_where_ticks_say(page: str) -> None:
    (drawing,) = read_drawings(page, "m2-evidence")
    ticks = {
        float(group.get("data-value", "")): float(re.findall(r"[\d.]+", path.get("d", ""))[1])
        for group in drawing.iter("g")
        if group.get("class") == "y-tick" and (path := group.find("path")) is not None
    }
    slope, start = np.polyfit(np.log(list(ticks)), list(ticks.values()), 1)
    evidence = [one for judgement in make_swapped().judgements for one in judgement.evidence]
    course = next(one for one in drawing.iter("g") if one.get("class") == "course")
    path = next(one for one in course.iter("path"))
    places = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path.get("d", ""))]
    expected = [max(slope * one.log_wealth + start, places[-1]) for one in evidence]
    assert places == pytest.approx(expected, abs=0.6)
    assert path.get("d", "").count("M") == 2
    for rule, judgement in zip(find_rules(drawing, "alarm at"), make_swapped().judgements, strict=True):
        assert rule == pytest.approx(slope * judgement.log_threshold + start, abs=0.6)


def find_rules(drawing: ET.Element, _: str) -> list[float]:
    """The heights of the level lines of alarms."""
    found = [one for one in drawing.iter("g") if one.get("class") == "rule rule--alarm"]
    paths = [path.get("d", "") for one in found for path in one.iter("path")]
    return [float(re.findall(r"[\d.]+", path)[1]) for path in paths if "H" in path]


def test_days_lie_at_their_dates_and_moments_at_theirs(page: str) -> None:
    (drawing,) = read_drawings(page, "m2-evidence")
    ticks = [one for one in drawing.iter("g") if one.get("class") == "x-tick"]
    days = [float(one.get("data-value", "")) for one in ticks]
    places = [
        float(re.findall(r"[\d.]+", path.get("d", ""))[0]) for one in ticks if (path := one.find("path")) is not None
    ]
    slope, start = np.polyfit(days, places, 1)
    moments = {
        one.get("class", "").removeprefix("rule rule--"): float(re.findall(r"[\d.]+", path.get("d", ""))[0])
        for one in drawing.iter("g")
        if "rule--" in (one.get("class") or "") and (path := one.find("path")) is not None and "V" in path.get("d", "")
    }
    assert moments["alarm"] == pytest.approx(slope * (TODAY - 1) + start, abs=0.1)
    assert moments["accepted"] == pytest.approx(slope * (FIRST + 30) + start, abs=0.1)


def test_the_evidence_in_all_is_not_drawn_where_it_is_not_known(page: str) -> None:
    plate = cut_plate(page, "m3-evidence")
    assert "<title>evidence in all</title>" not in plate
    assert "tokens alone" in plate
    assert "The evidence in all, day by day." in read_words(plate)


def test_shifts_lie_between_the_ends_of_their_intervals(page: str) -> None:
    (drawing,) = read_drawings(page, "m2-families")
    rows = [one for one in drawing.iter("g") if (one.get("class") or "").startswith("family")]
    assert [one.get("data-channel") for one in rows] == ["tokens", "tokenizer", "refusals", "length"]
    for row, moved in zip(rows, make_triage().moved, strict=False):
        circle, reach = row.find("circle"), [one for one in row.iter("path") if one.get("class") == "reach"]
        ends = [float(one) for one in re.findall(r"M([\d.]+) [\d.]+(?:H([\d.]+))?", reach[0].get("d", ""))[0]]
        assert circle is not None
        assert moved.shift is not None
        assert moved.low is not None
        assert moved.high is not None
        share = 0.5 if moved.high == moved.low else (moved.shift - moved.low) / (moved.high - moved.low)
        middle = ends[0] + share * (ends[1] - ends[0])
        assert float(circle.get("cx", "")) == pytest.approx(middle, abs=0.1)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.06, 0.2, "moved"),
        (-0.2, -0.06, "moved"),
        (0.04, 0.2, "not seen beyond the tolerance"),
        (None, None, "unknown"),
    ],
)
def test_a_channel_moved_only_where_its_interval_is_beyond_the_tolerance(
    low: float | None, high: float | None, verdict: str
) -> None:
    swapped = make_swapped()
    moved = (replace(make_triage().moved[0], shift=None if low is None else 0.1, low=low, high=high),)
    judgement = replace(swapped.judgement, triage=replace(make_triage(), moved=moved))
    plate = cut_plate(
        render_watched(make_document([replace(swapped, judgements=(swapped.judgements[0], judgement))])), "m1-families"
    )
    cells = re.findall(r"<td>([^<]*)</td>", plate)
    assert cells[0] == verdict
    assert isinstance(moved[0], Moved)


def test_evidence_beyond_all_measure_is_drawn_within_the_picture() -> None:
    swapped = make_swapped()
    evidence = tuple(replace(one, log_wealth=one.log_wealth * 1e6) for one in swapped.judgement.evidence)
    judgement = replace(swapped.judgement, evidence=evidence, log_wealth=evidence[-1].log_wealth)
    page = render_watched(make_document([replace(swapped, judgements=(swapped.judgements[0], judgement))]))
    (drawing,) = read_drawings(page, "m1-evidence")
    for path in drawing.iter("path"):
        if "line" in (path.get("class") or "").split():
            assert all(20 <= float(y) <= 235 for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path.get("d", "")))


def test_one_day_of_evidence_is_a_page() -> None:
    quiet = make_quiet()
    for count in (1, 2):
        judgement = replace(quiet.judgement, evidence=quiet.judgement.evidence[:count], outcome=Outcome.COULD_NOT_TELL)
        page = render_watched(make_document([replace(quiet, judgements=(judgement,))]))
        assert len(read_drawings(page, "m1-evidence")) == 1


# --- what it refuses ----------------------------------------------------------------------------------------------


def test_the_policy_admits_only_the_style_and_script_that_the_page_carries(page: str) -> None:
    policy = cut_between(page, 'http-equiv="Content-Security-Policy" content="', '"')
    style, script = cut_between(page, "<style>", "</style>"), page.rsplit("<script>", 1)[1].split("</script>", 1)[0]
    for text in (style, script):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")


def test_hostile_names_end_nothing_and_begin_nothing() -> None:
    document = make_document([make_swapped(HOSTILE), make_doubtful(HOSTILE), make_new(HOSTILE)])
    page = render_watched(document)
    assert page.encode("utf-8")
    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert "<!--" not in page.replace("&lt;!--", "")
    ET.fromstring(
        re.sub(r"<!doctype html>|<meta[^>]*>|<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
        .replace(' hidden=""', "")
        .replace(" hidden>", ">")
    )


def test_ten_endpoints_of_two_years_stay_below_two_megabytes() -> None:
    (one,) = cast("list[dict[str, object]]", make_document([make_quiet()])["monitors"])
    cells = cast("list[object]", one["cells"]) * 9
    page = render_watched({"monitors": [{**one, "cells": cells}] * 10})
    assert len(page) < 2_000_000


# --- colours ------------------------------------------------------------------------------------------------------


def test_the_suspicion_line_is_at_its_days(page: str) -> None:
    (drawing,) = read_drawings(page, "m1-evidence")
    (line,) = [one for one in drawing.iter("g") if one.get("class") == "rule rule--suspected"]
    assert float(line.get("data-value", "")) == pytest.approx(math.log(3650))
