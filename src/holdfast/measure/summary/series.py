"""What is measured of samples, as series in the order in which requests were due. Seconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import Fault, Sample

Array = NDArray[np.float64]
Reader = Callable[[Sample], float | None]
_NS: Final = 1e9


def read_ttft(sample: Sample) -> float | None:
    """From the schedule to the first token of any kind."""
    return _span(sample.scheduled_ns, sample.first_token_ns)


def read_ttft_sent(sample: Sample) -> float | None:
    """The same from the sending."""
    return _span(sample.sent_ns, sample.first_token_ns)


def read_first_answer(sample: Sample) -> float | None:
    """From the schedule to the first token that is not reasoning."""
    return _span(sample.scheduled_ns, sample.first_answer_ns)


def read_tpot(sample: Sample) -> float | None:
    """Time per output token after the first, by the endpoint's own count; None for answers of one token."""
    tokens = sample.usage.completion
    span = _span(sample.first_token_ns, sample.last_token_ns)
    return None if span is None or tokens is None or tokens < 2 else span / (tokens - 1)


def read_end_to_end(sample: Sample) -> float | None:
    """From the schedule to the end."""
    return _span(sample.scheduled_ns, sample.end_ns)


def read_end_to_end_sent(sample: Sample) -> float | None:
    """From the sending to the end."""
    return _span(sample.sent_ns, sample.end_ns)


LATENCIES: Final[Mapping[str, Reader]] = {
    "ttft": read_ttft,
    "ttft_sent": read_ttft_sent,
    "first_answer": read_first_answer,
    "tpot": read_tpot,
    "end_to_end": read_end_to_end,
    "end_to_end_sent": read_end_to_end_sent,
}


def make_series(runs: Sequence[Sequence[Sample]], read: Reader) -> list[Array]:
    """One series a run, of the samples that have such a number."""
    found = [np.array([value for one in run if (value := read(one)) is not None], np.float64) for run in runs]
    return [series for series in found if series.size]


def make_gaps(runs: Sequence[Sequence[Sample]]) -> list[Array]:
    """Between one event with text and the next of the same answer, in the order in which the answers were due."""
    found = [
        [np.diff(np.asarray(one.chunk_ns, np.int64)) / _NS for one in run if len(one.chunk_ns) > 1] for run in runs
    ]
    return [np.concatenate(parts) for parts in found if parts]


def is_whole(sample: Sample) -> bool:
    """Whether there is a whole answer, which alone has latencies."""
    return sample.fault is Fault.NONE


def _span(begin_ns: int | None, end_ns: int | None) -> float | None:
    return None if begin_ns is None or end_ns is None else (end_ns - begin_ns) / _NS
