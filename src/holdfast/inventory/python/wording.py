"""Does an identifier say that its value is a model's name? Reads words only, never values."""

import re
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.naming import says_provider


class Saying(IntEnum):
    """How plainly an identifier says "model"."""

    NO = 0  # it says that the value is something else
    SILENT = 1  # it says nothing
    WEAK = 2  # a name, a path, an id: of what, it does not say
    FAIR = 3  # of a model, but perhaps not its name
    STRONG = 4  # a model's name


_KEPT = re.compile(
    r"OpenAI|OpenRouter|HuggingFace|DeepSeek|VertexAI|LiteLLM|OctoAI|MistralAI|WatsonX|DeepInfra|LlamaCpp|OpenCLIP"
    r"|SiliconFlow|DashScope|VoyageAI|ZhipuAI|MiniMax|ElevenLabs|SambaNova|AssemblyAI|LangChain|LlamaIndex"
)
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=8_000)
def get_words(identifier: str) -> tuple[str, ...]:
    """The words of an identifier, lower case: `chat`, `open`, `ai` … with well-known compounds kept whole."""
    joined = _KEPT.sub(lambda match: match.group().capitalize(), identifier)
    return tuple(word.lower() for word in _WORDS.findall(joined))


@lru_cache(maxsize=8_000)
def get_saying(identifier: str) -> Saying:
    """How plainly `identifier` says that its value is a model's name.

    >>> get_saying("DEFAULT_RERANKER").name, get_saying("model_path").name, get_saying("model_prefix").name
    ('STRONG', 'FAIR', 'NO')
    """
    ordered = get_words(identifier)
    words = frozenset(ordered)
    known = get_lexicon().identifiers
    last = max((index for index, word in enumerate(ordered) if word in known.strong), default=-1)
    if not words or words & known.never or known.heads.intersection(ordered[last + 1 :]):
        return Saying.NO
    is_other = bool(words & known.other_use)
    if words & known.strong:
        return Saying.FAIR if is_other else Saying.STRONG
    if words & known.tied:
        return Saying.FAIR if not is_other and (len(words) == 1 or words & known.ties) else Saying.WEAK
    return Saying.WEAK if words & known.weak else Saying.SILENT


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
    pairs = [f"{first}{sign}{second}" for sign in ("-", "_", "") for first, second in pairwise(words)]
    found = [hint for word in (*pairs, *words) if (hint := says_provider(word)) is not None]
    if {"speech", "text"} <= set(words) and words.index("speech") < words.index("text"):
        found.append("whisper")  # whose sizes are what such places hold
    return tuple(dict.fromkeys(found))
