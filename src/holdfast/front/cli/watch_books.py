"""`holdfast watch list`, `report`, `accept`, `pause`, `resume`, `remove`, `verify` and `export`: what the book says."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli import watch_options as given
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import ByOption, JsonOption, WhyOption
from holdfast.front.cli.watch_plan import print_verified
from holdfast.records.errors import DamagedBook

if TYPE_CHECKING:
    from holdfast.workflows.watch_accept import DecideAsked
    from holdfast.workflows.watching.books import BookAsked


def register(app: typer.Typer) -> None:
    """Add these verbs to those of `watch`."""
    app.command("list")(list_command)
    app.command("report")(report_command)
    app.command("accept")(accept_command)
    app.command("pause")(pause_command)
    app.command("resume")(resume_command)
    app.command("remove")(remove_command)
    app.command("verify")(verify_command)
    app.command("export")(export_command)


def list_command(
    names: given.NamesArgument = None, book: given.BookOption = "", at: given.AtOption = "", json: JsonOption = False
) -> None:
    """Monitors as they stand, from the book alone; asks nobody anything.

    Example:  holdfast watch list
    """
    from holdfast.front.cli.watch_table import print_standing
    from holdfast.workflows.watch_show import show_watch
    from holdfast.workflows.watching.books import BookAsked
    from holdfast.workflows.watching.moments import make_clock

    shown = show_watch(BookAsked(book, clock=make_clock(at)), names or ())
    if json:
        print_json(shown.document)
    else:
        print_standing(open_output().out, shown.document)


def report_command(
    names: given.NamesArgument = None,
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="Where the page goes.")] = Path("watched.html"),
    book: given.BookOption = "",
    at: given.AtOption = "",
    json: JsonOption = False,
) -> None:
    """A page of the monitors with their evidence over time, in one file that needs no network.

    Example:  holdfast watch report --html watched.html
    """
    from holdfast.front.outputs import render_watched_page
    from holdfast.workflows.watch_show import show_watch
    from holdfast.workflows.watching.books import BookAsked
    from holdfast.workflows.watching.moments import make_clock
    from holdfast.workflows.writing import write_text

    shown = show_watch(BookAsked(book, clock=make_clock(at)), names or ())
    write_text(html, render_watched_page(shown.document), what="the page")
    if json:
        print_json({"page": str(html)})
    else:
        open_output().out.print(f"page  {html}", markup=False, soft_wrap=True)


def accept_command(
    name: given.NameArgument,
    why: WhyOption = "",
    by: ByOption = "",
    book: given.BookOption = "",
    at: given.AtOption = "",
    json: JsonOption = False,
) -> None:
    """What is served now becomes the baseline: a new reference is collected. On record, with who and why.

    Example:  holdfast watch accept hosted --why "announced as version 2"
    """
    from holdfast.workflows.watch_accept import accept_change
    from holdfast.workflows.watching.books import BookAsked
    from holdfast.workflows.watching.moments import make_clock

    settings = accept_change(_decide(name, why, by, BookAsked(book, clock=make_clock(at)))).settings
    if json:
        print_json({"monitor": name, "life": settings.life, "burn_in_days": settings.burn_in_days})
    else:
        days = f"the next {settings.burn_in_days} days of visits make its reference"
        open_output().out.print(f"accepted  {name} begins life {settings.life}; {days}", markup=False, soft_wrap=True)


def pause_command(
    name: given.NameArgument, why: WhyOption = "", by: ByOption = "", book: given.BookOption = ""
) -> None:
    """Do not visit a monitor until it is resumed.

    Example:  holdfast watch pause hosted --why "the account is being moved"
    """
    from holdfast.workflows.watch_accept import pause_monitor
    from holdfast.workflows.watching.books import BookAsked

    pause_monitor(_decide(name, why, by, BookAsked(book)))
    open_output().out.print(f"paused  {name}", markup=False)


def resume_command(
    name: given.NameArgument, why: WhyOption = "", by: ByOption = "", book: given.BookOption = ""
) -> None:
    """Visit a paused monitor again.

    Example:  holdfast watch resume hosted --why "the account was moved"
    """
    from holdfast.workflows.watch_accept import resume_monitor
    from holdfast.workflows.watching.books import BookAsked

    resume_monitor(_decide(name, why, by, BookAsked(book)))
    open_output().out.print(f"resumed  {name}", markup=False)


def remove_command(
    name: given.NameArgument, why: WhyOption = "", by: ByOption = "", book: given.BookOption = ""
) -> None:
    """Watch it no more; what it saw stays on record.

    Example:  holdfast watch remove hosted --why "we left that provider"
    """
    from holdfast.workflows.watch_accept import remove_monitor
    from holdfast.workflows.watching.books import BookAsked

    remove_monitor(_decide(name, why, by, BookAsked(book)))
    open_output().out.print(f"removed  {name}", markup=False)


def verify_command(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="An exported book; else the book.")] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="LINE", help="A public key that may sign, kept elsewhere.")
    ] = None,
    book: given.BookOption = "",
    json: JsonOption = False,
) -> None:
    """Check chain and signatures, and compute every alarm again from what was seen; offline.

    Exits 18 when an entry is not what was signed, or an alarm does not follow.

    Example:  holdfast watch verify
    """
    from holdfast.workflows.watch_verify import verify_watch
    from holdfast.workflows.watching.books import BookAsked

    found = verify_watch(BookAsked(book), file, tuple(key or ()))
    if json:
        print_json(found)
    else:
        print_verified(open_output().out, found)
    if not found.is_right:
        raise typer.Exit(DamagedBook.exit_code)


def export_command(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where the file goes.")],
    monitor: Annotated[str, typer.Option("--monitor", metavar="NAME", help="Withhold what others say.")] = "",
    book: given.BookOption = "",
) -> None:
    """The book as one file that anybody can verify offline.

    Example:  holdfast watch export book.jsonl
    """
    from holdfast.workflows.watch_verify import export_watch
    from holdfast.workflows.watching.books import BookAsked

    lines = export_watch(BookAsked(book), out, monitor or None)
    open_output().out.print(f"exported  {out}, {lines - 1} entries", markup=False, soft_wrap=True)


def _decide(name: str, why: str, by: str, book: "BookAsked") -> "DecideAsked":
    from holdfast.workflows.watch_accept import DecideAsked

    return DecideAsked(book, name, why, by)
