"""What freeze, thaw and drop have in common on the command line."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.console import open_output, print_json

if TYPE_CHECKING:
    from holdfast.workflows.deciding import Decided

EverywhereOption = Annotated[bool, typer.Option("--all-revisions", help="All revisions of the model, not one.")]


def print_decisions(decided: "list[Decided]", then: str, *, as_json: bool) -> None:
    """Each decision with its reason, and what follows from it."""
    if as_json:
        print_json({"decisions": decided})
        return
    output = open_output().out
    for one in decided:
        output.print(f"{_DONE[one.verb]}  {one.model}@{one.revision}", markup=False, soft_wrap=True)
        output.print(f"  by {one.by} at {one.at}: {one.why}", markup=False, soft_wrap=True)
        for note in one.notes:
            output.print(f"  note  {note}", markup=False, soft_wrap=True)
    output.print(then, markup=False, soft_wrap=True)


_DONE = {"freeze": "frozen", "thaw": "thawed", "drop": "dropped"}
