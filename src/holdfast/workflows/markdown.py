"""A check report as Markdown for a pull request: headline, table, uses folded away, the horizon last. Pure."""

import re
from collections.abc import Iterable, Iterator

from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind, Pin
from holdfast.records.report import CheckReport, ModelRow, OrgView, Waiver
from holdfast.records.use import Use
from holdfast.workflows.biting import Bite, find_bites, is_unresolved, say_standing

LEVERS_SHOWN_MAX = 3
ROWS_SHOWN_MAX = 100  # a comment on a hosting site holds about 65,000 characters
LINES_SHOWN_MAX = 250
_COLUMNS = ("", "Model", "Used by", "Weights by", "Runs at", "Levers that reach it", "Copy")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LINKS = re.compile(r"@|://")  # words that a hosting site would turn into mentions and links


def render_markdown(report: CheckReport) -> str:
    """The whole comment, ending in a newline."""
    blocks = [
        f"**{_text(report.headline)}**",
        _text(_counts(report)),
        _table(report),
        _policy(report),
        _uses(report),
        _notes(report),
        _horizon(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _counts(report: CheckReport) -> str:
    named = sum(1 for row in report.rows if not is_unresolved(row))
    parts = [(named, "model"), (report.use_count, "use"), (len(report.services), "service")]
    unresolved = len(report.rows) - named
    return ", ".join(_count(*part) for part in parts) + (f", {unresolved} unresolved" if unresolved else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# --- the table ----------------------------------------------------------------------------------------------------


def _table(report: CheckReport) -> str:
    if not report.rows:
        return "No use of a model was found."
    shown, more = report.rows[:ROWS_SHOWN_MAX], len(report.rows) - ROWS_SHOWN_MAX
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *(_line(_cells(row)) for row in shown)]
    return "\n".join(lines) + (f"\n\nand {_count(more, 'more row')}: see the page or --json." if more > 0 else "")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: ModelRow) -> tuple[str, ...]:
    return (
        str(row.number),
        f"{_code(row.label)}{'' if is_unresolved(row) else _pin(row)}",
        _used_by(row),
        _weights_by(row),
        _runs_at(row),
        _levers(row),
        _text(f"stand-in {row.stand_in.model}" if row.stand_in else row.copy),
    )


def _pin(row: ModelRow) -> str:
    return " (not pinned)" if row.pin is Pin.MOVING else ""


def _used_by(row: ModelRow) -> str:
    environments = "/".join(env for env in row.environments if env != "unknown")
    parts = [", ".join(row.services), environments, _count(len(row.uses), "use")]
    return _text(" · ".join(part for part in parts if part))


def _weights_by(row: ModelRow) -> str:
    if is_unresolved(row):
        return _text(f"unresolved: {row.note}" if row.note else "unresolved")
    makers = ", ".join(_org(org) for org in row.builders if org.how != "base")
    bases = ", ".join(_org(org) for org in row.builders if org.how == "base")
    return _text(" ← ".join(part for part in (makers or "unknown", bases) if part))


def _runs_at(row: ModelRow) -> str:
    if row.endpoint is not None:
        return _text(_org(row.endpoint))
    return "here" if row.kind is Kind.WEIGHTS and not is_unresolved(row) else "unknown"


def _org(org: OrgView) -> str:
    return f"{org.name} · {org.country}" if org.country else org.name


def _levers(row: ModelRow) -> str:
    if is_unresolved(row):
        return "not assessed: no name"
    bites = find_bites(row)
    if not bites:
        return "no lever found"
    more = len(bites) - LEVERS_SHOWN_MAX
    shown = [_lever(bite) for bite in bites[:LEVERS_SHOWN_MAX]]
    return "<br>".join([*shown, *([f"and {more} more"] if more > 0 else [])])


def _lever(bite: Bite) -> str:
    worst = bite.worst
    effect = f"{worst.effect.value}" if worst.effect is not Effect.OPEN else ""
    reach = f"{worst.reach.value}" if worst.reach is not Reach.OPEN else ""
    answer = ", ".join(part for part in (effect, reach) if part)
    return f"{_text('/'.join(bite.acts))} **{answer}**: {_text(worst.lever)} ({_text(say_standing(worst))})"


# --- below the table ----------------------------------------------------------------------------------------------


def _policy(report: CheckReport) -> str:
    policy = report.policy
    if not policy.judged:
        return ""
    fails = [f"- **fails** {_text(policy.reasons.get(key, key))} ({_code(key)})" for key in policy.failures]
    known = [f"- known {_text(policy.reasons.get(key, key))}" for key in policy.known]
    waived = [_waived(policy.reasons.get(key, key), waiver) for key, waiver in policy.waived]
    lines = [*fails, *known, *waived] or ["- no finding breaks the policy"]
    return "\n".join(["**Policy**", "", *lines])


def _waived(what: str, waiver: Waiver) -> str:
    by = f", by {_text(waiver.by)}" if waiver.by else ""
    return f"- waived until {waiver.expires}{by}: {_text(what)}. Reason: {_text(waiver.reason)}"


def _uses(report: CheckReport) -> str:
    """Every use under its model, folded away; past a limit it says how many lines were left out."""
    if not report.rows:
        return ""
    lines = [line for row in report.rows for line in _uses_of(row)]
    more, shown = len(lines) - LINES_SHOWN_MAX, lines[:LINES_SHOWN_MAX]
    rest = [f"- and {_count(more, 'more line')}: see the page or --json"] if more > 0 else []
    summary = f"<summary>Where: {_count(report.use_count, 'use')}</summary>"
    return "\n".join(["<details>", summary, "", *shown, *rest, "", "</details>"])


def _uses_of(row: ModelRow) -> list[str]:
    return [f"- {row.number} {_code(row.label)}", *(f"  {_use(use)}" for use in row.uses)]


def _use(use: Use) -> str:
    facts = (use.confidence.value, use.environment.value, use.via, use.endpoint, use.note)
    return f"- {_code(str(use.place))} {_code(use.text)} {_text(' · '.join(fact for fact in facts if fact))}"


def _notes(report: CheckReport) -> str:
    return "\n".join(f"- {_text(line)}" for line in _note_lines(report))


def _note_lines(report: CheckReport) -> Iterator[str]:
    yield from report.notes
    for catalogue in report.catalogues:
        yield f"{catalogue.place} lists {_count(catalogue.length, 'model')}: a catalogue, not uses."
    for skipped in report.skipped:
        yield f"{skipped.path} was not read to its end: {skipped.reason}."


def _horizon(report: CheckReport) -> str:
    supposed = f", supposing {' and '.join(report.scenarios)}" if report.scenarios else ""
    who = f"assessed for {report.party_title} on {report.on}{supposed}"
    return _text(f"Evidence to {report.horizon} · {who} · not legal advice · holdfast {report.holdfast}")


# --- escaping -----------------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    """One line in which nothing is markup, a mention or a link."""
    return " ".join(_code(word) if _LINKS.search(word) else _SPECIAL.sub(r"\\\1", word) for word in text.split())


def _code(text: str) -> str:
    """A code span: fenced by more backticks than it holds; a pipe would end the cell even there."""
    plain = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
