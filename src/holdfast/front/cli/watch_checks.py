"""`holdfast watch compare` and `notices`: does a host serve what it says, and what is announced to end."""

from typing import Annotated

import typer

from holdfast.front.cli import watch_options as given
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption
from holdfast.front.cli.watch_plan import print_notices


def register(app: typer.Typer) -> None:
    """Add these verbs to those of `watch`."""
    app.command("notices")(notices_command)


def notices_command(
    sources: Annotated[list[str], typer.Argument(metavar="FILE-or-URL...", help="Notices: a file or a feed.")],
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="NAME", help="A model of yours, beside those watched.")
    ] = None,
    book: given.BookOption = "",
    json: JsonOption = False,
) -> None:
    """Read announcements of retirement from files or feeds that you name: JSON, RSS, Atom, HTML, Markdown or CSV.

    Exits 10 when something concerns a model of yours that is not on record yet.

    Example:  holdfast watch notices https://host/deprecations.rss --model gpt-x
    """
    from holdfast.workflows.watch_notices import EXIT_NEW, NoticesAsked, read_watch_notices
    from holdfast.workflows.watching.books import BookAsked

    found = read_watch_notices(NoticesAsked(BookAsked(book), tuple(sources), tuple(model or ())))
    if json:
        print_json(found)
    else:
        print_notices(open_output().out, found)
    if found.is_news:
        raise typer.Exit(EXIT_NEW)
