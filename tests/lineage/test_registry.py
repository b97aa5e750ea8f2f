"""The registry's files: every cross-reference holds, and a fault is told with its file and line."""

import shutil
from pathlib import Path

import pytest

from holdfast.data import data_folder, read_pack_file
from holdfast.lineage import Registry, read_registry
from holdfast.records.errors import DanglingReference, MalformedPack
from holdfast.records.evidence import Mark, Sureness
from holdfast.records.family import Family

ORG = """\
id: org:{name}
name: {name}
short: {name}
kind: company
roles: [developer]
hub: {{huggingface: [{namespace}]}}
sources:
  s1: {{title: General knowledge, mark: U}}
last_checked: 2026-11-22
evidence_horizon: 2026-10-06
"""
FAMILY = """\
id: family:{name}
name: {name}
developer: {{value: org:{developer}, source: s1, confidence: medium}}
openness: published
bases:
  - {{family: family:{base}, relation: finetune, source: {source}, confidence: low}}
patterns: [{stem}]
sources:
  s1: {{title: General knowledge, mark: U}}
last_checked: 2026-11-22
evidence_horizon: 2026-10-06
"""


def write_org(folder: Path, name: str, namespace: str) -> None:
    path = folder / "organisations" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(ORG.format(name=name, namespace=namespace))


def write_family(folder: Path, name: str, developer: str = "a", base: str = "", stem: str = "") -> Path:
    text = FAMILY.format(name=name, developer=developer, base=base, stem=stem or name, source="s1")
    lines = [line for line in text.splitlines(keepends=True) if base or ("bases" not in line and "- {" not in line)]
    path = folder / "families" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(lines))
    return path


def test_the_packaged_registry_is_whole(registry: Registry) -> None:
    assert len(registry.organisations) >= 150
    assert len(registry.families) >= 130


def test_every_family_has_a_way_to_be_recognised(registry: Registry) -> None:
    unreachable = [f.id for f in registry.families.values() if not (f.patterns or f.hub or f.ollama or f.api)]
    assert unreachable == []


def test_nothing_from_general_knowledge_is_called_sure(registry: Registry) -> None:
    for family in registry.families.values():
        for rule in (
            *((r.source, r.confidence) for r in family.bases),
            *((r.source, r.confidence) for r in family.licences),
        ):
            source, confidence = rule
            assert family.sources[source].mark is not Mark.UNVERIFIED or confidence is not Sureness.HIGH, family.id


def test_closed_families_carry_no_open_licence(registry: Registry) -> None:
    for family in registry.families.values():
        if family.openness.value == "closed":
            assert {rule.licence for rule in family.licences} <= {"lic-proprietary-api", "Apache-2.0"}, family.id


def test_a_developer_that_nobody_defines_is_reported_with_file_and_line(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "a")
    path = write_family(tmp_path, "x", developer="ghost")
    with pytest.raises(DanglingReference) as caught:
        read_registry(tmp_path)
    assert caught.value.where == f"{path}:3"
    assert "org:ghost" in caught.value.what


def test_a_base_that_nobody_defines_is_reported_with_file_and_line(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "a")
    path = write_family(tmp_path, "x", base="ghost")
    with pytest.raises(DanglingReference) as caught:
        read_registry(tmp_path)
    assert caught.value.where == f"{path}:6"


def test_two_organisations_cannot_hold_one_namespace(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "Acme")
    write_org(tmp_path, "b", "acme")
    write_family(tmp_path, "x")
    with pytest.raises(MalformedPack, match=r"hub namespace acme is claimed by a\.yaml as well") as caught:
        read_registry(tmp_path)
    assert caught.value.where.endswith("b.yaml:6")


def test_two_families_cannot_hold_one_stem(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "a")
    write_family(tmp_path, "x", stem="foo-1.5")
    write_family(tmp_path, "y", stem="foo1.5")
    with pytest.raises(MalformedPack, match=r"stem foo1\.5 is claimed by x\.yaml"):
        read_registry(tmp_path)


def test_a_family_cannot_be_its_own_base(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "a")
    write_family(tmp_path, "x", base="y")
    write_family(tmp_path, "y", base="x")
    with pytest.raises(MalformedPack, match="its own base"):
        read_registry(tmp_path)


def test_an_id_that_is_not_the_file_name_is_refused(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "a")
    path = write_family(tmp_path, "x")
    shutil.move(path, path.with_name("z.yaml"))
    with pytest.raises(MalformedPack, match="expected family:z"):
        read_registry(tmp_path)


def test_the_packaged_words_are_used_when_a_folder_has_none(tmp_path: Path) -> None:
    write_org(tmp_path, "a", "a")
    write_family(tmp_path, "x")
    assert read_registry(tmp_path).naming == read_registry(data_folder()).naming


def test_the_example_of_the_reference_follows_the_schema(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "families.md"
    path = tmp_path / "deepseek-r1-distill-llama.yaml"
    path.write_text(page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    family = read_pack_file(path, Family)
    assert [rule.family for rule in family.bases] == ["family:llama-3.1", "family:llama-3.3"]
