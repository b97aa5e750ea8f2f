"""Who runs the endpoint and whose law applies, kept apart from who built the weights."""

import datetime

import pytest

from holdfast.lineage import NameReader, Registry, find_licences, resolve
from holdfast.lineage.stems import split_words
from holdfast.records.lineage import Axis, Where
from holdfast.records.model import ModelName

R1_ON_BEDROCK = ModelName("api", "bedrock/deepseek.r1-v1:0")
QWEN = ModelName("pkg:huggingface", "Qwen/Qwen3-8B")


def test_weights_and_endpoint_are_two_axes(reader: NameReader) -> None:
    facts = resolve(R1_ON_BEDROCK, reader)
    assert facts.developers == ("org:deepseek",)
    assert facts.operator.organisation == "org:amazon"
    countries = {(law.axis, law.country) for law in facts.laws if law.link == "headquartered"}
    assert countries == {(Axis.DEVELOPER, "CN"), (Axis.BASE, "CN"), (Axis.ENDPOINT, "US")}


@pytest.mark.parametrize(
    ("endpoint", "where", "organisation"),
    [
        ("https://api.deepseek.com/v1", Where.HOSTED, "org:deepseek"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", Where.HOSTED, "org:alibaba"),
        ("http://localhost:8000/v1", Where.HERE, None),
        ("http://10.1.2.3:8080", Where.HERE, None),
        ("http://vllm:8000/v1", Where.HERE, None),
        ("http://vllm.models.svc.cluster.local/v1", Where.HERE, None),
        ("https://llm.example.org/v1", Where.HOSTED, None),
        ("${LLM_BASE_URL}", Where.UNKNOWN, None),
        ("http://[broken", Where.UNKNOWN, None),
    ],
)
def test_an_address_says_who_runs_the_model(
    endpoint: str, where: Where, organisation: str | None, reader: NameReader
) -> None:
    operator = resolve(ModelName("api", "openai/some-model"), reader, endpoint=endpoint).operator
    assert (operator.where, operator.organisation) == (where, organisation)


def test_weights_that_lie_nowhere_run_nobody_knows_where(reader: NameReader) -> None:
    assert resolve(QWEN, reader).operator.where is Where.UNKNOWN


def test_a_router_says_that_it_does_not_run_the_model(reader: NameReader) -> None:
    operator = resolve(ModelName("api", "openrouter/deepseek/deepseek-r1"), reader).operator
    assert operator.organisation == "org:openrouter"
    assert "not known" in operator.note


def test_an_unknown_builder_has_an_unknown_country(reader: NameReader) -> None:
    laws = resolve(ModelName("pkg:huggingface", "acme/bot"), reader).laws
    assert [(law.axis, law.organisation, law.country) for law in laws] == [(Axis.DEVELOPER, None, None)]


@pytest.mark.parametrize(
    ("family", "name", "on", "licences"),
    [
        ("family:qwen2.5", "Qwen2.5-7B", "2025-01-01", {"Apache-2.0"}),
        ("family:qwen2.5", "Qwen2.5-3B", "2025-01-01", {"lic-qwen-research"}),
        ("family:qwen2.5", "Qwen2.5-72B-Instruct", "2025-01-01", {"lic-qwen"}),
        ("family:qwen2.5", "Qwen2.5-7B", "2024-01-01", set[str]()),  # before its release
        ("family:llama-4", "Llama-4-Scout-17B-16E", "2026-01-01", {"lic-llama-4"}),
        ("family:deepseek-v3", "DeepSeek-V3", "2026-01-01", {"lic-deepseek"}),
        ("family:deepseek-v3", "DeepSeek-V3-0324", "2026-01-01", {"MIT"}),
        ("family:gemma-3", "gemma-3-27b-it", "2026-01-01", {"lic-gemma"}),
        ("family:gemma-4", "gemma-4-31b-it", "2026-06-01", {"Apache-2.0"}),
        ("family:mistral-large", "Mistral-Large-Instruct-2411", "2026-01-01", {"lic-mistral-research"}),
    ],
)
def test_a_licence_depends_on_the_member_and_on_the_date(
    family: str, name: str, on: str, licences: set[str], registry: Registry
) -> None:
    found = find_licences(registry, family, datetime.date.fromisoformat(on), split_words(name))
    assert {rule.licence for rule in found} == licences


def test_a_family_asked_as_a_whole_has_the_licences_of_all_members(registry: Registry) -> None:
    found = find_licences(registry, "family:qwen2.5", datetime.date(2025, 1, 1))
    assert {rule.licence for rule in found} == {"Apache-2.0", "lic-qwen-research", "lic-qwen"}
