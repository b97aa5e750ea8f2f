"""The page of a measurement as text: its numbers, where its marks lie, what it says of the unknown, what it refuses."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from itertools import product
from typing import cast
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.front.web.measured import render_measured
from tests.front.web.measured_headers import HOSTILE, Header, list_loads, make_header, make_hostile_header
from tests.front.web.measured_reading import (
    cut_between,
    cut_plate,
    make_estimate,
    read_drawings,
    read_number,
    read_words,
)

DATA = re.compile(r'<data value="([^"]+)">([^<]*)</data>')
DRAWN = ("ttft", "end-to-end", "throughput", "tokens", "cost-rate", "quality-cost")


@pytest.fixture(scope="module")
def page() -> str:
    """The page of the usual header."""
    return render_measured(make_header())


# --- numbers ------------------------------------------------------------------------------------------------------


def test_the_same_header_gives_the_same_bytes(page: str) -> None:
    assert render_measured(make_header()) == page


def test_the_figures_in_the_page_are_those_of_the_header(page: str) -> None:
    assert json.loads(cut_between(page, '<script type="application/json" id="run-data">', "</script>")) == make_header()


def test_every_figure_of_every_load_is_in_the_tables_exactly(page: str) -> None:
    exact = {text for text, _ in DATA.findall(page)}
    names = (
        "requests_per_s",
        "output_tokens_per_s",
        "input_tokens_per_s",
        "errors",
        "good",
        "goodput_per_s",
        "refusals",
    )
    for row in list_loads(make_header()):
        latencies = cast("dict[str, Header]", row["latencies"])
        estimates = [row[name] for name in names] + [one for spread in latencies.values() for one in spread.values()]
        for one in cast("list[Header]", estimates):
            missing = {repr(one[end]) for end in ("value", "low", "high") if one[end] is not None} - exact
            assert missing == set()


def test_costs_shares_and_differences_are_in_the_tables_exactly(page: str) -> None:
    figures = cast("dict[str, list[Header]]", make_header()["figures"])
    costs = cast("dict[str, list[Header]]", figures["costs"])
    wanted = [one["usd_per_request"] for one in costs["candidates"]] + [one["share_right"] for one in costs["points"]]
    wanted += [point["usd_per_request"] for curve in costs["curves"] for point in cast("list[Header]", curve["points"])]
    wanted += [one["judged"] for one in figures["quality"]]
    wanted += [cast("Header", one["comparison"])["difference"] for one in figures["comparisons"]]
    exact = {float(text) for text, _ in DATA.findall(page)}
    assert [one for one in cast("list[Header]", wanted) if one["value"] not in exact] == []


def test_what_is_shown_is_the_exact_number_in_three_digits_and_its_unit(page: str) -> None:
    factors = (1, 1e2, 1e3, 1e6)
    for exact, shown in DATA.findall(page):
        digits = re.search(r"−?\$?\d[\d,]*\.?\d*(?:e[−\d]+)?", shown)
        assert digits is not None
        said = read_number(digits[0])
        near = [abs(said - float(exact) * factor) <= 0.0051 * abs(float(exact) * factor) for factor in factors]
        assert any(near), (exact, shown)


def test_values_stand_with_their_intervals(page: str) -> None:
    row = next(one for one in list_loads(make_header()) if (one["endpoint"], one["level"]) == ("hosted", 3))
    p99 = cast("dict[str, dict[str, Header]]", row["latencies"])["ttft"]["p99"]
    said = f"{cast('float', p99['value']) * 1e3:.0f} ms [{cast('float', p99['low']) * 1e3:.0f}, "
    assert said in read_words(cut_plate(page, "ttft"))


# --- what is not known --------------------------------------------------------------------------------------------


def test_a_percentile_of_too_few_samples_is_said_with_what_is_missing(page: str) -> None:
    rows = [one for one in list_loads(make_header()) if one["endpoint"] == "local"]
    for row in rows:
        p99 = cast("dict[str, dict[str, Header]]", row["latencies"])["ttft"]["p99"]
        assert p99["value"] is None
        rate = cast("Header", row["load"])["rate_per_s"]
        assert f"{rate:g}/s ({p99['missing']:,} more samples)" in read_words(cut_plate(page, "ttft"))
    unknown = [group for group in read_drawings(page, "ttft")[0].iter("g") if group.get("class") == "unknown-mark"]
    said = [title.text or "" for group in unknown for title in group.iter("title")]
    assert sum("p99" in text and "unknown" in text for text in said) == len(rows)


def test_answers_that_were_not_streamed_have_no_time_to_first_token() -> None:
    header = make_header()
    for row in list_loads(header):
        latencies = cast("Header", row["latencies"])
        row["latencies"] = {"end_to_end": latencies["end_to_end"], "end_to_end_sent": latencies["end_to_end_sent"]}
    page = render_measured(header)
    assert read_drawings(page, "ttft") == []
    assert "hosted, p50: unknown at 2/s, 4/s, 8/s, 12/s." in read_words(cut_plate(page, "ttft"))
    assert len(read_drawings(page, "end-to-end")) == 2


def test_an_empty_header_is_a_page_that_says_that_nothing_is_known() -> None:
    text = read_words(render_measured({}))
    for said in (
        "Nobody, measured on an unknown day",
        "Whether the run is whole is unknown",
        "Unknown: no load was offered.",
        "Unknown: no answer was judged.",
        "Unknown: neither prices nor machines were stated.",
    ):
        assert said in text


def test_a_stopped_run_says_so_first_and_why() -> None:
    header = {**make_header(), "is_whole": False, "notes": ["local: the loads were stopped before its end: budget"]}
    opening = read_words(cut_between(render_measured(header), '<dl class="found">', "</dl>"))
    assert opening.startswith("The runThe run was stopped before its end: local: the loads were stopped")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("usable", "can be believed"),
        ("not usable", "cannot be believed: its latencies are the client's as well"),
        ("could not tell", "could not be judged"),
        ("nonsense", "could not be judged"),
    ],
)
def test_the_verdict_on_the_client_is_said_in_words(verdict: str, said: str) -> None:
    header = make_header()
    for one in cast("list[Header]", header["calibrations"]):
        one["verdict"] = verdict
    assert said in read_words(cut_between(render_measured(header), '<dl class="found">', "</dl>"))


def test_without_a_calibration_what_the_client_adds_is_unknown() -> None:
    text = read_words(render_measured({**make_header(), "calibrations": []}))
    assert "local, hosted: unknown, as the client's own error was not measured." in text


def test_client_bound_figures_are_circled_and_called_the_clients() -> None:
    header = make_header()
    for row in list_loads(header):
        if row["endpoint"] == "hosted" and row["level"] == 3:
            row["marks"] = ["client-bound: the client could not be believed at this load"]
    page = render_measured(header)
    circles = [one for one in read_drawings(page, "ttft")[1].iter("circle") if one.get("class") == "halo"]
    assert len(circles) == 3
    said = "client-bound at 12/s (circled): the client's figures, not the server's"
    assert said in read_words(cut_plate(page, "ttft"))
    assert "hosted at 12/s: unknown, what was seen is the client's own speed." in read_words(page)


@pytest.mark.parametrize(
    ("said", "level", "drawn", "words"),
    [
        ("unknown: it cannot be said which were good", None, "knee unknown", "the knee is unknown: it cannot be said"),
        ("between two loads", 1, "knee", "met up to 4/s, and no longer at the next load"),
        ("not reached: the highest load meets the objective", 3, "knee not reached", "the knee is not reached"),
        (
            "below the least load: none meets the objective",
            None,
            "knee below the least load",
            "the knee is below the least",
        ),
    ],
)
def test_the_knee_is_drawn_where_it_is_or_said_not_to_be(said: str, level: int | None, drawn: str, words: str) -> None:
    header = make_header()
    figures = cast("dict[str, list[Header]]", header["figures"])
    figures["knees"] = [{"endpoint": "local", "said": said, "level": level, "rate_per_s": make_estimate(3.9)}]
    page = render_measured(header)
    first = read_drawings(page, "throughput")[0]
    assert [text.text for text in first.iter("text") if text.get("class") == "rule-name"] == [drawn]
    assert words in read_words(cut_plate(page, "throughput"))
    lines = [one for one in first.iter("g") if one.get("class") == "rule rule--knee"]
    assert [one.get("data-value") for one in lines] == (["4.0"] if drawn == "knee" else [])


def test_a_break_even_that_is_never_reached_is_said_and_not_drawn() -> None:
    header = make_header()
    costs = cast("dict[str, dict[str, list[Header]]]", header["figures"])["costs"]
    even = cast("Header", costs["pairs"][0]["break_even"])
    even.update({"rate_per_s": make_estimate(None, None), "never": 1.0})
    page = render_measured(header)
    assert "break-even not reached at any rate; never in 100 % of the draws" in read_words(cut_plate(page, "cost-rate"))
    assert "break-even" not in "".join(text.text or "" for text in read_drawings(page, "cost-rate")[0].iter("text"))


def test_results_that_are_not_finite_are_said_and_not_placed() -> None:
    header = make_header()
    costs = cast("dict[str, dict[str, list[Header]]]", header["figures"])["costs"]
    bar = cast("list[Header]", costs["tornados"][0]["bars"])[0]
    bar["at_high"] = None
    cast("Header", costs["candidates"][0]["usd_per_request"])["high"] = None
    page = render_measured(header)
    assert "not finite" in read_words(cut_plate(page, "tornado"))
    assert "no end]" in read_words(cut_between(page, 'id="dear"', "</table>"))


# --- what it rests on ---------------------------------------------------------------------------------------------


def test_prices_machines_prompts_seeds_and_software_are_told_with_day_and_source(page: str) -> None:
    text = read_words(cut_between(page, 'id="basis"', "</main>"))
    for said in (
        "2026-11-20", "the provider's page", "a rented board, as of 2026-11-19", "an institute's average",
        "a default: nobody stated it", "counted as nothing: nobody stated it", "d" * 64, "c" * 64, "e" * 64,
        "made, seed 7", "each with a word of its own before it", "numpy 2.0", "A Processor, 8 cores", "32.0 GiB",
        "local-model-as-served", "pue is not stated",
    ):  # fmt: skip
        assert said in text, said


def test_what_does_not_fit_is_counted() -> None:
    header = make_header()
    header["endpoints"] = [{"name": f"endpoint{number}"} for number in range(40)]
    assert "and 30 more, measured on" in render_measured(header)


# --- what it refuses ----------------------------------------------------------------------------------------------


def test_hostile_names_stay_text() -> None:
    page = render_measured(make_hostile_header())
    assert page.encode("utf-8")
    assert "<img" not in page
    assert "\u202e" not in page
    assert page.count("<script") == page.count("</script") == 2
    assert HOSTILE[:20] in read_words(cut_between(page, '<h1 id="headline">', "</h1>"))


def test_the_policy_admits_only_the_style_and_script_that_the_page_carries(page: str) -> None:
    policy = cut_between(page, 'http-equiv="Content-Security-Policy" content="', '"')
    style, script = cut_between(page, "<style>", "</style>"), page.rsplit("<script>", 1)[1].split("</script>", 1)[0]
    for text in (style, script):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"<(?:link|img|iframe|object|embed|base)\b|@import|url\(|\son\w+=|\sstyle=", page)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|DOMParser", script)


def _walk(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    yield path
    items: list[tuple[object, object]] = []
    if isinstance(value, dict):
        items = list(cast("dict[object, object]", value).items())
    elif isinstance(value, list):
        items = list(enumerate(cast("list[object]", value[:2])))
    for name, item in items:
        yield from _walk(item, (*path, name))


PATHS = [path for path in _walk(make_header()) if path]
ODD: list[object] = (
    [None, True, -1, 0, 3, 1e300, -1e300, 1e-300, 10**400, float("nan"), float("inf"), "", "text", HOSTILE, [], {},
     [[]], [None, 1, "x"], {"": None}, {"value": "1"}, {"value": 1e17, "low": -5, "high": None}, ["\ud800" * 3]]
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(ODD)), min_size=1, max_size=12))
def test_whatever_stands_in_a_header_it_gives_a_whole_page(changes: list[tuple[tuple[object, ...], object]]) -> None:
    header = make_header()
    for path, odd in changes:
        _set(header, path, odd)
    page = render_measured(header)
    assert page.rstrip().endswith("</html>")
    assert page.encode("utf-8")
    for text in re.findall(r'<svg class="plot".*?</svg>', page):
        assert not re.search(r'[" ](?:nan|inf|-inf)\b', text)
        ET.fromstring(text)


def _set(value: object, path: tuple[object, ...], odd: object) -> None:
    """Put something at a path, where the path still is."""
    for name in path[:-1]:
        if isinstance(value, dict) and name in value:
            value = cast("dict[object, object]", value)[name]
        elif isinstance(value, list) and isinstance(name, int) and name < len(cast("list[object]", value)):
            value = cast("list[object]", value)[name]
        else:
            return
    if isinstance(value, dict):
        cast("dict[object, object]", value)[path[-1]] = odd
    elif isinstance(value, list) and isinstance(path[-1], int) and path[-1] < len(cast("list[object]", value)):
        cast("list[object]", value)[path[-1]] = odd


# --- colours ------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_series_stands_out_on_every_paper(page: str, theme: int) -> None:
    tokens = {name: shades for name, *shades in TOKEN.findall(page)}
    for number, paper in product(range(6), ("paper", "surface")):
        pair = (_luminance(tokens[f"series-{number}"][theme]), _luminance(tokens[paper][theme]))
        light, dark = sorted(pair, reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_endpoints_differ_in_shape_and_dash_and_not_in_colour_alone(page: str) -> None:
    legend = cut_between(cut_plate(page, "quality-cost"), '<ul class="key-list">', "</ul>")
    keys = re.findall(r"<svg.*?</svg>", legend)
    assert len(keys) == 2
    shapes = {re.sub(r'series--\d|stroke-dasharray="[^"]*"', "", key) for key in keys}
    dashes = {tuple(re.findall(r'stroke-dasharray="([^"]*)"', key)) for key in keys}
    assert len(shapes) == len(dashes) == 2
