"""Several monitors at once: which of them are called changed, under a promise for all of them together."""

import math
from collections.abc import Sequence

from holdfast.measure.drift.evidence import REFERENCE_SHARE
from holdfast.records.watching import Control, FamilyJudgement, Judgement


def judge_family(
    judgements: Sequence[Judgement], alpha: float, control: Control = Control.DISCOVERIES
) -> FamilyJudgement:
    """FAMILY_WISE: those whose present wealth reached n / alpha, n monitors being asked. DISCOVERIES: the k largest,
    where the k-th reached n / (alpha k) (e-BH, Wang and Ramdas 2022). Both hold however endpoints depend on each
    other, at any moment; the present wealth counts, not its highest. A monitor alone keeps the promise of its own."""
    count = len(judgements)
    bars = [math.log(max(count, 1) / alpha)] * count
    ranked = sorted(range(count), key=lambda place: -judgements[place].log_wealth)
    if control is Control.DISCOVERIES:
        bars = [math.log(count / (alpha * rank)) for rank in range(1, count + 1)]
    reached = [rank for rank, place in enumerate(ranked) if judgements[place].log_wealth >= bars[rank]]
    called = set(ranked[: reached[-1] + 1]) if reached else set[int]()
    risk = sum(one.alpha * REFERENCE_SHARE for one in judgements)
    return FamilyJudgement(control, alpha, min(alpha + risk, 1.0), tuple(place in called for place in range(count)))
