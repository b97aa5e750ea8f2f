"""The options of `holdfast measure`, by what they are about."""

from pathlib import Path
from typing import Annotated

import typer

_WHO, _LOAD, _ASKED, _MONEY, _RESULT = "Endpoints", "Load", "Questions", "Money", "Result"

EndpointOption = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint", metavar="NAME=URL[#MODEL]", help="Who is measured; repeat to compare.", rich_help_panel=_WHO
    ),
]
ApiOption = Annotated[
    str, typer.Option("--api", metavar="chat|completions|responses|embeddings", help="Interface.", rich_help_panel=_WHO)
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="NAME=VARIABLE|@FILE",
        help="The environment variable or file that holds its key; else HOLDFAST_KEY_NAME.",
        rich_help_panel=_WHO,
    ),
]
CaOption = Annotated[
    str, typer.Option("--ca-file", metavar="FILE", help="Certificates to trust for https.", rich_help_panel=_WHO)
]
StreamOption = Annotated[bool, typer.Option("--stream/--no-stream", help="Streamed answers.", rich_help_panel=_WHO)]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="S", min=0.1, help="For one answer.", rich_help_panel=_WHO)
]

ConcurrencyOption = Annotated[
    str,
    typer.Option(
        "--concurrency", metavar="N[,N…]", help="Closed loops: so many at a time, each a load.", rich_help_panel=_LOAD
    ),
]
RateOption = Annotated[
    str,
    typer.Option("--rate", metavar="R[,R…]", help="Open loops: requests a second, each a load.", rich_help_panel=_LOAD),
]
TraceOption = Annotated[
    Path | None,
    typer.Option("--trace", metavar="FILE", help="Replay arrivals: seconds, one a line.", rich_help_panel=_LOAD),
]
RampOption = Annotated[
    str,
    typer.Option("--ramp", metavar="R-R", help="One open load, its rate from one to the other.", rich_help_panel=_LOAD),
]
ConstantOption = Annotated[
    bool, typer.Option("--constant", help="Even gaps for --rate, not a Poisson process.", rich_help_panel=_LOAD)
]
DurationOption = Annotated[
    float, typer.Option("--duration", metavar="S", min=0, help="Of each load.", rich_help_panel=_LOAD)
]
RequestsOption = Annotated[
    int, typer.Option("--requests", metavar="N", min=0, help="End a load after so many.", rich_help_panel=_LOAD)
]
WarmupOption = Annotated[
    float,
    typer.Option("--warmup", metavar="S", min=0, help="Before each load, at the same load.", rich_help_panel=_LOAD),
]
InFlightOption = Annotated[
    int,
    typer.Option(
        "--in-flight", metavar="N", min=0, help="At most, in an open loop; 0: no limit.", rich_help_panel=_LOAD
    ),
]
RunsOption = Annotated[
    int,
    typer.Option("--runs", min=1, max=100, help="Repetitions; intervals need at least 3.", rich_help_panel=_LOAD),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, max=256, help="Processes that send.", rich_help_panel=_LOAD)
]
SloOption = Annotated[
    str,
    typer.Option(
        "--slo", metavar="ttft=S,tpot=S,e2e=S", help="What makes a request good; any of them.", rich_help_panel=_LOAD
    ),
]
ShareOption = Annotated[
    float, typer.Option("--share", metavar="0…1", help="Of requests that must be good.", rich_help_panel=_LOAD)
]
CalibrateOption = Annotated[
    bool,
    typer.Option("--calibrate/--no-calibrate", help="Measure the client's own error too.", rich_help_panel=_LOAD),
]

PromptsOption = Annotated[
    Path | None,
    typer.Option("--prompts", metavar="FILE", help="Your own, JSONL; else made of words.", rich_help_panel=_ASKED),
]
InputOption = Annotated[
    str,
    typer.Option(
        "--input-tokens",
        metavar="LENGTH",
        help="Of made prompts: 128, uniform:64-256, lognormal:128:0.5.",
        rich_help_panel=_ASKED,
    ),
]
OutputOption = Annotated[
    str, typer.Option("--output-tokens", metavar="LENGTH", help="At most, of answers.", rich_help_panel=_ASKED)
]
IgnoreEndOption = Annotated[
    bool, typer.Option("--ignore-eos", help="Ask for answers exactly so long.", rich_help_panel=_ASKED)
]
CachedOption = Annotated[
    bool,
    typer.Option("--cached", help="The same prompts again, so that caches know them.", rich_help_panel=_ASKED),
]
TokenizerOption = Annotated[
    str,
    typer.Option(
        "--tokenizer", metavar="FILE", help="A tokenizer.json, as a second opinion on counts.", rich_help_panel=_ASKED
    ),
]
SuiteOption = Annotated[
    list[str] | None,
    typer.Option(
        "--suite",
        metavar="FILE|probe[:LEVELS[:FAMILIES]]",
        help="Tasks whose answers are judged: your own, or made afresh; repeat.",
        rich_help_panel=_ASKED,
    ),
]
TasksOption = Annotated[
    int, typer.Option("--tasks", metavar="N", min=1, max=100_000, help="Of each family.", rich_help_panel=_ASKED)
]
AttemptsOption = Annotated[
    int, typer.Option("--attempts", metavar="N", min=1, max=1000, help="At each task.", rich_help_panel=_ASKED)
]
TemperatureOption = Annotated[
    float | None, typer.Option("--temperature", metavar="T", min=0, max=2, help="For suites.", rich_help_panel=_ASKED)
]
JudgeOption = Annotated[
    str,
    typer.Option(
        "--judge", metavar="NAME", help="An endpoint that judges what only a reader can.", rich_help_panel=_ASKED
    ),
]
CodeOption = Annotated[
    str,
    typer.Option(
        "--code",
        metavar="isolated|limited",
        help="How code that a model wrote is run: not at all unless isolated, or under limits alone, as you.",
        rich_help_panel=_ASKED,
    ),
]

PriceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="NAME=IN/OUT",
        help="US dollars per million tokens, or PROVIDER/MODEL to look up.",
        rich_help_panel=_MONEY,
    ),
]
PriceFileOption = Annotated[
    Path | None, typer.Option("--price-file", metavar="FILE", help="Your contracts' prices.", rich_help_panel=_MONEY)
]
HardwareOption = Annotated[
    list[str] | None,
    typer.Option(
        "--hardware", metavar="NAME=FILE", help="The machine that it runs on, with ranges.", rich_help_panel=_MONEY
    ),
]
WattsOption = Annotated[
    list[str] | None,
    typer.Option("--watts", metavar="NAME=W[/W/W]", help="What a meter at the wall shows.", rich_help_panel=_MONEY),
]
DemandOption = Annotated[
    str,
    typer.Option(
        "--demand", metavar="R", help="Requests a second that you serve, or 24 for a day.", rich_help_panel=_MONEY
    ),
]
WrongOption = Annotated[
    float | None,
    typer.Option("--wrong-usd", metavar="USD", min=0, help="What a wrong answer costs you.", rich_help_panel=_MONEY),
]
MaxOption = Annotated[
    float | None,
    typer.Option("--max-usd", metavar="USD", min=0, help="Stop before more is spent.", rich_help_panel=_MONEY),
]

OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="The run file; else run-TIME.hfrun here.", rich_help_panel=_RESULT),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, help="For arrivals, prompts and tasks; else a fresh one, recorded.", rich_help_panel=_RESULT
    ),
]
KeepTextsOption = Annotated[
    bool, typer.Option("--keep-texts", help="Prompts and answers too, not only digests.", rich_help_panel=_RESULT)
]
