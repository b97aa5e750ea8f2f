"""Compose files, Kubernetes manifests, Helm values and templates."""

from tests.inventory.config.seeing import read, see

COMPOSE = """\
services:
  llm:
    image: vllm/vllm-openai:v0.6.4
    command: --model Qwen/Qwen3-8B --port 8000 --revision 9c925d64d72725edaf899c6cb9c377fd0709d9c5
  rerank:
    image: ghcr.io/huggingface/text-embeddings-inference:1.5
    command: >
      --model-id BAAI/bge-reranker-v2-m3
      --port 80
  ollama:
    image: ollama/ollama:0.5
    entrypoint: ["/bin/sh", "-c", "ollama serve & sleep 3; ollama pull llama3.1:8b"]
  web:
    image: registry.example/acme/web:2
    environment:
      - CHAT_MODEL=gpt-4o-mini
      - EMBEDDING_MODEL=${EMBEDDING_MODEL:-BAAI/bge-m3}
      - RERANKER=${RERANKER}
      - OPENAI_API_KEY=sk-not-a-real-one
"""


def test_a_compose_file_names_what_each_service_serves_and_calls() -> None:
    assert see("yaml", COMPOSE, "docker-compose.yml") == {
        (4, "pkg:huggingface/Qwen/Qwen3-8B"),
        (8, "pkg:huggingface/BAAI/bge-reranker-v2-m3"),
        (12, "pkg:ollama/llama3.1:8b"),
        (16, "api:openai/gpt-4o-mini"),
        (17, "pkg:huggingface/BAAI/bge-m3"),
    }


def test_the_revision_flag_of_a_compose_command_pins_the_model() -> None:
    seen = {sighting.text: sighting for sighting in read("yaml", COMPOSE, "docker-compose.yml").sightings}
    assert seen["Qwen/Qwen3-8B"].revision == "9c925d64d72725edaf899c6cb9c377fd0709d9c5"
    assert seen["Qwen/Qwen3-8B"].via == "vllm"


def test_a_variable_without_a_default_is_a_reference_with_its_name() -> None:
    references = read("yaml", COMPOSE, "docker-compose.yml").references
    assert [(reference.line, reference.name, reference.sighting.text) for reference in references] == [
        (18, "env:RERANKER", "${RERANKER}")
    ]


def test_settings_hold_what_code_may_read_and_no_secrets() -> None:
    settings = {setting.name: setting.value for setting in read("yaml", COMPOSE, "docker-compose.yml").settings}
    assert settings["CHAT_MODEL"] == "gpt-4o-mini"
    assert settings["RERANKER"] == "${RERANKER}"
    assert "OPENAI_API_KEY" not in settings


MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: tgi
        image: ghcr.io/huggingface/text-generation-inference:2.0
        args:
        - --model-id
        - mistralai/Mistral-7B-Instruct-v0.2
        env:
        - name: RERANKER
          valueFrom: {configMapKeyRef: {name: shared, key: reranker}}
        - name: EMBEDDING_MODEL
          value: intfloat/e5-large-v2
      - name: vllm
        image: vllm/vllm-openai
        command: ["/bin/sh", "-c"]
        args:
        - |
          set -e
          vllm serve meta-llama/Llama-3.1-8B-Instruct \\
            --speculative-model Qwen/Qwen3-0.6B
---
apiVersion: v1
kind: ConfigMap
metadata:
  labels: {app: gpt-4}
data:
  MODEL: gemma2:2b
  config.yaml: |
    llm:
      provider: openai
      model: gpt-4o
"""


def test_a_manifest_names_arguments_environment_and_embedded_files() -> None:
    assert see("yaml", MANIFESTS, "k8s/deploy.yaml") == {
        (11, "pkg:huggingface/mistralai/Mistral-7B-Instruct-v0.2"),
        (16, "pkg:huggingface/intfloat/e5-large-v2"),
        (23, "pkg:huggingface/meta-llama/Llama-3.1-8B-Instruct"),
        (24, "pkg:huggingface/Qwen/Qwen3-0.6B"),
        (31, "pkg:ollama/gemma2:2b"),
        (35, "api:openai/gpt-4o"),
    }


def test_an_entry_with_value_from_is_set_from_the_outside() -> None:
    settings = {setting.name: (setting.line, setting.value) for setting in read("yaml", MANIFESTS).settings}
    assert settings["RERANKER"] == (13, None)


def test_helm_values_are_settings_by_their_dotted_path() -> None:
    text = "reranker:\n  model: BAAI/bge-reranker-base\n  replicas: 2\nimage:\n  repository: acme/llama-app\n"
    report = read("yaml", text, "chart/values.yaml")
    assert {(setting.name, setting.line) for setting in report.settings} >= {("reranker.model", 2)}
    assert see("yaml", text, "chart/values.yaml") == {(2, "pkg:huggingface/BAAI/bge-reranker-base")}


TEMPLATE = """\
{{- if .Values.enabled }}
kind: Deployment
metadata:
  name: {{ include "app.fullname" . }}
spec:
  containers:
  - name: llm
    image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
    env:
    - name: MODEL
      value: {{ .Values.model.name | default "Qwen/Qwen3-8B" | quote }}
    - name: RERANKER_MODEL
      value: {{ .Values.reranker.model }}
    {{- range .Values.extra }}
    - {{ . }}
    {{- end }}
{{- end }}
"""


def test_a_helm_template_gives_its_default_and_its_reference() -> None:
    report = read("yaml", TEMPLATE, "chart/templates/deploy.yaml")
    assert see("yaml", TEMPLATE) == {(11, "pkg:huggingface/Qwen/Qwen3-8B")}
    assert [(reference.line, reference.name) for reference in report.references] == [(13, "env:reranker.model")]
    assert report.skipped is None


def test_hub_addresses_of_model_resources_are_read() -> None:
    text = "kind: Model\nspec:\n  url: hf://BAAI/bge-small-en-v1.5\n---\nspec:\n  url: ollama://gemma2:2b\n"
    assert see("yaml", text) == {(3, "pkg:huggingface/BAAI/bge-small-en-v1.5"), (6, "pkg:ollama/gemma2:2b")}
