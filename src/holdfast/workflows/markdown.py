"""A check report as Markdown for a pull request: headline, table, uses folded away, the horizon last. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind, Pin
from holdfast.records.report import CheckReport, ModelRow, OrgView, Waiver
from holdfast.records.use import Use
from holdfast.workflows.biting import Bite, find_bites, say_standing
from holdfast.workflows.screening_words import say_involved
from holdfast.workflows.unresolved import NOT_ASSESSED, say_count, say_counts, say_places, say_why, split_rows

LEVERS_SHOWN_MAX = 3
ROWS_SHOWN_MAX = 100  # a comment on a hosting site holds about 65,000 characters
LINES_SHOWN_MAX = 250
_COLUMNS = ("", "Model", "Used by", "Weights by", "Runs at", "Levers that reach it", "Copy")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LINKS = re.compile(r"@|://")  # words that a hosting site would turn into mentions and links


def render_markdown(report: CheckReport) -> str:
    """The whole comment, ending in a newline."""
    split = split_rows(report.rows)
    blocks = [
        f"**{_text(report.headline)}**",
        _text(say_counts(report)),
        _table(split.models),
        _unresolved(split.unresolved),
        _hits(report),
        _policy(report),
        _uses(report),
        _notes(report),
        _horizon(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


# --- the table ----------------------------------------------------------------------------------------------------


def _table(rows: Sequence[ModelRow]) -> str:
    if not rows:
        return "No use of a named model was found."
    shown, more = rows[:ROWS_SHOWN_MAX], len(rows) - ROWS_SHOWN_MAX
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *(_line(_cells(row)) for row in shown)]
    return "\n".join(lines) + (f"\n\nand {say_count(more, 'more row')}: see the page or --json." if more > 0 else "")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: ModelRow) -> tuple[str, ...]:
    return (
        str(row.number),
        f"{_code(row.label)}{_pin(row)}",
        _used_by(row),
        _weights_by(row),
        _runs_at(row),
        _levers(row),
        _text(f"stand-in {row.stand_in.model}" if row.stand_in else row.copy_says or row.copy),
    )


def _pin(row: ModelRow) -> str:
    return " (not pinned)" if row.pin is Pin.MOVING else ""


def _used_by(row: ModelRow) -> str:
    environments = "/".join(env for env in row.environments if env != "unknown")
    parts = [", ".join(row.services), environments, say_count(len(row.uses), "use")]
    return _text(" · ".join(part for part in parts if part))


def _weights_by(row: ModelRow) -> str:
    makers = ", ".join(_org(org) for org in row.builders if org.how != "base")
    bases = ", ".join(_org(org) for org in row.builders if org.how == "base")
    return _text(" ← ".join(part for part in (makers or "unknown", bases) if part))


def _runs_at(row: ModelRow) -> str:
    if row.endpoint is not None:
        return _text(_org(row.endpoint))
    return "here" if row.kind is Kind.WEIGHTS else "unknown"


def _org(org: OrgView) -> str:
    return f"{org.name} · {org.country}" if org.country else org.name


def _levers(row: ModelRow) -> str:
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


def _unresolved(rows: Sequence[ModelRow]) -> str:
    """Expressions that stand for a model, each with its places and where its name is set."""
    if not rows:
        return ""
    more, shown = len(rows) - ROWS_SHOWN_MAX, rows[:ROWS_SHOWN_MAX]
    lines = [f"- {row.number} {_code(row.label)} in {_code(say_places(row.uses))}: {_set_where(row)}" for row in shown]
    rest = [f"- and {more} more: see the page or --json"] if more > 0 else []
    return "\n".join([f"**Not resolved.** {NOT_ASSESSED}", "", *lines, *rest])


def _hits(report: CheckReport) -> str:
    """Who has a hit on an official list, each hit in a line."""
    if not report.screening or not report.screening.hit:
        return ""
    lines = [
        line
        for one in report.screening.hit
        for line in (f"- {_text(say_involved(one))}", *(f"  - {_text(said)}" for said in one.says))
    ]
    return "\n".join(["**Hits on official lists.** A hit is not a verdict.", "", *lines])


def _set_where(row: ModelRow) -> str:
    return " · ".join(part for part in (_text(say_why(row.uses)), _used_by(row)) if part)


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
    rest = [f"- and {say_count(more, 'more line')}: see the page or --json"] if more > 0 else []
    summary = f"<summary>Where: {say_count(report.use_count, 'use')}</summary>"
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
    yield from report.screening.says if report.screening else ()
    for catalogue in report.catalogues:
        yield f"{catalogue.place} lists {say_count(catalogue.length, 'model')}: a catalogue, not uses."
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
