"""The command line's edge: verbs are registered here, and here every error becomes words and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

import holdfast
from holdfast.front.cli import (
    assess,
    backtest,
    bundle,
    check,
    config,
    diff,
    drop,
    explain,
    follow,
    freeze,
    keep,
    levers,
    list,
    lists,
    log,
    measure,
    policy,
    protect,
    prune,
    pull,
    rebuild,
    repair,
    restore,
    scan,
    secure,
    serve,
    show,
    sign,
    smoke,
    stats,
    sync,
    thaw,
    token,
    update,
    verify,
    watch,
    who,
)
from holdfast.front.cli import run as run_cli
from holdfast.front.cli.console import print_error
from holdfast.records.errors import EXIT_INTERRUPTED, HoldfastError, InternalError, UsageError

KNOW = "Know: what we depend on"
JUDGE = "Judge: what could take it away"
KEEP = "Keep: verified copies"
SERVE = "Serve: to the tools you have"
MEASURE = "Measure: what it costs and is worth"
WATCH = "Watch: is it still the model we chose?"
KEEP_CURRENT = "Settings and official lists"

app = typer.Typer(
    name="holdfast",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done · 1 a policy is broken, an episode missed or a smoke test not passed · 2 usage · "
    "3 input · 4 rule data · 5 configuration · 6 expired waiver · 7 date before coverage · 8 corrupt list · "
    "9 network · 10 output · 11 vault · 12 damaged · 13 frozen · 14 storage · 15 signature · 16 engine · "
    "17 book of a watch · 18 damaged book. `watch run`: 0 same · 10 changed · 3 could not tell. "
    "Evidence, not legal advice.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from holdfast.workflows.version import describe_version

        typer.echo(describe_version(holdfast.__version__))
        raise typer.Exit


@app.callback()
def holdfast_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version and evidence horizon.")
    ] = False,
) -> None:
    """A team's hold on the AI models it depends on.

    Start here:  [bold]holdfast check .[/]   every model your code uses, whose it is, and what could take it away.
    """


app.command("check", rich_help_panel=KNOW)(check.check_command)
app.command("scan", rich_help_panel=KNOW)(scan.scan_command)
app.command("who", rich_help_panel=KNOW)(who.who_command)
app.command("assess", rich_help_panel=JUDGE)(assess.assess_command)
app.command("levers", rich_help_panel=JUDGE)(levers.levers_command)
app.command("explain", rich_help_panel=JUDGE)(explain.explain_command)
app.command("diff", rich_help_panel=JUDGE)(diff.diff_command)
app.command("backtest", rich_help_panel=JUDGE)(backtest.backtest_command)
app.command("keep", rich_help_panel=KEEP)(keep.keep_command)
app.command("secure", rich_help_panel=KEEP)(secure.secure_command)
app.command("pull", rich_help_panel=KEEP)(pull.pull_command)
app.command("follow", rich_help_panel=KEEP)(follow.follow_command)
app.command("update", rich_help_panel=KEEP)(update.update_command)
app.command("list", rich_help_panel=KEEP)(list.list_command)
app.command("show", rich_help_panel=KEEP)(show.show_command)
app.command("stats", rich_help_panel=KEEP)(stats.stats_command)
app.command("serve", rich_help_panel=SERVE)(serve.serve_command)
app.command("verify", rich_help_panel=KEEP)(verify.verify_command)
app.command("restore", rich_help_panel=KEEP)(restore.restore_command)
app.command("run", rich_help_panel=KEEP)(run_cli.run_command)
app.command("smoke", rich_help_panel=KEEP)(smoke.smoke_command)
app.command("repair", rich_help_panel=KEEP)(repair.repair_command)
app.command("protect", rich_help_panel=KEEP)(protect.protect_command)
app.command("freeze", rich_help_panel=KEEP)(freeze.freeze_command)
app.command("thaw", rich_help_panel=KEEP)(thaw.thaw_command)
app.add_typer(policy.app, name="policy", rich_help_panel=KEEP)
app.add_typer(log.app, name="log", rich_help_panel=KEEP)
app.add_typer(sign.app, name="sign", rich_help_panel=KEEP)
app.command("drop", rich_help_panel=KEEP)(drop.drop_command)
app.command("prune", rich_help_panel=KEEP)(prune.prune_command)
app.command("rebuild", rich_help_panel=KEEP)(rebuild.rebuild_command)
app.command("sync", rich_help_panel=KEEP)(sync.sync_command)
app.add_typer(bundle.app, name="bundle", rich_help_panel=KEEP)
app.add_typer(token.app, name="token", rich_help_panel=SERVE)
app.add_typer(measure.app, name="measure", rich_help_panel=MEASURE)
app.add_typer(watch.app, name="watch", rich_help_panel=WATCH)
app.add_typer(config.app, name="config", rich_help_panel=KEEP_CURRENT)
app.add_typer(lists.app, name="lists", rich_help_panel=KEEP_CURRENT)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code."""
    sys.exit(run_verb(sys.argv[1:] if arguments is None else [*arguments]))


def run_verb(arguments: Sequence[str]) -> int:
    """Run one verb and return its exit code; every error is printed once, in the form that was asked for."""
    as_json = "--json" in arguments
    try:
        result = app(args=[*arguments], prog_name="holdfast", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except HoldfastError as error:
        print_error(error, as_json=as_json)
        return error.exit_code
    except typer.Exit as exit_request:
        return exit_request.exit_code
    except TyperException as error:
        print_error(_usage_error(error), as_json=as_json)
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("interrupted; nothing was left half-written\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; there is nobody to tell
        return 0
    except Exception as error:
        if os.environ.get("HOLDFAST_TRACEBACK"):
            raise
        print_error(_internal_error(error), as_json=as_json)
        return InternalError.exit_code


def _internal_error(error: Exception) -> InternalError:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    step = "Please report it, with HOLDFAST_TRACEBACK=1 set for the details."
    return InternalError(f"{type(error).__name__}: {error}", where=where, next_step=step)


def _usage_error(error: TyperException) -> UsageError:
    command = getattr(getattr(error, "ctx", None), "command_path", "holdfast")
    format_message = getattr(error, "format_message", error.__str__)
    return UsageError(str(format_message()), next_step=f"See `{command} --help`.")
