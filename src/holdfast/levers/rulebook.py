"""All rule data of a folder, with every cross-reference checked at load: levers, parties, scenarios, vocabulary."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from holdfast.data import read_pack_folder
from holdfast.levers.vocabulary import Vocabulary, read_vocabulary
from holdfast.records.errors import DanglingReference, MalformedPack, UnknownName
from holdfast.records.lever import (
    AllOf,
    AnyOf,
    Condition,
    Consequence,
    Exemption,
    FactTest,
    Lever,
    NotThat,
    OrgTest,
    Party,
    Rule,
    Scenario,
)


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Identified = TypeVar("Identified", bound=_Identified)


@dataclass(frozen=True)
class Rulebook:
    """Levers, parties and scenarios by id."""

    vocabulary: Vocabulary
    levers: dict[str, Lever]
    parties: dict[str, Party]
    scenarios: dict[str, Scenario]

    def get_lever(self, name: str) -> Lever:
        """Raises UnknownName with the nearest ids."""
        return _get(self.levers, name, "lever")

    def get_scenario(self, name: str) -> Scenario:
        """Raises UnknownName with the nearest ids."""
        return _get(self.scenarios, name, "scenario")


def _get(known: dict[str, Identified], name: str, noun: str) -> Identified:
    if name in known:
        return known[name]
    near = sorted(known, key=lambda other: -len(set(other.split("-")) & set(name.split("-"))))[:5]
    raise UnknownName(
        f"no {noun} is called {name!r}", next_step=f"Nearest: {', '.join(near)}. All: holdfast levers --{noun}s"
    )


def read_rulebook(folder: Path, org_ids: frozenset[str] = frozenset(), cache: Path | None = None) -> Rulebook:
    """Every lever, party and scenario of a data folder. Raises MalformedPack or DanglingReference, naming the file."""
    vocabulary = read_vocabulary(folder)
    levers = _by_id(read_pack_folder(folder / "levers", Lever, cache))
    parties = _by_id(read_pack_folder(folder / "parties", Party, cache))
    scenarios = _by_id(read_pack_folder(folder / "scenarios", Scenario, cache))
    book = Rulebook(vocabulary, levers, parties, scenarios)
    for lever in levers.values():
        check_lever(lever, book, org_ids)
    for scenario in scenarios.values():
        _check_scenario(scenario, book, org_ids)
    for party in parties.values():
        for fact, value in party.facts.items():
            vocabulary.check_value(fact, value, f"party {party.id}")
    return book


def _by_id(files: Sequence[tuple[Path, Identified]]) -> dict[str, Identified]:
    known: dict[str, Identified] = {}
    for path, record in files:
        if record.id != path.stem:
            raise MalformedPack(f"the id {record.id!r} must equal the file's name", where=f"{path}:1")
        known[record.id] = record
    return known


def check_lever(lever: Lever, book: Rulebook, org_ids: frozenset[str]) -> None:
    """Sources, acts, channels, facts, rules, organisations and related levers that a lever names must exist."""
    where = f"levers/{lever.id}.yaml"
    for source in _sources(lever):
        if source not in lever.sources:
            raise DanglingReference(f"the source {source!r} is not under `sources`", where=where)
    rules = {rule.id for rule in lever.rules}
    for name in (*(n for e in lever.exceptions for n in e.defeats), *(n for s in lever.status for n in s.rules)):
        if name not in rules:
            raise DanglingReference(f"the rule {name!r} is not in this file", where=where)
    for related in lever.related:
        if related not in book.levers:
            raise DanglingReference(f"the related lever {related!r} does not exist", where=where)
    _check_acts(lever, book.vocabulary, where)
    for leaf in _leaves(lever):
        _check_leaf(leaf, book.vocabulary, org_ids, where)


def _sources(lever: Lever) -> Iterator[str]:
    for part in _parts(lever):
        yield part.source
    for span in lever.status:
        yield span.source
        yield from (conflict.source for conflict in span.conflicts)
    yield from (conflict.source for conflict in lever.conflicts)


def _parts(lever: Lever) -> tuple[Rule | Exemption | Consequence, ...]:
    return (*lever.rules, *lever.exceptions, *lever.consequences)


def _check_acts(lever: Lever, vocabulary: Vocabulary, where: str) -> None:
    for part in _parts(lever):
        for act in part.acts:
            vocabulary.check_act(act, where)
        for channel in part.channels:
            vocabulary.check_channel(channel, where)


def _leaves(lever: Lever) -> Iterator[Condition]:
    for part in _parts(lever):
        yield from leaves(part.when)


def leaves(condition: Condition | None) -> Iterator[Condition]:
    """Every test inside a condition."""
    if isinstance(condition, (AllOf, AnyOf)):
        parts: Iterable[Condition] = condition.all if isinstance(condition, AllOf) else condition.any
        for part in parts:
            yield from leaves(part)
    elif isinstance(condition, NotThat):
        yield from leaves(condition.not_)
    elif condition is not None:
        yield condition


def find_lists(lever: Lever) -> frozenset[str]:
    """The official lists that a lever's conditions ask about."""
    tests = [leaf for leaf in _leaves(lever) if isinstance(leaf, OrgTest)]
    direct = [(test.on_list,) if isinstance(test.on_list, str) else test.on_list or () for test in tests]
    held = [test.owned_by_listed.lists for test in tests if test.owned_by_listed]
    return frozenset(name for names in (*direct, *held) for name in names)


def _check_leaf(leaf: Condition, vocabulary: Vocabulary, org_ids: frozenset[str], where: str) -> None:
    if isinstance(leaf, FactTest):
        vocabulary.check_fact(leaf.fact, where)
        tests = (leaf.is_, leaf.at_least, leaf.more_than, leaf.before, leaf.from_)
        if all(test is None for test in tests):
            raise MalformedPack(f"the test of {leaf.fact} tests nothing", where=where)
        for value in leaf.is_ if isinstance(leaf.is_, tuple) else (leaf.is_,):
            vocabulary.check_value(leaf.fact, value, where)
    if isinstance(leaf, OrgTest) and org_ids:
        named = (*((leaf.is_,) if isinstance(leaf.is_, str) else leaf.is_ or ()),)
        owner = (leaf.owned_by.org,) if leaf.owned_by else ()
        for org in (*named, *owner):
            if org not in org_ids:
                raise DanglingReference(f"the organisation {org!r} does not exist", where=where)


def _check_scenario(scenario: Scenario, book: Rulebook, org_ids: frozenset[str]) -> None:
    where = f"scenarios/{scenario.id}.yaml"
    for change in scenario.statuses:
        if change.lever not in book.levers:
            raise DanglingReference(f"the lever {change.lever!r} does not exist", where=where)
    for included in scenario.includes:
        if included not in book.scenarios:
            raise DanglingReference(f"the scenario {included!r} does not exist", where=where)
    for listing in scenario.listings:
        if org_ids and listing.org != "$target" and listing.org not in org_ids:
            raise DanglingReference(f"the organisation {listing.org!r} does not exist", where=where)
    for fact, value in scenario.facts.items():
        book.vocabulary.check_value(fact, value, where)
