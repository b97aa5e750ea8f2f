"""Canonical names, as readers would say them; expectations are written by hand from the providers' documents."""

import pytest

from holdfast.inventory.naming import find_named, looks_like_model
from holdfast.records.model import Kind, Pin
from holdfast.records.use import Confidence


@pytest.mark.parametrize(
    ("text", "via", "expected"),
    [
        ("Qwen/Qwen3-8B", "transformers", "pkg:huggingface/Qwen/Qwen3-8B"),
        ("gpt2", "transformers", "pkg:huggingface/gpt2"),
        ("all-MiniLM-L6-v2", "sentence-transformers", "pkg:huggingface/sentence-transformers/all-MiniLM-L6-v2"),
        ("cross-encoder/ms-marco-MiniLM-L-6-v2", "", "pkg:huggingface/cross-encoder/ms-marco-MiniLM-L-6-v2"),
        ("qwen3:8b", "ollama", "pkg:ollama/qwen3:8b"),
        ("llama3", "ollama", "pkg:ollama/llama3"),
        ("llama3.1:8b", "", "pkg:ollama/llama3.1:8b"),
        (
            "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M",
            "ollama",
            "pkg:huggingface/bartowski/Llama-3.2-1B-Instruct-GGUF",
        ),
        ("base", "faster-whisper", "pkg:generic/whisper/base"),
        ("Systran/faster-whisper-large-v3", "faster-whisper", "pkg:huggingface/Systran/faster-whisper-large-v3"),
        ("en_core_web_sm", "", "pkg:generic/spacy/en_core_web_sm"),
        ("resnet50", "timm", "pkg:generic/timm/resnet50"),
        ("ViT-B-32", "open_clip", "pkg:generic/open_clip/ViT-B-32"),
        ("gpt-4o-mini", "", "api:openai/gpt-4o-mini"),
        ("claude-sonnet-4-5", "", "api:anthropic/claude-sonnet-4-5"),
        ("models/gemini-2.5-pro", "google", "api:google/gemini-2.5-pro"),
        ("deepseek.r1-v1:0", "", "api:bedrock/deepseek.r1-v1:0"),
        ("accounts/fireworks/models/kimi-k2-instruct", "", "api:fireworks/accounts/fireworks/models/kimi-k2-instruct"),
        ("llama-3.3-70b-versatile", "", "api:groq/llama-3.3-70b-versatile"),
        ("meta-llama/Llama-3-8b-chat-hf", "together", "api:together/meta-llama/Llama-3-8b-chat-hf"),
        ("openai/gpt-4o", "", "api:openai/gpt-4o"),
        ("openai/gpt-oss-120b", "", "pkg:huggingface/openai/gpt-oss-120b"),
        ("ollama/llama3", "litellm", "pkg:ollama/llama3"),
        ("hosted_vllm/Qwen/Qwen3-8B", "litellm", "pkg:huggingface/Qwen/Qwen3-8B"),
        ("azure/gpt-4-prod", "litellm", "api:azure/gpt-4-prod"),
        ("openai:gpt-4o", "pydantic-ai", "api:openai/gpt-4o"),
        ("google-gla:gemini-1.5-flash", "pydantic-ai", "api:google/gemini-1.5-flash"),
        ("/models/Meta-Llama-3-8B-Instruct", "vllm", "pkg:generic/file/models/Meta-Llama-3-8B-Instruct"),
        (
            "models/mistral-7b-instruct.Q4_K_M.gguf",
            "llama-cpp",
            "pkg:generic/file/models/mistral-7b-instruct.Q4_K_M.gguf",
        ),
        ("https://huggingface.co/Qwen/Qwen2-7B/resolve/main/model.safetensors", "", "pkg:huggingface/Qwen/Qwen2-7B"),
    ],
)
def test_a_name_is_canonical_for_the_client_that_reads_it(text: str, via: str, expected: str) -> None:
    found = find_named(text, via=via)
    assert found is not None
    assert str(found.model) == expected


@pytest.mark.parametrize(
    ("text", "endpoint", "expected"),
    [
        ("Qwen/Qwen3-8B", "http://localhost:8000/v1", "pkg:huggingface/Qwen/Qwen3-8B"),
        ("llama3", "http://localhost:11434/v1", "pkg:ollama/llama3"),
        ("deepseek/deepseek-r1", "https://openrouter.ai/api/v1", "api:openrouter/deepseek/deepseek-r1"),
        ("deepseek-chat", "https://api.deepseek.com", "api:deepseek/deepseek-chat"),
        ("gpt-4o", "https://contoso.openai.azure.com/", "api:azure/gpt-4o"),
        ("qwen-max", "https://dashscope.aliyuncs.com/compatible-mode/v1", "api:dashscope/qwen-max"),
    ],
)
def test_the_base_url_says_who_runs_the_model(text: str, endpoint: str, expected: str) -> None:
    found = find_named(text, via="openai", endpoint=endpoint)
    assert found is not None
    assert str(found.model) == expected


@pytest.mark.parametrize(
    "text",
    [
        "test-model", "gpt-foo", "my-model", "your-org/your-model", "org/model", "text/plain", "application/json",
        "src/app", "", "a b c", "<model>", "{model}", "actions/checkout", "./model",
        "outputs/checkpoint-100", "model.py",
    ],
)  # fmt: skip
def test_made_up_names_paths_and_media_types_are_no_models(text: str) -> None:
    assert find_named(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "facebook/react",
        "microsoft/vscode",
        "redis:7",
        "python:3.11-slim",
        "base",
        "o1",
        "command",
        "resnet50",
        "America/New_York",
    ],
)
def test_words_that_need_a_context_are_not_recognised_without_one(text: str) -> None:
    assert not looks_like_model(text)


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4o",
        "Qwen/Qwen3-8B",
        "llama3.1:8b",
        "text-embedding-3-small",
        "facebook/bart-large-cnn",
        "bert-base-uncased",
    ],
)
def test_distinct_names_are_recognised_without_any_context(text: str) -> None:
    assert looks_like_model(text)


def test_a_dated_name_is_a_snapshot_and_an_undated_one_moves() -> None:
    dated, undated = find_named("gpt-4o-2024-08-06"), find_named("gpt-4o")
    assert dated is not None
    assert undated is not None
    assert (dated.revision.value, dated.revision.pin) == ("2024-08-06", Pin.SNAPSHOT)
    assert undated.revision.pin is Pin.MOVING


def test_a_commit_beside_the_name_is_an_exact_revision() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    found = find_named("Qwen/Qwen3-8B", via="transformers", revision=commit)
    assert found is not None
    assert (found.revision.value, found.revision.pin, found.kind) == (commit, Pin.EXACT, Kind.WEIGHTS)


def test_an_engines_own_short_name_is_inferred() -> None:
    found = find_named("large-v3", via="whisper")
    assert found is not None
    assert found.confidence is Confidence.INFERRED
