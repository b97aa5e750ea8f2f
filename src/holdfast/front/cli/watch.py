"""`holdfast watch`: is it still the model we chose? Monitors are enrolled, visited and judged here."""

import random
import time
from typing import TYPE_CHECKING

import typer

from holdfast.front.cli import watch_books, watch_checks
from holdfast.front.cli import watch_options as given
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption
from holdfast.front.cli.progress import showing
from holdfast.front.cli.watch_plan import print_enrolment, print_plan
from holdfast.records.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from holdfast.workflows.watch_run import Ran, RunAsked

app = typer.Typer(no_args_is_help=True)


@app.callback()
def watch_group() -> None:
    """Is it still the model we chose? Told at a false-alarm rate that you choose, for a few tokens a day.

    What is said is that the served distribution changed, never that the weights did: prompts, filters, kernels and
    hardware move it too.

    Example:  holdfast watch add hosted --url https://host/v1 --model NAME --key HOST_KEY
    """


@app.command("add")
def add_command(
    name: given.NameArgument,
    url: given.UrlOption,
    model: given.ModelOption = "",
    api: given.ApiOption = "chat",
    key: given.KeyOption = "",
    ca_file: given.CaOption = "",
    false_alarms: given.AlarmsOption = "0.001/lifetime",
    rounds: given.RoundsOption = None,
    burn_in: given.BurnInOption = 14,
    border: given.BorderOption = 14,
    temperature: given.TemperatureOption = 0.1,
    tolerance: given.ToleranceOption = None,
    resolution: given.ResolutionOption = 0.35,
    prompts: given.PoolOption = None,
    budget_usd_per_month: given.BudgetOption = None,
    price: given.PriceOption = "",
    seed: given.SeedOption = None,
    dry_run: given.DryOption = False,
    yes: given.YesOption = False,
    book: given.BookOption = "",
    at: given.AtOption = "",
    json: JsonOption = False,
) -> None:
    """Plan a watch and print its cost and its power; then find border prompts and enrol the endpoint.

    Nothing is spent before you agree: on a terminal you are asked, else give --yes.

    Example:  holdfast watch add hosted --url https://host/v1 --model NAME --key HOST_KEY --price 0.15/0.60
    """
    import secrets

    from holdfast.records.errors import UsageError
    from holdfast.workflows.watch_add import AddAsked, add_monitor, plan_watch
    from holdfast.workflows.watching.books import BookAsked
    from holdfast.workflows.watching.moments import make_clock

    asked = AddAsked(
        book=BookAsked(book, clock=make_clock(at)), name=name, url=url, model=model, api=api, key_variable=key,
        ca_file=ca_file, false_alarms=false_alarms, rounds=rounds, burn_in_days=burn_in, border=border,
        temperature=temperature, tolerance=tolerance, resolution=resolution,
        pool=prompts, usd_per_month_max=budget_usd_per_month, price=price,
        seed=secrets.randbelow(1 << 31) if seed is None else seed,
    )  # fmt: skip
    plan = plan_watch(asked)
    if dry_run and json:
        print_json(plan)
    elif not json:
        print_plan(open_output().out, plan)
    if dry_run:
        return
    if not yes:
        if json or not open_output().err.is_terminal:
            raise UsageError("nothing was asked or spent yet", where=name, next_step="Give --yes to go on.")
        typer.confirm("Go on?", abort=True, err=True)
    with showing() as show:
        enrolment = add_monitor(asked, plan, show)
    if json:
        print_json(enrolment)
    else:
        print_enrolment(open_output().out, enrolment)


@app.command("run")
def run_command(
    names: given.NamesArgument = None,
    every: given.EveryOption = "",
    markdown: given.MarkdownOption = None,
    prometheus: given.PrometheusOption = None,
    webhook: given.WebhookOption = "",
    webhook_key: given.WebhookKeyOption = "",
    book: given.BookOption = "",
    at: given.AtOption = "",
    json: JsonOption = False,
) -> None:
    """Visit every monitor once, judge it, and tell what changed: for cron, a timer or CI.

    Exits 0 when all are the same, 10 when one changed, 3 when of one it could not be told. With --every it stays, and
    visits at random moments.

    Example:  holdfast watch run --markdown issue.md
    """
    from holdfast.workflows.watch_run import RunAsked, run_watch
    from holdfast.workflows.watching.alert_webhook import read_webhook
    from holdfast.workflows.watching.alerts import Outlets
    from holdfast.workflows.watching.books import BookAsked
    from holdfast.workflows.watching.moments import count_visits_a_day, make_clock, parse_interval

    webhooks = (read_webhook(webhook, webhook_key),) if webhook else ()
    asked = RunAsked(
        BookAsked(book, clock=make_clock(at)),
        tuple(names or ()),
        Outlets(markdown, prometheus, webhooks),
        count_visits_a_day(parse_interval(every)) if every else 1,
    )
    if every:
        _serve(asked)
    with showing() as show:
        ran = run_watch(asked, show)
    _print_run(ran, json=json)
    if ran.is_interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    raise typer.Exit(ran.exit_code)


def _serve(asked: "RunAsked") -> None:
    """Visit in every turn of the day, at a random moment of it, until it is interrupted."""
    from holdfast.workflows.watch_run import run_watch

    chance = random.SystemRandom()
    while True:
        with showing() as show:
            ran = run_watch(asked, show)
        _print_run(ran, json=False)
        if ran.is_interrupted:
            raise typer.Exit(EXIT_INTERRUPTED)
        turn_s = 86400 / asked.visits_a_day
        left_s = turn_s - asked.book.clock().timestamp() % 86400 % turn_s
        time.sleep(left_s + chance.uniform(0, 0.9 * turn_s))


def _print_run(ran: "Ran", *, json: bool) -> None:
    if json:
        print_json({**ran.document, "unvisited": dict(ran.unvisited), "warnings": ran.warnings})
        return
    from holdfast.front.cli.watch_table import print_standing

    output = open_output()
    print_standing(output.out, ran.document)
    for name, reason in ran.unvisited:
        output.out.print(f"not visited  {name}: {reason}", markup=False, soft_wrap=True)
    for warning in ran.warnings:
        output.err.print(f"warning  {warning}", markup=False)


watch_books.register(app)
watch_checks.register(app)
