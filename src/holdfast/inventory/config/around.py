"""What the neighbours of a key say about it: provider, endpoint and revision, each bound by the words they share."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from holdfast.inventory.config.expansion import expand
from holdfast.inventory.config.positions import split_words
from holdfast.inventory.config.spotting import find_spotted
from holdfast.inventory.config.tools import find_engine
from holdfast.inventory.config.tree import Leaf, Table
from holdfast.inventory.config.words import get_words
from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.naming import says_provider

_PROVIDER_KEYS = re.compile(
    r"(?i)(?:[\w-]*[_-])?(?:provider|provider_?name|provider_?id|api_?type|vendor|client|backend|framework|engine|platform|publisher|class|class_?name|_target_|runtime|driver|kind|type|service|component|component_name|library|custom_llm_provider|module|implementation|integration|inference_engine|server|host_type|uses)"
    r"|[A-Za-z]*(?:Provider|Backend|Engine|Type|Vendor)"
)
_ENDPOINT_KEYS = re.compile(
    r"(?i)(?:[\w-]*[_-])?(?:api_?base|base_?url|apibase|endpoint|endpoint_?url|api_?url|api_?endpoint|url|host|server_?url|api_?host|azure_endpoint|openai_api_base|uri)|[A-Za-z]*(?:BaseUrl|BaseURL|Endpoint|ApiUrl|ApiBase)"
)
_REVISION_KEYS = re.compile(
    r"(?i)(?:[\w-]*[_-])?(?:revision|model_?revision|hf_?revision|commit|commit_?hash|commit_?sha|git_?sha|code_revision)"
)
_VERSION_KEYS = ("version", "model_version", "modelversion")
_VERSION = re.compile(r"\d{4}-\d\d-\d\d|[0-9a-f]{40}|\d{4}")
_QUALIFIERS = frozenset(
    {
        "name",
        "id",
        "url",
        "base",
        "uri",
        "model",
        "models",
        "openai",
        "revision",
        "hf",
        "commit",
        "hash",
        "sha",
        "path",
    }
)


# A key of these words alone is spoken for by `provider` and `llm_provider` alike.
_PLAIN = frozenset({"model", "models", "name", "id", "llm", "default", "chat", "main", "primary", "deployment"})


@dataclass(slots=True)
class Neighbours:
    """What one table says, with the words of each key: `embedding_provider` speaks for `embedding_model`."""

    providers: list[tuple[frozenset[str], str]]
    endpoints: list[tuple[frozenset[str], str]]
    revisions: list[tuple[frozenset[str], str]]
    version: str = ""

    def find_vias(self, key: str) -> tuple[str, ...]:
        """The engines or providers that speak for a key, the closest first."""
        return _speak_for(self.providers, key)

    def find_close_vias(self, key: str) -> tuple[str, ...]:
        """Those of them that are bound to the key by a word of their own."""
        words = frozenset(split_words(key))
        return tuple(via for topic, via in self.providers if topic and topic <= words)

    def find_endpoint(self, key: str) -> str:
        """The base URL that speaks for a key."""
        return next(iter(_speak_for(self.endpoints, key)), "")

    def find_revision(self, key: str) -> str | None:
        """The revision that speaks for a key."""
        return next(iter(_speak_for(self.revisions, key)), self.version or None)


def _speak_for(said: list[tuple[frozenset[str], str]], key: str) -> tuple[str, ...]:
    if not said:
        return ()
    words = frozenset(split_words(key))
    is_plain = not words - _PLAIN
    fitting = [(len(topic & words), value) for topic, value in said if topic <= words or (is_plain and topic <= _PLAIN)]
    return tuple(value for _, value in sorted(fitting, key=lambda pair: -pair[0]))


def read_neighbours(table: Table) -> Neighbours:
    """Read a table's own leaves for what they say about each other."""
    found = Neighbours([], [], [])
    for entry in table.entries:
        role = _get_role(entry.key)
        node = entry.node
        if role and isinstance(node, Leaf) and 1 < len(node.text) < 300:
            _take(found, role, _get_topic(entry.key), node.text)
    return found


def _take(found: Neighbours, role: str, topic: frozenset[str], text: str) -> None:
    if role == "provider" and (via := find_provider(_get_value(text))):
        found.providers.append((topic, via))
    elif role == "image" and (via := find_engine(text)):
        found.providers.append((frozenset(), via))
    elif role == "revision" and re.fullmatch(r"[\w./-]{1,64}", text):
        found.revisions.append((topic, text))
    elif role == "endpoint":
        value = _get_value(text)
        if re.search(r"[./:]", value) and find_spotted(value) is None:
            found.endpoints.append((topic, value))
    elif role == "version" and _VERSION.fullmatch(text):
        found.version = text


@lru_cache(maxsize=20_000)
def _get_role(key: str) -> str:
    """What a key's value says about its neighbours; empty for most keys."""
    for role, shape in (("provider", _PROVIDER_KEYS), ("revision", _REVISION_KEYS), ("endpoint", _ENDPOINT_KEYS)):
        if shape.fullmatch(key):
            return role
    lowered = key.lower()
    return "image" if lowered == "image" else "version" if lowered in _VERSION_KEYS else ""


def _get_value(text: str) -> str:
    """The text itself, or the default that it gives."""
    return next(iter(expand(text).values), "")


@lru_cache(maxsize=20_000)
def _get_topic(key: str) -> frozenset[str]:
    return frozenset(split_words(key)) - _QUALIFIERS - get_words().provider_words


@lru_cache(maxsize=20_000)
def find_provider(text: str) -> str:
    """The provider or engine that a value names: `openai`, `langchain_openai.ChatOpenAI`, `HuggingFaceEmbeddings`."""
    if not text or len(text) > 120 or " " in text.strip():
        return ""
    if known := _say(text.lower()):
        return known
    words = split_words(text)
    if len(words) > 8 or not words:
        return ""
    if opening := _find_opening("".join(words)):
        return opening
    candidates = [*("".join(pair) for pair in pairwise(words)), *words]
    return next((known for word in reversed(candidates) if len(word) > 3 and (known := _say(word))), "")


def _find_opening(joined: str) -> str:
    """The longest known word that a class name begins with: `OctoAILLM`, `AzureOpenAIChat`."""
    fitting = (word for word in get_lexicon().provider_of_via if len(word) > 4 and joined.startswith(word))
    return max(fitting, key=len, default="")


def _say(word: str) -> str:
    return word if word in get_lexicon().routers else says_provider(word) or ""
