"""An inventory as text: one block a model, its uses under it."""

from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.console import Output
from holdfast.records.use import Inventory, Use
from holdfast.workflows.grouping import group_uses
from holdfast.workflows.unresolved import say_count, say_uses


def print_inventory(inventory: Inventory, output: Output) -> None:
    """Models with their uses, uses without a name, then catalogues and skipped files."""
    groups = group_uses(inventory.uses)
    named = [group for group in groups if group[1][0].model is not None]
    unnamed = groups[len(named) :]  # they come last
    uses = say_uses(len(inventory.uses), sum(len(group) for _, group in unnamed))
    files = say_count(inventory.files_seen, "file")
    output.out.print(f"\n [bold]{say_count(len(named), 'model')}, {uses}[/] in {files}\n")
    for name, group in named:
        output.out.print(f" [bold]{escape(name)}[/]  [dim]{group[0].kind.value}[/]")
        output.out.print(_uses_table(group))
    if unnamed:
        output.out.print(" [bold]Not resolved[/]  [dim]The name is not in what was read.[/]")
        output.out.print(_uses_table(tuple(use for _, group in unnamed for use in group)))
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
        cells = (escape(use.text), f"[dim]{escape(details)}[/]", f"[dim]{escape(use.service)}[/]", escape(use.note))
        table.add_row("  " + escape(str(use.place)), *cells)
    return table
