"""`holdfast stats`: what the vault's bytes go to."""

from rich.table import Table

from holdfast.front.cli.bytes import tell_bytes
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption


def stats_command(vault: VaultOption = "", json: JsonOption = False) -> None:
    """Logical and stored bytes, by copy and by technique, and what dropping each copy would free.

    Example:  holdfast stats
    """
    from holdfast.workflows.stats import run_stats
    from holdfast.workflows.vaults import VaultAsked

    answer = run_stats(VaultAsked(vault))
    if json:
        print_json(answer)
        return
    output = open_output().out
    totals = answer.totals
    share = f" ({totals.stored / totals.logical:.0%})" if totals.logical else ""
    output.print(
        f"{totals.copies} copies of {tell_bytes(totals.logical)} are held in {tell_bytes(totals.stored)}{share}"
        f" · {tell_bytes(totals.distinct)} of it distinct · {totals.packs} packs\n"
    )
    copies = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("MODEL", "LOGICAL", "STORED", "FREES WHEN DROPPED"):
        copies.add_column(title, justify="left" if title == "MODEL" else "right")
    for copy in answer.copies:
        sizes = (tell_bytes(copy.size), tell_bytes(copy.stored), tell_bytes(copy.frees))
        copies.add_row(f"{copy.model}@{copy.revision[:12]}", *sizes)
    techniques = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("STORED AS", "FRAMES", "RAW", "STORED", "SHARE"):
        techniques.add_column(title, justify="left" if title == "STORED AS" else "right")
    for one in answer.techniques:
        part = f"{one.stored / one.raw:.1%}" if one.raw else ""
        techniques.add_row(one.technique, f"{one.frames:,}", tell_bytes(one.raw), tell_bytes(one.stored), part)
    output.print(copies)
    output.print()
    output.print(techniques)
