"""The options of `holdfast watch`, by what they are about."""

from pathlib import Path
from typing import Annotated

import typer

_WHO, _PLAN, _MONEY, _BOOK, _ALERTS = "Endpoint", "Plan", "Money", "Book", "Alerts"

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What you call the monitor.")]
NamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which monitors; else all.")]

UrlOption = Annotated[
    str, typer.Option("--url", metavar="URL", help="The base of its API: https://host/v1.", rich_help_panel=_WHO)
]
ModelOption = Annotated[
    str,
    typer.Option("--model", metavar="NAME", help="As asked for; else the only one it lists.", rich_help_panel=_WHO),
]
ApiOption = Annotated[
    str, typer.Option("--api", metavar="chat|completions|responses", help="Interface.", rich_help_panel=_WHO)
]
KeyOption = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="VARIABLE|@FILE",
        help="The environment variable or file that holds its key.",
        rich_help_panel=_WHO,
    ),
]
CaOption = Annotated[
    str, typer.Option("--ca-file", metavar="FILE", help="Certificates to trust for https.", rich_help_panel=_WHO)
]

AlarmsOption = Annotated[
    str,
    typer.Option(
        "--false-alarms",
        metavar="P/lifetime",
        help="The chance that this monitor ever alarms though nothing changed.",
        rich_help_panel=_PLAN,
    ),
]
RoundsOption = Annotated[
    int | None,
    typer.Option(
        "--rounds", min=1, max=200, help="How often each prompt is asked a day; else by power.", rich_help_panel=_PLAN
    ),
]
BurnInOption = Annotated[
    int,
    typer.Option("--burn-in", metavar="DAYS", min=1, max=90, help="Days for the reference.", rich_help_panel=_PLAN),
]
BorderOption = Annotated[
    int, typer.Option("--border", metavar="N", min=4, max=200, help="Border prompts to find.", rich_help_panel=_PLAN)
]
TemperatureOption = Annotated[
    float,
    typer.Option(
        "--temperature",
        min=0,
        max=2,
        help="Of border prompts and sentinels; a lower one sees finer changes where days are quiet.",
        rich_help_panel=_PLAN,
    ),
]
PoolOption = Annotated[
    Path | None,
    typer.Option("--prompts", metavar="FILE", help="Short prompts of your own, one a line.", rich_help_panel=_PLAN),
]
ToleranceOption = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        metavar="0…1",
        help="A day's shift that is benign; else from the burn-in.",
        rich_help_panel=_PLAN,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="For prompts and plans; else a fresh one, recorded.", rich_help_panel=_PLAN),
]
ResolutionOption = Annotated[
    float,
    typer.Option(
        "--resolution",
        metavar="0…1",
        min=0.01,
        max=1.0,
        help="*same* is said where a shift so large would have been found.",
        rich_help_panel=_PLAN,
    ),
]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan, its cost and its power; ask nothing.", rich_help_panel=_PLAN)
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before spending.", rich_help_panel=_PLAN)]

BudgetOption = Annotated[
    float | None,
    typer.Option("--budget-usd-per-month", metavar="USD", min=0, help="Never passed.", rich_help_panel=_MONEY),
]
PriceOption = Annotated[
    str,
    typer.Option(
        "--price", metavar="IN/OUT", help="US dollars per million tokens, or PROVIDER/MODEL.", rich_help_panel=_MONEY
    ),
]

BookOption = Annotated[
    str,
    typer.Option(
        "--book",
        metavar="FOLDER-or-URL",
        help="Where it is written down; else HOLDFAST_WATCH, else your data folder.",
        rich_help_panel=_BOOK,
    ),
]
AtOption = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Rehearse: act as if it were this time (UTC); it is on record.",
        rich_help_panel=_BOOK,
    ),
]

EveryOption = Annotated[
    str,
    typer.Option("--every", metavar="6h", help="Stay and visit so often, at random.", rich_help_panel=_PLAN),
]
MarkdownOption = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE", help="One issue's text, kept up to date.", rich_help_panel=_ALERTS),
]
PrometheusOption = Annotated[
    Path | None,
    typer.Option("--prometheus", metavar="FILE", help="Metrics for the textfile collector.", rich_help_panel=_ALERTS),
]
WebhookOption = Annotated[
    str, typer.Option("--webhook", metavar="URL", help="Where alarms are posted, signed.", rich_help_panel=_ALERTS)
]
WebhookKeyOption = Annotated[
    str,
    typer.Option(
        "--webhook-key", metavar="VARIABLE", help="The variable that holds its signing key.", rich_help_panel=_ALERTS
    ),
]
