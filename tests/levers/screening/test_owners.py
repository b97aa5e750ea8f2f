"""Organisations of the registry: all their names, and owners of fifty per cent and more in the aggregate."""

import datetime

from holdfast.levers.screening.ownership import Question, describe_organisation, screen_with_owners
from holdfast.records.evidence import Mark, Source, Sourced
from holdfast.records.organisation import NameKind, Organisation, OrganisationKind, OtherName, Owner, Role
from holdfast.records.screening import Answer, HitReason, ScreeningResult
from tests.levers.screening.editions import day, edition_of, entry_of, hold

ON = day("2026-01-10")


def organisation(
    identifier: str, name: str, *owners: tuple[str, float | None], names: tuple[OtherName, ...] = ()
) -> Organisation:
    return Organisation(
        id=identifier,
        name=name,
        short=name.split()[0],
        kind=OrganisationKind.COMPANY,
        roles=(Role.DEVELOPER,),
        names=names,
        incorporated=Sourced(value="CN", source="s1"),
        owners=tuple(Owner(owner=owner, share_percent=share, source="s1") for owner, share in owners),
        sources={"s1": Source(title="test", mark=Mark.UNVERIFIED)},
        last_checked=datetime.date(2026, 1, 1),
        evidence_horizon=datetime.date(2026, 1, 1),
    )


def screen(asked: Organisation, *others: Organisation) -> ScreeningResult:
    listed = (entry_of("Redwood Heavy Holdings", start="2020-01-01"), entry_of("Bluebird Marine", start="2020-01-01"))
    lists = hold({edition_of("us-ofac-sdn", "2026-01-05"): listed})
    known = {item.id: item for item in (asked, *others)}
    return screen_with_owners(asked, Question(lists, known, ON, ON))


REDWOOD = organisation("org:redwood", "Redwood Heavy Holdings")
BLUEBIRD = organisation("org:bluebird", "Bluebird Marine")


def test_every_registered_name_is_tried_and_the_hit_says_which() -> None:
    names = (OtherName(name="Bluebird Marine", kind=NameKind.FORMER), OtherName(name="BB", kind=NameKind.TRADE))
    asked = organisation("org:x", "Entirely Renamed Ltd.", names=names)

    (hit,) = screen(asked).hits

    assert (hit.queried, hit.queried_kind) == ("Bluebird Marine", "former")
    assert describe_organisation(asked).countries == ("CN",)


def test_half_owned_by_a_listed_party_is_a_yes_through_ownership() -> None:
    result = screen(organisation("org:x", "Quietly Unrelated Ltd.", ("org:redwood", 50.0)), REDWOOD)

    (hit,) = result.hits
    assert result.answer is Answer.YES
    assert hit.reason is HitReason.OWNERSHIP
    assert hit.via == ("org:redwood (50 %)",)


def test_two_listed_owners_are_added_together() -> None:
    asked = organisation("org:x", "Quietly Unrelated Ltd.", ("org:redwood", 30.0), ("org:bluebird", 25.0))

    result = screen(asked, REDWOOD, BLUEBIRD)

    assert result.answer is Answer.YES
    assert "listed owners hold 55 %" in result.answers[0].why


def test_less_than_half_together_is_no_hit() -> None:
    asked = organisation("org:x", "Quietly Unrelated Ltd.", ("org:redwood", 30.0), ("org:bluebird", 19.0))

    result = screen(asked, REDWOOD, BLUEBIRD)

    assert (result.answer, result.hits) == (Answer.NO, ())


def test_a_listed_owner_whose_share_is_not_known_leaves_the_answer_open() -> None:
    result = screen(organisation("org:x", "Quietly Unrelated Ltd.", ("org:redwood", None)), REDWOOD)

    assert result.answer is Answer.UNKNOWN
    assert "share not known" in result.answers[0].why


def test_ownership_passes_through_a_chain() -> None:
    middle = organisation("org:middle", "Middlegate Ltd.", ("org:redwood", 80.0))
    asked = organisation("org:x", "Quietly Unrelated Ltd.", ("org:middle", 60.0))

    result = screen(asked, middle, REDWOOD)

    assert result.answer is Answer.YES
    assert result.hits[0].via == ("org:middle (60 %)", "org:redwood (80 %)")


def test_a_chain_breaks_where_less_than_half_is_held() -> None:
    middle = organisation("org:middle", "Middlegate Ltd.", ("org:redwood", 40.0))
    asked = organisation("org:x", "Quietly Unrelated Ltd.", ("org:middle", 100.0))

    assert screen(asked, middle, REDWOOD).answer is Answer.NO


def test_an_owner_named_in_words_is_screened_by_that_name() -> None:
    result = screen(organisation("org:x", "Quietly Unrelated Ltd.", ("Bluebird Marine", 75.0)))

    assert result.answer is Answer.YES


def test_owners_of_another_time_do_not_count() -> None:
    past = Owner(owner="org:redwood", share_percent=90.0, until=datetime.date(2025, 1, 1), source="s1")
    base = organisation("org:x", "Quietly Unrelated Ltd.")
    fields = {name: getattr(base, name) for name in Organisation.__slots__} | {"owners": (past,)}

    assert screen(Organisation(**fields), REDWOOD).answer is Answer.NO


def test_owners_that_own_one_another_end() -> None:
    first = organisation("org:a", "Alphaville Ltd.", ("org:b", 60.0))
    second = organisation("org:b", "Betaville Ltd.", ("org:a", 60.0))

    assert screen(first, second).answer is Answer.NO
