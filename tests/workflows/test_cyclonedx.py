"""CycloneDX: held against the official 1.6 schema, and against the report it was made from."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from holdfast.records.report import CheckReport
from holdfast.workflows.cyclonedx import render_cyclonedx
from tests.reports import make_hostile_report, make_large_report, make_report, make_scenario_report

Json = dict[str, object]


def _bom(report: CheckReport) -> Json:
    return cast("Json", json.loads(render_cyclonedx(report)))


def _models(bom: Json) -> dict[str, Json]:
    components = cast("list[Json]", bom["components"])
    return {str(c["bom-ref"]): c for c in components if c["type"] == "machine-learning-model"}


def _services(bom: Json) -> dict[str, Json]:
    return {str(service["bom-ref"]): service for service in cast("list[Json]", bom["services"])}


def _facts(part: Json, name: str) -> list[str]:
    properties = cast("list[Json]", part["properties"])
    return [str(p["value"]) for p in properties if p["name"] == f"holdfast:{name}"]


def check_schema(text: str) -> None:
    """Held against the official schema. Its library takes seconds to load, for which no other test should wait."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize(
    "make",
    [make_report, make_scenario_report, make_hostile_report, lambda: make_large_report(60)],
    ids=["usual", "scenario", "hostile", "large"],
)
def test_every_report_is_valid_against_the_official_schema(make: Callable[[], CheckReport]) -> None:
    check_schema(render_cyclonedx(make()))


def test_an_empty_report_is_valid_too() -> None:
    report = replace(make_report(), rows=(), services=(), artefacts=(), skipped=(), what_ifs=())
    check_schema(render_cyclonedx(report))


def test_the_serial_number_follows_from_the_content() -> None:
    report = make_report()
    assert render_cyclonedx(report) == render_cyclonedx(make_report())
    other = replace(report, rows=report.rows[1:])
    assert _bom(report)["serialNumber"] != _bom(other)["serialNumber"]


def test_the_time_is_the_day_that_was_assessed() -> None:
    assert cast("Json", _bom(make_report())["metadata"])["timestamp"] == "2026-11-22T00:00:00Z"


def test_weights_are_components_and_hosted_models_are_services() -> None:
    report = make_report()
    bom = _bom(report)
    weights = {row.model for row in report.rows if row.kind == "weights" and row.confidence != "unresolved"}
    hosted = {row.model for row in report.rows if row.kind == "hosted" and row.confidence != "unresolved"}
    assert weights | {"unresolved:${RERANKER}"} == set(_models(bom))
    assert hosted | {"unresolved:process.env.SUMMARY_MODEL"} == set(_services(bom))


def test_a_component_carries_its_places_its_revision_and_its_licences() -> None:
    report = make_report()
    row = report.rows[1]
    component = _models(_bom(report))[row.model]
    assert component["version"] == row.revisions[0]
    assert component["purl"] == f"{row.model}@{row.revisions[0]}"
    evidence = cast("Json", component["evidence"])
    places = [(o["location"], o.get("line")) for o in cast("list[Json]", evidence["occurrences"])]
    assert places == [(use.place.path, use.place.line) for use in row.uses]
    licences = [cast("Json", entry["license"]) for entry in cast("list[Json]", component["licenses"])]
    assert licences == [{"id": "Apache-2.0"}, {"name": "lic-qwen"}]


def test_a_moving_name_has_no_version() -> None:
    component = _models(_bom(make_report()))["pkg:huggingface/Qwen/Qwen3-8B"]
    assert "version" not in component
    assert "@" not in str(component["purl"])
    assert _facts(component, "pin") == ["moving"]


def test_bases_are_ancestors_and_their_builders_are_told_apart() -> None:
    component = _models(_bom(make_report()))["pkg:huggingface/cognitivecomputations/Dolphin3.0-Qwen2.5-7B"]
    ancestors = cast("list[Json]", cast("Json", component["pedigree"])["ancestors"])
    assert [a["name"] for a in ancestors] == ["Qwen2.5-7B-Instruct", "Qwen2.5-7B"]
    assert (_facts(component, "origin"), _facts(component, "origin:country")) == (["Cognitive Computations"], ["US"])
    assert (_facts(component, "base-origin"), _facts(component, "base-origin:country")) == (["Alibaba"], ["CN"])
    assert component["manufacturer"] == {"name": "Cognitive Computations"}


def test_a_repackager_is_the_supplier_and_not_the_maker() -> None:
    component = _models(_bom(make_report()))["pkg:huggingface/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"]
    assert component["supplier"] == {"name": "bartowski"}
    assert component["manufacturer"] == {"name": "Meta"}
    card = cast("Json", cast("Json", component["modelCard"])["modelParameters"])
    assert card == {"architectureFamily": "llama-3.1", "modelArchitecture": "llama"}


def test_a_service_names_who_runs_it_and_where() -> None:
    service = _services(_bom(make_report()))["api:deepseek/deepseek-chat"]
    assert service["provider"] == {"name": "DeepSeek"}
    assert service["endpoints"] == ["https://api.deepseek.com"]
    assert _facts(service, "endpoint:country") == ["CN"]
    assert _facts(service, "lever")[0].startswith("pol-retire: use; reach open; effect closed; in-force since")


def test_unknown_is_said_as_unknown() -> None:
    bom = _bom(make_report())
    mystery = _models(bom)["pkg:huggingface/somebody/best-chat-13b"]
    assert _facts(mystery, "origin") == ["unknown"]
    assert _facts(mystery, "origin:country") == ["unknown"]
    assert not {"manufacturer", "supplier", "publisher", "licenses"} & set(mystery)
    unresolved = _models(bom)["unresolved:${RERANKER}"]
    assert _facts(unresolved, "levers") == ["not assessed: no name"]
    assert "purl" not in unresolved
    hosted = _services(bom)["unresolved:process.env.SUMMARY_MODEL"]
    assert "provider" not in hosted
    assert "endpoints" not in hosted  # `${LLM_BASE_URL}` is no address
    assert cast("list[Json]", bom["compositions"])[0]["aggregate"] == "incomplete"


def test_a_bill_of_materials_never_claims_to_be_complete() -> None:
    report = make_report()
    named = tuple(row for row in report.rows if row.confidence != "unresolved")
    bom = _bom(replace(report, rows=named, skipped=()))
    assert cast("list[Json]", bom["compositions"])[0]["aggregate"] == "unknown"


def test_every_dependency_points_to_something_in_the_bill() -> None:
    bom = _bom(make_report())
    dependencies = cast("list[Json]", bom["dependencies"])
    root = cast("Json", cast("Json", bom["metadata"])["component"])["bom-ref"]
    parts = [*cast("list[Json]", bom["components"]), *cast("list[Json]", bom["services"])]
    refs = {root, *(part["bom-ref"] for part in parts)}
    assert {dependency["ref"] for dependency in dependencies} <= refs
    assert {on for d in dependencies for on in cast("list[str]", d.get("dependsOn", []))} <= refs
    triage = next(d for d in dependencies if d["ref"] == "service:triage")
    assert cast("list[str]", triage["dependsOn"])[0] == "pkg:huggingface/Qwen/Qwen3-8B"


def test_a_component_carries_the_hits_of_those_who_built_it() -> None:
    bom = _bom(make_report())
    hits = {ref: _facts(component, "official-list-hit") for ref, component in _models(bom).items()}
    with_hits = {ref for ref, said in hits.items() if said}
    assert with_hits == {row.model for row in make_report().rows if row.number in (1, 2)}
    told = _facts(cast("Json", bom["metadata"]), "official-lists")
    assert any("No hit is not clearance." in line for line in told)
