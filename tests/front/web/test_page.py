"""The page as bytes: what it carries, what it cannot load, and how its colours read."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from itertools import product

import pytest

from holdfast.front.web.page import SCRIPTS, render_page
from holdfast.front.web.payload import pack_report
from holdfast.records.canonical_json import to_plain
from holdfast.workflows import blast
from tests.reports import HOSTILE, make_hostile_report, make_large_report, make_report, make_scenario_report


def _between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


def _unpack(text: str) -> object:
    """The packed values rebuilt by the rule that pack_report states."""
    packed = json.loads(text)
    made: list[object] = []
    for item in packed["pool"]:
        if not isinstance(item, list):
            made.append(item)
        elif item[0] == 0:
            made.append([made[index] for index in item[1:]])
        else:
            made.append({name: made[at] for name, at in zip(packed["shapes"][item[0] - 1], item[1:], strict=True)})
    return made[-1]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_page(make_report()) == render_page(make_report())


def test_the_data_in_the_page_are_the_report() -> None:
    report = make_report()
    data = _between(render_page(report), '<script type="application/json" id="report-data">', "</script>")
    unpacked = _unpack(data)
    expected = to_plain(report)
    assert isinstance(unpacked, dict)
    assert isinstance(expected, dict)
    unpacked.pop("what_ifs")
    expected.pop("what_ifs")
    assert unpacked == expected


def test_a_what_if_carries_only_the_rows_that_it_changes() -> None:
    report = make_report()
    unpacked = _unpack(pack_report(report))
    assert isinstance(unpacked, dict)
    changed = {what_if["id"]: [row["number"] for row in what_if["rows"]] for what_if in unpacked["what_ifs"]}
    assert changed["hosts-delist-prc"] == [1, 2, 4]
    assert changed["eu-gpai"] == []


def test_nothing_in_the_data_can_end_a_script_element() -> None:
    text = pack_report(make_hostile_report())
    assert not set("<>&\u2028\u2029") & set(text)
    assert text.isascii()
    assert HOSTILE in json.dumps(_unpack(text), ensure_ascii=False).replace('\\"', '"')


def test_the_page_and_the_command_line_count_and_word_the_headline_alike() -> None:
    report = make_report()
    for rows, asks, headline in [
        (report.rows, "", report.headline),
        (make_scenario_report().rows, report.what_ifs[0].asks, report.what_ifs[0].blast.headline),
    ]:
        assert blast.compute_blast(rows, asks, report.on).headline == headline


def test_half_characters_in_file_names_do_not_stop_the_page() -> None:
    assert render_page(replace(make_report(), root="bad-\udcff-name")).encode("utf-8")


def test_the_policy_admits_only_the_style_and_script_that_the_page_carries() -> None:
    page = render_page(make_report())
    policy = _between(page, 'http-equiv="Content-Security-Policy" content="', '"')
    style, script = _between(page, "<style>", "</style>"), page.rsplit("<script>", 1)[1].split("</script>", 1)[0]
    for text in (style, script):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_page_names_no_address_to_load_from() -> None:
    page = render_page(make_report())
    shell = page.replace(_between(page, 'id="report-data">', "</script>"), "")
    addresses = set(re.findall(r"https?://[^\s\"'<>`)]+", shell))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(?:link|img|iframe|object|embed|base)\b|@import|url\(", shell)


def test_the_scripts_never_make_elements_from_text() -> None:
    script = render_page(make_report()).rsplit("<script>", 1)[1]
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    ):
        assert word not in script
    assert len(SCRIPTS) == len(set(SCRIPTS))


def test_five_thousand_uses_stay_below_two_megabytes() -> None:
    assert len(render_page(make_large_report(500, 10))) < 2_000_000


# --- colours ------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
PAPERS = ("paper", "surface", "sunk")
INKS = ("ink", "ink-2", "ink-3", "accent", "stops", "at-risk", "unknown", "none")
ON_OWN = ("stops", "at-risk", "unknown", "none", "accent")


def _tokens() -> dict[str, tuple[str, str]]:
    style = _between(render_page(make_report()), "<style>", "</style>")
    return {name: (light, dark) for name, light, dark in TOKEN.findall(style)}


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_ink_reads_on_every_paper(theme: int) -> None:
    tokens = _tokens()
    pairs = [*product(INKS, PAPERS), *((name, f"{name}-bg") for name in ON_OWN), ("ink-3", "accent-bg")]
    ratios = {pair: _contrast(tokens[pair[0]][theme], tokens[pair[1]][theme]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_lines_that_mean_something_stand_out(theme: int) -> None:
    tokens = _tokens()
    for paper in PAPERS:
        assert _contrast(tokens["line-strong"][theme], tokens[paper][theme]) >= 3


def test_no_state_is_told_by_colour_alone() -> None:
    script = render_page(make_report()).rsplit("<script>", 1)[1]
    page = render_page(make_report())
    for state in ("stops", "at-risk", "unknown", "none", "unresolved"):
        assert f'<symbol id="i-{state}"' in page
    for word in ("Stops", "At risk", "Unknown", "No lever found", "Not assessed"):
        assert f'word: "{word}"' in script
