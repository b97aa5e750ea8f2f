"""A check report as a table for people: one row a model, the levers that reach it, one headline, the horizon."""

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.console import Output
from holdfast.records.finding import Finding
from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind, Pin
from holdfast.records.report import CheckReport, ModelRow, OrgView
from holdfast.workflows.screening_words import say_involved
from holdfast.workflows.unresolved import NOT_ASSESSED, say_count, say_counts, say_places, say_why, split_rows

LEVERS_SHOWN_MAX = 3
_COLOUR = {Effect.CLOSED: "red", Effect.DEGRADED: "yellow", Effect.AT_RISK: "yellow", Effect.UNKNOWN: "magenta"}
_COLUMNS = {"MODEL": 31, "USED BY": 22, "WEIGHTS BY": 24, "RUNS AT": 20, "LEVERS THAT REACH IT": 36}


def print_check(report: CheckReport, output: Output, written: Sequence[tuple[str, Path]]) -> None:
    """The table, the headline, the notes, and what was written."""
    out = output.out
    out.print(f"\n [bold]{say_counts(report)}[/]      [dim]{_dates(report)}[/]\n", soft_wrap=True)
    split = split_rows(report.rows)
    if split.models:
        out.print(_table(split.models), *([""] if split.unresolved else []))
    if split.unresolved:
        out.print(f" [bold]Not resolved[/]  [dim]{NOT_ASSESSED}[/]")
        out.print(_unresolved_table(split.unresolved))
    _print_hits(report, output)
    out.print(f"\n [bold]{escape(report.headline)}[/]", soft_wrap=True)
    for line in _notes(report):
        out.print(f" [dim]{escape(line)}[/]", soft_wrap=True)
    _print_policy(report, output)
    for name, place in written:
        out.print(f" wrote {name}: [bold]{escape(str(place))}[/]", soft_wrap=True)


def _dates(report: CheckReport) -> str:
    scenario = f" · supposing {' and '.join(report.scenarios)}" if report.scenarios else ""
    who = f"for {report.party_title}"
    return f"evidence to {report.horizon} · assessed for {report.on} {who}{scenario} · not legal advice"


def _table(rows: Sequence[ModelRow]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    table.add_column("", width=2)
    for title, ratio in _COLUMNS.items():
        table.add_column(title, overflow="fold", ratio=ratio)
    table.add_column("COPY", width=8)
    for row in rows:
        table.add_row(str(row.number), *_cells(row))
    return table


def _unresolved_table(rows: Sequence[ModelRow]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(5):
        table.add_column(overflow="fold")
    for row in rows:
        cells = (row.label, _used_by(row), say_places(row.uses), say_why(row.uses))
        table.add_row(str(row.number), *map(escape, cells))
    return table


def _cells(row: ModelRow) -> tuple[str, ...]:
    moving = "[yellow](!)[/]" if row.pin is Pin.MOVING else ""
    copy = "stand-in" if row.stand_in else row.copy
    return (
        f"{escape(row.label)}{moving}",
        escape(_used_by(row)),
        escape(_weights_by(row)),
        escape(_runs_at(row)),
        _levers(row),
        escape(copy),
    )


def _used_by(row: ModelRow) -> str:
    services = ", ".join(row.services[:3]) + (" …" if len(row.services) > 3 else "")
    environments = "/".join(env for env in row.environments if env != "unknown")
    return "  ".join(part for part in (services, environments, str(len(row.uses))) if part)


def _weights_by(row: ModelRow) -> str:
    names = [_org(org) for org in row.builders if org.how != "base"]
    bases = [_org(org) for org in row.builders if org.how == "base"]
    return " ← ".join(part for part in (", ".join(names), ", ".join(bases)) if part) or "unknown"


def _org(org: OrgView) -> str:
    return f"{org.name} · {org.country}" if org.country else org.name


def _runs_at(row: ModelRow) -> str:
    if row.endpoint is not None:
        return _org(row.endpoint)
    engines = sorted({use.via for use in row.uses if use.via} - {"huggingface"})
    return f"here, {', '.join(engines[:2])}" if engines and row.kind is Kind.WEIGHTS else "here"


def _levers(row: ModelRow) -> str:
    biting = _one_a_lever([finding for finding in row.findings if finding.bites])
    if not biting:
        return "[dim]no lever found[/]"
    settled = [finding for finding in biting if not _is_undecided(finding)]
    shown = [_lever(finding) for finding in settled[:LEVERS_SHOWN_MAX]]
    more = [f"[dim]and {len(settled) - LEVERS_SHOWN_MAX} more[/]"] if len(settled) > LEVERS_SHOWN_MAX else []
    undecided = ", ".join(finding.lever for finding in biting if _is_undecided(finding))
    return "\n".join([*shown, *more, *([f"[magenta]unknown[/]: [dim]{undecided}[/]"] if undecided else [])])


def _is_undecided(finding: Finding) -> bool:
    """Facts are missing, so the lever can be neither applied nor ruled out."""
    return finding.reach in (Reach.OPEN, Reach.UNKNOWN) and finding.effect in (Effect.OPEN, Effect.UNKNOWN)


def _one_a_lever(findings: Sequence[Finding]) -> list[Finding]:
    """The worst finding of each lever, worst lever first."""
    order = (list(Effect), list(Reach))
    ranked = sorted(findings, key=lambda f: (order[0].index(f.effect), order[1].index(f.reach)))
    kept: dict[str, Finding] = {}
    for finding in ranked:
        kept.setdefault(finding.lever, finding)
    return list(kept.values())


def _lever(finding: Finding) -> str:
    colour = _COLOUR.get(finding.effect, "yellow" if finding.reach is not Reach.OPEN else "dim")
    since = "scenario" if finding.supposed else f"{finding.standing.status.value} {finding.standing.since}"
    what = f"{finding.act} {finding.effect.value}" if finding.effect is not Effect.OPEN else finding.act
    reach = f", {finding.reach.value}" if finding.reach is not Reach.OPEN else ""
    return f"[{colour}]{escape(what + reach)}[/]: {finding.lever} [dim]({since})[/]"


def _print_hits(report: CheckReport, output: Output) -> None:
    """Who has a hit on an official list; what was screened, and what not, stands with the notes."""
    hits = report.screening.hit if report.screening else ()
    if hits:
        output.out.print("\n [bold]Hits on official lists[/]  [dim]A hit is not a verdict.[/]")
    for one in hits:
        output.out.print(f" {escape(say_involved(one))}", soft_wrap=True)
        for line in one.says:
            output.out.print(f"   [yellow]{escape(line)}[/]", soft_wrap=True)


def _notes(report: CheckReport) -> list[str]:
    lines = [*report.notes, *(report.screening.says if report.screening else ())]
    lines += [f"Copy of {row.number}, {row.label}: {row.copy_says}." for row in report.rows if row.copy_says]
    if any(row.pin is Pin.MOVING for row in split_rows(report.rows).models):
        lines.append("(!) moving alias: not pinned to a commit or a dated snapshot.")
    if report.catalogues:
        lines.append(f"{say_count(len(report.catalogues), 'catalogue')} of supported models, not uses: see --json.")
    if report.skipped:
        first = report.skipped[0]
        lines.append(f"{say_count(len(report.skipped), 'file')} skipped, e.g. {first.path}: {first.reason}.")
    if report.rows:
        lines.append(f"why: holdfast explain {report.rows[0].number}      page: --html report.html")
    return lines


def _print_policy(report: CheckReport, output: Output) -> None:
    policy = report.policy
    for key, waiver in policy.waived:
        why = f"{policy.reasons.get(key, key)} (until {waiver.expires}: {waiver.reason})"
        output.out.print(f" [yellow]waived[/] {escape(why)}", soft_wrap=True)
    for key in policy.known:
        output.out.print(f" [dim]known  {escape(policy.reasons.get(key, key))}[/]", soft_wrap=True)
    for key in policy.failures:
        output.out.print(f" [red]fails[/]  {escape(policy.reasons.get(key, key))}  [dim]{key}[/]", soft_wrap=True)
