"""Organisations and families read from a data folder, cross-checked, with the indices that name resolution needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from holdfast.data import data_folder, read_pack_file, read_pack_folder
from holdfast.lineage.checks import check_families, check_organisations
from holdfast.lineage.stems import StemIndex, Words, contains_run, parse_stem, split_words
from holdfast.records.family import BaseFamily, Family
from holdfast.records.lineage import NamingWords
from holdfast.records.organisation import Organisation, Role

UNKNOWN = "unknown"
NAMING_FILE = "lineage.yaml"


@dataclass(frozen=True)
class Registry:
    """Who is who and what is what. Every cross-reference holds: it was checked when the files were read."""

    organisations: dict[str, Organisation]
    families: dict[str, Family]
    naming: NamingWords

    @cached_property
    def hub_owners(self) -> dict[tuple[str, str], str]:
        """(hub, namespace in lower case) → organisation."""
        return {
            (hub, namespace.lower()): org.id
            for org in self.organisations.values()
            for hub, namespaces in org.hub.items()
            for namespace in namespaces
        }

    @cached_property
    def api_owners(self) -> dict[str, str]:
        """Provider word of an `api:` name, or vendor word inside one → organisation."""
        return {word.lower(): org.id for org in self.organisations.values() for word in org.api}

    @cached_property
    def endpoint_owners(self) -> dict[str, str]:
        """Host name → organisation. A subdomain belongs to the host it ends in."""
        return {host.lower(): org.id for org in self.organisations.values() for host in org.endpoints}

    @cached_property
    def exact_names(self) -> dict[str, str]:
        """Hub repository in lower case → family."""
        return {name.lower(): family.id for family in self.families.values() for name in family.hub}

    @cached_property
    def ollama_globs(self) -> tuple[tuple[str, str], ...]:
        """(glob on an Ollama name in lower case, family)."""
        return tuple((glob.lower(), family.id) for family in self.families.values() for glob in family.ollama)

    @cached_property
    def api_globs(self) -> tuple[tuple[str, str], ...]:
        """(glob on the path of an `api:` name in lower case, family)."""
        return tuple((glob.lower(), family.id) for family in self.families.values() for glob in family.api)

    @cached_property
    def stems(self) -> StemIndex:
        """Finds families in names."""
        families = self.families.values()
        return StemIndex(parse_stem(text, family.id) for family in families for text in family.patterns)

    @cached_property
    def _members(self) -> dict[str, tuple[Words, ...]]:
        families = self.families.values()
        texts = {rule.members for family in families for rule in family.bases if rule.members}
        texts |= {rule.members for family in families for rule in family.licences if rule.members}
        return {text: tuple(split_words(part) for part in text.split("|")) for text in texts}

    def get_developers(self, family: str) -> tuple[str, ...]:
        """Organisations that developed a family; empty when it is not known who did."""
        record = self.families[family]
        developer = record.developer.value
        return (*(() if developer == UNKNOWN else (developer,)), *record.also_by)

    def has_role(self, organisation: str | None, role: Role) -> bool:
        """Whether a known organisation plays a role."""
        return organisation is not None and role in self.organisations[organisation].roles

    def is_member(self, members: str | None, words: Sequence[str]) -> bool:
        """Whether a name (in words) is among the members that a rule speaks of. None speaks of all."""
        return members is None or any(contains_run(words, run) for run in self._members[members])

    def find_bases(self, family: str, words: Sequence[str] | None) -> tuple[BaseFamily, ...]:
        """What a member was built on. Rules that name members go before the rest; `words` None asks for all rules."""
        rules = self.families[family].bases
        if words is None:
            return rules
        named = tuple(rule for rule in rules if rule.members and self.is_member(rule.members, words))
        always = tuple(rule for rule in rules if not rule.members and (rule.relation == "component" or not named))
        return (*named, *always)

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        return {family: frozenset(_walk(family, self.families)) for family in self.families}

    def get_ancestors(self, family: str) -> frozenset[str]:
        """Every family that some member of this one was built on, at any distance."""
        return self._ancestors[family]


def read_registry(folder: Path, cache: Path | None = None) -> Registry:
    """Read `organisations/` and `families/` of a data folder, with its words or the packaged ones.

    Raises MalformedPack and DanglingReference, each with file and line.
    """
    organisations = read_pack_folder(folder / "organisations", Organisation, cache)
    families = read_pack_folder(folder / "families", Family, cache)
    check_organisations(organisations)
    check_families(families, frozenset(org.id for _, org in organisations))
    words = folder / NAMING_FILE
    return Registry(
        {org.id: org for _, org in organisations},
        {family.id: family for _, family in families},
        read_pack_file(words if words.exists() else data_folder() / NAMING_FILE, NamingWords),
    )


def _walk(family: str, families: dict[str, Family]) -> Iterable[str]:
    seen: set[str] = set()
    waiting = [rule.family for rule in families[family].bases]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(rule.family for rule in families[current].bases)
    return seen
