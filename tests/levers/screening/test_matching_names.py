"""Which names meet which entries, how well, and what is too generic to say anything."""

import pytest

from holdfast.levers.screening.matching import build_entities, compute_score, find_country
from holdfast.levers.screening.screener import HeldLists
from holdfast.records.screening import (
    Answer,
    Hit,
    HitQuality,
    HitReason,
    ListedName,
    ListedNameKind,
    ListEntry,
    PartyKind,
    QueryName,
    Screened,
)
from tests.levers.screening.editions import day, edition_of, entry_of, hold, parse, party_of

ON = day("2026-01-10")


def lists_of(*entries: ListEntry) -> HeldLists:
    return hold({edition_of("us-ofac-sdn", "2026-01-05"): entries})


def hits_of(lists: HeldLists, *names: str, countries: tuple[str, ...] = ()) -> tuple[Hit, ...]:
    return lists.screen(party_of(*names, countries=countries), ON, ON).hits


def cmic() -> HeldLists:
    entries = parse("us-ofac-consolidated", "cons_prim.csv", "cons_alt.csv", "cons_add.csv").entries
    return hold({edition_of("us-ofac-consolidated", "2025-12-19", checked="2026-01-08"): entries})


def test_a_legal_name_meets_its_entry_exactly_and_says_which_name_did() -> None:
    lists = cmic()
    party = party_of("Some Brand", "SenseTime Group Limited")

    (hit,) = lists.screen(party, ON, ON).hits

    assert (hit.queried, hit.matched) == ("SenseTime Group Limited", "SENSETIME GROUP LIMITED")
    assert (hit.quality, hit.reason, hit.score, hit.strong) == (HitQuality.EXACT, HitReason.NAME, 1.0, True)
    assert hit.list == "us-ns-cmic"


def test_alias_former_name_and_weak_alias_are_told_apart() -> None:
    kinds = {
        ListedNameKind.ALIAS: HitReason.ALIAS,
        ListedNameKind.FORMER: HitReason.FORMER,
        ListedNameKind.WEAK_ALIAS: HitReason.WEAK_ALIAS,
    }
    for kind, reason in kinds.items():
        names = (
            ListedName(name="Entirely Otherwise Called Ltd.", kind=ListedNameKind.NAME),
            ListedName(name="Zhipu", kind=kind),
        )
        entry = ListEntry(list="us-ofac-sdn", entry="1", kind=PartyKind.ORGANISATION, names=names)
        (hit,) = hits_of(lists_of(entry), "Zhipu")
        assert hit.reason is reason


def test_a_weak_alias_alone_never_answers_yes() -> None:
    names = (
        ListedName(name="Entirely Otherwise Called Ltd.", kind=ListedNameKind.NAME),
        ListedName(name="ZHP", kind=ListedNameKind.WEAK_ALIAS),
    )
    lists = lists_of(ListEntry(list="us-ofac-sdn", entry="1", kind=PartyKind.ORGANISATION, names=names))

    assert lists.screen(party_of("ZHP"), ON, ON).answer is Answer.UNKNOWN


@pytest.mark.parametrize("generic", ["CORP", "Technology", "Group", "AI Lab", "Beijing"])
def test_a_generic_word_alone_is_not_screened_and_its_absence_says_nothing(generic: str) -> None:
    lists = lists_of(entry_of("ABC CORP"), entry_of("Beijing Zhipu Technology Group"), entry_of("XYZ AI Lab"))

    result = lists.screen(party_of(generic), ON, ON)

    assert result.hits == ()
    assert result.answer is Answer.UNKNOWN


def test_names_that_share_only_generic_words_do_not_meet() -> None:
    lists = lists_of(entry_of("Beijing Zhipu Technology Co., Ltd."), entry_of("Iran Trading Corporation"))

    assert hits_of(lists, "Beijing Technology Co") == ()
    assert hits_of(lists, "Beijing Moonshot Technology Co., Ltd.") == ()


def test_a_name_of_generic_words_meets_the_very_same_name() -> None:
    lists = lists_of(entry_of("CHINA TELECOM CORPORATION LIMITED"), entry_of("China Telecom Zhipu Research"))

    (hit,) = hits_of(lists, "China Telecom Corporation")

    assert hit.listed_as == "CHINA TELECOM CORPORATION LIMITED"


def test_a_brand_screens_clean_although_the_listed_company_is_the_same() -> None:
    entries = parse("us-bis-entity-list", "entity_list.xml").entries
    lists = hold({edition_of("us-bis-entity-list", "2026-01-05", form="ecfr-xml"): entries})

    assert lists.screen(party_of("Z.AI"), ON, ON).hits == ()
    assert lists.screen(party_of("Z.AI", "Zhipu AI"), ON, ON).hits[0].matched == "Zhipu AI"


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("Huawai Technologies", "Huawei Technologies Co., Ltd."),
        ("Trafalgura Group Pte. Ltd.", "Trafigura Group Pte. Ltd."),
        ("Good Will Company", "Goodwill Company"),
        ("SiemensAG", "Siemens AG"),
        ("ООО Ромашка", "OOO Romashka"),
    ],
)
def test_slips_gaps_and_scripts_are_bridged(asked: str, listed: str) -> None:
    (hit,) = hits_of(lists_of(entry_of(listed)), asked)
    assert hit.quality is not HitQuality.PARTIAL


def test_one_shared_word_of_a_longer_name_is_partial_and_leaves_the_matter_open() -> None:
    result = lists_of(entry_of("ARIA NIKAN")).screen(party_of("Aria"), ON, ON)

    assert [hit.quality for hit in result.hits] == [HitQuality.PARTIAL]
    assert result.answer is Answer.UNKNOWN


def test_agreeing_countries_are_second_evidence() -> None:
    lists = lists_of(entry_of("Falcon Systems", countries=("United Kingdom",)))

    (same,) = hits_of(lists, "Falcon Systems", countries=("GB",))
    (other,) = hits_of(lists, "Falcon Systems", countries=("AE",))

    assert same.agrees == ("country GB",)
    assert same.strong
    assert other.disagrees == ("country GB, not AE",)
    assert not other.strong


def test_a_loose_match_in_another_country_is_left_out_and_counted() -> None:
    lists = lists_of(entry_of("LE CLAUDE, S.A. DE C.V.", countries=("Mexico",)))

    result = lists.screen(party_of("Claude", countries=("US",)), ON, ON)

    assert result.hits == ()
    assert result.notes[0].startswith("1 loose matches")


def test_hong_kong_is_no_stranger_to_china() -> None:
    lists = lists_of(entry_of("SENSETIME GROUP LIMITED", countries=("Hong Kong",)))

    assert hits_of(lists, "SenseTime", countries=("CN",))[0].agrees == ("country CN",)


def test_a_vessel_is_no_company() -> None:
    entries = parse("us-ofac-sdn", "sdn.csv").entries
    lists = hold({edition_of("us-ofac-sdn", "2026-01-05"): entries})

    assert hits_of(lists, "Mar Azul") == ()
    assert lists.screen(party_of("Mar Azul", kind=PartyKind.VESSEL), ON, ON).hits[0].entry == "4238"


def test_an_address_alone_is_a_weak_hit() -> None:
    entries = parse("us-ofac-sdn", "sdn.csv", "alt.csv", "add.csv").entries
    lists = hold({edition_of("us-ofac-sdn", "2026-01-05"): entries})
    party = Screened(
        label="X",
        kind=PartyKind.ORGANISATION,
        names=(QueryName("Quite Unrelated Venture", "given"),),
        addresses=("Ibex House, The Minories, London EC3N 1DY, UK",),
    )

    (hit,) = lists.screen(party, ON, ON).hits

    assert (hit.reason, hit.listed_as, hit.strong) == (HitReason.ADDRESS, "ANGLO-CARIBBEAN CO., LTD.", False)


def test_the_score_is_the_matchers_own() -> None:
    """nomenklatura scores literal names 1.0; its frozen run gives this pair of its benchmark 0.9286."""
    organisation = PartyKind.ORGANISATION
    same = compute_score((organisation, "Zhipu AI"), (organisation, "Zhipu AI", ListedNameKind.NAME))
    pair = compute_score((PartyKind.PERSON, "Olaf Scholze"), (PartyKind.PERSON, "Olaf Scholz", ListedNameKind.NAME))

    assert same == 1.0
    assert pair == pytest.approx(0.9286, abs=0.02)


def test_an_entry_becomes_follow_the_money_objects_with_its_owner() -> None:
    entries = {entry.entry: entry for entry in parse("us-ofac-sdn", "sdn_advanced.xml").entries}

    party, owner, ownership = build_entities(entries["173"])

    assert party["schema"] == "Organization"
    properties = party["properties"]
    assert isinstance(properties, dict)
    assert properties["previousName"] == ["AVIA IMPORT"]
    assert properties["weakAlias"] == ["ACCL"]
    assert properties["country"] == ["gb"]
    assert owner["id"] == "36"
    assert ownership["schema"] == "Ownership"


def test_countries_are_known_as_lists_spell_them() -> None:
    texts = ["China", "CHINA, PEOPLE'S REPUBLIC OF", "Turkey", "Korea, North", "HK", "nowhere at all"]
    assert [find_country(text) for text in texts] == ["CN", "CN", "TR", "KP", "HK", None]
