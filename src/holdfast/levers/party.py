"""A party made whole: a ready one composed with overrides, derived facts filled in, and its row as organisation."""

from dataclasses import dataclass

from holdfast.levers.organisations import OrgRow, read_owners
from holdfast.levers.vocabulary import FactType, Vocabulary, as_words
from holdfast.records.errors import UnknownName
from holdfast.records.lever import Facts, Party, PartyFacts
from holdfast.records.organisation import Owner

NATURAL_PERSONS = frozenset({"individual", "researcher"})


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting party: a name to show, its facts, and its row for tests of organisations."""

    name: str
    facts: Facts
    row: OrgRow


def compose_party(given: str | PartyFacts, parties: dict[str, Party], vocabulary: Vocabulary) -> Actor:
    """A ready party by name, or one that starts `like` a ready party and says more. Raises UnknownName."""
    asked = PartyFacts(like=given) if isinstance(given, str) else given
    base = get_party(asked.like, parties) if asked.like else None
    facts = {**(base.facts if base else {}), **asked.facts}
    _check_facts(facts, vocabulary, asked.like or "party")
    owners: tuple[Owner, ...] | None = read_owners(base.owners) if base else ()
    if asked.owners is not None:
        owners = read_owners(asked.owners)
    country = _first(facts.get("party.country"))
    lists = (*(base.lists if base else ()), *asked.lists)
    name = asked.like or "party"
    row = OrgRow("party", name, None, country, country, None, owners, lists)
    return Actor(name, _derive(facts, vocabulary), row)


def get_party(name: str, parties: dict[str, Party]) -> Party:
    """A ready party. Raises UnknownName with the names there are."""
    if name not in parties:
        raise UnknownName(f"no party is called {name!r}", next_step=f"Parties: {', '.join(sorted(parties))}")
    return parties[name]


def _check_facts(facts: Facts, vocabulary: Vocabulary, where: str) -> None:
    for fact, value in facts.items():
        vocabulary.check_value(fact, value, where)


def _first(value: object) -> str | None:
    words = as_words(value) if value is not None else ()
    return words[0] if words and words[0] != "unknown" else None


def _derive(facts: Facts, vocabulary: Vocabulary) -> Facts:
    whole = dict(facts)
    for name, kind in vocabulary.facts.items():
        if name not in whole and kind.default_from in whole and kind.type is FactType.WORDS:
            whole[name] = whole[kind.default_from]
    for name, value in (
        ("party.foreign_national", _is_foreign_national(whole)),
        ("party.us_person", _is_us_person(whole)),
        ("party.foreign_person", _is_foreign_person(whole)),
    ):
        if name not in whole and value is not None:
            whole[name] = value
    if "act.for_dod_contract" not in whole:
        whole["act.for_dod_contract"] = "performing-dod-contract" in _words(whole, "party.capacities")
    return whole


def _words(facts: Facts, name: str) -> tuple[str, ...]:
    return as_words(facts[name]) if name in facts else ()


def _is_natural(facts: Facts) -> bool:
    return facts.get("party.kind") in NATURAL_PERSONS


def _is_foreign_national(facts: Facts) -> bool | None:
    if not _is_natural(facts):
        return False
    nationalities = _words(facts, "party.nationality")
    return "US" not in nationalities if nationalities else None


def _is_foreign_person(facts: Facts) -> bool | None:
    """15 CFR 772.1: neither citizen nor permanent resident nor protected person; a body not organised under US law."""
    if not _is_natural(facts):
        return "US" not in _words(facts, "party.country") if "party.country" in facts else None
    if "US" in _words(facts, "party.nationality") or "US" in _words(facts, "party.permanent_resident"):
        return False
    return _is_foreign_national(facts)


def _is_us_person(facts: Facts) -> bool | None:
    foreign = _is_foreign_person(facts)
    if "US" in _words(facts, "party.country"):
        return True
    return None if foreign is None else not foreign
