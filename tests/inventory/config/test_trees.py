"""YAML, JSON, TOML and Terraform: which keys hold models, whose they are, and where they stand."""

import pytest

from tests.inventory.config.seeing import read, see


def test_a_sibling_provider_says_whose_the_name_is() -> None:
    text = "llm:\n  provider: ollama\n  model: mistral\nother:\n  provider: azure\n  deployment_name: prod-chat\n"
    assert see("yaml", text) == {(3, "pkg:ollama/mistral"), (6, "api:azure/prod-chat")}


def test_a_sibling_base_url_is_the_endpoint() -> None:
    text = "model: deepseek-chat\nbase_url: https://api.deepseek.com/v1\n"
    (sighting,) = read("yaml", text).sightings
    assert (sighting.text, sighting.endpoint) == ("deepseek-chat", "https://api.deepseek.com/v1")


def test_a_nested_name_is_read_by_the_key_around_it() -> None:
    assert see("yaml", "model:\n  name: gpt-4o-mini\n  temperature: 0\n") == {(2, "api:openai/gpt-4o-mini")}


def test_the_file_name_helps_where_nothing_nearer_does() -> None:
    text = "model_name: mistral-7b-instruct-fp16\n"
    assert see("yaml", text, "templates/octoai.yaml") == {(1, "api:octoai/mistral-7b-instruct-fp16")}


LITELLM = """\
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/prod-chat
      api_base: os.environ/AZURE_API_BASE
  - model_name: local
    litellm_params: {model: ollama/qwen3:8b}
  - model_name: claude
    litellm_params:
      model: os.environ/CLAUDE_MODEL
litellm_settings:
  fallbacks: [{"gpt-4o": ["claude-3-5-sonnet-20240620"]}]
"""


def test_a_litellm_proxy_is_read_by_its_parameters_and_not_by_its_aliases() -> None:
    assert see("yaml", LITELLM, "litellm_config.yaml") == {
        (4, "api:azure/prod-chat"),
        (7, "pkg:ollama/qwen3:8b"),
        (12, "api:anthropic/claude-3-5-sonnet-20240620"),
    }
    references = read("yaml", LITELLM, "litellm_config.yaml").references
    assert [(reference.line, reference.name) for reference in references] == [(10, "env:CLAUDE_MODEL")]


CI = """\
on:
  workflow_dispatch:
    inputs:
      model: {description: "e.g. gpt-4", default: gpt-4o}
env:
  MODEL: ${{ inputs.model || 'gpt-4o-mini' }}
jobs:
  test:
    strategy:
      matrix:
        model: ["qwen2.5:0.5b", "llama3.2:1b"]
    steps:
      - name: Test gpt-4 and claude
        run: |
          ollama pull ${{ matrix.model }}
          python -m spacy download en_core_web_sm
      - uses: actions/ai-inference@v1
        with:
          model: openai/gpt-4o
      - run: >-
          hf download
          BAAI/bge-small-en-v1.5
"""


def test_a_workflow_names_defaults_matrix_steps_and_inputs() -> None:
    assert see("yaml", CI, ".github/workflows/test.yml") == {
        (4, "api:openai/gpt-4o"),
        (6, "api:openai/gpt-4o-mini"),
        (11, "pkg:ollama/qwen2.5:0.5b"),
        (11, "pkg:ollama/llama3.2:1b"),
        (16, "pkg:generic/spacy/en_core_web_sm"),
        (19, "api:openai/gpt-4o"),
        (22, "pkg:huggingface/BAAI/bge-small-en-v1.5"),
    }


def test_the_lines_of_a_gitlab_job_share_their_variables() -> None:
    text = "pull:\n  script:\n    - export M=llama3.2\n    - ollama pull $M\n"
    (sighting,) = read("yaml", text, ".gitlab-ci.yml").sightings
    assert (sighting.line, sighting.text, sighting.call_lines) == (3, "llama3.2", (4,))


def test_evaluation_providers_with_a_kind_of_call_are_read() -> None:
    text = (
        "providers:\n  - openai:gpt-4o-mini\n  - id: anthropic:messages:claude-3-5-sonnet-20241022\n    label: gpt-4\n"
    )
    assert see("yaml", text, "promptfooconfig.yaml") == {
        (2, "api:openai/gpt-4o-mini"),
        (3, "api:anthropic/claude-3-5-sonnet-20241022"),
    }


def test_a_merge_names_its_parts_and_its_base() -> None:
    text = "models:\n  - model: psmathur/orca_mini_v3_13b\nbase_model: TheBloke/Llama-2-13B-fp16\n"
    assert see("yaml", text) == {
        (2, "pkg:huggingface/psmathur/orca_mini_v3_13b"),
        (3, "pkg:huggingface/TheBloke/Llama-2-13B-fp16"),
    }


def test_a_model_switcher_is_read_by_its_commands_and_not_by_its_aliases() -> None:
    text = "models:\n  gpt-4o:\n    cmd: llama-server -hf bartowski/Qwen2.5-7B-Instruct-GGUF --port 9\n"
    assert see("yaml", text) == {(3, "pkg:huggingface/bartowski/Qwen2.5-7B-Instruct-GGUF")}


@pytest.mark.parametrize(
    "text",
    [
        "description: use gpt-4o or claude-3-opus-20240229\n",
        "title: gpt-4o\nkeywords: [gpt-4, llama]\ntags:\n  - gpt-4o\n",
        "repository: ggerganov/llama.cpp\nimage:\n  repository: acme/whisper-server\n",
        "model: auth.user\npk: 1\n",
        "model: User\nmodel_type: bert\nmodel_dir: /models/llama-7b\n",
        "homepage: https://huggingface.co/Qwen/Qwen3-8B\n",
        "dataset_path: HuggingFaceH4/MATH-500\nhf_dataset_id: BelleGroup/train_1M_CN\n",
        "model: ${{ secrets }}\nmodel_name: <your-model>\n",
        "unsupported_models: [gpt-4o, o1-mini]\n",
        "gpt-4o: {input_cost_per_token: 0.1}\ngpt-4: {input_cost_per_token: 0.2}\n",
        "models: {gpt-4: 8192, gpt-4o: 128000}\n",
        "on: push\njobs: {x: {steps: [{uses: docker/build-push-action@v5, with: {tags: acme/llama:latest}}]}}\n",
    ],
)
def test_captions_repositories_types_prices_and_placeholders_are_no_uses(text: str) -> None:
    assert see("yaml", text) == set()


def test_eight_names_in_a_list_are_one_catalogue() -> None:
    names = ["gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-4-turbo", "o1-mini", "claude-3-opus-20240229", "gemini-1.5-pro"]
    assert read("yaml", f"models: [{', '.join(names)}]\n").catalogues == ()
    report = read("yaml", f"x: 1\nmodels: [{', '.join([*names, 'mistral-large-latest'])}]\n")
    assert [(catalogue.place.line, catalogue.length) for catalogue in report.catalogues] == [(2, 8)]
    assert report.sightings == ()


def test_a_price_table_of_eight_is_a_catalogue_and_a_shorter_one_is_nothing() -> None:
    names = ["gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-4-turbo", "o1-mini", "claude-3-opus-20240229", "gemini-1.5-pro"]
    short = "{" + ",\n".join(f'"{name}": {{"input_cost_per_token": 1}}' for name in names) + "}"
    assert (read("json", short).catalogues, read("json", short).sightings) == ((), ())
    long = short[:-1] + ',\n"mistral-large-latest": {"input_cost_per_token": 1}}'
    assert [catalogue.length for catalogue in read("json", long).catalogues] == [8]


def test_an_assistants_settings_are_read_with_their_provider() -> None:
    text = """{
  // comments and trailing commas are common here
  "models": [
    {"title": "GPT-4", "provider": "ollama", "model": "qwen2.5-coder:7b",},
    {"title": "x", "provider": "openai", "model": "gpt-4o", "apiKey": "sk-x"}
  ],
  "tabAutocompleteModel": {"provider": "ollama", "model": "starcoder2:3b"},
}"""
    assert see("json", text, "config.json") == {
        (4, "pkg:ollama/qwen2.5-coder:7b"),
        (5, "api:openai/gpt-4o"),
        (7, "pkg:ollama/starcoder2:3b"),
    }


def test_the_keys_of_a_providers_models_are_their_names() -> None:
    text = '{"provider": {"ollama": {"models": {\n"qwen3:8b": {"name": "Qwen"}}}}}'
    assert see("json", text, "opencode.json") == {(2, "pkg:ollama/qwen3:8b")}


def test_the_default_of_a_settings_schema_is_a_use_and_its_choices_are_not() -> None:
    text = (
        '{"properties": {"ext.model": {\n"default": "gpt-4o",\n"enum": ["gpt-4", "o1-mini"], "examples": ["gpt-4"]}}}'
    )
    assert see("json", text, "package.json") == {(2, "api:openai/gpt-4o")}


def test_package_scripts_are_commands() -> None:
    dev, pull = "OPENAI_MODEL=gpt-4o-mini next dev", "ollama pull llama3.2"
    text = f'{{"keywords": ["gpt-4"], "scripts": {{\n"dev": "{dev}",\n"pull": "{pull}"}}}}'
    assert see("json", text, "package.json") == {(2, "api:openai/gpt-4o-mini"), (3, "pkg:ollama/llama3.2")}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"id": "1", "object": "chat.completion", "model": "gpt-4o", "choices": []}', "data/answer.json"),
        ('{"model": "claude-3-opus-20240229", "usage": {"output_tokens": 3}, "role": "assistant"}', "sample.json"),
        ('[{"model": "gpt-4o", "accuracy": 0.91}, {"model": "gpt-4", "accuracy": 0.89}]', "report.json"),
        ('{"model": "gpt-4o", "messages": []}', "tests/cassettes/chat.json"),
        ('{"model": "gpt-4o"}', "src/locales/en.json"),
        ('{"openapi": "3.0.0", "model": "gpt-4o"}', "spec.json"),
        ('{"model": "gpt-4o"}\n{"model": "gpt-4"}\n', "batch.json"),
    ],
)
def test_recorded_answers_scores_and_data_are_no_uses(text: str, path: str) -> None:
    report = read("json", text, path)
    assert (report.sightings, report.catalogues, report.skipped) == ((), (), None)


def test_a_recorded_conversation_in_yaml_is_left_out() -> None:
    text = 'interactions:\n- request: {body: \'{"model": "gpt-4o"}\'}\n  response: {model: gpt-4o}\nversion: 1\n'
    assert see("yaml", text, "tests/data/chat.yaml") == set()


def test_an_adapter_states_its_base_as_a_claim_and_no_use() -> None:
    text = '{"peft_type": "LORA",\n"base_model_name_or_path": "meta-llama/Llama-2-7b-hf", "revision": null}'
    report = read("json", text, "adapters/mine/adapter_config.json")
    assert report.sightings == ()
    (artefact,) = report.artefacts
    (claim,) = artefact.claims
    assert (claim.child, claim.base, claim.relation, claim.place) == (
        "adapters/mine",
        "pkg:huggingface/meta-llama/Llama-2-7b-hf",
        "adapter",
        "adapters/mine/adapter_config.json:2",
    )


TOML = """\
[project]
name = "gpt-4o-thing"
keywords = ["gpt-4"]
dependencies = [
  "openai",
  "en-core-web-sm @ https://github.com/explosion/spacy-models/releases/download/en_core_web_sm-3.8.0/en_core_web_sm-3.8.0-py3-none-any.whl",
]
[tool.app.llm]
model = "gpt-4o-mini" # not gpt-4
fallback_models = [
  "claude-3-haiku-20240307",
]
key = ...
[[tool.app.judges]]
judge = "gpt-4o"
"""


def test_toml_values_stand_on_their_lines_past_a_placeholder() -> None:
    assert see("toml", TOML, "pyproject.toml") == {
        (6, "pkg:generic/spacy/en_core_web_sm"),
        (9, "api:openai/gpt-4o-mini"),
        (11, "api:anthropic/claude-3-haiku-20240307"),
        (15, "api:openai/gpt-4o"),
    }
    wheel = next(one for one in read("toml", TOML).sightings if one.via == "spacy")
    assert wheel.revision == "3.8.0"


TERRAFORM = """\
variable "model_id" {
  description = "for example gpt-4"
  default     = "anthropic.claude-3-5-sonnet-20240620-v1:0"
}
resource "azurerm_cognitive_deployment" "chat" {
  name = "gpt-4o"
  model {
    format  = "OpenAI"
    name    = "gpt-4o"
    version = "2024-08-06"
  }
}
resource "aws_bedrockagent_agent" "a" {
  foundation_model = var.model_id
}
resource "aws_iam_policy" "p" {
  policy = jsonencode({
    Resource = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    Other    = "arn:aws:bedrock:*::foundation-model/*"
  })
}
resource "aws_ecs_task_definition" "t" {
  container_definitions = jsonencode([{
    image       = "ghcr.io/huggingface/text-generation-inference:2.0"
    command     = ["--model-id", "mistralai/Mistral-7B-Instruct-v0.3"]
    environment = [{ name = "RERANKER_MODEL", value = "BAAI/bge-reranker-v2-m3" }]
  }])
}
locals {
  llm = var.large ? "gpt-4o" : "gpt-4o-mini"
}
"""


def test_terraform_defaults_blocks_and_container_definitions_are_read() -> None:
    assert see("terraform", TERRAFORM, "main.tf") == {
        (3, "api:bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0"),
        (9, "api:azure/gpt-4o"),
        (18, "api:bedrock/anthropic.claude-3-haiku-20240307-v1:0"),
        (25, "pkg:huggingface/mistralai/Mistral-7B-Instruct-v0.3"),
        (26, "pkg:huggingface/BAAI/bge-reranker-v2-m3"),
        (30, "api:openai/gpt-4o"),
        (30, "api:openai/gpt-4o-mini"),
    }


def test_a_terraform_variable_is_a_setting_and_its_use_a_reference() -> None:
    report = read("terraform", TERRAFORM, "main.tf")
    assert ("var.model_id", 3) in {(setting.name, setting.line) for setting in report.settings}
    assert [(reference.line, reference.name) for reference in report.references] == [(14, "env:var.model_id")]


def test_short_lists_of_a_registry_belong_to_its_long_one() -> None:
    long = ", ".join(f'{{"llm_name": "qwen3:{size}b"}}' for size in range(1, 9))
    short = '{"llm_name": "gpt-4o"}'
    text = f'{{"factories": [{{"llm": [{long}]}}, {{"llm": [{short}]}}], "default_model": "gpt-4o-mini"}}'
    assert see("json", text) == {(1, "api:openai/gpt-4o-mini")}


def test_a_list_of_many_records_about_few_models_is_data() -> None:
    rows = ",\n".join(f'{{"base_model": "facebook/opt-125m", "gpus": {number}}}' for number in range(20))
    report = read("json", f"[{rows}]")
    assert (report.sightings, [one.length for one in report.catalogues]) == ((), [1])


def test_notes_for_a_changelog_are_left_out() -> None:
    assert see("yaml", "upgrade:\n  model: gpt-4o\n", "releasenotes/notes/new-default.yaml") == set()
