"""`holdfast lists`: official lists, fetched or taken from files on command, and screening against them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.console import Output, open_output, print_json, show_progress
from holdfast.front.cli.options import DataOption, JsonOption
from holdfast.records.screening import CAVEATS, Answer, Hit, ListAnswer, PartyKind, ScreeningResult

if TYPE_CHECKING:  # every verb's module is imported for any verb: what takes long waits until it is needed
    from holdfast.workflows.lists import HeldFeed, Updated

app = typer.Typer()

FolderOption = Annotated[
    str | None,
    typer.Option("--folder", metavar="FOLDER", help="Where editions lie; HOLDFAST_LISTS or the user's data folder."),
]
_COLOURS = {Answer.YES: "red", Answer.NO: "green", Answer.UNKNOWN: "yellow"}


@app.callback(invoke_without_command=True)
def lists_group(
    context: typer.Context, folder: FolderOption = None, json: JsonOption = False, data: DataOption = None
) -> None:
    """Official lists: what is held, fetching them on command, screening against them.

    Example:  holdfast lists
    """
    if context.invoked_subcommand is None:
        _show((), folder, json, data)


@app.command("show")
def show_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[LIST]...", help="Only these lists.")] = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Every list with the editions held: date, count, digest, source.

    Example:  holdfast lists show us-ofac-sdn
    """
    _show(names or (), folder, json, data)


def _show(names: Sequence[str], folder: str | None, json: bool, data: str | None) -> None:
    from holdfast.workflows.folders import lists_folder
    from holdfast.workflows.lists import show_lists

    place = lists_folder(folder)
    held = show_lists(place, names, Path(data) if data else None)
    if json:
        print_json({"folder": place, "lists": held})
        return
    output = open_output().out
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("LIST", "EDITION", "SEEN UNTIL", "PARTIES", "SHA-256", "TITLE"):
        table.add_column(title, overflow="fold")
    for feed in held:
        for row in _rows(feed, detailed=bool(names)):
            table.add_row(*row)
    output.print(table)
    for feed in held if names else ():
        _print_details(feed, output)
    output.print(f"\nHeld in {place}. Nothing is fetched unasked: holdfast lists update.", style="dim", soft_wrap=True)


def _rows(held: "HeldFeed", *, detailed: bool) -> list[tuple[str, ...]]:
    feed = held.feed
    if not held.editions:
        return [(feed.id, "[dim]none[/]", "", "", "", escape(feed.title))]
    chosen = held.editions if detailed else held.editions[-1:]
    more = f" (+{len(held.editions) - 1})" if len(held.editions) > 1 and not detailed else ""
    return [
        (
            feed.id,
            f"{edition.date}{more}" + (" withdrawn" if edition.withdrawn_on else ""),
            str(edition.seen_until),
            str(edition.count),
            edition.sha256[:12],
            escape(feed.title),
        )
        for edition in chosen
    ]


def _print_details(held: "HeldFeed", output: Console) -> None:
    feed = held.feed
    lines = [f"\n{feed.id}: {feed.title}", f"  publisher  {feed.publisher}", f"  licence    {feed.licence}"]
    lines += [f"  address    {url}" for source in feed.sources for url in source.urls]
    lines += [f"  note       {feed.note}"] if feed.note else []
    for edition, folder in zip(held.editions, held.folders, strict=True):
        lines.append(f"  edition    {edition.date} ({edition.date_from}), fetched {edition.fetched_at:%Y-%m-%d %H:%M}")
        lines += [f"             {file.name}  {file.bytes} bytes  sha256 {file.sha256}" for file in edition.files]
        lines += [f"             from {source}" for source in edition.source]
        lines += [f"             {note}" for note in edition.notes] + [f"             {folder}"]
    for line in lines:
        output.print(line, markup=False, soft_wrap=True)


@app.command("update")
def update_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[LIST]...", help="Lists; the usual ones by default.")
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="Take this file instead of fetching; repeat for SDN, ALT and ADD."),
    ] = None,
    url: Annotated[str | None, typer.Option("--from-url", metavar="URL", help="Fetch from another address.")] = None,
    form: Annotated[str | None, typer.Option("--format", metavar="NAME", help="Which form of the list.")] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="DATE", help="The day on which this edition was published.")
    ] = None,
    withdrawn: Annotated[
        str | None, typer.Option("--withdrawn", metavar="DATE", help="The day on which it was taken back.")
    ] = None,
    floor: Annotated[
        int | None, typer.Option("--floor", metavar="N", min=1, help="Accept a list of at least N parties.")
    ] = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Fetch lists, or take them from files. A failed or damaged one never replaces a good edition.

    Example:  holdfast lists update us-1260h --from list.csv
    """
    from holdfast.workflows.configuration import parse_date
    from holdfast.workflows.folders import lists_folder
    from holdfast.workflows.lists import UpdateAsked, update_lists

    with show_progress("Fetching lists") as progress:
        asked = UpdateAsked(
            names=tuple(names or ()),
            folder=lists_folder(folder),
            now=datetime.now(UTC),
            progress=progress,
            files=tuple(files or ()),
            url=url,
            form=form,
            edition=parse_date(edition, "--edition") if edition else None,
            withdrawn=parse_date(withdrawn, "--withdrawn") if withdrawn else None,
            floor=floor,
            data=Path(data) if data else None,
        )
        updated = update_lists(asked)
    if json:
        print_json(updated)
        return
    _print_updated(updated)


def _print_updated(updated: "Sequence[Updated]") -> None:
    output = open_output().out
    for item in updated:
        edition = item.edition
        word = "stored" if item.new else "already held"
        what = f"{item.feed}: edition of {edition.date} ({edition.date_from}) {word}: {edition.count} parties"
        output.print(f"{what}, sha256 {edition.sha256[:12]}", markup=False, soft_wrap=True)
        for note in edition.notes:
            output.print(f"  {note}", markup=False, soft_wrap=True)


@app.command("screen")
def screen_command(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names, or organisations as org:….")],
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="Listed on this day; today by default.")
    ] = None,
    known_on: Annotated[
        str | None, typer.Option("--known-on", metavar="DATE", help="As known on this day; today by default.")
    ] = None,
    lists: Annotated[list[str] | None, typer.Option("--list", metavar="LIST", help="Only this list; repeat.")] = None,
    country: Annotated[
        list[str] | None, typer.Option("--country", metavar="COUNTRY", help="Where a named party is: second evidence.")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option("--address", metavar="TEXT", help="An address of a named party.")
    ] = None,
    kind: Annotated[PartyKind, typer.Option("--kind", help="What a named party is.")] = PartyKind.UNKNOWN,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0.3, max=1.0, help="Score from which a name is a hit.")
    ] = 0.70,
    folder: FolderOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Was this party on a list on that day, as known on that other day? Yes, no or unknown, with the reasons.

    Example:  holdfast lists screen org:zhipu --on 2025-01-16
    """
    from holdfast.workflows.configuration import parse_date
    from holdfast.workflows.folders import lists_folder
    from holdfast.workflows.lists import ScreenAsked, screen_names

    today = date.today()  # noqa: DTZ011
    asked = ScreenAsked(
        names=tuple(names),
        folder=lists_folder(folder),
        on=parse_date(on, "--on") if on else today,
        known_on=parse_date(known_on, "--known-on") if known_on else today,
        countries=tuple(country or ()),
        addresses=tuple(address or ()),
        kind=kind,
        threshold=threshold,
        feeds=tuple(lists or ()),
        data=Path(data) if data else None,
    )
    results = screen_names(asked)
    if json:
        print_json(results)
        return
    output = open_output()
    for result in results:
        _print_result(result, output)
    output.out.print("\n" + " ".join(CAVEATS), style="bold")


def _print_result(result: ScreeningResult, output: Output) -> None:
    word = _say(result.answer)
    output.out.print(
        f"\n[bold]{escape(result.subject)}[/]  listed on {result.on}, as known on {result.known_on}: {word}"
    )
    names = "; ".join(f"{name.name} ({name.kind})" for name in result.names)
    output.out.print(f"names: {names}", markup=False, style="dim", soft_wrap=True)
    held = [answer for answer in result.answers if answer.editions]
    unheld = [answer.list for answer in result.answers if not answer.editions]
    if held:
        output.out.print(_answers_table(held))
    if result.hits:
        output.out.print(_hits_table(result.hits))
    if unheld:
        output.out.print(f"No edition held, so unknown: {', '.join(unheld)}", markup=False, soft_wrap=True)
    if result.not_screened:
        skipped = ", ".join(result.not_screened)
        output.out.print(f"Too generic to screen: {skipped}", markup=False, soft_wrap=True)
    for note in result.notes:
        output.out.print(note, markup=False, soft_wrap=True)


def _say(answer: Answer) -> str:
    return f"[{_COLOURS[answer]}]{answer.value}[/]"


def _answers_table(answers: Sequence[ListAnswer]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("LIST", "LISTED", "WHY", "EDITIONS"):
        table.add_column(title, overflow="fold")
    together: dict[ListAnswer, list[str]] = {}
    for answer in answers:
        together.setdefault(replace(answer, list=""), []).append(answer.list)
    for answer, names in together.items():
        editions = ", ".join(f"{use.feed} {use.date} {use.sha256[:8]}" for use in answer.editions)
        table.add_row(", ".join(names), _say(answer.answer), escape(answer.why), f"[dim]{escape(editions)}[/]")
    return table


def _hits_table(hits: Sequence[Hit]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="HITS", title_justify="left")
    for title in ("SCORE", "MATCH", "NAME ASKED", "LISTED NAME", "ENTRY", "LIST", "STATE", "SECOND EVIDENCE"):
        table.add_column(title, overflow="fold")
    for hit in hits:
        second = [*(f"agrees: {word}" for word in hit.agrees), *(f"disagrees: {word}" for word in hit.disagrees)]
        second += [f"through {' ← '.join(hit.via)}"] if hit.via else []
        dates = f"{hit.start or 'start unknown'}" + (f" to {hit.end}" if hit.end else "")
        table.add_row(
            f"{hit.score:.2f}",
            f"{hit.reason.value}, {hit.quality.value}",
            escape(f"{hit.queried} ({hit.queried_kind})"),
            escape(hit.matched),
            escape(f"{hit.listed_as} [{hit.entry}]"),
            f"{hit.list} ({hit.feed} {hit.edition.date})",
            f"{hit.state.value} ({dates})",
            escape("; ".join(second)),
        )
    return table
