"""OFAC's advanced XML (SDN and consolidated): parties, documented names, addresses, relations, dated list entries.

The file is normalised: names, places, relations and entries refer to one another by id, and entries come last.
Refuses a document without parties or without list entries.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.levers.screening.files import TRY_AGAIN
from holdfast.levers.screening.xml import Element, get_name, get_text, iterate_elements
from holdfast.records.errors import ListError
from holdfast.records.screening import (
    Feed,
    ListedName,
    ListedNameKind,
    ListedOwner,
    ListEntry,
    ParsedList,
    PartyKind,
)

_KINDS = {
    "Entity": PartyKind.ORGANISATION,
    "Individual": PartyKind.PERSON,
    "Vessel": PartyKind.VESSEL,
    "Aircraft": PartyKind.AIRCRAFT,
}
_ALIAS_KINDS = {
    "Name": ListedNameKind.NAME,
    "N.K.A.": ListedNameKind.NAME,
    "A.K.A.": ListedNameKind.ALIAS,
    "F.K.A.": ListedNameKind.FORMER,
}
_OWNED_BY = frozenset({"Owned or Controlled By", "Property in the interest of"})  # from the thing to its owner
_OWNS = frozenset({"Owns, controls, or operates"})  # from the owner to the thing
_PERSON_ORDER = ("First Name", "Middle Name", "Patronymic", "Matronymic", "Maiden Name", "Last Name", "Nickname")
_PLACE_ORDER = ("ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE/PROVINCE", "REGION", "POSTAL CODE")
_COUNTRY_FEATURES = frozenset({"Nationality Country", "Citizenship Country", "Nationality of Registration"})
_LISTED_FEATURES = ("Listing Date (CMIC)", "Effective Date (CMIC)")
_META_LIST = "Consolidated List"  # every entry on it has a second, specific one


@dataclass(slots=True)
class _Party:
    kind: PartyKind
    names: list[ListedName] = field(default_factory=list[ListedName])
    addresses: list[str] = field(default_factory=list[str])
    countries: list[str] = field(default_factory=list[str])
    listed: datetime.date | None = None
    note: str = ""


@dataclass(slots=True)
class _Reading:
    """What was read so far of one file."""

    words: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    parents: dict[str, str] = field(default_factory=dict[str, str])
    places: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    parties: dict[str, _Party] = field(default_factory=dict[str, _Party])
    owners: defaultdict[str, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[str, str]]](list)
    )
    entries: list[tuple[str, str, datetime.date | None, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, str, datetime.date | None, tuple[str, ...]]]
    )
    issued: datetime.date | None = None

    def say(self, kind: str, identifier: str | None) -> str:
        """The words that a reference value stands for."""
        return self.words.get((kind, identifier or ""), "")


def parse_ofac_advanced(path: Path, feed: Feed) -> ParsedList:
    """Every party of the file, once for each list it is on. Raises ListError with file and line."""
    reading = _Reading()
    for element in iterate_elements(path, tuple(_READERS), ("Sanctions",)):
        _READERS[get_name(element)](element, reading)
    if not reading.parties or not reading.entries:
        missing = "parties" if not reading.parties else "list entries"
        raise ListError(f"the file has no {missing}", where=str(path), next_step=TRY_AGAIN)
    entries = tuple(_entries(reading, feed.list_names))
    return ParsedList(entries=entries, date=reading.issued, date_from="the file's date of issue")


def _read_references(element: Element, reading: _Reading) -> None:
    for value in element.iter():
        identifier = value.get("ID")
        if identifier is None:
            continue
        words = (value.text or "").strip() or value.get("Description") or value.get("ISO2") or ""
        reading.words[get_name(value), identifier] = words
        if get_name(value) == "PartySubType":
            reading.parents[identifier] = value.get("PartyTypeID") or ""


def _read_place(element: Element, reading: _Reading) -> None:
    parts: dict[str, str] = {}
    for part in element.iterfind("{*}LocationPart"):
        parts[reading.say("LocPartType", part.get("LocPartTypeID"))] = get_text(part, "{*}LocationPartValue/{*}Value")
    country = element.find("{*}LocationCountry")
    area = element.find("{*}LocationAreaCode")
    land = reading.say("Country", country.get("CountryID")) if country is not None else ""
    land = land or (reading.say("AreaCode", area.get("AreaCodeID")) if area is not None else "")
    land = "" if land == "undetermined" else land
    words = [parts[key] for key in _PLACE_ORDER if parts.get(key)]
    reading.places[element.get("ID") or ""] = (", ".join(words), land)


def _read_party(element: Element, reading: _Reading) -> None:
    for profile in element.iterfind("{*}Profile"):
        sub_type = profile.get("PartySubTypeID")
        word = reading.say("PartySubType", sub_type)
        if word in ("", "Unknown"):
            word = reading.say("PartyType", reading.parents.get(sub_type or "", ""))
        party = _Party(_KINDS.get(word, PartyKind.UNKNOWN), note=get_text(element, "{*}Comment"))
        for identity in profile.iterfind("{*}Identity"):
            _read_names(identity, party, reading)
        for feature in profile.iterfind("{*}Feature"):
            _read_feature(feature, party, reading)
        reading.parties[profile.get("ID") or ""] = party


def _read_names(identity: Element, party: _Party, reading: _Reading) -> None:
    groups = {
        group.get("ID"): reading.say("NamePartType", group.get("NamePartTypeID"))
        for group in identity.iterfind("{*}NamePartGroups/{*}MasterNamePartGroup/{*}NamePartGroup")
    }
    for alias in identity.iterfind("{*}Alias"):
        kind = _ALIAS_KINDS.get(reading.say("AliasType", alias.get("AliasTypeID")), ListedNameKind.ALIAS)
        kind = ListedNameKind.WEAK_ALIAS if alias.get("LowQuality") == "true" else kind
        first = len(party.names) if alias.get("Primary") != "true" else 0
        for documented in alias.iterfind("{*}DocumentedName"):
            text = _join_name(documented, groups)
            if text:
                party.names.insert(first, ListedName(name=text, kind=kind))
                first += 1


def _join_name(documented: Element, groups: Mapping[str | None, str]) -> str:
    parts: dict[str, list[str]] = {}
    for value in documented.iterfind("{*}DocumentedNamePart/{*}NamePartValue"):
        if value.text and value.text.strip():
            parts.setdefault(groups.get(value.get("NamePartGroupID"), ""), []).append(value.text.strip())
    ordered = [key for key in _PERSON_ORDER if key in parts]
    ordered += [key for key in parts if key not in ordered]
    return " ".join(word for key in ordered for word in parts[key])


def _read_feature(feature: Element, party: _Party, reading: _Reading) -> None:
    label = reading.say("FeatureType", feature.get("FeatureTypeID")).strip()
    if label in _LISTED_FEATURES:
        day = _read_date(feature.find(".//{*}Start/{*}From"))
        if day and (label == _LISTED_FEATURES[0] or party.listed is None):
            party.listed = day
        return
    for version in feature.iterfind(".//{*}VersionLocation"):
        address, country = reading.places.get(version.get("LocationID") or "", ("", ""))
        if country and (label in _COUNTRY_FEATURES or label == "Location"):
            party.countries.append(country)
        if label == "Location" and address:
            party.addresses.append(f"{address}, {country}" if country else address)


def _read_relation(element: Element, reading: _Reading) -> None:
    if element.get("Former") == "true":
        return
    relation = reading.say("RelationType", element.get("RelationTypeID"))
    start, end = element.get("From-ProfileID") or "", element.get("To-ProfileID") or ""
    if relation in _OWNED_BY:
        reading.owners[start].append((end, relation))
    elif relation in _OWNS:
        reading.owners[end].append((start, relation))


def _read_entry(element: Element, reading: _Reading) -> None:
    dates = [_read_date(event.find("{*}Date")) for event in element.iterfind("{*}EntryEvent")]
    known = sorted(day for day in dates if day)
    programmes = tuple(
        dict.fromkeys(
            get_text(measure, "{*}Comment")
            for measure in element.iterfind("{*}SanctionsMeasure")
            if reading.say("SanctionsType", measure.get("SanctionsTypeID")) == "Program"
        )
    )
    name = reading.say("List", element.get("ListID"))
    day = known[0] if known else None
    reading.entries.append((element.get("ProfileID") or "", name, day, tuple(word for word in programmes if word)))


def _read_issue(element: Element, reading: _Reading) -> None:
    reading.issued = _read_date(element)


def _read_date(element: Element | None) -> datetime.date | None:
    words = [get_text(element, f"{{*}}{part}") for part in ("Year", "Month", "Day")]
    try:
        return datetime.date(*(int(word) for word in words)) if all(words) else None
    except ValueError:
        return None


_READERS: dict[str, Callable[[Element, _Reading], None]] = {
    "DateOfIssue": _read_issue,
    "ReferenceValueSets": _read_references,
    "Location": _read_place,
    "IDRegDocument": lambda element, reading: None,  # noqa: ARG005 - asked for only so that its memory is freed
    "DistinctParty": _read_party,
    "ProfileRelationship": _read_relation,
    "SanctionsEntry": _read_entry,
}


def _entries(reading: _Reading, list_names: Mapping[str, str]) -> list[ListEntry]:
    specific = {profile for profile, name, _, _ in reading.entries if name != _META_LIST}
    found: list[ListEntry] = []
    for profile, name, day, programmes in reading.entries:
        party = reading.parties.get(profile)
        if party is None or not party.names or (name == _META_LIST and profile in specific):
            continue
        owners = tuple(
            ListedOwner(name=reading.parties[owner].names[0].name, relation=relation, entry=owner)
            for owner, relation in reading.owners.get(profile, ())
            if owner in reading.parties and reading.parties[owner].names
        )
        found.append(
            ListEntry(
                list=list_names.get(name, list_names["*"]),
                entry=profile,
                kind=party.kind,
                names=tuple(dict.fromkeys(party.names)),
                addresses=tuple(dict.fromkeys(party.addresses)),
                countries=tuple(dict.fromkeys(party.countries)),
                programmes=programmes,
                start=party.listed or day,
                owners=owners,
                note=party.note or None,
            )
        )
    return found
