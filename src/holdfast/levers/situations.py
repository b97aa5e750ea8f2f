"""Situations as written in cases and episodes, judged: facts in, reach and effect out."""

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from holdfast.levers.assessment import assess, combine
from holdfast.levers.judging import Question
from holdfast.levers.organisations import OrgRow, OrgTable, row_of_facts, row_of_organisation
from holdfast.levers.party import compose_party
from holdfast.levers.rulebook import Rulebook, check_lever
from holdfast.levers.world import make_world
from holdfast.records.errors import DanglingReference, MalformedPack
from holdfast.records.finding import Finding
from holdfast.records.lever import Effect, Episode, Expectation, Lever, OrgFacts, PartyFacts, Reach, Situation
from holdfast.records.subject import UNKNOWN_ORG, Subject

Resolver = Callable[[str], Subject]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out for one dated question, beside what was expected."""

    title: str
    on: datetime.date
    expected: Expectation
    reach: Reach
    effect: Effect
    findings: tuple[Finding, ...]
    why: str = ""

    @property
    def met(self) -> bool:
        """Whether reach and effect are among those expected; what is not stated is not judged."""
        return _is_among(self.reach, self.expected.reach) and _is_among(self.effect, self.expected.effect)


def _is_among(value: Reach | Effect, expected: object) -> bool:
    return expected is None or value in (expected if isinstance(expected, tuple) else (expected,))


@dataclass(frozen=True)
class Court:
    """What situations are judged against: the rules, the organisations, and how model names are resolved."""

    book: Rulebook
    orgs: OrgTable
    resolve: Resolver


def judge_cases(lever: Lever, court: Court) -> list[Verdict]:
    """A lever's own cases, judged by that lever alone."""
    where = f"levers/{lever.id}.yaml"
    return [
        _judge(f"{lever.id}: {case.title}", case.given, case.on, case.expect, court, [lever], where)
        for case in lever.cases
    ]


def judge_episode(episode: Episode, court: Court) -> list[Verdict]:
    """Every dated check of an episode, judged by the levers it names, or by all."""
    where = f"episode {episode.id}"
    local = _with_episode_data(episode, court)
    levers = [local.book.get_lever(name) for name in episode.levers] or list(local.book.levers.values())
    verdicts: list[Verdict] = []
    for check in episode.checks:
        given = merge_situations(episode.given, check.given)
        verdict = _judge(episode.title, given, check.on, check.expect, local, levers, where)
        verdicts.append(dataclasses.replace(verdict, why=check.why))
    return verdicts


def _with_episode_data(episode: Episode, court: Court) -> Court:
    book = dataclasses.replace(
        court.book, levers={**court.book.levers, **{lever.id: lever for lever in episode.extra_levers}}
    )
    orgs = court.orgs.extend(row_of_organisation(org) for org in episode.organisations)
    for lever in episode.extra_levers:
        check_lever(lever, book, frozenset(orgs.codes))
    return Court(book, orgs, court.resolve)


def merge_situations(first: Situation, second: Situation) -> Situation:
    """What the second names replaces the first's; their facts are joined."""
    changes = {
        field.name: value
        for field in dataclasses.fields(second)
        if (value := getattr(second, field.name)) is not None and field.name != "facts"
    }
    return dataclasses.replace(first, **changes, facts={**first.facts, **second.facts})


def _judge(
    title: str,
    given: Situation,
    on: datetime.date,
    expect: Expectation,
    court: Court,
    levers: Sequence[Lever],
    where: str,
) -> Verdict:
    findings = judge_situation(given, on, court, levers, where)
    reach, effect = combine(findings)
    return Verdict(title, on, expect, reach, effect, tuple(findings))


def judge_situation(
    given: Situation, on: datetime.date, court: Court, levers: Iterable[Lever], where: str
) -> list[Finding]:
    """The levers' findings for a situation. Raises MalformedPack when it does not say who acts or what is done."""
    if given.act is None or given.party is None:
        raise MalformedPack("a situation needs a `party` and an `act`", where=where)
    vocabulary = court.book.vocabulary
    vocabulary.check_act(given.act, where)
    for fact, value in given.facts.items():
        vocabulary.check_value(fact, value, where)
    orgs = court.orgs.extend(_described_orgs(given))
    scenarios = (given.scenario,) if isinstance(given.scenario, str) else given.scenario or ()
    world = make_world(court.book, orgs, on, scenarios=scenarios, target=given.target)
    actor = compose_party(_party_with_facts(given), court.book.parties, vocabulary)
    facts = {name: value for name, value in given.facts.items() if not name.startswith("party.")}
    if given.channel:
        vocabulary.check_channel(given.channel, where)
        facts.setdefault("act.channel", given.channel)
    if given.model is None:
        facts.setdefault("model.family", ())  # no model is named, so silence about its family is a no
    subject = _subject(given, court, orgs, where)
    return assess(world, actor, [subject], [Question(given.act, given.channel or "")], levers=levers, facts=facts)


def _party_with_facts(given: Situation) -> PartyFacts:
    party = PartyFacts(like=given.party) if isinstance(given.party, str) else given.party or PartyFacts()
    own = {name: value for name, value in given.facts.items() if name.startswith("party.")}
    return dataclasses.replace(party, facts={**party.facts, **own})


def _described_orgs(given: Situation) -> list[OrgRow]:
    described = (("endpoint", given.endpoint), ("host", given.host), ("counterparty", given.counterparty))
    return [row_of_facts(f"here:{role}", org) for role, org in described if isinstance(org, OrgFacts)]


def _subject(given: Situation, court: Court, orgs: OrgTable, where: str) -> Subject:
    subject = court.resolve(given.model) if given.model else Subject(name="the thing itself")
    changes: dict[str, object] = {}
    if given.builders is not None:
        builders = (UNKNOWN_ORG,) if given.builders == "unknown" else given.builders
        changes["builders"], changes["developers"] = builders, builders[:1]
    for role in ("endpoint", "host", "counterparty"):
        org = getattr(given, role)
        if org is not None:
            changes[role] = f"here:{role}" if isinstance(org, OrgFacts) else org
    replaced = dataclasses.replace(subject, **changes)  # type: ignore[arg-type]
    _check_orgs(replaced, orgs, where)
    return replaced


def _check_orgs(subject: Subject, orgs: OrgTable, where: str) -> None:
    for org in (*subject.builders, subject.endpoint, subject.host, subject.counterparty):
        if org is not None and org != UNKNOWN_ORG and orgs.get_code(org) < 0:
            raise DanglingReference(f"the organisation {org!r} does not exist", where=where)
