"""Tests of organisations on a date: places, lists, owners. One answer per organisation; unknown stays unknown."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from holdfast.levers.truth import NO, UNKNOWN, YES, Truths
from holdfast.records.lever import OrgFacts
from holdfast.records.organisation import Listing, ListingStatus, Organisation, Owner

OWNERSHIP_DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class OrgRow:
    """What the tests need to know of one organisation. `owners` None: nothing is known of its owners."""

    id: str
    name: str
    parent: str | None = None
    incorporated: str | None = None
    headquartered: str | None = None
    controlled_from: str | None = None
    owners: tuple[Owner, ...] | None = ()
    lists: tuple[Listing, ...] = ()


@dataclass(frozen=True)
class OrgTable:
    """Organisations by code. A test's answer has two elements more than rows: -2 is nobody (no), -1 the unknown one."""

    rows: tuple[OrgRow, ...]
    codes: dict[str, int] = field(default_factory=dict[str, int])

    def get_code(self, org: str) -> int:
        """The row of an organisation; -1 for one that is not known."""
        return self.codes.get(org, -1)

    def compute(self, test: Callable[[OrgRow], int], codes: Iterable[int]) -> Truths:
        """A test's answer for these rows, then for nobody, then for the unknown one. Other rows are not asked."""
        answers = np.full(len(self.rows) + 2, UNKNOWN, dtype=np.uint8)
        answers[-2] = NO
        for code in codes:
            answers[code] = test(self.rows[code])
        return answers

    def extend(self, rows: Iterable[OrgRow]) -> "OrgTable":
        """A table with further rows; a row with a known id replaces the old one."""
        return make_org_table({**{row.id: row for row in self.rows}, **{row.id: row for row in rows}}.values())


def make_org_table(rows: Iterable[OrgRow]) -> OrgTable:
    """A table of rows in the given order."""
    listed = tuple(rows)
    return OrgTable(listed, {row.id: code for code, row in enumerate(listed)})


def row_of_organisation(org: Organisation) -> OrgRow:
    """A registered organisation. No owner recorded means none found; a share of None means not known."""
    return OrgRow(
        id=org.id,
        name=org.short,
        parent=org.parent,
        incorporated=_known(org.incorporated.value if org.incorporated else None),
        headquartered=_known(org.headquartered.value if org.headquartered else None),
        controlled_from=_known(org.controlled_from.value if org.controlled_from else None),
        owners=org.owners,
        lists=org.lists,
    )


def row_of_facts(identifier: str, facts: OrgFacts) -> OrgRow:
    """An organisation described in place. No owner described means none found, as in the registry."""
    return OrgRow(
        id=identifier,
        name=facts.name,
        incorporated=_known(facts.incorporated),
        headquartered=_known(facts.headquartered),
        controlled_from=_known(facts.controlled_from),
        owners=read_owners(facts.owners),
        lists=facts.lists,
    )


def read_owners(owners: tuple[Owner, ...] | Literal["unknown", "none"]) -> tuple[Owner, ...] | None:
    """`none` is the empty tuple, `unknown` is None."""
    if isinstance(owners, str):
        return None if owners == "unknown" else ()
    return owners


def _known(country: str | None) -> str | None:
    return None if country in (None, "unknown") else country


@dataclass(frozen=True)
class OrgTests:
    """The tests themselves, for one date, over one table."""

    table: OrgTable
    on: datetime.date
    known_on: datetime.date | None = None

    def is_one_of(self, row: OrgRow, wanted: frozenset[str]) -> int:
        """The organisation, or one that it is wholly part of, is among those wanted."""
        current: OrgRow | None = row
        for _ in range(OWNERSHIP_DEPTH_MAX):
            if current is None:
                return NO
            if current.id in wanted:
                return YES
            current = self._find_row(current.parent)
        return NO

    def is_on_list(self, row: OrgRow, lists: frozenset[str]) -> int:
        """Any of the lists names it on the day. Absence is `no hit`, which is not clearance."""
        return max((self._listing_truth(row.lists, name) for name in lists), default=NO)

    def is_in(self, places: Sequence[str | None], countries: frozenset[str]) -> int:
        """Any of the places is in the countries; unknown when none is and one is not known."""
        if any(place in countries for place in places):
            return YES
        return UNKNOWN if None in places else NO

    def is_owned(self, row: OrgRow, owner_test: Callable[[OrgRow], int], enough: Callable[[float], bool]) -> int:
        """Owners that pass the test hold enough in the aggregate, directly or through owners that they so hold."""
        return self._owned(row, owner_test, enough, OWNERSHIP_DEPTH_MAX)

    def _owned(
        self, row: OrgRow, owner_test: Callable[[OrgRow], int], enough: Callable[[float], bool], depth: int
    ) -> int:
        if row.owners is None or depth == 0:
            return UNKNOWN
        sure = possible = 0.0
        for owner in self._current(row.owners):
            truth = self._owner_truth(owner, owner_test, enough, depth)
            share = owner.share_percent
            sure += share if truth == YES and share is not None else 0.0
            possible += (100.0 if share is None else share) if truth != NO else 0.0
        if enough(sure):
            return YES
        return UNKNOWN if enough(possible) else NO

    def _owner_truth(
        self, owner: Owner, owner_test: Callable[[OrgRow], int], enough: Callable[[float], bool], depth: int
    ) -> int:
        row = self._find_owner(owner)
        if row is None:
            return UNKNOWN
        own = owner_test(row)
        return own if own == YES else max(own, self._owned(row, owner_test, enough, depth - 1))

    def _find_owner(self, owner: Owner) -> OrgRow | None:
        if owner.owner.startswith("country:"):
            country = owner.owner.removeprefix("country:")
            return OrgRow(owner.owner, owner.owner, None, country, country, country)
        if not owner.owner.startswith("org:"):
            return OrgRow(owner.owner, owner.owner)  # named in words: no list names it, where it sits is not known
        return self._find_row(owner.owner)

    def _find_row(self, org: str | None) -> OrgRow | None:
        code = self.table.get_code(org) if org is not None else -1
        return self.table.rows[code] if code >= 0 else None

    def _current(self, owners: tuple[Owner, ...]) -> Iterable[Owner]:
        for owner in owners:
            if (owner.since is None or owner.since <= self.on) and (owner.until is None or self.on < owner.until):
                yield owner

    def _listing_truth(self, listings: tuple[Listing, ...], name: str) -> int:
        entries = [entry for entry in listings if entry.list == name and self._is_known(entry)]
        undated = any(entry.from_ is None and entry.status is ListingStatus.LISTED for entry in entries)
        dated = sorted((entry for entry in entries if entry.from_ and entry.from_ <= self.on), key=_listed_from)
        if not dated:
            return UNKNOWN if undated else NO
        latest = dated[-1]
        ended = latest.until is not None and latest.until <= self.on
        return YES if latest.status is ListingStatus.LISTED and not ended else NO

    def _is_known(self, entry: Listing) -> bool:
        published = entry.known_from or entry.from_
        return self.known_on is None or published is None or published <= self.known_on


def _listed_from(entry: Listing) -> datetime.date:
    return entry.from_ or datetime.date.min
