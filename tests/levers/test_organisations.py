"""Lists and owners on a date."""

import dataclasses
import datetime

import pytest

from holdfast.levers.organisations import OrgRow, OrgTests, make_org_table
from holdfast.levers.truth import NO, UNKNOWN, YES
from holdfast.records.organisation import Listing, ListingStatus, Owner
from tests.levers.worlds import ORGS, listing, owner

DAY = datetime.date(2026, 6, 15)
LIST = frozenset({"us-1260h"})


def on_list(*entries: Listing, on: datetime.date = DAY, known: datetime.date | None = None) -> int:
    row = OrgRow("org:x", "X", lists=entries)
    return OrgTests(make_org_table([row]), on, known).is_on_list(row, LIST)


def test_an_entry_holds_from_its_day_until_it_is_removed() -> None:
    entries = (
        listing("us-1260h", ListingStatus.LISTED, "2024-01-31"),
        listing("us-1260h", ListingStatus.REMOVED, "2025-01-07"),
    )
    assert on_list(*entries, on=datetime.date(2024, 1, 30)) == NO
    assert on_list(*entries, on=datetime.date(2024, 1, 31)) == YES
    assert on_list(*entries, on=datetime.date(2025, 1, 6)) == YES
    assert on_list(*entries, on=datetime.date(2025, 1, 7)) == NO


def test_a_version_that_was_withdrawn_lists_nobody() -> None:
    assert on_list(listing("us-1260h", ListingStatus.PUBLISHED_THEN_WITHDRAWN, "2026-02-13")) == NO


def test_an_undated_entry_is_unknown_and_not_a_no() -> None:
    assert on_list(listing("us-1260h", ListingStatus.LISTED, None)) == UNKNOWN


def test_what_was_published_later_was_not_known_before() -> None:
    entry = listing("us-1260h", ListingStatus.LISTED, "2026-01-01", known_from=datetime.date(2026, 6, 8))
    assert on_list(entry, known=datetime.date(2026, 6, 7)) == NO
    assert on_list(entry, known=datetime.date(2026, 6, 8)) == YES


def owned(*owners: Owner, share: float = 50.0, known: bool = True) -> int:
    row = OrgRow("org:x", "X", owners=owners if known else None)
    middle = OrgRow("org:middle", "Middle", controlled_from="SG", owners=(owner("org:cn", 80.0),))
    tests = OrgTests(make_org_table([*ORGS, middle, row]), DAY)
    return tests.is_owned(row, lambda one: tests.is_in([one.controlled_from], frozenset({"CN"})), lambda s: s >= share)


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        ((("org:cn", 50.0),), YES),
        ((("org:cn", 49.9),), NO),
        ((("org:cn", 30.0), ("country:CN", 20.0)), YES),  # in the aggregate
        ((("org:middle", 60.0),), YES),  # through a holding that is itself so owned
        ((("org:us", 90.0),), NO),
        ((("org:cn", None),), UNKNOWN),  # a share that nobody knows may be enough
        ((("org:cn", 10.0), ("Somebody in words", 60.0)), UNKNOWN),
        ((("Somebody in words", 40.0),), NO),  # not enough whoever it is
    ],
)
def test_ownership_counts_in_the_aggregate_and_through_holdings(
    owners: tuple[tuple[str, float | None], ...], expected: int
) -> None:
    assert owned(*(owner(who, share) for who, share in owners)) == expected


def test_no_recorded_owner_means_none_found_and_unknown_owners_stay_unknown() -> None:
    assert owned() == NO
    assert owned(known=False) == UNKNOWN


def test_a_share_that_was_sold_counts_no_more() -> None:
    sold = dataclasses.replace(owner("org:cn", 80.0), until=datetime.date(2026, 1, 1))
    assert owned(sold) == NO


def test_circular_holdings_end() -> None:
    one = OrgRow("org:a", "A", owners=(owner("org:b", 60.0),))
    two = OrgRow("org:b", "B", owners=(owner("org:a", 60.0),))
    tests = OrgTests(make_org_table([one, two]), DAY)
    assert tests.is_owned(one, lambda _: NO, lambda share: share >= 50) in (NO, UNKNOWN)
