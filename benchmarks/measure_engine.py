"""Whether what the client reports of real engines is what the engines count themselves: within two percent.

`transformers serve` and llama-server on the model `large` of measure_models.py, asked in streams and for whole answers.
Tokens and requests are of everything that was sent; rates are those of the steady window, as a run's summary has them.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.measure_engine_starting import HOST, Count, Engine, LlamaServer, start_llama, start_transformers
from benchmarks.measure_models import EVALUATION_SEED, FAMILIES, PLACE, Models, make_models
from benchmarks.vault_running import describe_machine

from holdfast.measure.load.plans import LoadPlan, LoadResult
from holdfast.measure.load.running import run_load
from holdfast.measure.quality.families.catalogue import Wanted, make_suite
from holdfast.measure.quality.families.family import Level
from holdfast.measure.quality.tasks import Task
from holdfast.measure.summary.latencies import compute_tpot
from holdfast.measure.summary.level import LevelSummary, summarise_level
from holdfast.measure.summary.table import make_table
from holdfast.records.measurement import Arrivals, Ask, Endpoint, Fault, Load, Objective

GOAL = 0.02
CONCURRENCY = 4
LENGTHS, STREAM_LENGTHS = range(16, 33), range(512, 513)
SETTLE_S = 0.5  # an engine's counters may come after its answer


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as the client has it and as the engine does."""

    what: str
    client: float | None
    engine: float

    @property
    def difference(self) -> float:
        """Relative to the engine's; infinite where one of both has no figure."""
        return self.client / self.engine - 1 if self.client is not None and self.engine else float("inf")

    @property
    def is_met(self) -> bool:
        return abs(self.difference) <= GOAL


def main() -> None:
    """The table; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--models", type=Path, default=PLACE)
    asked = parser.parse_args()
    models = make_models(asked.models)
    print(f"{describe_machine()}; {asked.seconds:g} s each\n")
    print("| engine | asked for | figure | client | engine | difference | goal |")
    print("|---|---|---|---|---|---|---|")
    rows = [report(name, kind, row) for name, kind, row in compare(models, asked.seconds)]
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")
    sys.exit(0 if all(rows) else 1)


def report(name: str, kind: str, row: Row) -> bool:
    """Print a line; whether its goal is met."""
    client = "unknown" if row.client is None else f"{row.client:,.1f}"
    numbers = f"{client} | {row.engine:,.1f} | {row.difference:+.2%}"
    print(f"| {name} | {kind} | {row.what} | {numbers} | {'met' if row.is_met else 'MISSED'} |", flush=True)
    return row.is_met


def compare(models: Models, seconds: float) -> Iterator[tuple[str, str, Row]]:
    """Every row of both engines."""
    with tempfile.TemporaryDirectory() as scratch:
        with start_transformers(models.find_folder("large"), Path(scratch)) as engine:
            for kind in ("stream", "whole"):
                yield from ((engine.name, kind, row) for row in compare_totals(engine, kind, seconds))
        with start_llama(models.find_gguf("large"), Path(scratch), CONCURRENCY) as engine:
            for kind in ("stream", "whole"):
                yield from ((engine.name, kind, row) for row in compare_totals(engine, kind, seconds))
            yield engine.name, "one stream", compare_speed(engine, seconds)


def compare_totals(engine: Engine, kind: str, seconds: float) -> Iterator[Row]:
    """Requests, tokens and rates of a closed loop."""
    load = Load(Arrivals.CLOSED, concurrency=CONCURRENCY, duration_s=seconds, warmup_s=2.0)
    before = engine.read_count()
    with engine.watch() if isinstance(engine, LlamaServer) else contextlib.nullcontext():
        result = run_load(make_plan(engine, kind, load, LENGTHS))
        time.sleep(SETTLE_S)
    told = engine.read_count().since(before)
    whole = [one for one in result.samples if one.fault is Fault.NONE]
    yield Row("requests", len(whole), told.requests)
    yield Row("prompt tokens", sum(one.usage.prompt or 0 for one in whole), told.prompt)
    yield Row("completion tokens", sum(one.usage.completion or 0 for one in whole), told.completion)
    yield from compare_rates(engine.read_history(), result, load)


def compare_rates(history: Sequence[Count], result: LoadResult, load: Load) -> Iterator[Row]:
    """The summary's rates, and what was counted between the edges of the same window."""
    summary, window = summarise(result, load), result.windows[0]
    told = find_count(history, window.end_ns).since(find_count(history, window.steady_ns))
    seconds = (window.end_ns - window.steady_ns) / 1e9
    yield Row("requests/s", summary.requests_per_s.value, told.requests / seconds)
    yield Row("prompt tokens/s", summary.input_tokens_per_s.value, told.prompt / seconds)
    yield Row("completion tokens/s", summary.output_tokens_per_s.value, told.completion / seconds)


def compare_speed(engine: LlamaServer, seconds: float) -> Row:
    """Tokens a second of one stream at a time: from the mean TPOT, and from the engine's own time of generating. Its
    time begins with the first token, so that there is a token less in it than it counts."""
    load = Load(Arrivals.CLOSED, concurrency=1, duration_s=seconds)
    before = engine.read_count()
    result = run_load(make_plan(engine, "stream", load, STREAM_LENGTHS))
    time.sleep(SETTLE_S)
    told = engine.read_count().since(before)
    tpot = float(np.nanmean(compute_tpot(make_table([one for one in result.samples if one.fault is Fault.NONE]))))
    return Row("tokens/s of a stream", 1 / tpot, (told.completion - told.requests) / told.generating_s)


def make_plan(engine: Engine, kind: str, load: Load, lengths: range) -> LoadPlan:
    """Tasks of the families that the models know, each prompt with a nonce. Each answer has as many tokens as is asked
    for; they differ, so that streams do not end in step."""
    url = f"http://{HOST}:{engine.port}/v1"
    endpoint = Endpoint(engine.name, url, engine.model, is_streaming=kind == "stream")
    suite = make_suite(Wanted(seed=EVALUATION_SEED, families=FAMILIES, levels=(Level.EASY,), count=20))
    asks = tuple(make_ask(engine, task, number, lengths) for number, task in enumerate(suite.tasks))
    return LoadPlan(endpoint, asks, (load,), salt=f"{time.time_ns():x}")


def make_ask(engine: Engine, task: Task, number: int, lengths: range) -> Ask:
    """One request."""
    tokens = lengths[number % len(lengths)]
    return Ask(number, task.messages, tokens_max=tokens, temperature=0.0, extra=engine.make_extra(tokens))


def summarise(result: LoadResult, load: Load) -> LevelSummary:
    """The figures of the one load."""
    return summarise_level(result.samples, load, result.windows, Objective())


def find_count(history: Sequence[Count], at_ns: int) -> Count:
    """The last count until a moment."""
    return [count for count in history if count.at_ns <= at_ns][-1]


if __name__ == "__main__":
    main()
