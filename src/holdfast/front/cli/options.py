"""Options that several verbs share, so that they read and behave the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="A folder or file of the application.")]
AsOption = Annotated[
    str | None, typer.Option("--as", metavar="PARTY", help="Who acts: a ready party, see `holdfast levers --parties`.")
]
OnOption = Annotated[str | None, typer.Option("--on", metavar="DATE", help="Assess for this day, YYYY-MM-DD.")]
ScenarioOption = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="NAME", help="Suppose this scenario; repeat to combine. See --scenarios."),
]
TargetOption = Annotated[
    str | None, typer.Option("--target", metavar="REF", help="What a scenario is aimed at: org:…, family:…, model:….")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, errors included.")]
DataOption = Annotated[
    str | None, typer.Option("--data", metavar="FOLDER", help="Another folder of rule data.", hidden=True)
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Read every file again.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Worker processes; one a core by default.")]
VaultOption = Annotated[
    str,
    typer.Option(
        "--vault", metavar="FOLDER-or-URL", help="Which vault; else HOLDFAST_VAULT, else your data folder's own."
    ),
]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A kept model: org/name or org/name@revision.")]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; else HOLDFAST_BY, else your login.")]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is recorded with the decision.")]
