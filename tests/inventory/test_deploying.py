"""Names of services: compose services, Kubernetes workloads, Helm charts; folders where no file tells a name."""

from pathlib import Path

import pytest

from holdfast.inventory.scan import ScanOptions, scan
from tests.inventory.test_scan import plant

COMPOSE = """\
x-shared: &shared
  CHAT_MODEL: gpt-4o-mini
services:
  llm:
    image: vllm/vllm-openai:v0.6.4
    command: --model Qwen/Qwen3-8B --port 8000
  web:
    build: {context: ./frontend}
    environment:
      - EMBEDDING_MODEL=BAAI/bge-m3
volumes:
  cache: {}
"""
MANIFESTS = """\
# one file, several documents
apiVersion: apps/v1
kind: Deployment
metadata:
  name: triage
spec:
  template:
    spec:
      containers:
      - name: main
        image: vllm/vllm-openai
        args: ["--model-id", "mistralai/Mistral-7B-Instruct-v0.2"]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shared
data:
  MODEL: gpt-4o-mini
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: summaries
spec:
  predictor:
    model:
      storageUri: hf://Qwen/Qwen3-8B
"""
LOADER = 'from transformers import AutoModel\nAutoModel.from_pretrained("FacebookAI/roberta-base")\n'


def services(root: Path, files: dict[str, str]) -> dict[str, str]:
    plant(root, files)
    return {str(use.place): use.service for use in scan(root, ScanOptions()).uses}


def test_a_line_of_a_compose_file_belongs_to_its_service_and_shared_lines_to_the_folder(tmp_path: Path) -> None:
    assert services(tmp_path / "desk", {"compose.yaml": COMPOSE}) == {
        "compose.yaml:2": "desk",
        "compose.yaml:6": "llm",
        "compose.yaml:10": "web",
    }


def test_code_that_one_compose_service_is_built_from_has_its_name(tmp_path: Path) -> None:
    files = {"compose.yaml": COMPOSE, "frontend/Dockerfile": "FROM scratch\n", "frontend/app.py": LOADER}
    assert services(tmp_path, files)["frontend/app.py:2"] == "web"


def test_code_that_two_services_are_built_from_keeps_the_name_of_its_folder(tmp_path: Path) -> None:
    twice = COMPOSE.replace("volumes:", "  worker:\n    build: frontend\nvolumes:")
    files = {"compose.yaml": twice, "frontend/Dockerfile": "FROM scratch\n", "frontend/app.py": LOADER}
    assert services(tmp_path, files)["frontend/app.py:2"] == "frontend"


@pytest.mark.parametrize("context", ["../elsewhere", "/abs", "${WHERE}", ".", "https://example.org/x.git"])
def test_a_build_outside_the_tree_names_no_folder(context: str, tmp_path: Path) -> None:
    files = {"compose.yaml": COMPOSE.replace("./frontend", f'"{context}"'), "frontend/Dockerfile": "FROM scratch\n"}
    found = services(tmp_path / "desk", {**files, "frontend/app.py": LOADER})
    assert (found["compose.yaml:10"], found["frontend/app.py:2"]) == ("web", "frontend")


def test_several_services_on_one_line_are_not_told_apart(tmp_path: Path) -> None:
    text = "services: {a: {image: x, environment: {MODEL: gpt-4o-mini}}, b: {image: y}}\n"
    assert services(tmp_path / "desk", {"compose.yaml": text}) == {"compose.yaml:1": "desk"}


def test_a_table_called_services_in_another_file_names_no_unit(tmp_path: Path) -> None:
    text = "services:\n  chat:\n    model: gpt-4o-mini\n"
    assert services(tmp_path, {"app/package.json": "{}", "app/settings.yaml": text}) == {"app/settings.yaml:3": "app"}


def test_a_workload_has_the_name_of_its_manifest_and_a_config_map_none(tmp_path: Path) -> None:
    assert services(tmp_path, {"k8s/all.yaml": MANIFESTS}) == {
        "k8s/all.yaml:12": "triage",
        "k8s/all.yaml:19": "",
        "k8s/all.yaml:28": "summaries",
    }


def test_values_and_templates_have_the_name_of_their_chart(tmp_path: Path) -> None:
    chart = 'apiVersion: v2\nname: "help-desk" # not the folder\ndependencies:\n  - name: redis\n'
    template = MANIFESTS.replace("name: triage", 'name: {{ include "x.fullname" . }}').partition("---")[0]
    files = {
        "deploy/chart/Chart.yaml": chart,
        "deploy/chart/values.yaml": "model: Qwen/Qwen3-8B\n",
        "deploy/chart/templates/deployment.yaml": template,
        "deploy/chart/charts/sub/Chart.yaml": "name: sub-chart\n",
        "deploy/chart/charts/sub/values.yaml": "model: Qwen/Qwen3-4B\n",
    }
    assert services(tmp_path, files) == {
        "deploy/chart/values.yaml:1": "help-desk",
        "deploy/chart/templates/deployment.yaml:12": "help-desk",
        "deploy/chart/charts/sub/values.yaml:1": "sub-chart",
    }


@pytest.mark.parametrize("content", ["", "name: {{ .Name }}\n", "name:\n  - x\n", "\0\xff name: x", "# name: x\n"])
def test_a_chart_without_a_readable_name_is_known_by_its_folder(content: str, tmp_path: Path) -> None:
    files = {"web/Chart.yaml": content, "web/values.yaml": "model: Qwen/Qwen3-8B\n"}
    assert services(tmp_path, files) == {"web/values.yaml:1": "web"}


def test_a_second_scan_from_the_cache_names_the_same_services(tmp_path: Path) -> None:
    plant(tmp_path / "app", {"compose.yaml": COMPOSE, "k8s/all.yaml": MANIFESTS})
    options = ScanOptions(cache_folder=tmp_path / "cache")
    first = scan(tmp_path / "app", options)
    plant(tmp_path / "app", {"new.py": LOADER})
    again = scan(tmp_path / "app", options)
    assert [use.service for use in again.uses if use.place.path != "new.py"] == [use.service for use in first.uses]
