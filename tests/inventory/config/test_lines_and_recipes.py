""".env, INI, Dockerfile, make, just, systemd, Modelfile and requirement files."""

from tests.inventory.config.seeing import read, see

DOTENV = """\
# OPENAI_MODEL=gpt-4
export LLM_PROVIDER=ollama
LLM_MODEL=llama3.1
EMBEDDING_PROVIDER=openai
EMBEDDING_MODEL="text-embedding-3-small"
AZURE_OPENAI_DEPLOYMENT=prod-chat-4o
WHISPER_MODEL=base # small
RERANKER=
OPENAI_API_KEY=sk-abcdefghijkl
CHAT_MODELS=gpt-4o,claude-3-5-sonnet-latest
MODEL_DIR=/models/llama-7b
"""


def test_an_environment_file_binds_each_model_to_its_own_provider() -> None:
    assert see("dotenv", DOTENV, ".env.example") == {
        (3, "pkg:ollama/llama3.1"),
        (5, "api:openai/text-embedding-3-small"),
        (6, "api:azure/prod-chat-4o"),
        (7, "pkg:generic/whisper/base"),
        (10, "api:openai/gpt-4o"),
        (10, "api:anthropic/claude-3-5-sonnet-latest"),
    }


def test_every_line_of_an_environment_file_but_secrets_is_a_setting() -> None:
    settings = {setting.name: setting.value for setting in read("dotenv", DOTENV).settings}
    assert settings["RERANKER"] is None
    assert settings["EMBEDDING_MODEL"] == "text-embedding-3-small"
    assert "OPENAI_API_KEY" not in settings
    assert "OPENAI_MODEL" not in settings


def test_ini_sections_are_tables_and_indented_lines_go_on() -> None:
    text = (
        "[metadata]\nname = gpt-4\n[app:llm]\nprovider = anthropic\nmodel = claude-3-5-sonnet-20241022\n"
        "models =\n    gpt-4o\n    o1-mini\n"
    )
    assert see("ini", text, "setup.cfg") == {
        (5, "api:anthropic/claude-3-5-sonnet-20241022"),
        (7, "api:openai/gpt-4o"),
        (8, "api:openai/o1-mini"),
    }


DOCKERFILE = """\
# syntax=docker/dockerfile:1
FROM vllm/vllm-openai:v0.6 AS base
ARG MODEL=Qwen/Qwen2.5-7B-Instruct
ARG HF_TOKEN
ENV EMBED_MODEL="intfloat/e5-large-v2" \\
    OTHER=1
ENV RERANKER BAAI/bge-reranker-base
RUN pip install x && \\
    # a comment between
    python -c "from transformers import AutoModel; AutoModel.from_pretrained('bert-base-uncased')" && \\
    huggingface-cli download ${MODEL} --local-dir /m
RUN <<EOF
ollama pull mistral:7b
EOF
ADD https://huggingface.co/ggerganov/whisper.cpp/resolve/main/ggml-base.en.bin /models/
CMD ["--model", "Qwen/Qwen3-4B", "--port", "80"]
"""


def test_a_dockerfile_names_defaults_downloads_and_what_it_starts() -> None:
    assert see("dockerfile", DOCKERFILE, "Dockerfile") == {
        (3, "pkg:huggingface/Qwen/Qwen2.5-7B-Instruct"),
        (5, "pkg:huggingface/intfloat/e5-large-v2"),
        (7, "pkg:huggingface/BAAI/bge-reranker-base"),
        (10, "pkg:huggingface/bert-base-uncased"),
        (13, "pkg:ollama/mistral:7b"),
        (15, "pkg:huggingface/ggerganov/whisper.cpp"),
        (16, "pkg:huggingface/Qwen/Qwen3-4B"),
    }


def test_a_build_argument_carries_its_name_to_the_download() -> None:
    sighting = next(one for one in read("dockerfile", DOCKERFILE).sightings if one.line == 3)
    assert sighting.call_lines == (11,)


MAKEFILE = """\
MODEL ?= Qwen/Qwen3-8B
WHISPER_MODEL := base.en
# OLD = gpt-4
run:
\tvllm serve $(MODEL) --port 8000
\t@ollama pull llama3.2:3b
test: export OPENAI_MODEL = gpt-4o-mini
test:
\tBACKEND_TEST_MODEL=Qwen/Qwen3-0.6B \\
\tpytest
"""


def test_a_makefile_names_variables_and_recipes() -> None:
    assert see("makefile", MAKEFILE, "Makefile") == {
        (1, "pkg:huggingface/Qwen/Qwen3-8B"),
        (2, "pkg:generic/whisper/base.en"),
        (6, "pkg:ollama/llama3.2:3b"),
        (7, "api:openai/gpt-4o-mini"),
        (9, "pkg:huggingface/Qwen/Qwen3-0.6B"),
    }


def test_a_justfile_variable_reaches_its_recipe() -> None:
    text = 'model := "gemma2:2b"\n\npull:\n    ollama pull {{model}}\n'
    (sighting,) = read("justfile", text, "justfile").sightings
    assert (sighting.line, sighting.call_lines) == (1, (4,))


UNIT = """\
[Unit]
Description=serves gpt-4
[Service]
Environment="MODEL_ID=Qwen/Qwen3-8B" "OTHER=1"
ExecStartPre=-/usr/bin/ollama pull nomic-embed-text
ExecStart=/usr/local/bin/vllm serve ${MODEL_ID} \\
   --port 80
"""


def test_a_unit_names_its_environment_and_what_it_starts() -> None:
    assert see("systemd", UNIT, "llm.service") == {
        (4, "pkg:huggingface/Qwen/Qwen3-8B"),
        (5, "pkg:ollama/nomic-embed-text"),
    }


def test_a_modelfile_names_its_base_and_not_what_its_prompt_says() -> None:
    text = 'FROM llama3.2:1b\n# FROM mistral\nSYSTEM """\nFROM gpt-4\n"""\nPARAMETER temperature 1\n'
    assert see("modelfile", text, "Modelfile") == {(1, "pkg:ollama/llama3.2:1b")}


def test_requirements_that_are_models_are_uses() -> None:
    text = (
        "transformers==4.40\n"
        "en_core_web_sm @ https://github.com/explosion/spacy-models/releases/download/en_core_web_sm-3.7.1/en_core_web_sm-3.7.1-py3-none-any.whl\n"
        "# de_core_news_sm\n"
    )
    report = read("requirements", text, "requirements.txt")
    assert see("requirements", text) == {(2, "pkg:generic/spacy/en_core_web_sm")}
    assert report.sightings[0].revision == "3.7.1"
