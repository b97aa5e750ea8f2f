"""How alike two parties are, by nomenklatura's logic-v2 over FollowTheMoney entities. The only module that calls them.

Judges one name against one name, so that a hit can say which names met. Has no similarity of its own.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from holdfast.levers.screening.xml import INSTALL
from holdfast.records.errors import ConfigurationError
from holdfast.records.screening import ListedNameKind, ListEntry, PartyKind

ALGORITHM = "logic-v2"
_SCHEMATA = {
    PartyKind.ORGANISATION: "Organization",
    PartyKind.PERSON: "Person",
    PartyKind.VESSEL: "Vessel",
    PartyKind.AIRCRAFT: "Airplane",
    PartyKind.UNKNOWN: "LegalEntity",
}
_PROPERTIES = {
    ListedNameKind.NAME: "name",
    ListedNameKind.ALIAS: "alias",
    ListedNameKind.WEAK_ALIAS: "weakAlias",
    ListedNameKind.FORMER: "previousName",
}
_SPELLINGS = {  # as OFAC and the Federal Register write them
    "turkey": "TR",
    "burma": "MM",
    "korea, north": "KP",
    "korea, south": "KR",
    "macau": "MO",
    "region: gaza": "PS",
    "palestinian": "PS",
    "czech republic": "CZ",
    "crimea region of ukraine": "UA",
    "region: crimea": "UA",
    "congo, democratic republic of the": "CD",
    "congo, republic of the": "CG",
    "bahamas, the": "BS",
    "gambia, the": "GM",
    "north macedonia, the republic of": "MK",
    "cote d ivoire": "CI",
    "swaziland": "SZ",
    "cape verde": "CV",
    "holy see": "VA",
}
_NAME_FEATURES = frozenset({"name_match", "weak_alias_match"})
_GROUPS = {"hk": "cn", "mo": "cn"}  # a party of Hong Kong or Macao is no stranger to China


@dataclass(frozen=True, slots=True)
class _Tools:
    """The libraries' own objects, untyped."""

    model: Any
    make: Any
    algorithm: Any
    configuration: Any


@cache
def _load_tools() -> _Tools:
    try:
        from followthemoney import ValueEntity, model
        from nomenklatura.matching.logic_v2.model import LogicV2
    except ImportError as error:
        package = (error.name or "nomenklatura").partition(".")[0]
        what = f"screening needs {package}, which is not installed"
        raise ConfigurationError(what, next_step=INSTALL) from None
    configuration = LogicV2.default_config()
    # Only names are compared here; features of other properties would cost time and find nothing.
    configuration.weights = {feature.name: 0.0 for feature in LogicV2.features if feature.name not in _NAME_FEATURES}
    return _Tools(model, ValueEntity, LogicV2, configuration)


def can_match(asked: PartyKind, listed: PartyKind) -> bool:
    """Whether a party of one kind can be one of the other; an unknown kind is an organisation or a person."""
    legal = {PartyKind.ORGANISATION, PartyKind.PERSON}
    if PartyKind.UNKNOWN in (asked, listed):
        return {asked, listed} <= legal | {PartyKind.UNKNOWN}
    return asked is listed


@lru_cache(maxsize=500_000)
def compute_score(asked: tuple[PartyKind, str], listed: tuple[PartyKind, str, ListedNameKind]) -> float:
    """From 0 to 1. Raises ConfigurationError when the extra `screening` is not installed."""
    tools = _load_tools()
    query = _make_named(_SCHEMATA[asked[0]], "name", asked[1])
    candidate = _make_named(_SCHEMATA[listed[0]], _PROPERTIES[listed[2]], listed[1])
    return float(tools.algorithm.compare(query, candidate, tools.configuration).score)


@lru_cache(maxsize=100_000)
def _make_named(schema: str, name: str, value: str) -> Any:
    return _make_entity(schema, {name: (value,)})


def build_entities(entry: ListEntry) -> list[dict[str, object]]:
    """An entry as FollowTheMoney objects: the party, its owners, and an Ownership for each."""
    values: dict[str, tuple[str, ...]] = {"address": entry.addresses, "country": entry.countries}
    for kind, name in _PROPERTIES.items():
        values[name] = tuple(listed.name for listed in entry.names if listed.kind is kind)
    party = _make_entity(_SCHEMATA[entry.kind], values, entry.entry)
    built = [party]
    for owner in entry.owners:
        holder = _make_entity("LegalEntity", {"name": (owner.name,)}, owner.entry or "")
        ownership = {"owner": (str(holder.id),), "asset": (str(party.id),), "role": (owner.relation,)}
        built += [holder, _make_entity("Ownership", ownership)]
    return [dict(entity.to_dict()) for entity in built]


def _make_entity(schema: str, values: Mapping[str, tuple[str, ...]], identifier: str = "") -> Any:
    """The matcher's caches go by id, so the id is a digest of the content."""
    tools = _load_tools()
    digest = hashlib.sha256(repr((schema, sorted(values.items()), identifier)).encode()).hexdigest()
    entity = tools.make(tools.model.get(schema), {"id": identifier or digest[:24]})
    for name, given in values.items():
        entity.add(name, list(given), quiet=True)
    return entity


def compute_address_score(asked: tuple[str, ...], listed: tuple[str, ...]) -> tuple[float, str]:
    """How alike the two most alike addresses are, and which listed one it is."""
    try:
        from rigour.addresses import match_addresses
    except ImportError:
        raise ConfigurationError("screening needs rigour, which is not installed", next_step=INSTALL) from None
    found = match_addresses(list(asked), list(listed))
    return (found.score, found.result) if found else (0.0, "")


@lru_cache(maxsize=4096)
def find_country(text: str) -> str | None:
    """The ISO code of a country's name or code; None when it is not known."""
    attempts = [part.strip() for part in (text, text.partition(",")[0], text.partition("(")[0])]
    plain = _load_countries()
    for attempt in attempts:
        if attempt.casefold() in plain:
            return plain[attempt.casefold()]
    from rigour.territories import lookup_territory  # every spelling, but seconds to load

    found = next((territory for attempt in attempts if (territory := lookup_territory(attempt))), None)
    return (found.ftm_country or found.code).upper() if found else None


@cache
def _load_countries() -> dict[str, str]:
    """Codes and plain names of countries."""
    try:
        from rigour.territories import get_territories
    except ImportError:
        raise ConfigurationError("screening needs rigour, which is not installed", next_step=INSTALL) from None
    found = dict(_SPELLINGS)
    for territory in get_territories():
        if territory.is_country or territory.is_ftm:
            code = (territory.ftm_country or territory.code).upper()
            for text in (territory.code, territory.alpha3, territory.name, territory.full_name):
                found.setdefault((text or code).casefold(), code)
    return found


def group_countries(texts: tuple[str, ...]) -> frozenset[str]:
    """Country codes, those that belong together as one."""
    codes = (find_country(text) for text in texts)
    return frozenset(_GROUPS.get(code.lower(), code).upper() for code in codes if code)
