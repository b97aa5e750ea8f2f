"""`holdfast freeze`: a copy that nobody may use for now."""

from holdfast.front.cli.deciding import EverywhereOption, print_decisions
from holdfast.front.cli.options import ByOption, JsonOption, ModelArgument, VaultOption, WhyOption


def freeze_command(
    model: ModelArgument,
    by: ByOption = "",
    why: WhyOption = "",
    everywhere: EverywhereOption = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Hold a copy back: it is neither restored nor served, its bytes and record stay. Who and why go into the log.

    Example:  holdfast freeze Qwen/Qwen3-8B --by "A. Counsel" --why "ticket LEGAL-212"
    """
    from holdfast.workflows.deciding import DecideAsked
    from holdfast.workflows.freeze import run_freeze
    from holdfast.workflows.vaults import VaultAsked

    decided = run_freeze(DecideAsked(VaultAsked(vault), model, by, why, everywhere))
    print_decisions(decided, "Neither restored nor served until somebody thaws it: holdfast thaw.", as_json=json)
