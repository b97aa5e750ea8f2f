"""`holdfast levers`: what the rulebook holds, as rows or as one lever in full."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from holdfast.levers.rulebook import Rulebook
from holdfast.levers.standing import find_standing
from holdfast.records.errors import UnknownName
from holdfast.records.lever import Lever, LeverFamily
from holdfast.workflows.explain import explain_lever
from holdfast.workflows.knowledge import read_knowledge


@dataclass(frozen=True, slots=True)
class LeversAsked:
    """What to list: `levers`, `parties` or `scenarios`; one lever; one family; on which day."""

    listing: str
    name: str | None
    family: str | None
    on: datetime.date
    data: Path | None


@dataclass(frozen=True, slots=True)
class LeversAnswer:
    """Rows with their column titles, or the lines of one lever, and the sentence below."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()
    footer: str = ""


def list_levers(asked: LeversAsked) -> LeversAnswer:
    """Raises UnknownName for a lever or family that does not exist."""
    book = read_knowledge(asked.data).book
    if asked.listing == "parties":
        rows = tuple((party.id, party.title) for party in book.parties.values())
        return LeversAnswer(("PARTY", "WHO"), rows, footer="Compose your own in holdfast.toml: docs/how-to/config.md.")
    if asked.listing == "scenarios":
        return _scenarios(book)
    if asked.name:
        block = explain_lever(book.get_lever(asked.name))
        return LeversAnswer(lines=(block.title, *("  " + line for line in block.lines)))
    return _levers(asked, book)


def _scenarios(book: Rulebook) -> LeversAnswer:
    rows = tuple(
        (scenario.id, " or ".join(f"{kind}:…" for kind in scenario.needs_target), f"If {scenario.asks}")
        for scenario in book.scenarios.values()
    )
    return LeversAnswer(("SCENARIO", "TARGET", "WHAT IF"), rows, footer="Use them with --scenario NAME --target REF.")


def _levers(asked: LeversAsked, book: Rulebook) -> LeversAnswer:
    families = [family.value for family in LeverFamily]
    if asked.family and asked.family not in families:
        raise UnknownName(f"no family is called {asked.family!r}", next_step=f"Families: {', '.join(families)}")
    chosen = [lever for lever in book.levers.values() if asked.family in (None, lever.family.value)]
    ordered = sorted(chosen, key=lambda lever: (families.index(lever.family.value), lever.id))
    horizon = book.vocabulary.evidence_horizon
    footer = f"{len(ordered)} levers, status on {asked.on}. Evidence to {horizon}. Evidence, not legal advice."
    rows = tuple(_row(lever, asked.on) for lever in ordered)
    return LeversAnswer(("LEVER", "FAMILY", "STATUS", "SINCE", "TITLE"), rows, footer=footer)


def _row(lever: Lever, on: datetime.date) -> tuple[str, ...]:
    standing = find_standing(lever, on)
    if standing is None:
        return lever.id, lever.family.value, "not yet", "", lever.title
    status = standing.status.value + (" (unverified)" if standing.unverified else "")
    return lever.id, lever.family.value, status, standing.since.isoformat(), lever.title
