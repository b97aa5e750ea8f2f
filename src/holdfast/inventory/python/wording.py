"""Does an identifier say that its value is a model's name? Reads words only, never values."""

import re
from enum import IntEnum
from functools import lru_cache

from holdfast.inventory.naming import says_provider


class Saying(IntEnum):
    """How plainly an identifier says "model"."""

    NO = 0  # it says that the value is something else
    SILENT = 1  # it says nothing
    WEAK = 2  # a name, a path, an id: of what, it does not say
    FAIR = 3  # of a model, but perhaps not its name
    STRONG = 4  # a model's name


_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_STRONG = frozenset(
    "model models llm llms lm lms vlm embedder embedders embedding embeddings embed reranker rerankers rerank tokenizer tokenizers "
    "checkpoint checkpoints ckpt encoder encoders retriever summarizer generator transformer transformers asr stt tts "
    "pretrained chatbot chat gpt judge".split()
)
_TIED = frozenset(
    "hf hub huggingface ollama openai anthropic gemini claude whisper weights unet vae lora adapter controlnet segmentation diarization".split()
)
_TIES = frozenset("repo id name model hub".split())
_WEAK = frozenset(
    "name id path engine engines deployment deployments repo variant version default backend value uri url source base selected main fast smart small large primary fallback backup secondary target teacher student draft key arn ref preset".split()
)
_OTHER_USE = frozenset(
    "path paths dir directory type types class classes cls file files version uri url config configs configuration settings kwargs args params options provider providers folder root key keys mapping map maps registry fname filename filenames basename info list dict set data meta metadata card spec specs option choices".split()
)
_NOT_A_NAME = frozenset(
    "prefix prefixes suffix suffixes price prices pricing cost costs limit limits regex pattern patterns expected response responses deprecated "
    "mock mocked fake stub dummy reasoning thinking verified tiktoken encoding unsupported blocked excluded exclude label labels title titles description descriptions dtype context length lengths dim dims dimension dimensions window alias aliases icon color colour "
    "family families help message messages prompt prompts template templates doc docs comment note text output outputs result results answer error errors exception test_id column columns field fields header headers "
    "table tables max min size sizes count tokens token temperature rate author owner license tag tags format language lang mode role status state task usage display dataset datasets corpus benchmark".split()
)


@lru_cache(maxsize=8_000)
def get_words(identifier: str) -> tuple[str, ...]:
    """The words of an identifier, lower case: `chat`, `open`, `ai` … with well-known compounds kept whole."""
    joined = (
        identifier.replace("OpenAI", "Openai").replace("OpenRouter", "Openrouter").replace("HuggingFace", "Huggingface")
    )
    joined = (
        joined.replace("DeepSeek", "Deepseek")
        .replace("VertexAI", "Vertexai")
        .replace("LiteLLM", "Litellm")
        .replace("OctoAI", "Octoai")
    )
    joined = (
        joined.replace("MistralAI", "Mistral")
        .replace("WatsonX", "Watsonx")
        .replace("DeepInfra", "Deepinfra")
        .replace("LlamaCpp", "Llamacpp")
    )
    return tuple(word.lower() for word in _WORDS.findall(joined))


@lru_cache(maxsize=8_000)
def get_saying(identifier: str) -> Saying:
    """How plainly `identifier` says that its value is a model's name.

    >>> get_saying("DEFAULT_RERANKER").name, get_saying("model_path").name, get_saying("model_prefix").name
    ('STRONG', 'FAIR', 'NO')
    """
    words = get_words(identifier)
    if not words or any(word in _NOT_A_NAME for word in words):
        return Saying.NO
    other = any(word in _OTHER_USE for word in words)
    if any(word in _STRONG for word in words):
        return Saying.FAIR if other else Saying.STRONG
    if any(word in _TIED for word in words):
        tied = len(words) == 1 or any(word in _TIES for word in words)
        return Saying.FAIR if tied and not other else Saying.WEAK
    return Saying.WEAK if any(word in _WEAK for word in words) else Saying.SILENT


_ASKING = re.compile(
    r"(?i)^_*(?:is|has|supports?|can|should|count|num|calc|calculate|check|validate|parse|normali[sz]e|register|compare|match|filter|format|"
    r"assert|expect|test|encode|decode|estimate|compute|log|track|record|resolve|map|lookup|find|describe|delete|remove|unload|stop)_"
)
_ASKED = re.compile(
    r"(?i)(?:info|cost|price|prices|limit|context|tokens|supported|exists|available|window|metadata|capabilit\w+|equal|error|exception|warning)$"
)


@lru_cache(maxsize=4_000)
def asks_about(callee: str) -> bool:
    """A function that asks something about a name rather than using the model: `supports_vision`, `get_model_info`."""
    return bool(_ASKING.match(callee) or _ASKED.search(callee))


_COUNTING = re.compile(r"(?i)^_*(?:count|num|is|has|supports?|calc|calculate|estimate)_|(?:tokens|cost|price|limit)s?$")


@lru_cache(maxsize=4_000)
def counts(callee: str) -> bool:
    """A function that counts tokens or money: its model only picks a table or an encoding."""
    return bool(_COUNTING.search(callee))


@lru_cache(maxsize=8_000)
def get_hints(identifier: str) -> tuple[str, ...]:
    """The engines and providers that an identifier or a file's name mentions."""
    words = get_words(identifier)
    pairs = [f"{first}{sign}{second}" for sign in "-_" for first, second in zip(words, words[1:], strict=False)]
    pairs += [first + second for first, second in zip(words, words[1:], strict=False)]
    found = [hint for word in (*pairs, *words) if (hint := says_provider(word)) is not None]
    return tuple(dict.fromkeys(found))
