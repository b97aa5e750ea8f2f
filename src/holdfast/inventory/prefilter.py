"""One pattern of bytes that a file must hold to be parsed: names and words of loaders, providers and families.

Tight, so that few files of a general code tree are parsed; loose, so that no use is lost. It decides nothing else.
"""

from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol, cast

# Each line is part of an extended regular expression that means the same to `grep -E`, RE2 and Python.
_PARTS: Final = (
    # loaders and model classes
    "from_pretrained", "SentenceTransformer", "CrossEncoder", "snapshot_download", "hf_hub_download",
    "huggingface", "hf\\.co/", "InferenceClient", "InferenceSession", "load_model", "open_clip", "timm",
    "ctranslate2", "faster_whisper", "WhisperModel", "vllm", "VLLM", "sglang", "llama_cpp", "llama\\.cpp", "llama-server",
    "litellm", "ollama", "Ollama", "OLLAMA", "modelscope", "ModelScope", "spacy", "en_core_web", "langchain", "llama_index",
    "dspy", "pydantic_ai", "diffusers", "transformers", "mlx_", "gguf", "GGUF", "safetensors", "onnx",
    # hosted providers
    "openai", "OpenAI", "OPENAI", "anthropic", "Anthropic", "ANTHROPIC", "genai", "vertexai", "bedrock", "Bedrock",
    "mistralai", "cohere", "Cohere", "groq", "together\\.ai", "together_ai", "fireworks", "replicate", "openrouter",
    "dashscope", "siliconflow", "volcengine", "moonshot", "voyageai", "perplexity", "watsonx", "sambanova", "cerebras",
    # families
    "gpt-", "gpt2", "claude-", "gemini-", "[Ll]lama", "[Qq]wen", "[Dd]eep[Ss]eek", "[Mm]istral", "[Mm]ixtral", "[Gg]emma-",
    "[Gg]emma2", "gemma:", "phi-[2-4]", "phi[34]", "Phi-[1-4]", "-bert", "bert-", "roberta", "t5-", "clip-vit", "whisper",
    "stable-diffusion", "sdxl", "bge-", "[/\"']e5-", "MiniLM", "mpnet", "command-r", "text-embedding", "dall-e", "tts-1",
    "text-davinci", "kimi-", "glm-4", "GLM-4", "nomic-embed", "mxbai",
    # keys that hold a model's name
    "model_name", "model_id", "MODEL_NAME", "MODEL_ID", "modelId", "modelName", "embedding_model", "llm_model", "LLM_MODEL",
)  # fmt: skip


class _Re2(Protocol):
    """What is used of the untyped module `re2`."""

    Options: Any

    def compile(self, pattern: bytes, options: Any) -> "Searcher": ...


class Searcher(Protocol):
    """A compiled pattern: asks whether bytes hold it anywhere."""

    def search(self, data: bytes) -> object | None: ...


def prefilter_pattern() -> str:
    """The pattern as an extended regular expression, as `grep -rE` takes it."""
    return "|".join(_PARTS)


@cache
def compile_prefilter() -> Searcher:
    """The pattern compiled by RE2, which reads a gigabyte in about two seconds where Python's `re` takes a minute."""
    re2 = cast(_Re2, import_module("re2"))
    options = re2.Options()
    options.max_mem = 64 << 20
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(prefilter_pattern().encode(), options)
