"""`holdfast drop`: a copy is given up."""

from holdfast.front.cli.deciding import EverywhereOption, print_decisions
from holdfast.front.cli.options import ByOption, JsonOption, ModelArgument, VaultOption, WhyOption


def drop_command(
    model: ModelArgument,
    by: ByOption = "",
    why: WhyOption = "",
    everywhere: EverywhereOption = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Give a copy up: its record stays, and prune frees what only it needs, after a grace period. Not a frozen one.

    Example:  holdfast drop acme/old-model --by Ana --why "replaced by acme/new-model"
    """
    from holdfast.workflows.deciding import DecideAsked
    from holdfast.workflows.drop import run_drop
    from holdfast.workflows.vaults import VaultAsked

    decided = run_drop(DecideAsked(VaultAsked(vault), model, by, why, everywhere))
    print_decisions(
        decided,
        "Kept again it is back at once; what only it needs is freed by holdfast prune, after its grace period.",
        as_json=json,
    )
