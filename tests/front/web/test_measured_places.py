"""Where the marks of a measurement's page lie, worked out from the ticks and words beside them."""

import re
from itertools import product
from typing import cast

import numpy as np
import pytest

from holdfast.front.web.measured import render_measured
from tests.front.web.measured_headers import Header, list_loads, make_header
from tests.front.web.measured_reading import (
    find_centre,
    interpolate,
    make_estimate,
    read_axis,
    read_drawings,
    read_number,
)


@pytest.fixture(scope="module")
def page() -> str:
    """The page of the usual header."""
    return render_measured(make_header())


@pytest.mark.parametrize("name", ["ttft", "end-to-end"])
def test_latency_marks_lie_where_ticks_and_titles_say(page: str, name: str) -> None:
    seen = 0
    for drawing in read_drawings(page, name):
        axis = read_axis(drawing, "y-tick", "y")
        names = [text.text for text in drawing.iter("text") if text.get("class") == "axis-name"]
        for group in drawing.iter("g"):
            title = group.find("title")
            if title is None or not (group.get("class") or "").startswith("mark"):
                continue
            said = re.search(rf"p\d\d ([\d,.]+) {(names[0] or '').split(',')[0]} \[", title.text or "")
            assert said is not None
            expected = interpolate(read_number(said[1]), axis, "log" in (names[0] or ""))
            assert find_centre(group)[1] == pytest.approx(expected, abs=1.0)
            seen += 1
    assert seen > 12


def test_a_load_lies_at_its_rate(page: str) -> None:
    for name, drawing in product(("ttft", "throughput"), range(2)):
        svg = read_drawings(page, name)[drawing]
        rates, places = read_axis(svg, "x-tick", "x")
        assert rates == [2, 4, 8, 12]
        assert np.polyfit(rates, places, 1)[0] > 0
        steps = np.diff(places) / np.diff(rates)
        assert steps == pytest.approx(steps[0], rel=0.01)
        for group in svg.iter("g"):
            if group.get("class") == "mark series series--0":
                assert find_centre(group)[0] == pytest.approx(
                    places[rates.index(float(group.get("data-x", "")))], abs=0.1
                )


def test_both_numbers_of_a_point_are_where_it_lies(page: str) -> None:
    (drawing,) = read_drawings(page, "quality-cost")
    across, upright = read_axis(drawing, "x-tick", "x"), read_axis(drawing, "y-tick", "y")
    points = [group for group in drawing.iter("g") if (group.get("class") or "").startswith("mark")]
    assert len(points) == 2
    for group in points:
        title = group.find("title")
        said = re.findall(r"\$?([\d.]+)(?: %)? \[", (title.text if title is not None else "") or "")
        x, y = find_centre(group)
        assert x == pytest.approx(interpolate(float(said[0]), across, is_log=False), abs=1.0)
        assert y == pytest.approx(interpolate(float(said[1]), upright, is_log=False), abs=1.0)


def test_curves_go_through_their_points(page: str) -> None:
    drawing = read_drawings(page, "cost-rate")[0]
    rates, usd = read_axis(drawing, "x-tick", "x"), read_axis(drawing, "y-tick", "y")
    costs = cast("dict[str, dict[str, list[Header]]]", make_header()["figures"])["costs"]
    for way in drawing.iter("g"):
        if way.get("class") != "way":
            continue
        curve = next(one for one in costs["curves"] if one["name"] == way.get("data-name"))
        line = next(path for path in way.iter("path") if "line" in (path.get("class") or "")).get("d", "")
        drawn = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", line)]
        points = cast("list[Header]", curve["points"])
        for (x, y), point in zip(drawn, points, strict=True):
            value = cast("float", cast("Header", point["usd_per_request"])["value"]) * 1000
            assert x == pytest.approx(interpolate(cast("float", point["rate_per_s"]), rates, is_log=True), abs=0.5)
            assert y == pytest.approx(interpolate(value, usd, is_log=True), abs=0.5)


def test_break_even_and_demand_are_marked_at_their_rates(page: str) -> None:
    drawing = read_drawings(page, "cost-rate")[0]
    rates = read_axis(drawing, "x-tick", "x")
    rules = [group for group in drawing.iter("g") if (group.get("class") or "").startswith("rule")]
    names = [(text.text or "").partition(" ") for group in rules for text in group.iter("text")]
    assert [name for name, _, _ in names] == ["demand", "break-even"]
    for group, (_, _, said) in zip(rules, names, strict=True):
        line = next(path for path in group.iter("path")).get("d", "")
        expected = interpolate(read_number(said.removesuffix("/s")), rates, is_log=True)
        assert float(line[1:].split()[0]) == pytest.approx(expected, abs=1.0)


def test_bars_of_a_tornado_reach_from_the_base_to_their_results(page: str) -> None:
    costs = cast("dict[str, dict[str, list[Header]]]", make_header()["figures"])["costs"]
    for tornado, drawing in zip(costs["tornados"], read_drawings(page, "tornado"), strict=True):
        axis = read_axis(drawing, "x-tick", "x")
        base = interpolate(cast("float", tornado["base"]) * 1000, axis, is_log=False)
        drivers = [group for group in drawing.iter("g") if group.get("class") == "driver"]
        assert [one.get("data-driver") for one in drivers] == [
            one["driver"] for one in cast("list[Header]", tornado["bars"])
        ]
        for group, bar in zip(drivers, cast("list[Header]", tornado["bars"]), strict=True):
            for box, end in zip(group.iter("rect"), ("at_low", "at_high"), strict=True):
                result = interpolate(cast("float", bar[end]) * 1000, axis, is_log=False)
                left, width = float(box.get("x", "")), float(box.get("width", ""))
                assert sorted((base, result)) == pytest.approx([left, left + width], abs=0.5)


def test_shares_and_the_smallest_detectable_difference_are_drawn_to_scale(page: str) -> None:
    figures = cast("dict[str, list[Header]]", make_header()["figures"])
    (drawing,) = read_drawings(page, "compared")
    axis = read_axis(drawing, "x-tick", "x")
    boxes = [box for box in drawing.iter("rect") if box.get("class") == "undetectable"]
    for box, one in zip(boxes, figures["comparisons"], strict=True):
        detectable = cast("float", cast("Header", one["comparison"])["detectable"]) * 100
        width = interpolate(detectable, axis, is_log=False) - interpolate(-detectable, axis, is_log=False)
        assert float(box.get("width", "")) == pytest.approx(width, abs=0.5)


def test_the_front_is_made_of_those_that_nobody_beats() -> None:
    header = make_header()
    costs = cast("dict[str, dict[str, list[Header]]]", header["figures"])["costs"]
    random = np.random.default_rng(3)
    places = random.uniform(0.1, 1.0, (8, 2))
    names = [f"one{number}" for number in range(8)]
    header["endpoints"] = [{"name": name} for name in names]
    costs["points"] = [
        {"name": name, "usd_per_request": make_estimate(usd), "share_right": make_estimate(share), "front": 0.5}
        for name, (usd, share) in zip(names, places.tolist(), strict=True)
    ]
    steps = next(
        path.get("d", "") for path in read_drawings(render_measured(header), "quality-cost")[0].iter("path")
        if path.get("class") == "front"
    )  # fmt: skip
    beaten = [any((other[0] < one[0]) and (other[1] > one[1]) for other in places) for one in places]
    assert steps.count("V") == beaten.count(False)


@pytest.mark.parametrize(
    ("loads", "axis", "places"),
    [
        ([{"arrivals": "closed", "concurrency": one} for one in (1, 4, 16, 64)], "requests at a time", [1, 4, 16, 64]),
        ([{"arrivals": "constant", "rate_per_s": one} for one in (1, 2, 3, 4)], "requests per second", [1, 2, 3, 4]),
        (
            [{"arrivals": "replay", "offsets_s": [0.5] * one} for one in (1, 2, 3, 4)],
            "number of the load",
            [1, 2, 3, 4],
        ),
        ([{}, {"arrivals": "closed"}, {"arrivals": "poisson"}, {}], "number of the load", [1, 2, 3, 4]),
    ],
)
def test_loads_of_every_kind_have_their_own_axis(loads: list[Header], axis: str, places: list[float]) -> None:
    header = make_header()
    for row in list_loads(header):
        row["load"] = loads[cast("int", row["level"])]
    drawing = read_drawings(render_measured(header), "ttft")[0]
    assert any((text.text or "").startswith(axis) for text in drawing.iter("text"))
    assert read_axis(drawing, "x-tick", "x")[0] == places
