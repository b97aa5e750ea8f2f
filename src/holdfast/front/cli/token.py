"""`holdfast token`: who may use `holdfast serve` on this vault, and for what."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import ByOption, JsonOption, VaultOption
from holdfast.records.access import Scope

if TYPE_CHECKING:
    from holdfast.workflows.token import TokenRow

app = typer.Typer(no_args_is_help=True)

_OVER = "MODEL-or-ORG/*"


@app.callback()
def token_group() -> None:
    """Tokens for `holdfast serve`: create, list, revoke. A change counts on every server within a second.

    Example:  holdfast token create ci-cluster --read 'Qwen/*' --expires 90d
    """


@app.command("create")
def create_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what uses it.")],
    read: Annotated[list[str] | None, typer.Option("--read", metavar=_OVER, help="May download. Repeat.")] = None,
    write: Annotated[list[str] | None, typer.Option("--write", metavar=_OVER, help="May upload too. Repeat.")] = None,
    admin: Annotated[
        list[str] | None, typer.Option("--admin", metavar=_OVER, help="May make and delete repositories too. Repeat.")
    ] = None,
    expires: Annotated[str, typer.Option("--expires", metavar="WHEN", help="90d, 12h, a day; else never.")] = "",
    by: ByOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Create a token and print it, once: the vault keeps only its digest. Without a scope it may read everything.

    Example:  holdfast token create ci-cluster --read 'Qwen/*' --expires 90d
    """
    from holdfast.workflows.token import TokenAsked, make_grant, run_token_create, say_grants
    from holdfast.workflows.vaults import VaultAsked

    named = {Scope.READ: read, Scope.WRITE: write, Scope.ADMIN: admin}
    grants = tuple(make_grant(scope, over) for scope, overs in named.items() for over in overs or ())
    made = run_token_create(TokenAsked(VaultAsked(vault), name, grants, expires, by))
    if json:
        print_json(made)
        return
    output = open_output()
    output.out.print(made.secret, markup=False, soft_wrap=True)
    row = made.token
    ends = f"until {row.expires_at}" if row.expires_at else "without an end"
    output.err.print(f"{row.name} ({row.id}) may {say_grants(row.grants)}, {ends}.", markup=False)
    output.err.print("It is shown this once. Clients take it from HF_TOKEN.", markup=False)
    for note in made.notes:
        output.err.print(f"note  {note}", markup=False)


@app.command("list")
def list_command(vault: VaultOption = "", json: JsonOption = False) -> None:
    """The tokens of the vault: what each may do, until when, and when it was last used.

    Example:  holdfast token list
    """
    from holdfast.workflows.token import run_token_list
    from holdfast.workflows.vaults import VaultAsked

    answer = run_token_list(VaultAsked(vault))
    if json:
        print_json(answer)
        return
    output = open_output().out
    if not answer.tokens:
        output.print("the vault has no token")
        return
    rows = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("ID", "NAME", "MAY", "EXPIRES", "CREATED", "LAST USED"):
        rows.add_column(title)
    for token in answer.tokens:
        _add_row(rows, token)
    output.print(rows)


def _add_row(rows: Table, token: "TokenRow") -> None:
    from rich.text import Text

    from holdfast.workflows.token import say_grants

    expires = token.expires_at or "never"
    cells = (
        token.id,
        token.name,
        say_grants(token.grants),
        f"{expires} (expired)" if token.is_expired else expires,
        f"{token.created_at} by {token.created_by}",
        token.used_at or "not noted",
    )
    rows.add_row(*map(Text, cells))


@app.command("revoke")
def revoke_command(
    token: Annotated[str, typer.Argument(metavar="ID-or-NAME", help="Which one: see `holdfast token list`.")],
    by: ByOption = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is recorded in the log.")] = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Take a token away. No server of the vault takes it any more, a second later at the latest.

    Example:  holdfast token revoke ci-cluster --why "left in a log"
    """
    from holdfast.workflows.token import run_token_revoke
    from holdfast.workflows.vaults import VaultAsked

    answer = run_token_revoke(VaultAsked(vault), token, by, why)
    if json:
        print_json(answer)
        return
    output = open_output().out
    output.print(f"revoked  {answer.token.name} ({answer.token.id})", markup=False, soft_wrap=True)
    for note in answer.notes:
        output.print(f"note     {note}", markup=False, soft_wrap=True)
