"""The energy of each repetition at an endpoint of this machine; of any other it is not measurable, and said so."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from holdfast.measure.energy.energy import Energy, Reason, make_not_measurable, share_energy
from holdfast.measure.energy.nvml import open_nvml
from holdfast.measure.energy.recording import find_sensors, record_energy
from holdfast.measure.energy.wall import measure_wall
from holdfast.measure.results.header import JsonObject
from holdfast.records.canonical_json import to_plain
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Endpoint, Fault, Range, Sample
from holdfast.workflows.measuring.endpoints import is_local

_T = TypeVar("_T")


def parse_watts(texts: Mapping[str, str]) -> dict[str, Range]:
    """NAME=W or NAME=LOW/LIKELY/HIGH, as a meter at the wall showed. Raises UsageError."""
    return {name: _parse(text) for name, text in texts.items()}


def _parse(text: str) -> Range:
    try:
        numbers = [float(part) for part in text.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        numbers *= 3
    if len(numbers) != 3 or not 0 <= numbers[0] <= numbers[1] <= numbers[2] < 1e9:
        raise UsageError(
            "watts are one number, or the least, the likeliest and the most",
            where=text,
            next_step="Write --watts local=300/350/420.",
        )
    low, mode, high = numbers
    return Range(low, mode, high, "a meter, as stated on the command line")


def measure_energy(endpoint: Endpoint, watts: Range | None, work: Callable[[], _T]) -> tuple[_T, Energy]:
    """What `work` gives, and the energy that was used while it ran."""
    begun = time.monotonic()
    if watts is not None:
        result = work()
        return result, measure_wall(watts, time.monotonic() - begun)
    if not is_local(endpoint):
        return work(), make_not_measurable(Reason.HOSTED)
    with record_energy(find_sensors(open_nvml()), time.monotonic) as recorder:
        result = work()
    return result, recorder.judge()


def describe_energy(endpoint: Endpoint, run: int, energy: Energy, samples: Sequence[Sample]) -> JsonObject:
    """As it goes into the run file, with what a request and a token used: warm-up counts on both sides."""
    whole = [one for one in samples if one.fault is Fault.NONE]
    tokens = sum(one.usage.completion or 0 for one in whole)
    shares = share_energy(energy, len(whole), tokens)
    return {
        "endpoint": endpoint.name,
        "run": run,
        "said": energy.say(),
        "energy": cast("JsonObject", to_plain(energy)),
        "shares": cast("JsonObject", to_plain(shares)),
        "requests": len(whole),
        "output_tokens": tokens,
    }
