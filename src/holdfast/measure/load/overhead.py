"""The client's own error: what it reported beside what a ground-truth server logged, sample by sample, on one clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import Estimate, Fault, Phase, Sample

Array = NDArray[np.float64]
P99_SAMPLES: Final = 368  # fewer leave the interval of a p99 open: 0.99 ** 368 = 0.025
_MEDIAN_SAMPLES: Final = 40
_BLOCKS: Final = 40
_DRAWS: Final = 400
_VALUES_MAX: Final = 100_000
_SECOND_NS: Final = 1e9


class Log(Protocol):
    """A server's log: rows of requests and of events, as the mock writes them."""

    @property
    def requests(self) -> NDArray[np.void]:
        """With `sample`, `read_ns` and `first_send_ns`."""
        ...

    @property
    def tokens(self) -> NDArray[np.void]:
        """With `request` (a row of requests) and `send_ns`, in order of sending."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Seconds, in the order of sending. `ttft`: reported minus true, from sending to the first token; `gap`: the same
    of each gap between events; `receive`: from the server's send to the client's stamp, of each event; `late`: sent
    minus due. `stretch`: reported time from due to end, divided by the true time from arrival to the last send."""

    ttft: Array
    gap: Array
    receive: Array
    late: Array
    stretch: Array
    unmatched: int


def find_errors(samples: Sequence[Sample], log: Log) -> Errors:
    """Of the steady samples that are whole. Those that the log does not know, or with another number of events, are
    counted as unmatched."""
    rows = {int(sample): row for row, sample in enumerate(log.requests["sample"])}
    sends = _split_sends(log)
    steady = [one for one in samples if one.phase is Phase.STEADY and one.fault is Fault.NONE and one.chunk_ns]
    pairs = [(one, rows.get(one.number, -1)) for one in sorted(steady, key=lambda one: one.sent_ns or 0)]
    matched = [(one, row) for one, row in pairs if row >= 0 and len(sends[row]) == len(one.chunk_ns)]
    received = [np.array(one.chunk_ns, np.int64) for one, _ in matched]
    sent = [sends[row] for _, row in matched]
    arrivals = log.requests["read_ns"][[row for _, row in matched]] if matched else np.zeros(0, np.int64)
    asked = np.array([one.sent_ns or 0 for one, _ in matched], np.int64)
    due = np.array([one.scheduled_ns for one, _ in matched], np.int64)
    ended = np.array([one.end_ns for one, _ in matched], np.int64)
    firsts = np.array([(mine[0], its[0]) for mine, its in zip(received, sent, strict=True)], np.int64).reshape(-1, 2)
    lasts = np.array([its[-1] for its in sent], np.int64)
    return Errors(
        ttft=_to_seconds((firsts[:, 0] - asked) - (firsts[:, 1] - arrivals)),
        gap=_join([np.diff(mine) - np.diff(its) for mine, its in zip(received, sent, strict=True)]),
        receive=_join([mine - its for mine, its in zip(received, sent, strict=True)]),
        late=_to_seconds(asked - due),
        stretch=(ended - due) / np.maximum(1, lasts - arrivals),
        unmatched=len(pairs) - len(matched),
    )


def estimate_quantile(values: Array, quantile: float, random: np.random.Generator) -> Estimate:
    """A quantile of values in the order of time, with a 95 % interval by resampling forty blocks of neighbours, so that
    bad moments count as one. Too few values: no number, and how many are missing."""
    needed = P99_SAMPLES if quantile > 0.9 else _MEDIAN_SAMPLES
    return _estimate(values, lambda one: float(np.quantile(one, quantile)), needed, random)


def estimate_mean(values: Array, random: np.random.Generator) -> Estimate:
    """A mean, in the same way."""
    return _estimate(values, lambda one: float(np.mean(one)), _MEDIAN_SAMPLES, random)


def _estimate(values: Array, compute: Callable[[Array], float], needed: int, random: np.random.Generator) -> Estimate:
    if values.size < needed:
        return Estimate(None, None, None, values.size, method=_METHOD, missing=needed - values.size)
    used = values[:: max(1, values.size // _VALUES_MAX)]
    blocks = np.array_split(used, min(_BLOCKS, used.size))
    drawn = [
        compute(np.concatenate([blocks[int(number)] for number in random.integers(0, len(blocks), len(blocks))]))
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = compute(used)
    return Estimate(value, min(value, float(low)), max(value, float(high)), values.size, method=_METHOD)


_METHOD: Final = "block bootstrap"


def _split_sends(log: Log) -> "list[NDArray[np.int64]]":
    """The moments of sending of each request, by its row."""
    order = np.argsort(log.tokens["request"], kind="stable")
    counts = np.bincount(log.tokens["request"], minlength=log.requests.size)
    sends: NDArray[np.int64] = log.tokens["send_ns"][order]
    return np.split(sends, np.cumsum(counts)[:-1]) if counts.size else []


def _to_seconds(nanoseconds: "NDArray[np.int64]") -> Array:
    return nanoseconds / _SECOND_NS


def _join(parts: "list[NDArray[np.int64]]") -> Array:
    return _to_seconds(np.concatenate(parts)) if parts else np.zeros(0)
