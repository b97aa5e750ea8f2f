"""`holdfast measure`: how fast, how good and how dear an endpoint is, and how sure that is."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from holdfast.front.cli import measure_checks, measure_results
from holdfast.front.cli import measure_options as given
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.measure_table import print_run
from holdfast.front.cli.options import JsonOption
from holdfast.records.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from holdfast.workflows.measuring.running import Step

app = typer.Typer()
measure_results.register(app)
measure_checks.register(app)


@app.callback(invoke_without_command=True)
def measure_group(
    context: typer.Context,
    endpoint: given.EndpointOption = None,
    api: given.ApiOption = "chat",
    key: given.KeyOption = None,
    ca_file: given.CaOption = "",
    stream: given.StreamOption = True,
    timeout: given.TimeoutOption = 600.0,
    concurrency: given.ConcurrencyOption = "",
    rate: given.RateOption = "",
    trace: given.TraceOption = None,
    ramp: given.RampOption = "",
    constant: given.ConstantOption = False,
    duration: given.DurationOption = 30.0,
    requests: given.RequestsOption = 0,
    warmup: given.WarmupOption = 5.0,
    in_flight: given.InFlightOption = 0,
    runs: given.RunsOption = 3,
    workers: given.WorkersOption = 1,
    slo: given.SloOption = "",
    share: given.ShareOption = 0.99,
    calibrate: given.CalibrateOption = True,
    prompts: given.PromptsOption = None,
    input_tokens: given.InputOption = "128",
    output_tokens: given.OutputOption = "64",
    ignore_eos: given.IgnoreEndOption = False,
    cached: given.CachedOption = False,
    tokenizer: given.TokenizerOption = "",
    suite: given.SuiteOption = None,
    tasks: given.TasksOption = 5,
    attempts: given.AttemptsOption = 1,
    temperature: given.TemperatureOption = None,
    judge: given.JudgeOption = "",
    code: given.CodeOption = "isolated",
    price: given.PriceOption = None,
    price_file: given.PriceFileOption = None,
    hardware: given.HardwareOption = None,
    watts: given.WattsOption = None,
    demand: given.DemandOption = "",
    wrong_usd: given.WrongOption = None,
    max_usd: given.MaxOption = None,
    out: given.OutOption = None,
    seed: given.SeedOption = None,
    keep_texts: given.KeepTextsOption = False,
    json: JsonOption = False,
) -> None:
    """How fast, how good and how dear endpoints are, with intervals, and the client's own error beside them.

    Ctrl-C keeps what was measured until then, marked as stopped, and exits 130.

    Example:  holdfast measure --endpoint local=http://127.0.0.1:8000/v1 --concurrency 1,4,16 --suite probe
    """
    if context.invoked_subcommand is not None:
        return
    from holdfast.workflows.measure import MeasureWords, measure

    now = datetime.now(UTC)
    words = MeasureWords(
        endpoints=endpoint or (), api=api, keys=key or (), ca_file=ca_file, is_streaming=stream, timeout_s=timeout,
        concurrency=concurrency, rate=rate, trace=trace, ramp=ramp, is_constant=constant, duration_s=duration,
        requests=requests, warmup_s=warmup, in_flight_max=in_flight, runs=runs, workers=workers, slo=slo, share=share,
        is_calibrated=calibrate, prompts=prompts, prompt_tokens=input_tokens, answer_tokens=output_tokens,
        ignores_end=ignore_eos, is_cached=cached, tokenizer=tokenizer, suites=suite or (), tasks=tasks,
        replicates=attempts, temperature=temperature, judge=judge, code=code, prices=price or (), price_file=price_file,
        hardware=hardware or (), watts=watts or (), demand=demand, wrong_usd=wrong_usd, usd_max=max_usd,
        seed=secrets.randbelow(1 << 31) if seed is None else seed, keeps_texts=keep_texts,
    )  # fmt: skip
    place = out or Path(f"run-{now:%Y%m%d-%H%M%S}.hfrun")
    with _showing() as show:
        done = measure(words, place, show, now)
    if json:
        print_json(done.header)
    else:
        print_run(open_output().out, done.header, str(place))
    if not done.header.is_whole:
        raise typer.Exit(EXIT_INTERRUPTED)


class _Bar:
    """What a measurement reports to."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def __call__(self, step: "Step") -> None:
        spent = f", {step.spent_usd:.4f} USD" if step.spent_usd else ""
        self._progress.update(
            self._task,
            description=f"{step.endpoint}: {step.what}, {step.done} answers{spent}",
            completed=step.done,
            total=step.total or None,
        )


@contextmanager
def _showing() -> Generator[_Bar]:
    console = open_output().err
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Bar(progress, progress.add_task("", total=None))
