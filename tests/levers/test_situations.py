"""Situations as episodes write them: what silence means, and who counts as the developer."""

import datetime

import pytest

from holdfast.levers.situations import Court, judge_situation
from holdfast.records.errors import DanglingReference
from holdfast.records.lever import Condition, FactTest, OrgFacts, OrgTest, OwnedByListed, PartyFacts, Situation
from holdfast.records.organisation import Owner
from holdfast.records.subject import Subject
from tests.levers.worlds import DAY, lever, rule, world

HERE = "test"


def reach(when: Condition, given: Situation, on: datetime.date = DAY) -> str:
    one = lever(rule(when, acts=["*"]))
    court = Court(world(one).book, world(one).orgs, lambda name: Subject(name=name))
    found = judge_situation(given, on, court, [one], HERE)
    return found[0].reach.value if found else "open"


def given(**more: object) -> Situation:
    return Situation(party=PartyFacts(facts={"party.kind": "business"}), act="use", **more)  # type: ignore[arg-type]


def test_the_first_builder_of_a_situation_is_the_developer_and_the_others_are_bases() -> None:
    from_cn = OrgTest(org="developer", controlled_from="CN")
    assert reach(from_cn, given(builders=("org:us", "org:cn"))) == "open"
    assert reach(from_cn, given(builders=("org:cn", "org:us"))) == "forbidden"


def test_a_situation_that_names_no_model_is_silent_about_its_family_which_is_a_no() -> None:
    gemma = FactTest(fact="model.family", is_="family:gemma-3")
    assert reach(gemma, given(builders=("org:us",))) == "open"
    assert reach(gemma, given(model="api:somebody/something")) == "unknown"
    assert reach(gemma, given(facts={"model.family": "family:gemma-3"})) == "forbidden"
    assert reach(gemma, given(facts={"model.family": "gemma-3"})) == "forbidden"
    assert reach(gemma, given(facts={"model.family": "unknown"})) == "unknown"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"model.openness": "published"}, "open"),
        ({"model.openness": "closed"}, "forbidden"),
        ({"model.openness": "closed", "item.subject_to_ear": False}, "open"),
        ({}, "unknown"),
    ],
)
def test_whether_an_item_is_subject_to_the_ear_follows_from_the_model_unless_stated(
    facts: dict[str, object], expected: str
) -> None:
    assert reach(FactTest(fact="item.subject_to_ear", is_=True), given(facts=facts)) == expected


def test_an_owner_named_in_words_is_no_hit_on_a_list_and_an_unknown_owner_is_unknown() -> None:
    listed = OrgTest(org="counterparty", owned_by_listed=OwnedByListed(lists=("us-ofac-sdn",), at_least=50))
    person = Owner(owner="A founder", share_percent=84, source="described")
    assert reach(listed, given(counterparty=OrgFacts(name="A firm", owners=(person,)))) == "open"
    assert reach(listed, given(counterparty=OrgFacts(name="A firm", owners="unknown"))) == "unknown"
    assert reach(listed, given(counterparty=OrgFacts(name="A firm"))) == "open"


def test_a_model_fact_asked_of_a_thing_that_is_no_model_is_a_no_and_of_a_model_unknown() -> None:
    large = FactTest(fact="model.training_flop", more_than=1e26)
    assert reach(large, given(facts={"item.type": "goods"})) == "open"
    assert reach(large, given(builders=("org:us",))) == "unknown"
    assert reach(large, given(facts={"model.openness": "closed"})) == "unknown"


def test_a_condition_may_ask_for_the_channel_and_a_channel_that_does_not_exist_is_an_error() -> None:
    app = FactTest(fact="act.channel", is_="app")
    assert reach(app, given(channel="app")) == "forbidden"
    assert reach(app, given(channel="local-copy")) == "open"
    assert reach(app, given()) == "open"
    with pytest.raises(DanglingReference, match="carrier-pigeon"):
        reach(app, given(channel="carrier-pigeon"))
