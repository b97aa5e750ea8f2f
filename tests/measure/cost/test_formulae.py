"""The formulas of hardware against annuities that are paid out month by month, in plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.cost.hardware import (
    Entry,
    compute_crf,
    compute_fixed_usd_per_hour,
    compute_power_usd_per_hour,
    compute_sff,
)

RATES = st.floats(1e-6, 0.5)
YEARS = st.integers(1, 20)


def at(**entries: float) -> dict[Entry, np.ndarray]:
    return {Entry[name]: np.array(value) for name, value in entries.items()}


@given(RATES, YEARS)
def test_payments_by_the_capital_recovery_factor_pay_off_a_loan_exactly(rate: float, years: int) -> None:
    owed, payment = 1.0, float(compute_crf(np.array(rate), np.array(float(years))))
    for _ in range(years):
        owed = owed * (1 + rate) - payment
    assert owed == pytest.approx(0.0, abs=1e-9 * (1 + rate) ** years)


@given(RATES, YEARS)
def test_payments_by_the_sinking_fund_factor_grow_to_one_dollar(rate: float, years: int) -> None:
    saved, payment = 0.0, float(compute_sff(np.array(rate), np.array(float(years))))
    for _ in range(years):
        saved = saved * (1 + rate) + payment
    assert saved == pytest.approx(1.0, rel=1e-9)


@given(RATES, YEARS)
def test_the_two_factors_differ_by_the_interest_rate(rate: float, years: int) -> None:
    r, n = np.array(rate), np.array(float(years))
    assert float(compute_crf(r, n) - compute_sff(r, n)) == pytest.approx(rate, rel=1e-6)


def test_at_no_interest_both_factors_are_one_over_the_years() -> None:
    assert float(compute_crf(np.array(0.0), np.array(4.0))) == 0.25
    assert float(compute_sff(np.array(0.0), np.array(4.0))) == 0.25


def test_an_hour_adds_up_capital_colocation_operations_and_software() -> None:
    """43,800 over 5 years at no interest, 8,760 of it back: 800 a month; and 730 hours a month."""
    of = at(CAPITAL=43_800, LIFE=5, RESIDUAL=8_760, COLOCATION=730, OPERATIONS=1460, SOFTWARE=73)
    assert float(compute_fixed_usd_per_hour(of)) == pytest.approx((43_800 - 8_760) / 5 / 8760 + 1 + 2 + 0.1)


def test_a_residual_share_is_that_share_of_the_capital() -> None:
    by_share = compute_fixed_usd_per_hour(at(CAPITAL=10_000, LIFE=4, INTEREST=0.07, RESIDUAL_SHARE=0.3))
    by_amount = compute_fixed_usd_per_hour(at(CAPITAL=10_000, LIFE=4, INTEREST=0.07, RESIDUAL=3_000))
    assert float(by_share) == pytest.approx(float(by_amount))


def test_rent_is_paid_by_the_hour_with_what_else_is_paid_by_the_month() -> None:
    assert float(compute_fixed_usd_per_hour(at(RENT=2.5, OPERATIONS=730))) == pytest.approx(3.5)


def test_one_point_seventy_three_kilowatts_at_fifteen_cents_cost_twenty_six_cents_an_hour() -> None:
    """The check of the sources: 1.73 kW × $0.15 = $0.26/h."""
    of = at(POWER_LOADED=1730, ELECTRICITY=0.15)
    assert float(compute_power_usd_per_hour(of, np.array(0.3))) == pytest.approx(0.2595)


def test_power_rises_in_proportion_from_idle_to_loaded() -> None:
    of = at(POWER_IDLE=100, POWER_LOADED=500, PUE=1.5, ELECTRICITY=0.2)
    for busy, watts in ((0.0, 100), (0.25, 200), (1.0, 500)):
        assert float(compute_power_usd_per_hour(of, np.array(busy))) == pytest.approx(watts / 1000 * 1.5 * 0.2)


def test_without_stated_power_electricity_costs_nothing() -> None:
    assert float(compute_power_usd_per_hour({}, np.array(1.0))) == 0.0
