"""Which requests are good: every bound that is set holds. A request without a whole answer is not."""

from holdfast.measure.summary.series import is_whole, read_end_to_end, read_tpot, read_ttft
from holdfast.records.measurement import Objective, Sample


def has_bounds(objective: Objective) -> bool:
    """Whether the objective says anything."""
    return any(bound is not None for bound in (objective.ttft_s, objective.tpot_s, objective.end_to_end_s))


def is_good(sample: Sample, objective: Objective) -> bool:
    """Whether a request meets the objective. An answer of one token has no time per token, and meets that bound."""
    if not is_whole(sample):
        return False
    tokens = sample.usage.completion
    return (
        _holds(read_ttft(sample), objective.ttft_s)
        and (_holds(read_tpot(sample), objective.tpot_s) or (tokens is not None and tokens < 2))
        and _holds(read_end_to_end(sample), objective.end_to_end_s)
    )


def _holds(value: float | None, bound: float | None) -> bool:
    return bound is None or (value is not None and value <= bound)
