"""Names worked out by hand: who built the weights, how sure that is, on which bases, and who only packed them."""

from typing import NamedTuple

import pytest

from holdfast.lineage import NameReader, resolve, resolve_many
from holdfast.records.evidence import Sureness
from holdfast.records.lineage import Basis, How
from holdfast.records.model import ModelName, find_model_name

HIGH, MEDIUM, LOW, UNKNOWN = Sureness.HIGH, Sureness.MEDIUM, Sureness.LOW, Sureness.UNKNOWN
HF = "pkg:huggingface/"


class Case(NamedTuple):
    """What a person would answer. `bases`: organisations behind every base; None stands for somebody unknown."""

    name: str
    developer: str | None
    confidence: Sureness
    bases: tuple[str | None, ...] = ()
    repackager: str | None = None
    family: str | None = None


ALIBABA, DEEPSEEK, META, MISTRAL = "org:alibaba", "org:deepseek", "org:meta", "org:mistral"
CASES = [
    # In a developer's own namespace.
    Case(HF + "Qwen/Qwen3-8B", ALIBABA, HIGH, family="family:qwen3"),
    Case(HF + "Qwen/Qwen2.5-Coder-7B-Instruct", ALIBABA, HIGH, (ALIBABA,), family="family:qwen2.5-coder"),
    Case(HF + "Qwen/QwQ-32B", ALIBABA, HIGH, (ALIBABA,), family="family:qwq"),
    Case(HF + "deepseek-ai/DeepSeek-V3.1", DEEPSEEK, HIGH, family="family:deepseek-v3"),
    Case(HF + "deepseek-ai/DeepSeek-R1", DEEPSEEK, HIGH, (DEEPSEEK,), family="family:deepseek-r1"),
    Case(HF + "deepseek-ai/deepseek-coder-33b-instruct", DEEPSEEK, HIGH, family="family:deepseek-coder"),
    Case(HF + "meta-llama/Llama-3.2-11B-Vision-Instruct", META, HIGH, family="family:llama-3.2"),
    Case(HF + "meta-llama/Llama-Guard-3-8B", META, HIGH, (META,), family="family:llama-guard"),
    Case(HF + "meta-llama/Llama-4-Scout-17B-16E-Instruct", META, HIGH, family="family:llama-4"),
    Case(HF + "google/gemma-2-9b-it", "org:google", HIGH, family="family:gemma-2"),
    Case(HF + "google/gemma-2b", "org:google", HIGH, family="family:gemma-1"),
    Case(HF + "google/flan-t5-base", "org:google", HIGH, ("org:google",), family="family:flan-t5"),
    Case(HF + "zai-org/GLM-4.5-Air", "org:zhipu", HIGH, family="family:glm-4.5"),
    Case(HF + "THUDM/chatglm3-6b", "org:zhipu", HIGH, family="family:chatglm"),
    Case(HF + "moonshotai/Kimi-K2-Instruct", "org:moonshot", HIGH, family="family:kimi-k2"),
    Case(HF + "microsoft/Phi-3-mini-4k-instruct-onnx", "org:microsoft", HIGH, family="family:phi-3"),
    Case(HF + "BAAI/bge-m3", "org:baai", HIGH, (META,), family="family:bge"),
    Case(HF + "openai/whisper-large-v3-turbo", "org:openai", HIGH, family="family:whisper"),
    Case(HF + "openai/clip-vit-large-patch14", "org:openai", HIGH, family="family:clip"),
    Case(HF + "runwayml/stable-diffusion-v1-5", "org:runway", HIGH, family="family:sd-1"),
    # A developer building on another's base.
    Case(HF + "deepseek-ai/DeepSeek-R1-Distill-Llama-8B", DEEPSEEK, HIGH, (META,)),
    Case(HF + "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", DEEPSEEK, HIGH, (ALIBABA,)),
    Case(HF + "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", DEEPSEEK, HIGH, (ALIBABA,)),
    Case(HF + "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", DEEPSEEK, HIGH, (ALIBABA,)),
    Case(HF + "nvidia/Llama-3.1-Nemotron-70B-Instruct-HF", "org:nvidia", HIGH, (META,)),
    Case(HF + "nvidia/Nemotron-Research-Reasoning-Qwen-1.5B", "org:nvidia", HIGH, (DEEPSEEK, ALIBABA)),
    Case(HF + "cognitivecomputations/Dolphin3.0-R1-Mistral-24B", "org:cognitive-computations", HIGH, (MISTRAL,)),
    Case(HF + "NousResearch/Hermes-3-Llama-3.1-8B", "org:nous", HIGH, (META,)),
    Case(HF + "HuggingFaceH4/zephyr-7b-beta", "org:huggingface", HIGH, (MISTRAL,)),
    Case(HF + "lmsys/vicuna-13b-v1.5", "org:lmsys", HIGH, (META,)),
    Case(HF + "deepcogito/cogito-v2.1-671b", "org:deep-cogito", HIGH, (DEEPSEEK,)),
    Case(HF + "Rakuten/RakutenAI-3.0", "org:rakuten", HIGH, (DEEPSEEK,)),
    Case(HF + "tngtech/DeepSeek-R1T-Chimera", "org:tngtech", HIGH, (DEEPSEEK,)),
    Case(HF + "perplexity-ai/r1-1776", "org:perplexity", HIGH, (DEEPSEEK,)),
    Case(HF + "huihui-ai/Qwen2.5-72B-Instruct-abliterated", "org:huihui", HIGH, (ALIBABA,)),
    Case(HF + "TinyLlama/TinyLlama-1.1B-Chat-v1.0", "org:tinyllama", HIGH),
    # Converted or re-uploaded by a known re-packager: the builder is the family's developer.
    Case(HF + "TheBloke/deepseek-coder-6.7B-instruct-GGUF", DEEPSEEK, MEDIUM, (), "org:thebloke"),
    Case(HF + "unsloth/Meta-Llama-3.1-8B-bnb-4bit", META, MEDIUM, (), "org:unsloth"),
    Case(HF + "unsloth/DeepSeek-R1-Distill-Llama-8B", DEEPSEEK, MEDIUM, (META,), "org:unsloth"),
    Case(HF + "mlx-community/Qwen2.5-7B-Instruct-4bit", ALIBABA, MEDIUM, (), "org:mlx-community"),
    Case(HF + "bartowski/Qwen_Qwen3-8B-GGUF", ALIBABA, MEDIUM, (), "org:bartowski", "family:qwen3"),
    Case(HF + "NousResearch/Meta-Llama-3-8B-Instruct", META, MEDIUM, (), "org:nous"),
    Case(HF + "nvidia/Qwen3.8-27B-NVFP4", ALIBABA, MEDIUM, (), "org:nvidia", "family:qwen"),
    Case(HF + "nvidia/DeepSeek-R1-FP4", DEEPSEEK, MEDIUM, (DEEPSEEK,), "org:nvidia"),
    Case(HF + "Xenova/all-MiniLM-L6-v2", "org:sentence-transformers", MEDIUM, (), "org:xenova"),
    Case(HF + "TheBloke/dolphin-2.6-mistral-7B-GGUF", "org:cognitive-computations", MEDIUM, (MISTRAL,), "org:thebloke"),
    # A re-packager's copy of somebody's fine-tune: the words that are no family's say that a builder is missing.
    Case(HF + "bartowski/Llama-3.2-3B-Instruct-uncensored-GGUF", None, UNKNOWN, (META,), "org:bartowski"),
    Case(HF + "mradermacher/Support-Bot-Qwen2.5-7B-GGUF", None, UNKNOWN, (ALIBABA,), "org:mradermacher"),
    # An unknown namespace: a derivative by somebody unknown.
    Case(HF + "acme/my-support-bot", None, UNKNOWN),
    Case(HF + "acme/llama-3-8b-support", None, UNKNOWN, (META,)),
    Case(HF + "acme/Qwen2.5-7B-Instruct-GGUF", None, UNKNOWN, (ALIBABA,)),
    Case(HF + "acme/vicuna-13b-v1.5-tickets", None, UNKNOWN, ("org:lmsys", META)),
    Case(HF + "acme/command-router", None, UNKNOWN),  # an everyday word, not Cohere's Command
    Case(
        HF + "acme/Qwen3-14B-Claude-4.5-Opus-Distill", None, UNKNOWN, (ALIBABA,)
    ),  # Claude's weights are not to be had
    Case(HF + "acme/deepseek-r1-qwen2.5-7b-sft", None, UNKNOWN, (DEEPSEEK, ALIBABA)),
    # Names without a namespace.
    Case(HF + "gpt2", "org:openai", HIGH, family="family:gpt-2"),
    Case(HF + "bert-base-uncased", "org:google", HIGH, family="family:bert"),
    Case(HF + "distilbert-base-uncased", "org:huggingface", HIGH, ("org:google",)),
    Case("pkg:ollama/qwen3:8b", ALIBABA, MEDIUM, (), "org:ollama"),
    Case("pkg:ollama/mistral", MISTRAL, HIGH, (), "org:ollama", "family:mistral-7b"),
    Case("pkg:ollama/deepseek-r1:7b", DEEPSEEK, HIGH, (ALIBABA,), "org:ollama"),
    Case("pkg:ollama/deepseek-r1:70b", DEEPSEEK, HIGH, (META,), "org:ollama"),
    Case("pkg:ollama/deepseek-r1:671b", DEEPSEEK, HIGH, (DEEPSEEK,), "org:ollama", "family:deepseek-r1"),
    Case("pkg:ollama/hf.co/TheBloke/Mistral-7B-Instruct-v0.2-GGUF", MISTRAL, MEDIUM, (), "org:thebloke"),
    Case("pkg:ollama/acme/qwen3-support:latest", None, UNKNOWN, (ALIBABA,)),
    Case("pkg:modelscope/Qwen/Qwen2.5-7B-Instruct", ALIBABA, HIGH),
    Case("pkg:generic/whisper/base", "org:openai", MEDIUM),
    Case("pkg:generic/spacy/en_core_web_sm", "org:spacy", MEDIUM),
    Case("pkg:generic/file/models/mistral-7b-instruct-v0.2.Q4_K_M.gguf", MISTRAL, LOW),
    Case("pkg:generic/file/models/final.gguf", None, UNKNOWN),
    # Hosted.
    Case("api:openai/gpt-4o-mini", "org:openai", HIGH, family="family:gpt-4o"),
    Case("api:openai/gpt-4-0613", "org:openai", HIGH, family="family:gpt-4"),
    Case("api:openai/ft:gpt-4o-mini-2024-07-18:acme::abc123", None, UNKNOWN, ("org:openai",)),
    Case("api:anthropic/claude-3-5-sonnet-20241022", "org:anthropic", HIGH, family="family:claude-3.5"),
    Case("api:anthropic/claude-sonnet-4-5-20250929", "org:anthropic", HIGH, family="family:claude-4"),
    Case("api:anthropic/claude-fable-5", "org:anthropic", HIGH, family="family:claude-fable"),
    Case("api:bedrock/deepseek.r1-v1:0", DEEPSEEK, HIGH, (DEEPSEEK,)),
    Case("api:bedrock/us.anthropic.claude-opus-4-8", "org:anthropic", HIGH),
    Case("api:bedrock/meta.llama3-1-8b-instruct-v1:0", META, HIGH, family="family:llama-3.1"),
    Case("api:bedrock/amazon.titan-embed-text-v2:0", "org:amazon", HIGH),
    Case(
        "api:bedrock/arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        "org:anthropic",
        HIGH,
    ),
    Case("api:fireworks/accounts/fireworks/models/kimi-k2-instruct", "org:moonshot", MEDIUM),
    Case("api:fireworks/accounts/fireworks/models/llama-v3p1-8b-instruct", META, MEDIUM, family="family:llama-3.1"),
    Case("api:fireworks/accounts/acme/models/llama-v3p1-tickets", None, UNKNOWN, (META,)),
    Case("api:openrouter/deepseek/deepseek-r1-distill-llama-70b", DEEPSEEK, HIGH, (META,)),
    Case("api:openrouter/z-ai/glm-5.2", "org:zhipu", HIGH, family="family:glm-5"),
    Case("api:openrouter/auto", None, UNKNOWN),
    Case("api:groq/llama-3.3-70b-versatile", META, MEDIUM),
    Case("api:together/meta-llama/Llama-3.3-70B-Instruct-Turbo", META, HIGH),
    Case("api:dashscope/qwen-max", ALIBABA, HIGH, family="family:qwen-hosted"),
    Case("api:dashscope/deepseek-r1", DEEPSEEK, MEDIUM, (DEEPSEEK,)),
    Case("api:deepseek/deepseek-chat", DEEPSEEK, HIGH, family="family:deepseek"),
    Case("api:azure/chatbot-prod", None, UNKNOWN),
    Case("api:azure/gpt-4o", "org:openai", LOW),
    Case("api:vertex/publishers/anthropic/models/claude-sonnet-4", "org:anthropic", HIGH),
    Case("api:nvidia/qwen/qwen3.5-122b-a10b", ALIBABA, HIGH),
    Case("api:cursor/composer-2", "org:anysphere", HIGH, ("org:moonshot",)),
    Case("api:cursor/composer-1", "org:anysphere", HIGH, (None,)),
    Case("api:nowhere/some-model", None, UNKNOWN),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_name_leads_to_its_developer_its_bases_and_its_packer(case: Case, reader: NameReader) -> None:
    name = find_model_name(case.name)
    assert name is not None
    facts = resolve(name, reader)
    assert facts.developers[0] == case.developer
    assert facts.confidence is case.confidence
    assert set(facts.base_developers) == set(case.bases)
    assert facts.repackagers == ((case.repackager,) if case.repackager else ())
    if case.family:
        assert facts.family == case.family


def test_a_vendor_in_a_cloudflare_name_is_the_developer(reader: NameReader) -> None:
    facts = resolve(ModelName("api", "cloudflare/@cf/meta/llama-3.1-8b-instruct"), reader)
    assert facts.developers == (META,)
    assert facts.operator.organisation == "org:cloudflare"


def test_an_unknown_developer_has_no_basis(reader: NameReader) -> None:
    name = find_model_name("pkg:huggingface/acme/llama-3-8b-support")
    assert name is not None
    facts = resolve(name, reader)
    assert facts.basis is Basis.UNKNOWN
    assert [builder.organisation for builder in facts.builders if builder.how is How.DEVELOPER] == [None]


def test_a_low_rumour_about_a_base_leaves_the_builder_unknown_as_well(reader: NameReader) -> None:
    name = find_model_name("api:windsurf/swe-1.5")
    assert name is not None
    bases = [builder for builder in resolve(name, reader).builders if builder.how is How.BASE]
    assert {(b.organisation, b.confidence) for b in bases} == {("org:zhipu", LOW), (None, UNKNOWN)}
    assert {builder.settled for builder in bases} == {None}


def test_many_names_are_read_as_each_alone(reader: NameReader) -> None:
    names = [name for name in (find_model_name(case.name) for case in CASES) if name is not None]
    assert resolve_many(names, reader) == [reader.read(name) for name in names]


def test_a_word_that_is_an_architecture_as_well_is_weak_evidence_of_a_base(reader: NameReader) -> None:
    bases = [b for b in resolve(ModelName("pkg:huggingface", "acme/bert-base-tickets"), reader).builders if b.path]
    assert [(builder.organisation, builder.confidence, builder.settled) for builder in bases] == [
        ("org:google", LOW, None)
    ]
