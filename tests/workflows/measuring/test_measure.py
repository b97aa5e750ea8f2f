"""Whole measurements against a server whose truth is known."""

import dataclasses
import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.measure.mock.spec import Distribution, MockSpec, Scenario
from holdfast.measure.mock.starting import Mock, start_mock
from holdfast.measure.results.file import RunFile, encode_run
from holdfast.records.errors import UnreachableEndpoint, UsageError
from holdfast.records.measurement import Fault, Phase
from holdfast.workflows.measure import MeasureWords, measure
from holdfast.workflows.measure_compare import compare_runs
from holdfast.workflows.measure_show import show_run
from holdfast.workflows.measure_verify import verify_run
from holdfast.workflows.measuring.figures import find_figures
from holdfast.workflows.measuring.running import Step

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
HARDWARE = Path(__file__).parents[3] / "examples" / "hardware" / "h100-owned.toml"
SPEC = MockSpec(Distribution(mean=0.02), Distribution(mean=0.002), tokens_max=40)


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with start_mock(SPEC) as started:
        yield started


@pytest.fixture(scope="module")
def whole(mock: Mock, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFile, Path]:
    """Two endpoints, two loads, three runs, a suite, a price and a machine."""
    words = MeasureWords(
        endpoints=[f"own={mock.url}", f"hosted={mock.url}"], concurrency="2,6", duration_s=0.7, warmup_s=0.2, runs=3,
        answer_tokens="16", is_calibrated=False, suites=["probe:easy:choice"], tasks=8, slo="ttft=5",
        prices=["hosted=1/4"], hardware=[f"own={HARDWARE}"], demand="0.5", wrong_usd=0.01, seed=5,
    )  # fmt: skip
    out = tmp_path_factory.mktemp("runs") / "run.hfrun"
    return measure(words, out, _ignore, NOW), out


def _ignore(_: Step) -> None:
    pass


def test_every_endpoint_is_offered_every_load_in_every_run(whole: tuple[RunFile, Path]) -> None:
    run, _ = whole
    assert run.header.is_whole
    for endpoint in ("own", "hosted"):
        seen = {(one.run, one.level) for one in run.samples if one.endpoint == endpoint}
        assert seen == {(number, level) for number in range(3) for level in range(2)}
    figures = find_figures(run)
    assert [(one.endpoint, one.level) for one in figures.loads] == [
        ("own", 0), ("own", 1), ("hosted", 0), ("hosted", 1)
    ]  # fmt: skip


def test_the_figures_are_those_that_the_samples_give(whole: tuple[RunFile, Path]) -> None:
    run, _ = whole
    level = find_figures(run).loads[0]
    steady = [one for one in run.samples if one.endpoint == "own" and one.level == 0 and one.phase is Phase.STEADY]
    assert level.requests == len(steady)
    means = []
    for number in range(3):
        waits = [(one.first_token_ns - one.scheduled_ns) / 1e9 for one in steady if one.run == number]  # type: ignore[operator]
        means.append(sum(waits) / len(waits))
    assert level.latencies["ttft"].mean.value == pytest.approx(sum(means) / 3)
    assert level.faults == {}
    assert level.errors.value in (0.0, None)  # None: too few requests for a share


def test_a_hosted_request_costs_what_its_tokens_cost(whole: tuple[RunFile, Path]) -> None:
    run, _ = whole
    steady = [one for one in run.samples if one.endpoint == "hosted" and one.phase is Phase.STEADY]
    usd = [((one.usage.prompt or 0) * 1 + (one.usage.completion or 0) * 4) / 1e6 for one in steady]
    costs = find_figures(run).costs
    assert costs is not None
    hosted = next(one for one in costs.candidates if one.name == "hosted")
    assert hosted.usd_per_request.value == pytest.approx(sum(usd) / len(usd), rel=0.02)
    assert costs.pairs[0].break_even is not None


def test_a_run_is_verified_shown_and_compared_with_itself(whole: tuple[RunFile, Path]) -> None:
    run, out = whole
    verified = verify_run(out)
    assert verified.is_right
    assert verified.figures > 500
    assert show_run(out).header == show_run(out).header
    assert list(show_run(out).samples) == list(run.samples)
    rows = compare_runs(out, out).rows
    assert rows
    assert not any(row.contrast.is_different for row in rows)


def test_a_figure_that_was_changed_is_found(whole: tuple[RunFile, Path], tmp_path: Path) -> None:
    run, out = whole
    stored = show_run(out)
    figures = {**stored.header.figures, "knees": []}
    changed = tmp_path / "changed.hfrun"
    changed.write_bytes(
        encode_run(dataclasses.replace(stored, header=dataclasses.replace(stored.header, figures=figures)))
    )
    verified = verify_run(changed)
    assert verified.differing == ("knees",)
    assert not verified.is_right
    assert run.header.figures["knees"]


def test_no_prompt_answer_or_key_is_in_the_file_unless_texts_were_asked_for(
    mock: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_KEY_OWN", "sk-secret-9")
    words = MeasureWords(endpoints=[f"own={mock.url}"], suites=["probe:easy:choice"], tasks=2)
    out = tmp_path / "run.hfrun"
    measure(words, out, _ignore, NOW)
    bare = out.read_bytes()
    assert b"sk-secret-9" not in bare
    kept = dataclasses.replace(words, keeps_texts=True)
    measure(kept, out, _ignore, NOW)
    text = show_run(out).texts[0].prompt[:40].encode()
    assert text
    assert text not in bare
    assert text in out.read_bytes()
    assert b"sk-secret-9" not in out.read_bytes()


def test_spending_stops_before_the_limit_is_passed(mock: Mock, tmp_path: Path) -> None:
    words = MeasureWords(
        endpoints=[f"own={mock.url}"], concurrency="2", duration_s=5, warmup_s=0, runs=3, answer_tokens="16",
        prices=["own=10/40"], usd_max=0.03, is_calibrated=False,
    )  # fmt: skip
    run = measure(words, tmp_path / "run.hfrun", _ignore, NOW)
    assert not run.header.is_whole
    assert run.header.spent_usd is not None
    assert 0 < run.header.spent_usd <= 0.03
    assert sum(one.cost_usd or 0 for one in run.samples) == pytest.approx(run.header.spent_usd)


def test_what_fails_is_in_the_error_rate_and_not_in_the_latencies(tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, scenarios=(Scenario(weight=3), Scenario("busy", 1, status=503)))
    with start_mock(spec) as mock:
        words = MeasureWords(
            endpoints=[f"own={mock.url}"], concurrency="4", duration_s=1, warmup_s=0, runs=1, answer_tokens="8",
            is_calibrated=False,
        )  # fmt: skip
        run = measure(words, tmp_path / "run.hfrun", _ignore, NOW)
    level = find_figures(run).loads[0]
    steady = [one for one in run.samples if one.phase is Phase.STEADY]
    failed = [one for one in steady if one.fault is Fault.STATUS]
    assert failed
    assert level.faults == {"status": len(failed)}
    assert level.latencies["end_to_end"].mean.samples == len(steady) - len(failed)


def test_a_machine_needs_a_demand_and_a_missing_endpoint_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    words = MeasureWords(endpoints=["own=http://127.0.0.1:9/v1#m"], hardware=[f"own={HARDWARE}"], runs=1)
    with pytest.raises(UsageError, match="how many there are"):
        measure(words, tmp_path / "run.hfrun", _ignore, NOW)
    with pytest.raises(UnreachableEndpoint):
        measure(dataclasses.replace(words, hardware=[]), tmp_path / "run.hfrun", _ignore, NOW)
    with pytest.raises(UsageError, match="no endpoint"):
        measure(dataclasses.replace(words, endpoints=[]), tmp_path / "run.hfrun", _ignore, NOW)
    assert not list(tmp_path.iterdir())


def test_a_limit_on_spending_needs_a_price_where_somebody_else_is_paid(tmp_path: Path) -> None:
    words = MeasureWords(endpoints=["far=https://models.invalid/v1#nobody-knows"], usd_max=1.0)
    with pytest.raises(UsageError, match="what requests to far cost is not known"):
        measure(words, tmp_path / "run.hfrun", _ignore, NOW)
