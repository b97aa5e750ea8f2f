"""List files of every format, read into entries."""

import datetime

from holdfast.levers.screening.entity_list import split_cell
from holdfast.records.screening import ListedName, ListedNameKind, ListEntry, PartyKind
from tests.levers.screening.editions import parse

NAME, ALIAS = ListedNameKind.NAME, ListedNameKind.ALIAS
FORMER, WEAK = ListedNameKind.FORMER, ListedNameKind.WEAK_ALIAS


def by_id(entries: tuple[ListEntry, ...]) -> dict[str, ListEntry]:
    return {entry.entry: entry for entry in entries}


def names(entry: ListEntry) -> dict[str, ListedNameKind]:
    return {name.name: name.kind for name in entry.names}


def test_advanced_xml_tells_names_places_dates_and_owners() -> None:
    parsed = parse("us-ofac-sdn", "sdn_advanced.xml")
    entries = by_id(parsed.entries)

    assert parsed.date == datetime.date(2026, 9, 30)
    assert set(entries) == {"36", "173", "2674"}
    assert entries["36"].names[0] == ListedName(name="AEROCARIBBEAN AIRLINES", kind=NAME)
    assert names(entries["173"]) == {"ANGLO-CARIBBEAN CO., LTD.": NAME, "AVIA IMPORT": FORMER, "ACCL": WEAK}
    assert entries["173"].addresses == ("Ibex House, The Minories, London EC3N 1DY, United Kingdom",)
    assert entries["36"].countries == ("Cuba",)
    assert entries["36"].start == datetime.date(1986, 12, 10)
    assert entries["2674"].programmes == ("SDGT", "SDT")
    assert entries["2674"].kind is PartyKind.PERSON
    assert "Abu ABBAS" in names(entries["2674"])
    assert "عباس" in names(entries["2674"])


def test_only_present_ownership_is_taken_from_relations() -> None:
    entries = by_id(parse("us-ofac-sdn", "sdn_advanced.xml").entries)

    (owner,) = entries["173"].owners
    assert (owner.name, owner.entry, owner.relation) == ("AEROCARIBBEAN AIRLINES", "36", "Owned or Controlled By")
    assert entries["36"].owners == ()  # its relation is marked as former


def test_an_entry_of_the_consolidated_file_belongs_to_the_list_it_names_and_has_its_listing_date() -> None:
    (entry,) = parse("us-ofac-consolidated", "cons_advanced.xml").entries

    assert entry.list == "us-ns-cmic"
    assert entry.start == datetime.date(2021, 6, 3)
    assert entry.countries == ("China",)


def test_legacy_csv_joins_three_files_and_reads_the_remarks() -> None:
    parsed = parse("us-ofac-sdn", "sdn.csv", "alt.csv", "add.csv")
    entries = by_id(parsed.entries)

    assert parsed.notes == ()
    assert names(entries["306"]) == {"BANCO NACIONAL DE CUBA": NAME, "NATIONAL BANK OF CUBA": ALIAS, "BNC": WEAK}
    assert entries["306"].addresses[0] == "Zweierstrasse 35, Zurich CH-8022, Switzerland"
    assert entries["306"].countries == ("Switzerland", "Spain", "Japan", "Panama")
    assert entries["4238"].kind is PartyKind.VESSEL


def test_a_missing_alias_file_is_noted_and_not_hidden() -> None:
    parsed = parse("us-ofac-sdn", "sdn.csv")

    assert parsed.notes == (
        "Screened without addresses: their file was not given.",
        "Screened without aliases: their file was not given.",
    )


def test_remarks_of_the_cmic_list_give_the_day_of_listing() -> None:
    entries = by_id(parse("us-ofac-consolidated", "cons_prim.csv", "cons_alt.csv", "cons_add.csv").entries)

    assert entries["33091"].start == datetime.date(2021, 12, 16)
    assert entries["33091"].list == "us-ns-cmic"
    assert entries["18283"].list == "us-ofac-non-sdn"  # its programme is on more than one list
    assert names(entries["18283"])["OTKRYTOE AKTSIONERNOE OBSHCHESTVO ROSSISKI BANK RAZVITIYA"] is FORMER


def test_the_screening_list_reads_the_same_from_csv_and_json() -> None:
    from_csv = {entry.names[0].name: entry for entry in parse("us-csl", "csl.csv").entries}
    from_json = {entry.names[0].name: entry for entry in parse("us-csl", "csl.json").entries}

    for name, entry in from_json.items():
        assert from_csv[name].list == entry.list
        assert from_csv[name].start == entry.start
        assert from_csv[name].countries == entry.countries
    lists = {name: entry.list for name, entry in from_json.items()}
    assert lists["ROSNEFT TRADE LIMITED"] == "us-ofac-ssi"
    assert lists["Academy of Aerospace Solid Propulsion Technology (AASPT)"] == "us-bis-meu"


def test_aliases_of_the_screening_list_are_split_and_successor_clauses_cut() -> None:
    entries = {entry.names[0].name: entry for entry in parse("us-csl", "csl.csv").entries}

    cetc = entries["China Electronics Technology Group Corporation 13th Research Institute (CETC 13)"]
    assert cetc.start == datetime.date(2018, 8, 1)
    assert "CETC Research Institute 13" in names(cetc)
    assert "Sinobright Import and Export Company" in entries


def test_the_older_screening_list_without_row_numbers_is_read_too() -> None:
    entries = parse("us-csl", "csl_2019.csv").entries

    assert {entry.names[0].name: str(entry.start) for entry in entries} == {
        "54th Research Institute of China": "2001-05-14",
        "GBNTT": "2008-09-22",
    }
    assert len({entry.entry for entry in entries}) == 2


def test_the_entity_list_is_read_from_its_own_supplement_with_the_country_carried_down() -> None:
    entries = {entry.names[0].name: entry for entry in parse("us-bis-entity-list", "entity_list.xml").entries}

    assert len(entries) == 4
    zhipu = entries["Beijing Zhipu Huazhang Technology Co., Ltd."]
    assert names(zhipu) == {
        "Beijing Zhipu Huazhang Technology Co., Ltd.": NAME,
        "Zhipu AI": ALIAS,
        "Beijing Knowledge Atlas Technology Co., Ltd.": ALIAS,
    }
    assert zhipu.start == datetime.date(2025, 1, 16)
    assert zhipu.addresses[0].startswith("Floor 10, Building 9")
    assert entries["Triangle Technologies"].countries == ("AFGHANISTAN",)
    assert names(entries["Example Institute"]) == {"Example Institute": NAME, "Older Example Institute": FORMER}


def test_the_first_citation_dates_an_entry_though_it_is_printed_last() -> None:
    entries = {entry.names[0].name: entry for entry in parse("us-bis-entity-list", "entity_list.xml").entries}

    assert entries["Example Institute"].start == datetime.date(1998, 11, 19)


def test_a_cell_of_the_entity_list_is_split_into_names_and_addresses() -> None:
    found, addresses = split_cell(["Huawei Technologies Co., Ltd. (Huawei), a.k.a., the following one alias:", "—HWT"])
    assert [name.name for name in found] == ["Huawei Technologies Co., Ltd.", "Huawei", "HWT"]
    assert addresses == []

    found, addresses = split_cell(["A. Leib Ltd.; HA'Assif 19, Binyamina, Israel"])
    assert [name.name for name in found] == ["A. Leib Ltd."]
    assert addresses == ["HA'Assif 19, Binyamina, Israel"]

    found, _ = split_cell(["Academy of Medical Sciences, Institute of Hygiene, 1 Street, Beijing"])
    assert found[0].name == "Academy of Medical Sciences, Institute of Hygiene"

    found, _ = split_cell(["AccoTest Technology Co., Ltd. (Hong Kong), Unit 1, Hong Kong"])
    assert found[0].name == "AccoTest Technology Co., Ltd. (Hong Kong)"


def test_the_1260h_transcription_keeps_removed_rows_and_tells_its_newest_date() -> None:
    parsed = parse("us-1260h", "1260h.csv")
    entries = {entry.names[0].name: entry for entry in parsed.entries}

    assert parsed.date == datetime.date(2026, 6, 8)
    assert entries["Beijing Megvii Technology Co., Ltd."].end == datetime.date(2025, 1, 7)
    assert entries["Huawei Technologies Co. Ltd."].owners[0].name == "Huawei Investment & Holding Co. Ltd."
    avic = entries["AVIC Airborne Systems Co., Ltd."]
    assert names(avic)["China Avionics Systems Co., Ltd."] is FORMER


def test_the_1260h_text_gives_names_between_the_justifications_and_not_the_removals() -> None:
    entries = {entry.names[0].name: entry for entry in parse("us-1260h", "1260h.txt").entries}

    assert set(entries) == {
        "Alibaba Group Holding Limited",
        "AVIC Airborne Systems Co., Ltd.",
        "Example Group Company (Limited)",
        "Example Steel Co., Ltd.",
        "Example Ships Ltd.",
    }
    assert names(entries["AVIC Airborne Systems Co., Ltd."])["China Avionics Systems Co., Ltd."] is FORMER
    assert entries["Example Ships Ltd."].owners[0].name == "Example Group Company (Limited)"
