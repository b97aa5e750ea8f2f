"""Run headers for the page of a measurement: samples of a simulated queue, through the rooms' own figures."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from heapq import heapreplace
from typing import cast

import numpy as np

from holdfast.measure.cost.hardware import Entry, Hardware
from holdfast.measure.cost.workload import Demand
from holdfast.measure.load.calibrating import Calibration, Usability
from holdfast.measure.results.file import RunFile
from holdfast.measure.results.header import (
    EndpointWindows,
    Machine,
    PromptSource,
    RunHeader,
    ServedModel,
    Software,
)
from holdfast.records.canonical_json import to_plain
from holdfast.records.measurement import (
    Answer,
    Arrivals,
    Endpoint,
    Estimate,
    Load,
    Objective,
    Phase,
    Range,
    Sample,
    TokenPrice,
    Usage,
    Verdict,
    Window,
)
from holdfast.workflows.measuring.costing import Costing
from holdfast.workflows.measuring.figures import compute_figures

Header = dict[str, object]
LOADS = tuple(Load(Arrivals.POISSON, rate_per_s=rate, duration_s=20.0, warmup_s=1.0) for rate in (2.0, 4.0, 8.0, 12.0))
RUNS, SEED = 3, 7
FAMILIES = {"arithmetic": (0.55, 0.92), "dates": (0.6, 0.7), "tool calls": (0.5, 0.9)}
USES = {"arithmetic": "billing", "dates": "billing", "tool calls": "agents"}
HOSTILE = '</script><img src=x onerror="window.hacked=1">\u202e\'&\ud800'
_SECOND = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Server:
    """So many at a time, each for about `service_s`, of which `ttft_s` until the first token."""

    name: str
    places: int
    ttft_s: float
    service_s: float


SERVERS = (Server("local", 6, 0.15, 0.6), Server("hosted", 60, 0.3, 0.8))


def make_header() -> Header:
    """Two endpoints, four loads, three runs, a suite of three families, prices, a machine: whole. A fresh copy."""
    return cast("Header", _copy(_make_once()))


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in cast("Header", value).items()}
    if isinstance(value, list):
        return [_copy(item) for item in cast("list[object]", value)]
    return value


@cache
def _make_once() -> Header:
    run = make_run()
    return cast("Header", to_plain(dataclasses.replace(run.header, figures=compute_figures(run))))


def make_run() -> RunFile:
    """The run that the header is of."""
    samples: list[Sample] = []
    windows: list[EndpointWindows] = []
    for number, server in enumerate(SERVERS):
        own: list[Window] = []
        for run in range(RUNS):
            for level, load in enumerate(LOADS):
                start = (number * 100 + run * 10 + level) * 100 * _SECOND
                own.append(Window(run, level, start, start, start + 20 * _SECOND, start + 60 * _SECOND))
                samples += _offer(server, load, own[-1])
        windows.append(EndpointWindows(server.name, tuple(own)))
    return RunFile(_describe(tuple(windows)), tuple(samples), make_answers())


def make_answers() -> tuple[Answer, ...]:
    """Forty tasks a family in clusters of four; hosted is the better one."""
    random = np.random.default_rng(SEED)
    answers: list[Answer] = []
    for family, shares in FAMILIES.items():
        for task in range(40):
            ease = random.random()
            for server, share in zip(SERVERS, shares, strict=True):
                is_right = 0.5 * ease + 0.5 * random.random() < share
                verdict = Verdict.UNKNOWN if task == 39 else Verdict.RIGHT if is_right else Verdict.WRONG
                answers.append(_answer(server.name, family, task, verdict))
    return tuple(answers)


def _answer(endpoint: str, family: str, task: int, verdict: Verdict) -> Answer:
    score = None if verdict is Verdict.UNKNOWN else float(verdict is Verdict.RIGHT)
    return Answer(
        endpoint, "probe", family, USES[family], f"{family}-{task // 4}", f"{family}-{task}", 0, verdict, score,
        "exact", "", 120, 40, None, 1.0, "a" * 64, "b" * 64,
    )  # fmt: skip


def _offer(server: Server, load: Load, window: Window) -> list[Sample]:
    """Poisson arrivals at a server with so many places: a request waits until one is free."""
    random = np.random.default_rng([SEED, window.run, window.level, server.places])
    count = int(load.rate_per_s * 20)
    due = np.sort(random.uniform(window.steady_ns, window.end_ns, count)).astype(np.int64)
    spans = np.exp(random.normal(0, 0.25, count)) * server.service_s
    free = [0] * server.places
    samples: list[Sample] = []
    for number, (at, span) in enumerate(zip(due.tolist(), spans.tolist(), strict=True)):
        begin = max(at, free[0])
        end = begin + int(span * _SECOND)
        heapreplace(free, end)
        samples.append(_sample(server, window, number, (at, begin, end)))
    return samples


def _sample(server: Server, window: Window, number: int, times: tuple[int, int, int]) -> Sample:
    at, begin, end = times
    first = begin + int(server.ttft_s / server.service_s * (end - begin))
    chunks = tuple(int(chunk) for chunk in np.linspace(first, end, 12))
    return Sample(
        server.name, window.run, window.level, number, 0, Phase.STEADY, at, at + 40_000, first, first, first, end, end,
        chunks, 200, finish_reason="stop", usage=Usage(80 + number % 41, 20, 10 + number % 5),
        model_served=f"{server.name}-model",
    )  # fmt: skip


def _describe(windows: tuple[EndpointWindows, ...]) -> RunHeader:
    return RunHeader(
        started_at="2026-11-26T18:00:00Z",
        holdfast="0.1.0",
        machine=Machine("A Processor", 8, 32 << 30, "Linux 6.1"),
        endpoints=tuple(Endpoint(one.name, f"http://127.0.0.1:1/{one.name}", f"{one.name}-model") for one in SERVERS),
        seed=SEED,
        loads=LOADS,
        runs=RUNS,
        objective=Objective(ttft_s=0.6, end_to_end_s=2.0, share=0.95),
        software=(Software("holdfast", "0.1.0"), Software("numpy", "2.0")),
        served=(ServedModel("local", "local-model-as-served", "fp-1"),),
        prompts=(PromptSource("made", "128 tokens for 64", "d" * 64, 200, has_nonce=True),),
        windows=windows,
        calibrations=tuple({"endpoint": one.name, **cast("Header", to_plain(_calibration()))} for one in SERVERS),
        prices={"hosted": TokenPrice(0.6, 2.4, 0.06, as_of="2026-11-20", source="the provider's page")},
        hardware={"local": cast("Header", to_plain(_machine()))},
        costing=cast("Header", to_plain(Costing(Demand((2.0,)), 0.01, {}, {}, draws=2000))),
        suites=({"name": "probe", "origin": "made, seed 7", "sha256": "c" * 64, "tasks": 120},),
        digests={"samples.parquet": "e" * 64},
    )


def _machine() -> Hardware:
    entries = {
        Entry.RENT: Range(1.9, 2.5, 3.5, "an offer"),
        Entry.OPERATIONS: Range(200, 400, 800, "the team's own"),
        Entry.PUE: Range(1.3, 1.58, 1.58, "an institute's average"),
    }
    return Hardware("a rented board", "2026-11-19", entries, defaults=(Entry.PUE,), left_out=(Entry.SOFTWARE,))


def _calibration() -> Calibration:
    def say(value: float) -> Estimate:
        return Estimate(value, value * 0.9, value * 1.2, 400)

    return Calibration(
        Usability.USABLE, (), LOADS[-1], 400, 700.0, say(0.0001), say(0.0009), say(0.0005), say(0.00004), say(0.001),
        say(0.002), 11e-6, 0.2, 0.01, True, "holdfast-mock 1",
    )  # fmt: skip


def make_hostile_header() -> Header:
    """The usual one, with every text hostile."""
    return cast("Header", _poison(make_header()))


def _poison(value: object) -> object:
    """Every text but what decides on readings, made hostile."""
    if isinstance(value, dict):
        kept = ("arrivals", "verdict", "missing")
        found = cast("Header", value)
        return {name: item if name in kept else _poison(item) for name, item in found.items()}
    if isinstance(value, list):
        return [_poison(item) for item in cast("list[object]", value)]
    return f"{value}{HOSTILE}" if isinstance(value, str) else value


def list_loads(header: Mapping[str, object]) -> list[Header]:
    """The figures of loads."""
    return cast("list[Header]", cast("Header", header["figures"])["loads"])
