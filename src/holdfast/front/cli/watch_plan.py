"""What `holdfast watch add`, `verify` and `notices` print: cost and power, what a check found, what is announced."""

from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from holdfast.records.watching import Forecast
    from holdfast.workflows.watch_add import Enrolment, WatchPlan
    from holdfast.workflows.watch_compare import Compared
    from holdfast.workflows.watch_notices import NoticesRead
    from holdfast.workflows.watch_verify import Recomputed, WatchVerified

_FAULTS_SHOWN: Final = 20


def print_plan(out: Console, plan: "WatchPlan") -> None:
    """What it would ask, cost and find."""
    monitor, settings, cost = plan.monitor, plan.monitor.settings, plan.cost
    said = f"{monitor.name}: {monitor.endpoint.model}"
    out.print(f"[bold]Plan[/]  {_escape(said)}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for name in ("what", "requests", "tokens in", "tokens out", "US dollars"):
        table.add_column(name, justify="left" if name == "what" else "right")
    _add_bill(table, "search for border prompts, at most", cost.search)
    _add_bill(table, f"reference, {settings.burn_in_days} days", cost.burn_in)
    _add_bill(table, "then a month", cost.month)
    out.print(table)
    if monitor.usd_per_month_max is not None:
        out.print(f"budget  {monitor.usd_per_month_max:g} USD a month, never passed", markup=False)
    tolerated = ", ".join(f"{channel} {epsilon:g}" for channel, epsilon in settings.epsilon)
    out.print(f"promise a false alarm in its lifetime with a chance of {settings.alpha:g} at most", markup=False)
    out.print(f"        while a day's shift stays within: {tolerated}", markup=False, soft_wrap=True)
    _print_forecasts(out, plan.forecasts)
    for remark in plan.remarks:
        out.print(f"note    {remark}", markup=False, soft_wrap=True)


def print_enrolment(out: Console, enrolment: "Enrolment") -> None:
    """What was found, what it cost, and what the watch will find."""
    monitor, balances = enrolment.monitor, enrolment.balances
    found = f"{len(balances)} border prompts and {enrolment.spares} spares in {enrolment.requests:,} requests"
    tokens = f"{enrolment.prompt_tokens:,} tokens in, {enrolment.output_tokens:,} out"
    cost = "" if enrolment.cost_usd is None else f", {enrolment.cost_usd:.4f} USD"
    out.print(f"[bold]Enrolled[/]  {_escape(monitor.name)}: {found}, {tokens}{cost}", soft_wrap=True)
    out.print(f"balance {min(balances):.2f} to {max(balances):.2f} (1: both answers as often)", markup=False)
    out.print(f"sentinels  {enrolment.sentinels or 'none'}", markup=False)
    given = f"the first {monitor.dialect.logprobs} of each token" if monitor.has_logprobs else "not given"
    out.print(f"log probabilities  {given}", markup=False)
    if len(balances) < enrolment.plan.search.kept:
        _print_forecasts(out, enrolment.plan.forecasts)
    for remark in (*enrolment.plan.remarks, *((enrolment.why,) if enrolment.why else ())):
        out.print(f"note    {remark}", markup=False, soft_wrap=True)
    days = monitor.settings.burn_in_days
    out.print(f"next    holdfast watch run, every day: the first {days} days make the reference", markup=False)


def print_verified(out: Console, found: "WatchVerified") -> None:
    """Whether the book holds, and what was computed again."""
    report = found.report
    word = "[bold]right[/]" if found.is_right else "[bold red]wrong[/]"
    out.print(f"{word}  {report.entries} entries, book {report.book}", soft_wrap=True)
    for line, fingerprint in report.keys:
        out.print(f"key     {line}", markup=False, soft_wrap=True)
        out.print(f"        SHA-256 {fingerprint}", markup=False, soft_wrap=True)
    out.print(f"head    {report.head}", markup=False, soft_wrap=True)
    for fault in report.faults[:_FAULTS_SHOWN]:
        where = "" if fault.number is None else f"entry {fault.number}: "
        out.print(f"fault   {where}{fault.what}. {fault.next_step}", markup=False, soft_wrap=True)
    if len(report.faults) > _FAULTS_SHOWN:
        out.print(f"        and {len(report.faults) - _FAULTS_SHOWN} more", markup=False)
    for one in found.lives:
        out.print(_say_life(one), markup=False, soft_wrap=True)
    if report.withheld:
        out.print(f"note    {report.withheld} entries are withheld: nothing was judged again", markup=False)
    for remark in report.remarks:
        out.print(f"note    {remark}", markup=False, soft_wrap=True)


def _say_life(one: "Recomputed") -> str:
    alarm = f", first on {one.alarm_day}" if one.alarm_day else ""
    wealth = f"log wealth {one.log_wealth:.2f} of {one.log_threshold:.2f}"
    said = f"judged  {one.monitor}, life {one.life}: {one.outcome}{alarm}; {one.visits} visits, {wealth}"
    return f"{said}; DIFFERS: {one.differs}" if one.differs else said


def _print_forecasts(out: Console, forecasts: "tuple[Forecast, ...]") -> None:
    if not forecasts:
        return
    first = forecasts[0]
    title = f"What it would find within {first.answers_max} answers, {first.quiet_days} quiet days before"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("change")
    for name in ("mean shift", "found", "after answers", "days"):
        table.add_column(name, justify="right")
    for one in forecasts:
        shift = "" if one.shift is None else f"{one.shift:.2f}"
        found = f"{one.power:.0%} [{one.low:.0%}, {one.high:.0%}]"
        table.add_row(one.change, shift, _escape(found), _say(one.answers), _say(one.days))
    out.print(table)


class _Bill(Protocol):
    @property
    def requests(self) -> float: ...
    @property
    def prompt_tokens(self) -> float: ...
    @property
    def output_tokens(self) -> float: ...
    @property
    def usd(self) -> float | None: ...


def _add_bill(table: Table, what: str, bill: _Bill) -> None:
    usd = "unknown" if bill.usd is None else f"{bill.usd:.4f}"
    table.add_row(what, f"{bill.requests:,.0f}", f"{bill.prompt_tokens:,.0f}", f"{bill.output_tokens:,.0f}", usd)


def _say(number: int | None) -> str:
    return "" if number is None else str(number)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


def print_notices(out: Console, found: "NoticesRead") -> None:
    """What is announced of models of ours."""
    for reading in found.sources:
        out.print(f"read    {reading.source}: {len(reading.notices)} notices", markup=False, soft_wrap=True)
        for remark in reading.remarks:
            out.print(f"note    {remark}", markup=False, soft_wrap=True)
    for one in found.told:
        word = "new" if one.is_new else "known"
        whose = one.monitor or one.match.name
        sure = f"{one.match.sureness}: {one.match.why}"
        out.print(f"{word:7} {whose}: {one.words}; {sure}", markup=False, soft_wrap=True)
    if not found.told:
        out.print("nothing in them concerns a model of yours, as far as names tell", markup=False)


def print_compared(out: Console, found: "Compared") -> None:
    """Whether a host serves as the reference does, how sure that is, and what differs."""
    said = {"same": "no difference was found", "changed": "the host serves another distribution"}
    one = found.conformance
    out.print(f"[bold]{said.get(one.outcome.value, one.outcome.value)}[/]", soft_wrap=True)
    out.print(f"why       {one.why}", markup=False, soft_wrap=True)
    for name, endpoint in (("reference", found.reference), ("host", found.host)):
        out.print(f"{name:9} {endpoint.model} at {endpoint.url}", markup=False, soft_wrap=True)
    p_value = "unknown" if one.p_value is None else f"{one.p_value:.2g}"
    shift = "unknown" if one.shift_found is None else f"{one.shift_found:.2f}"
    out.print(f"test      p {p_value}, alpha {one.alpha:g}; a shift of {shift} would be found with a chance of 90 %")
    answers = f"{one.reference_answers} and {one.host_answers} answers to {found.border} border prompts and the battery"
    out.print(f"asked     {answers}; {found.prompt_tokens:,} tokens in, {found.output_tokens:,} out", soft_wrap=True)
    for moved in one.moved:
        if moved.shift is not None:
            low, high = (moved.low or 0.0, moved.high or 0.0)
            shown = f"{moved.channel:9} {moved.shift:.3f} [{low:.3f}, {high:.3f}] {moved.words}"
            out.print(shown, markup=False, soft_wrap=True)
    if one.triage is not None:
        out.print(f"triage    {one.triage.words}", markup=False, soft_wrap=True)
    for remark in found.remarks:
        out.print(f"remark    {remark}", markup=False, soft_wrap=True)
