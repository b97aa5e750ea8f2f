"""The words of the command line as what they stand for: loads, objectives, demand and suites."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holdfast.measure.cost.workload import Demand
from holdfast.measure.load.sweeping import make_ramp, make_sweep
from holdfast.measure.quality.families.catalogue import Wanted, make_suite
from holdfast.measure.quality.families.family import Level
from holdfast.measure.quality.golden import read_suite
from holdfast.measure.quality.sandbox.running import Isolation
from holdfast.measure.quality.tasks import Suite
from holdfast.records.errors import MalformedFile, MissingPath, UnreadableFile, UsageError
from holdfast.records.measurement import Arrivals, Load, Objective

PROBE: Final = "probe"
_TRACE_BYTES_MAX: Final = 64 << 20
_BOUNDS: Final = {"ttft": "ttft_s", "tpot": "tpot_s", "e2e": "end_to_end_s"}


def parse_numbers(option: str, text: str) -> tuple[float, ...]:
    """`1,4,16` as numbers above zero. UsageError for anything else."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(0 < number < 1e9 for number in numbers):
        raise UsageError(f"{option} takes numbers above zero", where=text, next_step=f"Write {option} 1,4,16.")
    return numbers


@dataclass(frozen=True, slots=True)
class LoadWords:
    """The options that ask for loads, of which one is given."""

    concurrency: str = ""
    rate: str = ""
    trace: Path | None = None
    ramp: str = ""


def make_loads(base: Load, words: LoadWords, seed: int = 0) -> tuple[Load, ...]:
    """The loads that are asked for, each with the duration, warm-up and limits of `base`; none where none is. Raises
    UsageError when several options are given, and what reading a trace raises."""
    if sum((bool(words.concurrency), bool(words.rate), words.trace is not None, bool(words.ramp))) > 1:
        raise UsageError(
            "one kind of load is offered at a time",
            where="--concurrency, --rate, --trace, --ramp",
            next_step="Give one of them; measure twice to have two.",
        )
    if words.trace is not None:
        return (replace(base, arrivals=Arrivals.REPLAY, offsets_s=read_trace(words.trace)),)
    if words.ramp:
        first, _, last = words.ramp.partition("-")
        rates = parse_numbers("--ramp", f"{first},{last}")
        return (make_ramp(base, (rates[0], rates[1]), seed),)
    if words.rate:
        return make_sweep(base, parse_numbers("--rate", words.rate))
    if words.concurrency:
        closed = replace(base, arrivals=Arrivals.CLOSED, in_flight_max=0)
        return make_sweep(closed, parse_numbers("--concurrency", words.concurrency))
    return ()


def read_trace(path: Path) -> tuple[float, ...]:
    """Arrivals in seconds, one a line, rising. Raises MissingPath, UnreadableFile, MalformedFile with the line."""
    if not path.exists():
        raise MissingPath("there is no such file", where=str(path), next_step="Name a file of seconds, one a line.")
    try:
        text = path.read_bytes()[:_TRACE_BYTES_MAX].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"it cannot be read: {error}", where=str(path), next_step="Name a text file.") from None
    offsets: list[float] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            offsets.append(_read_offset(line, offsets, f"{path}:{number}"))
    if not offsets:
        raise MalformedFile("it holds no arrival", where=str(path), next_step="Write seconds, one a line.")
    return tuple(offsets)


def _read_offset(line: str, before: Sequence[float], where: str) -> float:
    try:
        offset = float(line)
    except ValueError:
        offset = -1.0
    if not (before[-1] if before else 0.0) <= offset < 1e7:
        raise MalformedFile(
            f"{line.strip()[:40]!r} is no time after the one before it",
            where=where,
            next_step="Write seconds since the beginning, rising.",
        )
    return offset


def parse_objective(text: str, share: float) -> Objective:
    """`ttft=0.5,tpot=0.05,e2e=10`, in seconds. UsageError for anything else."""
    bounds: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name.strip() not in _BOUNDS:
            raise UsageError(
                "an objective bounds ttft, tpot or e2e", where=part, next_step="Write --slo ttft=0.5,e2e=10."
            )
        bounds[_BOUNDS[name.strip()]] = parse_numbers("--slo", value)[0]
    if not 0 < share <= 1:
        raise UsageError("the share of good requests is above 0 and at most 1", where="--share", next_step="Give 0.99.")
    return Objective(**bounds, share=share)


def parse_demand(text: str) -> Demand | None:
    """Requests per second: one number, or one for each hour of the day. None for an empty text."""
    if not text:
        return None
    rates = parse_numbers("--demand", text)
    if len(rates) not in (1, 24):
        raise UsageError(
            f"a demand is one rate or one for each hour, and these are {len(rates)}",
            where=text,
            next_step="Write --demand 0.5, or 24 rates.",
        )
    return Demand(rates)


def find_suites(names: Sequence[str], tasks: int, seed: int) -> tuple[Suite, ...]:
    """The suites of these names: files of golden tasks, or `probe[:LEVELS[:FAMILIES]]` for made ones, `tasks` of each
    family at each level (easy where none is named). Raises what reading files does, UnknownName and UsageError."""
    return tuple(_find_suite(name, tasks, seed) for name in names)


def _find_suite(name: str, tasks: int, seed: int) -> Suite:
    word, *parts = name.split(":")
    if word != PROBE or len(parts) > 2:
        return read_suite(Path(name))
    levels = parts[0].split(",") if parts and parts[0] else [Level.EASY]
    for level in levels:
        if level not in set(Level):
            raise UsageError(f"{level} is no level", where=name, next_step=f"Levels are {', '.join(Level)}.")
    families = tuple(parts[1].split(",")) if len(parts) == 2 and parts[1] else ()
    return make_suite(Wanted(seed=seed, families=families, levels=tuple(map(Level, levels)), count=tasks))


def parse_isolation(text: str) -> Isolation:
    """How code of a model is run. Raises UsageError."""
    words = {"isolated": Isolation.REQUIRED, "limited": Isolation.WANTED}
    if text not in words:
        raise UsageError(f"code is not run as {text}", where="--code", next_step=f"Choose one of {', '.join(words)}.")
    return words[text]
