"""Conditions evaluated over a table of subjects: one three-valued answer a row. Decides nothing about reach."""

import datetime
from dataclasses import dataclass, field

import numpy as np

from holdfast.levers.organisations import OrgRow, OrgTable, OrgTests
from holdfast.levers.party import Actor
from holdfast.levers.subjects import (
    NOBODY,
    FactColumn,
    NumberColumn,
    SubjectTable,
    WordColumn,
    as_number,
    make_word_column,
)
from holdfast.levers.truth import NO, UNKNOWN, YES, Truths, all_of, any_of, from_bool, negate, same
from holdfast.levers.vocabulary import Absent, FactType, Vocabulary, as_words
from holdfast.records.lever import (
    AllOf,
    AnyOf,
    Condition,
    Facts,
    FactTest,
    NotThat,
    OrgTest,
    OwnedByListed,
    OwnedFrom,
    TargetTest,
)

INHERITED_FACTS = frozenset({"model.family"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a scenario is aimed at: `org`, `family` or `model`, and its name."""

    kind: str
    name: str


@dataclass(frozen=True)
class Frame:
    """Everything a condition may look at on one date. Answers to tests of rows are kept, since levers share them."""

    vocabulary: Vocabulary
    orgs: OrgTable
    subjects: SubjectTable
    actor: Actor
    on: datetime.date
    facts: Facts = field(default_factory=dict[str, object])
    target: Target | None = None
    known_on: datetime.date | None = None
    answers: dict[Condition, Truths] = field(default_factory=dict["Condition", Truths], compare=False)

    @property
    def tests(self) -> OrgTests:
        """The tests of organisations on this date."""
        return OrgTests(self.orgs, self.on, self.known_on)


def evaluate(condition: Condition | None, frame: Frame) -> Truths:
    """The condition's answer for every row (shape (1,) when all rows agree). No condition: yes."""
    if condition is None:
        return same(YES)
    if isinstance(condition, AllOf):
        return all_of(evaluate(part, frame) for part in condition.all)
    if isinstance(condition, AnyOf):
        return any_of(evaluate(part, frame) for part in condition.any)
    if isinstance(condition, NotThat):
        return negate(evaluate(condition.not_, frame))
    return _evaluate_leaf(condition, frame)


def _evaluate_leaf(condition: FactTest | OrgTest | TargetTest, frame: Frame) -> Truths:
    known = frame.answers.get(condition)
    if known is not None:
        return known
    if isinstance(condition, FactTest):
        answer = _evaluate_fact(condition, frame)
    elif isinstance(condition, OrgTest):
        answer = _evaluate_org(condition, frame)
    else:
        answer = _evaluate_target(condition, frame)
    frame.answers[condition] = answer
    return answer


# --- facts ------------------------------------------------------------------------------------------------------


def _evaluate_fact(test: FactTest, frame: Frame) -> Truths:
    column = _find_column(test.fact, frame)
    if column is None:
        is_no = frame.vocabulary.facts[test.fact].absent is Absent.NO or _is_about_no_model(test.fact, frame)
        return same(NO if is_no else UNKNOWN)
    if isinstance(column, WordColumn):
        answer = _test_words(test, column, frame)
        return frame.subjects.lineage.spread(answer) if test.fact in INHERITED_FACTS and len(answer) > 1 else answer
    return _test_numbers(test, column)


def _is_about_no_model(fact: str, frame: Frame) -> bool:
    """A model's fact is asked of a thing that nobody built weights of and of which no model fact is stated."""
    if not fact.startswith("model.") or any(name.startswith("model.") and value for name, value in frame.facts.items()):
        return False
    builders = frame.subjects.roles.get("builder")
    return builders is not None and bool((builders.holders == NOBODY).all())


def _find_column(name: str, frame: Frame) -> FactColumn | None:
    """A situation's own facts come first, then the party's, then the subjects' columns, then what follows from them."""
    for facts in (frame.facts, frame.actor.facts):
        if name in facts:
            return _constant_column(name, facts[name], frame.vocabulary)
    if name in frame.subjects.facts:
        return frame.subjects.facts[name]
    if name == "model.subject_to_ear":
        return _derive_subject_to_ear(frame)
    kinds, source = frame.vocabulary.facts, frame.vocabulary.facts[name].default_from
    return _find_column(source, frame) if source and kinds[source].type is kinds[name].type else None


def _constant_column(name: str, value: object, vocabulary: Vocabulary) -> FactColumn:
    if vocabulary.facts[name].type in (FactType.WORD, FactType.WORDS):
        words = None if value is None else as_words(value)
        if words and name == "model.family":  # written without its prefix by those who write by hand
            words = tuple(word if ":" in word or word == "unknown" else f"family:{word}" for word in words)
        return make_word_column([words])
    return NumberColumn(np.array([as_number(value)], dtype=np.float64))


def _derive_subject_to_ear(frame: Frame) -> FactColumn | None:
    """15 CFR 734.7: what is published is not subject to the EAR."""
    openness = _find_column("model.openness", frame)
    if not isinstance(openness, WordColumn):
        return None
    published = _test_words(FactTest(fact="model.openness", is_="published"), openness, frame)
    return NumberColumn(np.where(published == YES, 0.0, np.where(published == NO, 1.0, np.nan)))


def _test_words(test: FactTest, column: WordColumn, frame: Frame) -> Truths:
    wanted = _wanted_words(test, frame.vocabulary)
    answers = np.array([*(YES if value & wanted else NO for value in column.values), UNKNOWN], dtype=np.uint8)
    return answers[column.codes]


def _wanted_words(test: FactTest, vocabulary: Vocabulary) -> frozenset[str]:
    words = as_words(test.is_) if test.is_ is not None else ()
    if test.fact.endswith((".country", ".nationality", ".domicile", ".principal_place", ".permanent_resident")):
        return vocabulary.expand_countries(words)
    return frozenset(words)


def _test_numbers(test: FactTest, column: NumberColumn) -> Truths:
    values = column.values
    holds = np.ones(len(values), dtype=bool)
    if test.is_ is not None:
        wanted = test.is_ if isinstance(test.is_, tuple) else (test.is_,)
        holds &= np.isin(values, [as_number(item) for item in wanted])
    if test.at_least is not None:
        holds &= values >= test.at_least
    if test.more_than is not None:
        holds &= values > test.more_than
    if test.before is not None:
        holds &= values < test.before.toordinal()
    if test.from_ is not None:
        holds &= values >= test.from_.toordinal()
    return np.where(np.isnan(values), UNKNOWN, np.where(holds, YES, NO)).astype(np.uint8)


# --- organisations ----------------------------------------------------------------------------------------------


def _evaluate_org(test: OrgTest, frame: Frame) -> Truths:
    if test.org == "party":
        return same(_test_org(test, frame.actor.row, frame))
    role = frame.subjects.roles.get(test.org)
    if role is None:
        return same(NO)
    answer = role.compute(frame.orgs.compute(lambda row: _test_org(test, row, frame), role.known))
    return frame.subjects.lineage.spread(answer) if test.org == "builder" else answer


def _test_org(test: OrgTest, row: OrgRow, frame: Frame) -> int:
    """Every part of the test that is given must hold of the same organisation."""
    tests, countries = frame.tests, frame.vocabulary.expand_countries
    parts: list[int] = []
    if test.is_ is not None:
        parts.append(tests.is_one_of(row, frozenset(as_words(test.is_))))
    if test.on_list is not None:
        parts.append(tests.is_on_list(row, frozenset(as_words(test.on_list))))
    if test.controlled_from is not None:
        parts.append(tests.is_in([row.controlled_from], countries(test.controlled_from)))
    if test.incorporated is not None:
        parts.append(tests.is_in([row.incorporated], countries(test.incorporated)))
    if test.located is not None:
        places = [row.incorporated, row.headquartered, row.controlled_from]
        parts.append(tests.is_in(places, countries(test.located)))
    parts.extend(_test_owners(test, row, frame))
    return min(parts, default=YES)


def _test_owners(test: OrgTest, row: OrgRow, frame: Frame) -> list[int]:
    tests = frame.tests
    parts: list[int] = []
    if test.owned_by is not None:
        wanted, floor = frozenset((test.owned_by.org,)), test.owned_by.at_least
        parts.append(tests.is_owned(row, lambda owner: tests.is_one_of(owner, wanted), lambda share: share >= floor))
    if test.owned_by_listed is not None:
        parts.append(_test_owned_by_listed(test.owned_by_listed, row, tests))
    if test.owned_from is not None:
        parts.append(_test_owned_from(test.owned_from, row, frame))
    return parts


def _test_owned_by_listed(test: OwnedByListed, row: OrgRow, tests: OrgTests) -> int:
    lists = frozenset(test.lists)
    return tests.is_owned(row, lambda owner: tests.is_on_list(owner, lists), lambda share: share >= test.at_least)


def _test_owned_from(test: OwnedFrom, row: OrgRow, frame: Frame) -> int:
    countries = frame.vocabulary.expand_countries(test.countries)

    def enough(share: float) -> bool:
        over = test.more_than is None or share > test.more_than
        return over and (test.at_least is None or share >= test.at_least)

    tests = frame.tests
    return tests.is_owned(row, lambda owner: tests.is_in([owner.controlled_from], countries), enough)


# --- targets ----------------------------------------------------------------------------------------------------


def _evaluate_target(test: TargetTest, frame: Frame) -> Truths:
    if frame.target is None:
        return same(NO)
    if test.target == "any":
        roles = ("builder", "endpoint", "host", "counterparty")
        parts: list[Truths] = [_role_is_target(role, frame.target, frame) for role in roles]
        return any_of([*parts, _is_family(frame.target, frame), _is_model(frame.target, frame)])
    if test.target == "family":
        return _is_family(frame.target, frame)
    if test.target == "model":
        return _is_model(frame.target, frame)
    return _role_is_target(test.target, frame.target, frame)


def _role_is_target(role: str, target: Target, frame: Frame) -> Truths:
    if target.kind != "org":
        return same(NO)
    return _evaluate_leaf(OrgTest(org=role, is_=target.name), frame)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _is_family(target: Target, frame: Frame) -> Truths:
    if target.kind != "family":
        return same(NO)
    return _evaluate_leaf(FactTest(fact="model.family", is_=target.name), frame)


def _is_model(target: Target, frame: Frame) -> Truths:
    if target.kind != "model":
        return same(NO)
    if len(frame.subjects) == 1:
        return from_bool(frame.subjects.names[0] == target.name)
    return np.where(np.asarray(frame.subjects.names) == target.name, YES, NO).astype(np.uint8)
