"""Metrics as node_exporter's textfile collector reads them: parsed by the strict grammar of the text form."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.workflows.watching.alert_metrics import render_metrics
from holdfast.workflows.watching.report import make_monitor_report
from tests.watches import LINE, TODAY, make_document, make_quiet, make_watches

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.]+(?:e[+-][0-9]+)?)")
ABOUT = re.compile(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
QUIET = make_monitor_report(make_quiet(), TODAY)
Samples = dict[tuple[str, tuple[str, ...]], float]


def parse(text: str) -> Samples:
    """Samples by name and labels. Every family is named once, before its samples, which stand together."""
    assert text.endswith("\n")
    samples: Samples = {}
    types: list[str] = []
    for line in text[:-1].split("\n"):
        if about := ABOUT.fullmatch(line):
            types += [about[2]] if about[1] == "TYPE" else []
            assert about[1] == "HELP" or about[3] == "gauge"
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample is not None, line
        assert sample[1] == types[-1]
        labels = tuple(re.findall(r'"((?:[^"\\]|\\.)*)"', sample[2] or ""))
        assert (sample[1], labels) not in samples
        samples[sample[1], labels] = float(sample[3])
    assert len(types) == len(set(types))
    return samples


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Of the usual monitors."""
    return parse(render_metrics(make_document()))


@pytest.mark.parametrize(
    ("monitor", "outcome"),
    [("quiet", "same"), ("swapped", "changed"), ("doubtful", "could not tell"), ("new", "could not tell")],
)
def test_one_outcome_of_each_monitor_is_1(samples: Samples, monitor: str, outcome: str) -> None:
    held = {
        labels[1]: value
        for (name, labels), value in samples.items()
        if name == "holdfast_watch_outcome" and labels[0] == monitor
    }
    assert {name for name, value in held.items() if value == 1} == {outcome}
    assert sorted(held.values()) == [0, 0, 1]


def test_evidence_threshold_days_answers_cost_and_visit_are_told(samples: Samples) -> None:
    reported = make_watches()[1]
    expected = {
        "log_wealth": reported.judgement.log_wealth, "log_threshold": LINE + 1.1, "days": 37, "answers": 2220,
        "life": 2, "cost_usd_month": 0.81, "budget_usd_month": 1.0, "suspected": 0, "tokens_month": 34_020,
        "alpha": 0.001 / 6,
        "last_visit_timestamp_seconds": max(one.at_ns for one in reported.life.visits[-1].seen) // 10**9,
    }  # fmt: skip
    for name, value in expected.items():
        assert samples[f"holdfast_watch_{name}", ("swapped",)] == pytest.approx(value, rel=1e-11)
    assert samples["holdfast_watch_suspected", ("doubtful",)] == 1


def test_what_is_not_known_is_not_there(samples: Samples) -> None:
    assert ("holdfast_watch_budget_usd_month", ("doubtful",)) not in samples
    assert ("holdfast_watch_last_visit_timestamp_seconds", ("new",)) not in samples
    assert ("holdfast_watch_shift_found", ("new",)) not in samples
    assert not any(math.isnan(value) for value in samples.values())


def test_a_report_of_nothing_is_a_file_that_can_be_read() -> None:
    assert len(parse(render_metrics(make_document([])))) == 1


@given(st.text(max_size=40))
def test_any_name_is_one_label(name: str) -> None:
    samples = parse(render_metrics({"monitors": [{**QUIET, "name": name}], "made_at": ""}))
    assert len({labels[0] for _, labels in samples if labels}) == 1
