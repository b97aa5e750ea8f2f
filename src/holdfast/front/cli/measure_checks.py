"""`holdfast measure calibrate`, `mock` and `bill`: the client, a server to check clients with, and a month's bill."""

import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.measure_options import (
    ApiOption,
    ConcurrencyOption,
    PriceFileOption,
    RateOption,
    SeedOption,
    WorkersOption,
)
from holdfast.front.cli.measure_table import print_bill, print_calibration
from holdfast.front.cli.options import JsonOption
from holdfast.records.errors import EXIT_POLICY

if TYPE_CHECKING:
    from holdfast.workflows.measure_mock import Mock


def register(app: typer.Typer) -> None:
    """Add these verbs to those of `measure`."""
    app.command("calibrate")(calibrate_command)
    app.command("mock")(mock_command)
    app.command("bill")(bill_command)


def calibrate_command(
    concurrency: ConcurrencyOption = "",
    rate: RateOption = "",
    duration: Annotated[float, typer.Option("--duration", metavar="S", min=1)] = 20.0,
    ttft: Annotated[float, typer.Option("--ttft", metavar="S", min=0, help="About what the endpoint takes.")] = 0.1,
    gap: Annotated[float, typer.Option("--gap", metavar="S", min=0, help="Between its tokens.")] = 0.01,
    output_tokens: Annotated[int, typer.Option("--output-tokens", min=2, help="Of an answer.")] = 64,
    api: ApiOption = "chat",
    workers: WorkersOption = 1,
    json: JsonOption = False,
) -> None:
    """The client's own error at a load on this machine, against a server whose truth is known.

    Exits 1 when the client is not usable at this load.

    Example:  holdfast measure calibrate --concurrency 64
    """
    from holdfast.workflows.measure_calibrate import CalibrateAsked, Usability, run_calibration

    asked = CalibrateAsked(
        concurrency, rate, duration, ttft, gap, answer_tokens=output_tokens, api=api, workers=workers
    )
    with show_progress("calibrating") as bar:
        found = run_calibration(asked, secrets.token_hex(8), lambda step: bar(step.ended, 0))
    if json:
        print_json(found)
    else:
        print_calibration(open_output().out, found)
    if found.verdict is Usability.NOT_USABLE:
        raise typer.Exit(EXIT_POLICY)


def mock_command(
    spec: Annotated[Path | None, typer.Option("--spec", metavar="FILE", help="What it does, as JSON.")] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = None,
    ttft: Annotated[float | None, typer.Option("--ttft", metavar="S", min=0, help="To the first token.")] = None,
    gap: Annotated[float | None, typer.Option("--gap", metavar="S", min=0, help="Between tokens.")] = None,
    log: Annotated[Path | None, typer.Option("--log", metavar="FOLDER", help="Where its log is kept.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Without the compiled part.")] = False,
    json: JsonOption = False,
) -> None:
    """Serve answers at known times, until Ctrl-C: the truth that any load generator can be held to.

    Example:  holdfast measure mock --port 8001 --ttft 0.1 --gap 0.01
    """
    from holdfast.workflows.measure_mock import MockAsked, serve_mock

    asked = MockAsked(spec, host, port, ttft, gap, log, plain)
    truth = serve_mock(asked, _tell_mock, _wait_for_end)
    if json:
        print_json(truth)
        return
    out = open_output().out
    late = "" if truth.late_max_s is None else f", sent {truth.late_max_s * 1e3:.2f} ms late at most"
    out.print(f"{truth.requests} requests, {truth.tokens} events with text{late}", markup=False)
    if truth.log:
        out.print(f"log: {truth.log}", markup=False, soft_wrap=True)


def _tell_mock(mock: "Mock") -> None:
    sys.stderr.write(f"serving at {mock.url} ({mock.version}); Ctrl-C ends it\n")
    sys.stderr.flush()


def _wait_for_end() -> None:
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    signal.sigwait(ends)


def bill_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Usage exports: CSV or JSON.")],
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="PROVIDER[/MODEL]", help="The same models there, or all by one; repeat."),
    ] = None,
    price_file: PriceFileOption = None,
    hardware: Annotated[
        Path | None, typer.Option("--hardware", metavar="FILE", help="A machine of your own, with ranges.")
    ] = None,
    rate_max: Annotated[
        str, typer.Option("--rate-max", metavar="R[,R…]", help="Requests a second that it carries, by run.")
    ] = "",
    measured: Annotated[
        Path | None, typer.Option("--measured", metavar="FILE", help="A run file that says so.")
    ] = None,
    peak: Annotated[
        float | None, typer.Option("--peak", min=1, help="The busiest moment over the busiest hour of the bill.")
    ] = None,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    """What this month would have cost elsewhere: exports of OpenAI, Anthropic, OpenRouter and LiteLLM.

    Example:  holdfast measure bill usage.csv --against openai/gpt-4o-mini
    """
    from holdfast.workflows.measure_bill import BillAsked, price_bill

    asked = BillAsked(files, against or (), price_file, hardware, rate_max, measured, peak, seed or 0)
    answer = price_bill(asked)
    if json:
        print_json(answer)
    else:
        print_bill(open_output().out, answer)
