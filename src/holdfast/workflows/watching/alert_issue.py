"""All monitors as the text of one issue, which a CI job finds by its first line and edits: no flood of issues.

The second line says whether the issue is to be open. The same report gives the same text.
"""

from collections.abc import Iterator
from typing import Final

from holdfast.workflows.watching.marking import mark_code, mark_table, mark_text
from holdfast.workflows.watching.report import CHANGED_WORDS, Plain
from holdfast.workflows.watching.wording import (
    Table,
    get_table,
    get_tables,
    get_texts,
    say_alarm,
    say_cost,
    say_evidence,
    say_likeness,
    say_moved,
    say_outcome,
    say_promise,
)

MARKER: Final = "<!-- holdfast-watch:issue -->"
OPEN: Final = "<!-- holdfast-watch:open -->"
CLOSED: Final = "<!-- holdfast-watch:closed -->"
MONITORS_MAX: Final = 60  # an issue on a hosting site holds about 65,000 characters
_SHOWN_MAX: Final = 20
_NOTICES_MAX: Final = 3


def render_issue(document: Plain) -> str:
    """The whole text, ending in a newline."""
    monitors = get_tables(document, "monitors")
    changed = [one for one in monitors if one.get("outcome") == "changed"]
    blocks = [
        f"{MARKER}\n{OPEN if changed else CLOSED}",
        f"**{mark_text(say_headline(monitors))}**",
        _make_table(monitors),
        *(_make_change(one) for one in changed[:_SHOWN_MAX]),
        _make_notices(monitors),
        _make_foot(document),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def say_headline(monitors: list[Table]) -> str:
    """Of how many endpoints what may be said."""
    changed = [str(one.get("name")) for one in monitors if one.get("outcome") == "changed"]
    of = f"{len(changed)} of {len(monitors)} endpoint{'' if len(monitors) == 1 else 's'}"
    if not monitors:
        return "Nothing is watched"
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        return f"{of}: {CHANGED_WORDS} ({', '.join(changed[:3])}{more})"
    unknown = sum(one.get("outcome") != "same" for one in monitors)
    same = len(monitors) - unknown
    parts = [f"{same} of {len(monitors)} the same" if same else "", f"{unknown} could not be told" if unknown else ""]
    return f"No endpoint changed: {', '.join(filter(None, parts))}"


def _make_table(monitors: list[Table]) -> str:
    if not monitors:
        return "Begin with `holdfast watch add`."
    heads = ("Endpoint", "Outcome", "Why", "At", "Evidence", "Cost")
    left_out = len(monitors) - MONITORS_MAX
    more = f"\n\nand {left_out} more: see `holdfast watch report`." if left_out > 0 else ""
    return mark_table(heads, [_list_cells(one) for one in monitors[:MONITORS_MAX]]) + more


def _list_cells(one: Table) -> tuple[str, ...]:
    outcome = mark_text(say_outcome(one))
    return (
        mark_code(str(one.get("name"))),
        f"**{outcome}**" if one.get("outcome") == "changed" else outcome,
        mark_text(str(one.get("why") or "")),
        mark_text(say_promise(one)),
        mark_text(say_evidence(one)),
        mark_text(say_cost(one)),
    )


def _make_change(one: Table) -> str:
    endpoint = get_table(one, "endpoint")
    lines = [
        f"### {mark_code(str(one.get('name')))}: {CHANGED_WORDS}",
        "",
        *(f"- {line}" for line in _list_change(one)),
        "",
        f"Asked: {mark_code(str(endpoint.get('model')))} at {mark_code(str(endpoint.get('url')))}. When the new "
        f"behaviour is to be the baseline: `holdfast watch accept NAME --why …`.",
    ]
    return "\n".join(lines)


def _list_change(one: Table) -> Iterator[str]:
    yield mark_text(f"{say_alarm(one)}; {say_promise(one)}")
    if likeness := say_likeness(one):
        yield mark_text(f"{likeness}. A description, without a guarantee of its own.")
    for moved in get_tables(one, "moved")[:_SHOWN_MAX]:
        words = f" ({moved['words']})" if moved.get("words") else ""
        yield mark_text(f"{moved.get('channel')}{words}: shift {say_moved(moved)}")
    if blind := get_texts(one, "blind")[:_SHOWN_MAX]:
        yield mark_text(f"This monitor cannot see: {'; '.join(blind)}")


def _make_notices(monitors: list[Table]) -> str:
    """What is known of retirements and withdrawals."""
    lines = [
        f"- {mark_code(str(one.get('name')))}: {mark_text(notice)}"
        for one in monitors[:MONITORS_MAX]
        for notice in get_texts(one, "notices")[:_NOTICES_MAX]
    ]
    return "\n".join(["**Notices**", "", *lines[:MONITORS_MAX]]) if lines else ""


def _make_foot(document: Plain) -> str:
    return mark_text(
        f"As of {document.get('made_at')} · what could not be told is neither a yes nor a no · "
        f"holdfast {document.get('holdfast')}"
    )
