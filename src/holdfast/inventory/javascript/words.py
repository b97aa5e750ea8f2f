"""Which identifiers say that they hold a model's name. Knows words of programs, not names of models."""

import re
from functools import lru_cache
from itertools import pairwise

from holdfast.inventory.javascript.syntax import (
    name_set,
    split_words,
)

_MODEL = name_set(
    """
    model models llm llms embedder reranker modelname modelid checkpoint deployment modelo modele
    """
)
_PAIRS = frozenset({"modelname", "modelid", "chatmodel", "embeddingmodel", "repoid", "hfrepo"})
_NOT_LAST = name_set(
    """
    provider providers label title description desc display prefix suffix pattern regex family vendor owner
    author brand class kind icon logo image group category placeholder options choices list limit limits cost
    price pricing tokens count context window encoding error message hint text tooltip help docs link href info
    note key keys color status state event query info card page site readme license licence filter search param
    header type types schema table column path dir folder endpoint host
    """
)
_MAY_BE_DISTINCT = name_set(
    """
    path type alias text image state endpoint param key
    """
)
_ROLES = name_set(
    """
    embedding embeddings engine completion vision summarizer summarization titling rerank transcription
    transcribe tts stt whisper reasoning reasoner fast smart cheap strong small large primary fallback default
    chat image speech codex agent judge grader
    """
)
_CHAINS = name_set(
    """
    fallback fallbacks preferred priority backup backups chain rotation ensemble
    """
)
_INNER = name_set(
    """
    default defaultvalue value initial initialvalue name id fallback const current
    """
)
_KEY = re.compile(r"[\w.:-]{1,60}")  # an address is no key, though it may end in `/models`
_COUNTERS = frozenset(
    {"tokenizer", "tokenizers", "tiktoken", "encoding", "encoder", "encode", "tokens", "pricing", "price", "cost"}
)
_FLAG = re.compile(r"(?:.*\s|^)--[\w-]*(?:model|llm|deployment)\b.*")
_LOOKERS = name_set(
    """
    is has supports can should validate check parse format display label price cost count tokens limit context
    encoding encode info compare match equals test describe it log warn error debug track pricing max min
    includes starts ends with contains index of startswith indexof lookup find t trans translate push add set
    delete replace split join concat normalize tokenizer tokenize print write assert expect each only skip
    require import fetch get
    """
)
_MAKERS = frozenset({"model", "llm", "languagemodel", "chatmodel", "embedder", "embedding", "embeddings", "models"})


@lru_cache(maxsize=8192)
def says_model(name: str) -> bool:
    """`model`, `DEFAULT_MODEL`, `embeddingModel`, `llm`, `modelName`; not `modelProvider`, `modelPrice`."""
    words = split_words(name)
    return bool(words) and _mentions_model(words) and words[-1] not in _NOT_LAST


@lru_cache(maxsize=8192)
def may_say_model(name: str) -> bool:
    """Names that hold a model's name only if the text cannot be anything else: `modelPath`, `engine`, `fastChat`."""
    words = split_words(name)
    if not words:
        return False
    return says_model(name) or (_mentions_model(words) and words[-1] in _MAY_BE_DISTINCT) or words[-1] in _ROLES


def is_refused(name: str) -> bool:
    """Names that say something about a model rather than which one: `provider`, `label`, `price`."""
    words = split_words(name)
    return not words or words[-1] in _NOT_LAST


def _mentions_model(words: tuple[str, ...]) -> bool:
    pairs = (a + b for a, b in pairwise(words))
    return not _MODEL.isdisjoint(words) or any(pair in _PAIRS for pair in pairs)


def is_chain(name: str) -> bool:
    """Names of lists whose members are all meant to be used: `FALLBACK_MODELS`."""
    return not _CHAINS.isdisjoint(split_words(name))


def is_choice(name: str) -> bool:
    """Names of what is chosen beside, or from, a long list: `DEFAULT_MODEL`, `fallbackModel`."""
    return "default" in split_words(name) or is_chain(name)


def is_inner(name: str) -> bool:
    """Keys that leave it to the name around them to say what they hold: `default`, `value`, `name`."""
    return name.lower().replace("_", "") in _INNER


def says_model_in_text(text: str) -> bool:
    """A flag or a key given as text: `-m, --model <name>`, `OPENAI_MODEL`, `model`."""
    return bool(_FLAG.fullmatch(text)) or (bool(_KEY.fullmatch(text)) and says_model(text))


def counts_tokens(name: str) -> bool:
    """Names of tokenizers and counters: they are handed names of models without using the models."""
    return not _COUNTERS.isdisjoint(split_words(name))


@lru_cache(maxsize=8192)
def makes_model(name: str) -> bool:
    """Functions that are handed a model's name to use it: `getModel`, `useLLM`; not `isModelAllowed`."""
    words = split_words(name)
    if not words or _MAKERS.isdisjoint(words):
        return False
    rest = [word for word in words if word not in _MAKERS]
    return words[-1] in _MAKERS and not any(word in _LOOKERS - {"get", "set", "find", "add"} for word in rest)


def compute_spelled_name(constant: str) -> str:
    """The name that a constant spells: `GEMINI_2_0_FLASH` and `gemini20Flash` → `gemini-2.0-flash`."""
    spelled = "-".join(split_words(constant))
    spelled = re.sub(r"(?<=-)(\d)-(\d)(?=-|$)", r"\1.\2", spelled)
    spelled = re.sub(r"(?<=-)([1-3])([05])(?=-|$)", r"\1.\2", spelled)
    return re.sub(r"(?<=-\d)-(?=o(?:-|$))", "", spelled)  # gpt-4-o
