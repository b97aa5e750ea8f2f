"""Statuses, exceptions and consequences: what becomes of a rule."""

import datetime

import pytest

from holdfast.levers.assessment import assess, combine
from holdfast.levers.judging import Question
from holdfast.records.evidence import Sureness
from holdfast.records.lever import (
    Consequence,
    Effect,
    Exemption,
    FactTest,
    Lever,
    OrgTest,
    Reach,
    Status,
    Strength,
)
from holdfast.records.subject import UNKNOWN_ORG, Subject
from tests.levers.worlds import DAY, actor, lever, rule, span, world

USE = Question("use", "local-copy")
CN_MODEL = Subject(name="m", builders=("org:cn",))
US_MODEL = Subject(name="m", builders=("org:us",))
FROM_CN = OrgTest(org="builder", controlled_from="CN")


def answer(
    one: Lever, subject: Subject = CN_MODEL, on: datetime.date = DAY, facts: dict[str, object] | None = None
) -> tuple[str, str]:
    findings = assess(world(one, on=on), actor(facts), [subject], [USE])
    reach, effect = combine(findings)
    return reach.value, effect.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.IN_FORCE, ("forbidden", "closed")),
        (Status.ENJOINED_IN_PART, ("contested", "at-risk")),
        (Status.ENJOINED, ("open", "open")),
        (Status.STAYED, ("open", "open")),
        (Status.PROPOSED, ("open", "open")),
        (Status.PUBLISHED_THEN_WITHDRAWN, ("open", "open")),
        (Status.APPROVED_UNPUBLISHED, ("open", "open")),
        (Status.IN_TEXT_UNENFORCED, ("contested", "open")),
        (Status.CONDITIONAL_ON_GUIDANCE, ("conditional", "at-risk")),
        (Status.LAPSED, ("open", "open")),
        (Status.RESCINDED, ("open", "open")),
        (Status.HYPOTHETICAL, ("open", "open")),
    ],
)
def test_a_status_decides_what_a_rule_does(status: Status, expected: tuple[str, str]) -> None:
    assert answer(lever(rule(FROM_CN), status=[span(status, "2020-01-01")])) == expected


def test_a_rule_bites_from_its_first_day_and_not_the_day_before() -> None:
    one = lever(rule(FROM_CN), status=[span(Status.IN_FORCE, "2026-06-15")])
    assert answer(one, on=datetime.date(2026, 6, 14)) == ("open", "open")
    assert answer(one, on=datetime.date(2026, 6, 15)) == ("forbidden", "closed")


def test_a_stay_that_runs_out_past_the_evidence_returns_unverified() -> None:
    spans = [span(Status.IN_FORCE, "2025-09-29"), span(Status.STAYED, "2025-11-10", "2026-11-10", Status.IN_FORCE)]
    one = lever(rule(FROM_CN, reach=Reach.LICENCE_NEEDED), status=spans)
    assert answer(one, on=datetime.date(2025, 10, 1)) == ("licence-needed", "closed")
    assert answer(one, on=datetime.date(2026, 11, 9)) == ("open", "open")
    assert answer(one, on=datetime.date(2026, 11, 10)) == ("licence-needed", "unknown")


def test_an_unknown_builder_is_neither_reached_nor_cleared() -> None:
    unknown = Subject(name="m", builders=("org:us", UNKNOWN_ORG))
    assert answer(lever(rule(FROM_CN)), unknown) == ("unknown", "unknown")


def test_an_unknown_builder_does_not_hide_a_known_one() -> None:
    both = Subject(name="m", builders=(UNKNOWN_ORG, "org:cn"))
    assert answer(lever(rule(FROM_CN)), both) == ("forbidden", "closed")


def test_a_rule_may_say_what_an_unknown_fact_does_in_practice() -> None:
    unknown = Subject(name="m", builders=(UNKNOWN_ORG,))
    one = lever(rule(FROM_CN, effect_if_unknown=Effect.AT_RISK))
    assert answer(one, unknown) == ("unknown", "at-risk")


def test_an_act_covers_its_parts_and_not_the_other_way_round() -> None:
    broad, narrow = lever(rule(acts=["contribute"])), lever(rule(acts=["contribute.engage"]))
    engage, plain = Question("contribute.engage"), Question("contribute")
    assert combine(assess(world(broad), actor(), [CN_MODEL], [engage]))[0] is Reach.FORBIDDEN
    assert combine(assess(world(narrow), actor(), [CN_MODEL], [plain]))[0] is Reach.OPEN


def exemption(strength: Strength, when: FactTest | None = None, leaves: Reach | None = None) -> Exemption:
    return Exemption(
        id="e", strength=strength, when=when, leaves=leaves, says="But.", source="s", confidence=Sureness.HIGH
    )


def test_a_settled_exception_opens_the_act_and_an_argued_one_makes_it_contested() -> None:
    assert answer(lever(rule(FROM_CN), exceptions=[exemption(Strength.SETTLED)])) == ("open", "open")
    assert answer(lever(rule(FROM_CN), exceptions=[exemption(Strength.ARGUED)])) == ("contested", "closed")


def test_an_exception_that_does_not_hold_defeats_nothing() -> None:
    licensed = FactTest(fact="party.capacities", is_="holds-licence")
    one = lever(rule(FROM_CN), exceptions=[exemption(Strength.SETTLED, licensed)])
    assert answer(one) == ("forbidden", "closed")
    assert answer(one, facts={"party.capacities": ["holds-licence"]}) == ("open", "open")


def test_an_exception_whose_facts_are_unknown_leaves_the_reach_unknown() -> None:
    published = FactTest(fact="model.openness", is_="published")
    one = lever(rule(FROM_CN), exceptions=[exemption(Strength.SETTLED, published)])
    assert answer(one)[0] == "unknown"


def test_an_exception_that_would_change_nothing_leaves_no_doubt() -> None:
    published = FactTest(fact="model.openness", is_="published")
    milder = exemption(Strength.SETTLED, published, leaves=Reach.CONDITIONAL)
    assert answer(lever(rule(FROM_CN, reach=Reach.CONDITIONAL), exceptions=[milder]))[0] == "conditional"
    assert answer(lever(rule(FROM_CN), exceptions=[milder]))[0] == "unknown"


def test_a_consequence_closes_a_channel_without_any_reach() -> None:
    everyone = Consequence(
        id="c",
        acts=("use",),
        effect=Effect.CLOSED,
        from_=datetime.date(2026, 6, 12),
        until=datetime.date(2026, 7, 1),
        says="The provider disabled everyone.",
        source="s",
        confidence=Sureness.HIGH,
    )
    one = lever(consequences=[everyone])
    assert answer(one) == ("open", "closed")
    assert answer(one, on=datetime.date(2026, 7, 1)) == ("open", "open")


def test_every_ground_is_reported_and_the_strictest_decides() -> None:
    mild = rule(FROM_CN, reach=Reach.CONDITIONAL, effect=Effect.AT_RISK, id="mild")
    findings = assess(world(lever(mild, rule(FROM_CN, id="strict"))), actor(), [CN_MODEL], [USE])
    assert [ground.rule for ground in findings[0].grounds] == ["mild", "strict"]
    assert findings[0].reach is Reach.FORBIDDEN


def test_a_model_that_no_condition_meets_has_no_finding() -> None:
    assert assess(world(lever(rule(FROM_CN))), actor(), [US_MODEL], [USE]) == []
