"""`holdfast thaw`: a frozen copy may be used again."""

from holdfast.front.cli.deciding import EverywhereOption, print_decisions
from holdfast.front.cli.options import ByOption, JsonOption, ModelArgument, VaultOption, WhyOption


def thaw_command(
    model: ModelArgument,
    by: ByOption = "",
    why: WhyOption = "",
    everywhere: EverywhereOption = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Let a frozen copy be restored and served again. Who froze it and why stays on record, and who thawed it and why.

    Example:  holdfast thaw Qwen/Qwen3-8B --by "A. Counsel" --why "LEGAL-212 closed"
    """
    from holdfast.workflows.deciding import DecideAsked
    from holdfast.workflows.thaw import run_thaw
    from holdfast.workflows.vaults import VaultAsked

    decided = run_thaw(DecideAsked(VaultAsked(vault), model, by, why, everywhere))
    print_decisions(decided, "It may be restored and served again.", as_json=json)
