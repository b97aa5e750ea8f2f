"""Samples as columns, so that figures of a million take seconds. Moments are nanoseconds, as floats that are whole
numbers; what was not seen is NaN."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import Fault, Phase, Sample

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
NS: Final = 1e9
_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One row a request, in the order in which they were due. `tokens` are output tokens as the endpoint counts them,
    `counted` as a tokenizer of ours does; `events` is how many events carried text."""

    run: Numbers
    scheduled_ns: Array
    sent_ns: Array
    first_token_ns: Array
    first_answer_ns: Array
    last_token_ns: Array
    end_ns: Array
    prompt: Array
    cached: Array
    tokens: Array
    counted: Array
    events: Numbers
    is_steady: Mask
    is_whole: Mask
    is_stopped: Mask
    is_refusal: Mask
    is_cut: Mask

    def __len__(self) -> int:
        return len(self.run)

    def keep(self, mask: Mask) -> Self:
        """The rows for which it holds."""
        return type(self)(*(getattr(self, field.name)[mask] for field in fields(self)))

    @property
    def is_asked(self) -> Mask:
        """Steady requests whose end was the endpoint's: what we stopped ourselves says nothing of it."""
        return self.is_steady & ~self.is_stopped


def compute_seconds(begin_ns: Array, end_ns: Array) -> Array:
    """From one moment to another."""
    return (end_ns - begin_ns) / NS


def sort_samples(samples: Iterable[Sample]) -> list[Sample]:
    """In the order of a table's rows."""
    return sorted(samples, key=lambda one: (one.run, one.scheduled_ns, one.number))


def make_table(samples: Sequence[Sample]) -> Table:
    """Of samples that are sorted."""
    return Table(
        run=_count(samples, lambda one: one.run),
        scheduled_ns=_number(samples, lambda one: one.scheduled_ns),
        sent_ns=_number(samples, lambda one: one.sent_ns),
        first_token_ns=_number(samples, lambda one: one.first_token_ns),
        first_answer_ns=_number(samples, lambda one: one.first_answer_ns),
        last_token_ns=_number(samples, lambda one: one.last_token_ns),
        end_ns=_number(samples, lambda one: one.end_ns),
        prompt=_number(samples, lambda one: one.usage.prompt),
        cached=_number(samples, lambda one: one.usage.cached),
        tokens=_number(samples, lambda one: one.usage.completion),
        counted=_number(samples, lambda one: one.counted_completion),
        events=_count(samples, lambda one: len(one.chunk_ns)),
        is_steady=_hold(samples, lambda one: one.phase is Phase.STEADY),
        is_whole=_hold(samples, lambda one: one.fault is Fault.NONE),
        is_stopped=_hold(samples, lambda one: one.fault is Fault.STOPPED),
        is_refusal=_hold(samples, lambda one: one.is_refusal),
        is_cut=_hold(samples, lambda one: one.finish_reason in _CUT),
    )


def make_stamps(samples: Sequence[Sample]) -> Array:
    """When each event with text came, of all samples one after the other; nanoseconds."""
    total = sum(len(one.chunk_ns) for one in samples)
    return np.fromiter((stamp for one in samples for stamp in one.chunk_ns), np.float64, total)


def _number(samples: Sequence[Sample], read: Callable[[Sample], int | None]) -> Array:
    found = (np.nan if (value := read(one)) is None else value for one in samples)
    return np.fromiter(found, np.float64, len(samples))


def _count(samples: Sequence[Sample], read: Callable[[Sample], int]) -> Numbers:
    return np.fromiter((read(one) for one in samples), np.int64, len(samples))


def _hold(samples: Sequence[Sample], holds: Callable[[Sample], bool]) -> Mask:
    return np.fromiter((holds(one) for one in samples), np.bool_, len(samples))
