"""`holdfast watch compare` and `notices`: does a host serve what it says, and what is announced to end."""

import secrets
from typing import Annotated

import typer

from holdfast.front.cli import watch_options as given
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption
from holdfast.front.cli.progress import showing
from holdfast.front.cli.watch_plan import print_compared, print_notices


def register(app: typer.Typer) -> None:
    """Add these verbs to those of `watch`."""
    app.command("compare")(compare_command)
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


def compare_command(
    reference: Annotated[str, typer.Option("--reference", metavar="URL[#MODEL]", help="Your own copy, served.")],
    host: Annotated[str, typer.Option("--host", metavar="URL[#MODEL]", help="Who claims to serve the same.")],
    api: given.ApiOption = "chat",
    reference_key: Annotated[
        str, typer.Option("--reference-key", metavar="VARIABLE", help="Holds the reference's key.")
    ] = "",
    host_key: Annotated[str, typer.Option("--host-key", metavar="VARIABLE", help="Holds the host's key.")] = "",
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=1000, help="How often each prompt is asked.")] = 30,
    border: given.BorderOption = 20,
    alpha: Annotated[
        float, typer.Option("--alpha", min=1e-6, max=0.2, help="The chance that a faithful host is called changed.")
    ] = 0.01,
    prompts: given.PoolOption = None,
    seed: given.SeedOption = None,
    json: JsonOption = False,
) -> None:
    """Does a host serve an open-weight model as your own copy does? Border prompts are found at your copy, then both
    are asked in turns; nothing is kept.

    Exits 0 when no difference was found (to within the shift that is printed), 10 when there is one, 3 when it could
    not be told.

    Example:  holdfast watch compare --reference http://127.0.0.1:8000/v1 --host https://host/v1#org/name
    """
    from holdfast.workflows.watch_compare import CompareAsked, compare_hosts
    from holdfast.workflows.watch_run import find_exit_code

    asked = CompareAsked(
        reference=reference, host=host, api=api, reference_key=reference_key, host_key=host_key, rounds=rounds,
        border=border, alpha=alpha, pool=prompts, seed=secrets.randbelow(1 << 31) if seed is None else seed,
    )  # fmt: skip
    with showing() as show:
        found = compare_hosts(asked, show)
    if json:
        print_json(found)
    else:
        print_compared(open_output().out, found)
    raise typer.Exit(find_exit_code([found.outcome]))
