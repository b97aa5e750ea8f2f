"""`holdfast policy apply`: freeze what levers in force reach, after saying what and why."""

import sys
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import (
    AsOption,
    DataOption,
    JsonOption,
    OnOption,
    ScenarioOption,
    TargetOption,
    VaultOption,
)
from holdfast.records.errors import UsageError

if TYPE_CHECKING:
    from holdfast.workflows.policy_apply import JudgedCopy, PolicyAsked, PolicyPlan

app = typer.Typer(no_args_is_help=True)


@app.callback()
def policy_group() -> None:
    """The team's policy towards the copies that it holds."""


@app.command("apply")
def apply_command(
    party: AsOption = None,
    on: OnOption = None,
    scenario: ScenarioOption = None,
    target: TargetOption = None,
    reach: Annotated[
        list[str] | None,
        typer.Option("--reach", metavar="REACH", help="What freezes: forbidden; repeat to add licence-needed, …"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be frozen, and freeze nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Freeze without asking.")] = False,
    vault: VaultOption = "",
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Freeze the kept copies that a lever forbids to possess, use or serve, after saying which and why.

    It never thaws. What is not known is listed and left alone. Waivers in holdfast.toml hold here too.

    Example:  holdfast policy apply --as eu-business --dry-run
    """
    from holdfast.workflows.policy_apply import PolicyAsked, run_policy_apply
    from holdfast.workflows.vaults import VaultAsked

    flags = {"party": party, "on": on, "scenario": scenario, "target": target, "data": data}
    words = tuple(reach or ("forbidden",))
    asked = PolicyAsked(VaultAsked(vault), flags, date.today(), words, dry_run)  # noqa: DTZ011
    answer = run_policy_apply(asked, lambda plan: _confirm(plan, asked, yes=yes, as_json=json))
    if json:
        print_json(answer)
        return
    output = open_output().out
    for note in (note for one in answer.frozen for note in one.notes):
        output.print(f"note  {note}", markup=False, soft_wrap=True)
    if not dry_run:
        output.print(f"\n{len(answer.frozen)} frozen. Evidence, not legal advice.")


def _confirm(plan: "PolicyPlan", asked: "PolicyAsked", *, yes: bool, as_json: bool) -> bool:
    if not as_json:
        output = open_output().out
        for line in _tell_plan(plan):
            output.print(line, markup=False, soft_wrap=True)
    if asked.dry_run or not plan.choose("freeze"):
        return False
    if yes:
        return True
    if as_json or not sys.stdin.isatty():
        raise UsageError("nothing was frozen: nobody said yes", next_step="Add --yes, or --dry-run to look only.")
    return typer.confirm("Freeze them?", default=False, err=True)


def _tell_plan(plan: "PolicyPlan") -> Iterator[str]:
    supposing = f", supposing {' and '.join(plan.scenarios)}" if plan.scenarios else ""
    yield f"For {plan.party} on {plan.on}{supposing}; evidence to {plan.horizon}; not legal advice."
    titles = {
        "freeze": "TO FREEZE",
        "frozen": "FROZEN ALREADY",
        "waived": "WAIVED, and so left",
        "unknown": "UNKNOWN, and so left",
    }
    for verdict, title in titles.items():
        copies = plan.choose(verdict)
        yield from ("", title) if copies else ()
        for copy in copies:
            yield from _tell_copy(copy)
    left = len(plan.choose("leave"))
    yield ""
    yield f"{len(plan.choose('freeze'))} of {len(plan.copies)} copies to freeze; {left} not reached."


def _tell_copy(copy: "JudgedCopy") -> Iterator[str]:
    from holdfast.workflows.policy_apply import say_reason

    yield f"  {copy.model}@{copy.revision}"
    if copy.note:
        yield f"    {copy.note}"
    for reason in copy.reasons if copy.verdict == "freeze" else ():
        yield f"    {say_reason(reason)}"
    for reason in copy.unknown if copy.verdict in ("unknown", "freeze") else ():
        yield f"    unknown: {say_reason(reason)}"
