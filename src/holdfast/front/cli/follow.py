"""`holdfast follow`: models whose hubs are asked by `holdfast update`."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.front.cli.pull import EndpointOption, TokenFileOption

if TYPE_CHECKING:
    from holdfast.workflows.follow import FollowedModel

_SHOWN = 12


def follow_command(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL]...", help="org/name, or org/name@branch-or-tag; none lists what is followed."),
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Follow these models no more.")] = False,
    endpoint: EndpointOption = "",
    token_file: TokenFileOption = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Note models for `holdfast update`, which tells what their hub does with them. Nothing runs by itself.

    Example:  holdfast follow Qwen/Qwen3-8B
    """
    from holdfast.records.errors import UsageError
    from holdfast.workflows.follow import FollowAsked, run_follow, run_list_followed, run_unfollow
    from holdfast.workflows.pulling import HubAsked
    from holdfast.workflows.vaults import VaultAsked

    asked = VaultAsked(vault)
    if stop:
        if not models:
            raise UsageError("no model was named", where="--stop", next_step="Name those to follow no more.")
        stopped = run_unfollow(asked, models)
        _print([f"not followed any more: {name}" for name in stopped], {"stopped": stopped}, as_json=json)
        return
    if models:
        found = run_follow(FollowAsked(asked, tuple(models), HubAsked({"endpoint": endpoint}, token_file)))
    else:
        found = run_list_followed(asked)
    lines = [line for one in found for line in _tell(one)] or ["no model is followed: holdfast follow MODEL"]
    _print(lines, {"followed": found}, as_json=json)


def _print(lines: list[str], value: object, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
        return
    output = open_output().out
    for line in lines:
        output.print(line, markup=False, soft_wrap=True)


def _tell(one: "FollowedModel") -> list[str]:
    followed = one.followed
    seen = f"{followed.outcome} when last asked, {followed.asked_at}" if followed.asked_at else "not asked yet"
    held = f"held at {one.held[:_SHOWN]}" if one.held else "no copy is held"
    lines = [f"{followed.name}@{followed.revision}  {followed.endpoint}: {seen}; {held}"]
    lines += [f"      {change.kind}, since {followed.since}: {change.says}" for change in followed.changes]
    return lines + ([f"      note  {one.note}"] if one.note else [])
