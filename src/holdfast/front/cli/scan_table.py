"""An inventory as text: one block a model, its uses under it."""

from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.console import Output
from holdfast.records.use import Inventory, Use
from holdfast.workflows.grouping import group_uses


def print_inventory(inventory: Inventory, output: Output) -> None:
    """Models with their uses, then catalogues and skipped files."""
    groups = group_uses(inventory.uses)
    output.out.print(f"\n [bold]{len(groups)} models, {len(inventory.uses)} uses[/] in {inventory.files_seen} files\n")
    for name, uses in groups:
        kind = "unresolved" if uses[0].model is None else uses[0].kind.value
        output.out.print(f" [bold]{escape(name)}[/]  [dim]{kind}[/]")
        output.out.print(_uses_table(uses))
    for catalogue in inventory.catalogues:
        output.out.print(f" [dim]catalogue[/] {catalogue.place}: a list of {catalogue.length} models, not uses")
    for artefact in inventory.artefacts:
        output.out.print(f" [dim]file[/] {artefact.place.path}: {artefact.format} {escape(str(artefact.model or ''))}")
    for skipped in inventory.skipped:
        output.out.print(f" [yellow]skipped[/] {escape(skipped.path)}: {escape(skipped.reason)}")


def _uses_table(uses: tuple[Use, ...]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 1))
    for use in uses:
        pin = f"@{use.revision.value}" if use.revision.value else ""
        details = " ".join(part for part in (use.confidence.value, use.environment.value, use.via, pin) if part)
        table.add_row("  " + escape(str(use.place)), escape(use.text), f"[dim]{escape(details)}[/]", escape(use.note))
    return table
