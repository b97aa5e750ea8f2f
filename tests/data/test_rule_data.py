"""docs/rule-data.md names everything there is, its examples load, and every case and episode comes out as it says."""

import re
from pathlib import Path

import pytest
import yaml

from holdfast.data import data_folder, read_pack_file
from holdfast.levers.rulebook import leaves
from holdfast.levers.vocabulary import read_vocabulary
from holdfast.records.lever import Effect, Episode, Lever, LeverFamily, OrgTest, Party, Reach, Scenario, Status
from holdfast.workflows.backtest import backtest, judge_all_cases
from holdfast.workflows.knowledge import Knowledge, read_knowledge

PAGE = (Path(__file__).parents[2] / "docs" / "rule-data.md").read_text(encoding="utf-8")
EXAMPLES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("id:")]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return read_knowledge()


def test_the_page_names_every_fact_act_channel_list_and_group() -> None:
    book = read_vocabulary(data_folder())
    acts = [act for parts in book.acts.values() for act in parts]
    capacities = book.facts["party.capacities"].words
    names = [*book.facts, *acts, *book.channels, *book.lists, *book.country_groups, *capacities]
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_the_page_names_every_reach_effect_status_and_family() -> None:
    words = [*Reach, *Effect, *Status, *LeverFamily]
    assert [word.value for word in words if f"`{word.value}`" not in PAGE] == []


@pytest.mark.parametrize(("number", "record"), list(enumerate((Lever, Party, Scenario, Episode))))
def test_each_worked_example_loads(number: int, record: type[object], tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(EXAMPLES[number], encoding="utf-8")
    loaded = read_pack_file(file, record)
    assert getattr(loaded, "id") == yaml.safe_load(EXAMPLES[number].split("\n")[0].split("#")[0])["id"]  # noqa: B009


def test_every_lever_has_two_cases_and_one_of_them_stays_open(knowledge: Knowledge) -> None:
    poor = [
        lever.id
        for lever in knowledge.book.levers.values()
        if len(lever.cases) < 2 or not any(case.expect.effect in (Effect.OPEN, Effect.DEGRADED) for case in lever.cases)
    ]
    assert poor == []


def test_every_case_comes_out_as_its_file_says(knowledge: Knowledge) -> None:
    assert [f"{verdict.title} on {verdict.on}" for verdict in judge_all_cases(knowledge) if not verdict.met] == []


def test_every_episode_comes_out_as_it_was(knowledge: Knowledge) -> None:
    results = backtest([], knowledge)
    assert len(results) >= 25
    assert [result.episode.id for result in results if not result.met] == []


def test_no_lever_says_that_something_is_legal(knowledge: Knowledge) -> None:
    levers = knowledge.book.levers.values()
    said = [rule.says for lever in levers for rule in lever.rules]
    said += [exception.says for lever in levers for exception in lever.exceptions]
    said += [consequence.says for lever in levers for consequence in lever.consequences]
    assert [text for text in said if re.search(r"\b(il)?legal\b", text)] == []


def test_no_analogy_reaches_a_model(knowledge: Knowledge) -> None:
    analogies = [lever for lever in knowledge.book.levers.values() if lever.analogy]
    assert analogies
    assert [lever.id for lever in analogies for rule in lever.rules if "item." not in str(rule.when)] == []


def test_a_power_without_an_exercise_has_no_rules(knowledge: Knowledge) -> None:
    assert [lever.id for lever in knowledge.book.levers.values() if lever.power_only and lever.rules] == []


def test_every_list_and_country_that_a_condition_names_exists(knowledge: Knowledge) -> None:
    book = knowledge.book.vocabulary
    levers = knowledge.book.levers.values()
    conditions = [rule.when for lever in levers for rule in lever.rules]
    conditions += [exception.when for lever in levers for exception in lever.exceptions]
    conditions += [consequence.when for lever in levers for consequence in lever.consequences]
    tests = [leaf for when in conditions for leaf in leaves(when) if isinstance(leaf, OrgTest)]
    lists = {name for test in tests for name in (*_words(test.on_list), *_lists_of_owners(test))}
    places = {name for test in tests for name in (*_words(test.controlled_from), *_words(test.located))}
    assert lists - set(book.lists) == set()
    assert {name for name in places if name not in book.country_groups and not re.fullmatch("[A-Z]{2}", name)} == set()


def _words(value: tuple[str, ...] | str | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else value


def _lists_of_owners(test: OrgTest) -> tuple[str, ...]:
    return test.owned_by_listed.lists if test.owned_by_listed else ()


def test_every_organisation_stands_on_lists_that_exist(knowledge: Knowledge) -> None:
    known = knowledge.book.vocabulary.lists
    assert {
        (org.id, entry.list)
        for org in knowledge.registry.organisations.values()
        for entry in org.lists
        if entry.list not in known
    } == set()
