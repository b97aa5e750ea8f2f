"""The simulation against the formulas, worked out anew in plain Python, and against what must hold of any costs."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.measure.cost.parts import ALIKE, EXACT, PRICE, make_hardware, make_hosted, make_owned

from holdfast.measure.cost.candidates import Candidate
from holdfast.measure.cost.costs import BreakEven, CandidateCosts, Costs
from holdfast.measure.cost.hardware import Entry
from holdfast.measure.cost.simulation import Settings, simulate_costs
from holdfast.measure.cost.workload import Capacity, Demand, Lengths, Right
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Estimate, PriceTier, Range, TokenPrice

QUICK = Settings(seed=11, draws=2_000, curve_points=3)
RATE = st.floats(0.01, 50.0)
API = (300 * 0.5 + 100 * 0.05 + 250 * 2.0) / 1e6 + 0.0001  # of a request of 400 tokens, 100 of them cached, and 250 out


def run(*candidates: Candidate, rate: float = 1.0, settings: Settings = QUICK) -> Costs:
    return simulate_costs(candidates, Demand((rate,)), settings)


def work_out_hour(busy: float) -> float:
    """An hour of the machine of EXACT, by the formulas as they are written in the documentation."""
    of = {entry.value: value for entry, value in EXACT.items()}
    rate, years = of["interest_rate"], of["life_years"]
    growth = math.pow(1 + rate, years)
    crf, sff = rate * growth / (growth - 1), rate / (growth - 1)
    capital = (of["capital_usd"] * crf - of["capital_usd"] * of["residual_share"] * sff) / 8760
    monthly = of["colocation_usd_per_month"] + of["operations_usd_per_month"] + of["software_usd_per_month"]
    watts = of["power_idle_w"] + (of["power_loaded_w"] - of["power_idle_w"]) * busy
    return capital + monthly / 730 + watts / 1000 * of["pue"] * of["electricity_usd_per_kwh"]


def get_value(of: Estimate) -> float:
    assert of.value is not None
    assert of.low is not None
    assert of.high is not None
    return of.value


def assert_exactly(of: Estimate, value: float) -> None:
    """Median and both ends are the number, to a billionth."""
    for end in (of.low, of.value, of.high):
        assert end == pytest.approx(value, rel=1e-9)


def find_own(costs: Costs) -> CandidateCosts:
    return next(one for one in costs.candidates if not one.is_hosted)


def find_break_even(costs: Costs) -> BreakEven:
    found = costs.pairs[0].break_even
    assert found is not None
    return found


@given(RATE)
@settings(max_examples=25, deadline=None)
def test_without_ranges_the_simulation_is_the_formulas(rate: float) -> None:
    replicas = max(1, math.ceil(rate / 2.0 - 1e-9))
    hour = replicas * work_out_hour(rate / (replicas * 2.0))
    own = find_own(run(make_owned(), rate=rate))
    assert_exactly(own.usd_per_request, hour / (3600 * rate))
    assert_exactly(own.usd_per_million_output, hour / (3600 * rate) * 1e6 / 250)
    assert_exactly(own.usd_per_million_input, hour / (3600 * rate) * 1e6 / 400)
    assert_exactly(own.usd_per_million_tokens, hour / (3600 * rate) * 1e6 / 650)
    assert_exactly(own.usd_per_hour, hour)
    assert_exactly(own.replicas, replicas)
    assert_exactly(own.utilisation, rate / (replicas * 2.0))
    assert_exactly(own.usd_per_request_when_full, work_out_hour(1.0) / 7200)


def test_a_hosted_request_costs_what_its_tokens_do_at_any_rate() -> None:
    for rate in (0.01, 3.0):
        (hosted,) = run(make_hosted(), rate=rate).candidates
        assert_exactly(hosted.usd_per_request, API)
        assert_exactly(hosted.usd_per_hour, API * rate * 3600)
        assert not hosted.replicas.is_known


def test_own_and_hosted_cost_the_same_at_the_break_even_rate() -> None:
    costs = run(make_owned(), make_hosted())
    found = find_break_even(costs)
    rate = get_value(found.rate_per_s)
    own, hosted = run(make_owned(), make_hosted(), rate=rate).candidates
    assert get_value(own.usd_per_request) == pytest.approx(get_value(hosted.usd_per_request), rel=1e-9)
    assert_exactly(found.utilisation, rate / 2.0)
    assert (found.feasible, found.never) == (1.0, 0.0)
    cheaper = [run(make_owned(), make_hosted(), rate=rate * f).pairs[0].cheaper for f in (0.98, 1.02)]
    assert cheaper == [0.0, 1.0]


def test_the_chance_that_owning_is_cheaper_is_that_of_a_break_even_below_the_rate() -> None:
    """While one machine carries the rate, owning is cheaper in just the draws whose break-even lies below it."""
    hardware = make_hardware({Entry.CAPITAL: Range(4_000, 12_000, 40_000)})
    costs = run(make_owned(hardware), make_hosted(), settings=Settings(seed=1, draws=4_000, curve_points=80))
    found = find_break_even(costs)
    chances = [(chance.rate_per_s, chance.cheaper) for chance in found.chances if chance.rate_per_s <= 2.0]
    for end, share in ((found.rate_per_s.low, 0.05), (found.rate_per_s.value, 0.5), (found.rate_per_s.high, 0.95)):
        assert end is not None
        below = max(cheaper for rate, cheaper in chances if rate <= end)
        above = min(cheaper for rate, cheaper in chances if rate >= end)
        assert below <= share + 0.001
        assert above >= share - 0.001
    assert [cheaper for _, cheaper in chances] == sorted(cheaper for _, cheaper in chances)


def test_a_break_even_beyond_the_highest_rate_cannot_be_reached_with_any_number_of_machines() -> None:
    slow = make_owned(capacity=Capacity((0.05,)))
    found = find_break_even(run(slow, make_hosted()))
    assert found.feasible == 0.0
    for rate in (0.05, 1.0, 40.0):
        assert run(slow, make_hosted(), rate=rate).pairs[0].cheaper == 0.0


def test_there_is_no_break_even_when_electricity_alone_costs_more_than_the_hosted_request() -> None:
    hot = make_owned(make_hardware({Entry.POWER_LOADED: 9e6}))
    found = find_break_even(run(hot, make_hosted()))
    assert (found.never, found.feasible) == (1.0, 0.0)
    assert found.rate_per_s.value is None


def test_the_price_of_being_wrong_at_which_the_ranking_flips_makes_both_cost_the_same() -> None:
    cheap, good = (
        make_hosted(right=Right(60, 100)),
        Candidate("good", replace(PRICE, output=20.0), ALIKE, Right(90, 100)),
    )
    pair = run(cheap, good, settings=Settings(seed=2)).pairs[0]
    flip = get_value(pair.flip_usd)
    assert pair.flips == pytest.approx(1.0, abs=0.001)
    exact = (250 * 18.0 / 1e6) / 0.3
    assert flip == pytest.approx(exact, rel=0.05)
    better = [
        run(cheap, good, settings=Settings(seed=2, wrong_usd=flip * factor)).pairs[0].better
        for factor in (0.2, 1.0, 5.0)
    ]
    assert better[0] == pytest.approx(1.0, abs=0.01)
    assert better[1] == pytest.approx(0.5, abs=0.02)
    assert better[2] == pytest.approx(0.0, abs=0.02)


def test_nothing_flips_where_one_is_both_cheaper_and_righter() -> None:
    best, worse = (
        make_hosted(right=Right(99, 100)),
        Candidate("worse", replace(PRICE, output=9.0), ALIKE, Right(20, 100)),
    )
    pair = run(best, worse).pairs[0]
    assert pair.flips == 0.0
    assert not pair.flip_usd.is_known


def test_cost_per_right_answer_and_expected_total_follow_the_share_of_right_answers() -> None:
    """Quantiles of c/p and of c + κ(1 - p) are those of p, which scipy gives."""
    (hosted,) = run(make_hosted(right=Right(40, 50)), settings=Settings(seed=5, draws=20_000, wrong_usd=0.5)).candidates
    law = stats.beta(40.5, 10.5)
    for at, low in ((hosted.share_right.low, 0.05), (hosted.share_right.value, 0.5), (hosted.share_right.high, 0.95)):
        assert at == pytest.approx(law.ppf(low), abs=0.004)
    assert hosted.usd_per_correct.low == pytest.approx(API / law.ppf(0.95), rel=0.01)
    assert hosted.usd_total.high == pytest.approx(API + 0.5 * (1 - law.ppf(0.05)), rel=0.02)


def test_machines_are_sized_for_the_peak_and_paid_for_all_day() -> None:
    day = (0.5,) * 18 + (5.0,) * 6
    own = find_own(simulate_costs([make_owned()], Demand(day), QUICK))
    mean = (18 * 0.5 + 6 * 5.0) / 24
    by_hours = sum(3 * work_out_hour(rate / 6.0) for rate in day) / 24
    assert_exactly(own.replicas, 3.0)
    assert_exactly(own.usd_per_hour, by_hours)
    assert_exactly(own.usd_per_request, by_hours / (3600 * mean))


def test_several_replicas_share_a_machine_and_machines_are_bought_whole() -> None:
    own = find_own(run(make_owned(make_hardware(replicas=4)), rate=9.0))
    assert_exactly(own.replicas, 5.0)
    assert_exactly(own.machines, 2.0)
    assert_exactly(own.usd_per_hour, 2 * work_out_hour(9.0 / 16.0))


def test_a_rate_that_is_exactly_what_the_replicas_carry_needs_no_other() -> None:
    own = find_own(run(make_owned(capacity=Capacity((0.1,))), rate=0.3))
    assert_exactly(own.replicas, 3.0)


def test_without_a_highest_rate_feasibility_is_unknown_and_break_even_is_said_all_the_same() -> None:
    costs = run(make_owned(capacity=None), make_hosted())
    own, found = find_own(costs), find_break_even(costs)
    assert not own.usd_per_request.is_known
    assert costs.pairs[0].cheaper is None
    assert (found.feasible, found.utilisation.is_known) == (None, False)
    assert_exactly(found.rate_per_s, work_out_hour(1.0) / (3600 * API))
    assert any("highest rate" in said for said in own.unknown)


def test_a_hosted_model_without_a_price_is_unknown_with_its_reason_and_not_free() -> None:
    costs = run(Candidate("other", None, ALIKE, Right(5, 10), reason="no price of x at y is known"), make_owned())
    other = costs.candidates[0]
    assert not other.usd_per_request.is_known
    assert other.usd_per_correct.value is None
    assert other.unknown[0] == "no cost: no price of x at y is known"
    assert costs.pairs[0].cheaper is None
    assert [point.name for point in costs.points] == []


@pytest.mark.parametrize(
    ("entry", "low", "high"),
    [
        (Entry.CAPITAL, 9_000, 12_000),
        (Entry.INTEREST, 0.01, 0.2),
        (Entry.POWER_LOADED, 300, 400),
        (Entry.PUE, 1.01, 1.5),
        (Entry.ELECTRICITY, 0.1, 0.2),
        (Entry.OPERATIONS, 100, 120),
        (Entry.COLOCATION, 100, 120),
        (Entry.SOFTWARE, 100, 120),
    ],
)
def test_owning_costs_more_when_any_of_its_prices_rises(entry: Entry, low: float, high: float) -> None:
    cheap, dear = (find_own(run(make_owned(make_hardware({entry: value})))) for value in (low, high))
    assert get_value(cheap.usd_per_request) < get_value(dear.usd_per_request)


def test_a_longer_life_and_a_higher_residual_make_owning_cheaper() -> None:
    base = get_value(find_own(run(make_owned())).usd_per_request)
    assert get_value(find_own(run(make_owned(make_hardware({Entry.LIFE: 6.0})))).usd_per_request) < base
    assert get_value(find_own(run(make_owned(make_hardware({Entry.RESIDUAL_SHARE: 0.5})))).usd_per_request) < base


@given(st.floats(0.02, 1.9), st.floats(1.01, 1.04))
@settings(max_examples=20, deadline=None)
def test_on_one_machine_a_higher_rate_makes_a_request_cheaper(rate: float, more: float) -> None:
    first, then = (get_value(find_own(run(make_owned(), rate=r)).usd_per_request) for r in (rate, rate * more))
    assert then < first


def test_dollars_scale_with_dollars() -> None:
    """Every price times 83 gives every cost times 83: no number is in another unit."""
    hardware = make_hardware({entry: 83 * value for entry, value in EXACT.items() if "usd" in entry.value})
    assert get_value(find_own(run(make_owned(hardware))).usd_per_request) == pytest.approx(
        83 * get_value(find_own(run(make_owned())).usd_per_request), rel=1e-9
    )


def test_what_candidates_share_does_not_blur_their_difference() -> None:
    """Two servers on one machine of doubtful price: the slower is dearer in every draw, though intervals overlap."""
    hardware = make_hardware({Entry.CAPITAL: Range(2_000, 12_000, 60_000), Entry.LIFE: Range(2, 4, 8)})
    fast = Candidate("fast", hardware, ALIKE, None, Capacity((2.0,)))
    slow = Candidate("slow", hardware, ALIKE, None, Capacity((0.9,)))
    costs = run(fast, slow)
    assert costs.pairs[0].cheaper == 1.0
    first, second = costs.candidates
    assert first.usd_per_request.high is not None
    assert first.usd_per_request.high > (second.usd_per_request.low or math.inf)


def test_the_interval_of_a_sum_of_ranges_is_that_of_a_second_simulation() -> None:
    """The same hour by numpy's own triangular draws, other formulas and another seed."""
    capital, power = Range(8_000, 12_000, 20_000), Range(0.05, 0.1, 0.3)
    own = find_own(
        run(make_owned(make_hardware({Entry.CAPITAL: capital, Entry.ELECTRICITY: power})), settings=Settings(seed=1))
    )
    generator = np.random.default_rng(99)
    capitals = generator.triangular(capital.low, capital.mode, capital.high, 200_000)
    prices = generator.triangular(power.low, power.mode, power.high, 200_000)
    crf = 0.06 * 1.06**4 / (1.06**4 - 1)
    sff = 0.06 / (1.06**4 - 1)
    hours = capitals * (crf - 0.2 * sff) / 8760 + 305 / 730 + (150 + 550 * 0.5) / 1000 * 1.4 * prices
    expected = np.quantile(hours / 3600, (0.05, 0.5, 0.95))
    found = (own.usd_per_request.low, own.usd_per_request.value, own.usd_per_request.high)
    assert found == pytest.approx(tuple(expected), rel=0.01)


def test_requests_beyond_a_tier_are_charged_at_it_and_others_are_not() -> None:
    price = TokenPrice(1.0, 4.0, tiers=(PriceTier(1000, 2.0, 6.0),))
    lengths = Lengths.of([(1000, 0, 100), (1001, 0, 100)])
    (hosted,) = run(make_hosted(price, lengths), settings=Settings(seed=1, draws=50_000)).candidates
    first, second = (1000 * 1 + 100 * 4) / 1e6, (1001 * 2 + 100 * 6) / 1e6
    assert get_value(hosted.usd_per_request) == pytest.approx((first + second) / 2, rel=0.02)
    assert hosted.usd_per_request.low == pytest.approx(first + 0.05 * (second - first), rel=0.02)


def test_the_front_holds_what_nothing_beats_with_its_probability() -> None:
    good = Candidate("good", replace(PRICE, output=20.0), ALIKE, Right(95, 100))
    cheap = make_hosted(right=Right(60, 100))
    poor = Candidate("poor", replace(PRICE, output=30.0), ALIKE, Right(20, 100))
    twin = Candidate("twin", replace(PRICE, output=20.1), ALIKE, Right(95, 100))
    fronts = {one.name: one.front for one in run(good, cheap, poor, twin, settings=Settings(seed=4)).points}
    assert fronts["hosted"] == 1.0
    assert fronts["poor"] == 0.0
    assert fronts["twin"] == pytest.approx(0.5, abs=0.02)  # dearer than its equal: on the front when drawn righter
    assert fronts["good"] == pytest.approx(1.0, abs=0.001)


def test_the_tornado_puts_first_what_moves_the_cost_most() -> None:
    hardware = make_hardware({Entry.CAPITAL: Range(4_000, 12_000, 40_000), Entry.ELECTRICITY: Range(0.11, 0.12, 0.13)})
    tornado = run(make_owned(hardware), settings=Settings(seed=1)).tornados[0]
    assert [bar.driver for bar in tornado.bars] == ["box: capital_usd", "box: electricity_usd_per_kwh"]
    bar = tornado.bars[0]
    crf, sff = 0.06 * 1.06**4 / (1.06**4 - 1), 0.06 / (1.06**4 - 1)
    assert bar.swing == pytest.approx((bar.high - bar.low) * (crf - 0.2 * sff) / 8760 / 3600, rel=1e-9)


def test_the_curves_cross_at_the_break_even_rate() -> None:
    costs = run(make_owned(), make_hosted(), settings=Settings(seed=1, draws=500, curve_points=400))
    own, hosted = costs.curves
    rates = [point.rate_per_s for point in own.points]
    is_cheaper = [
        get_value(mine.usd_per_request) < get_value(other.usd_per_request)
        for mine, other in zip(own.points, hosted.points, strict=True)
    ]
    first = is_cheaper.index(True)
    assert rates[first - 1] <= get_value(find_break_even(costs).rate_per_s) <= rates[first]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_nearly_the_same_costs() -> None:
    candidates = (
        make_owned(make_hardware({Entry.CAPITAL: Range(8_000, 12_000, 20_000)}), right=Right(7, 9)),
        make_hosted(),
    )
    first, again = (run(*candidates, settings=Settings(seed=3, wrong_usd=0.1)) for _ in range(2))
    assert encode_canonical(first) == encode_canonical(again)
    other = find_own(run(*candidates, settings=Settings(seed=4))).usd_per_request
    assert get_value(other) == pytest.approx(get_value(find_own(first).usd_per_request), rel=0.01)


def test_all_results_have_a_json_form_even_where_a_cost_is_infinite() -> None:
    hopeless = make_owned(capacity=Capacity(estimate=Estimate(0.1, -5.0, 0.2, 9)))
    text = encode_canonical(run(hopeless, make_hosted(), settings=replace(QUICK, wrong_usd=1.0)))
    assert "Infinity" not in text
    assert "NaN" not in text


def test_defaults_and_what_is_left_out_are_said() -> None:
    hardware = replace(make_hardware(), defaults=(Entry.PUE,), left_out=(Entry.SOFTWARE,), notes=("a note",))
    said = find_own(run(make_owned(hardware))).assumed
    assert any(one.startswith("pue is not stated: 1.4 to 1.4") for one in said)
    assert "software_usd_per_month is not stated: counted as nothing" in said
    assert "a note" in said
    assert "the highest rate was measured in one run: how much runs differ is not known" in said


@pytest.mark.parametrize("rates", [(), (0.0,), (-1.0, 3.0), (math.nan,), (math.inf,)])
def test_a_demand_of_nothing_is_refused(rates: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="demand"):
        simulate_costs([make_hosted()], Demand(rates), QUICK)


def test_two_candidates_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="one name"):
        run(make_hosted(), make_hosted())
