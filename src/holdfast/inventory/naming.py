"""From the text of a name and its surroundings to a canonical model name. Guesses are marked inferred; no network."""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

from holdfast.inventory.lexicon import Engine, Lexicon, Provider, get_lexicon
from holdfast.inventory.named import (
    REPOSITORY,
    Named,
    is_deployment,
    is_file,
    is_path,
    name_hosted,
    name_repository,
    name_short,
    name_weights,
    refuses,
    says_more_than_suffix,
)
from holdfast.inventory.shapes import (
    ANY,
    DISTINCT,
    ROUTED,
    find_alias,
    find_at_hub,
    find_at_ollama,
    find_first,
    find_known_repository,
    find_local_file,
    find_purl,
    find_repository,
    find_routed,
    find_single,
    find_url,
    find_weight_address,
)
from holdfast.records.model import Kind, classify_revision
from holdfast.records.use import Confidence

__all__ = [
    "Grade",
    "Named",
    "find_distinct",
    "find_hinted",
    "find_named",
    "get_kind_of_client",
    "grade",
    "looks_like_model",
    "says_provider",
]


_DIGIT = re.compile(r"\d")
_VERSION = re.compile(r"(?i)(?:^|[-_.])v?\d+[-_.]\d|(?:^|[-_])xl(?:[-_]|$)|(?:^|[-_])sd[-_]?v?\d")
_FORMAT = re.compile(
    r"(?i)onnx|gguf|ggml|gptq|awq|mlx|int[48]|openvino|tflite|ct2"
)  # of weights, which nobody hosts so


def find_named(text: str, via: str = "", endpoint: str = "", revision: str | None = None) -> Named | None:
    """Canonical name for `text` as seen through `via` (an engine or client word); None when it is no model name.

    >>> find_named("Qwen/Qwen3-8B", via="transformers").model
    ModelName(scheme='pkg:huggingface', path='Qwen/Qwen3-8B')
    """
    found = _find(text.strip(), via.strip().lower(), endpoint.strip())
    if found is None or revision is None:
        return found
    return Named(found.model, classify_revision(revision), found.kind, found.confidence)


def looks_like_model(text: str) -> bool:
    """True when `text` is a model's name whatever stands around it: for strings without any context."""
    return find_distinct(text) is not None


def find_distinct(text: str) -> Named | None:
    """The canonical name of a text that names a model whatever stands around it; None where a context must tell."""
    name = text.strip()
    if refuses(name):
        return None
    return find_first(name, DISTINCT)


def says_provider(word: str) -> str | None:
    """The provider or engine word that a piece of an identifier means (`groq`, `ollama`, `vllm`), if it means one."""
    lexicon = get_lexicon()
    lowered = word.lower()
    if lowered in lexicon.no_hint:
        return None
    known = lowered in lexicon.hub_engines or lowered in lexicon.ollama_engines or lowered in lexicon.engine_of_via
    return lowered if known or lowered in lexicon.provider_of_via else None


class Grade(IntEnum):
    """How plainly a text is a model's name, before anything is known of its place."""

    NO = 0
    POSSIBLE = 1  # any `org/name`, an engine's short name
    LIKELY = 2  # … with a known organisation, or a word that models carry
    PLAIN = 3  # both, or the shape of a hosted name
    SURE = 4  # a repository of a known laboratory that carries a family's name
    NEVER = 5


@lru_cache(maxsize=20_000)
def grade(text: str) -> Grade:
    """The grade of one text."""
    named = _find(text.strip(), "", "")
    if named is None:
        return Grade.NO
    hub = get_lexicon().hub
    organisation, _, rest = named.model.path.partition("/")
    is_repository = named.model.scheme == "pkg:huggingface" and bool(rest) and text.strip() == named.model.path
    known, likely = organisation in hub.organisations, bool(hub.likely.search(rest))
    if find_distinct(text) is not None:
        return Grade.SURE if is_repository and known and hub.family.search(rest) else Grade.PLAIN
    if named.model.scheme == "pkg:huggingface" and named.confidence is Confidence.INFERRED and known:
        return Grade.SURE  # a path that ends in a known laboratory's repository
    if not is_repository:
        is_inside = named.model.scheme == "pkg:huggingface" and is_file(text.strip())
        if is_inside:
            return Grade.PLAIN  # `org/name/model.safetensors`
        return Grade.LIKELY if _is_telling_file(text.strip()) else Grade.POSSIBLE
    if organisation in get_lexicon().prefixes:
        return Grade.LIKELY if likely else Grade.NO  # `openai/anything`: a provider's word is no organisation by itself
    return Grade.PLAIN if known and likely else Grade.LIKELY if known or likely else Grade.POSSIBLE


def _is_telling_file(name: str) -> bool:
    """`sd_xl_base_1.0.safetensors`: a weight file whose own name carries a version or a family."""
    if not name.lower().endswith((".safetensors", ".gguf", ".ckpt")) or "/" in name or not says_more_than_suffix(name):
        return False
    stem = name.rpartition(".")[0]
    return bool(_VERSION.search(stem) or get_lexicon().hub.family.search(stem))


def get_kind_of_client(via: str, endpoint: str = "") -> Kind:
    """Weights or hosted, where the name itself is unknown: what the client and the endpoint alone tell."""
    lexicon = get_lexicon()
    if endpoint and lexicon.find_provider_of_endpoint(endpoint) is None and _is_own_server(endpoint):
        return Kind.WEIGHTS
    word = _known_word(via.lower(), lexicon)
    loads = (
        word in lexicon.hub_engines
        or word in lexicon.ollama_engines
        or word in lexicon.engine_of_via
        or word in lexicon.modelscope_engines
    )
    return Kind.HOSTED if not loads and (word in lexicon.provider_of_via or word in lexicon.routers) else Kind.WEIGHTS


def find_hinted(text: str, hints: Iterable[str]) -> tuple[Named, str] | None:
    """The name as one of the hinted engines or providers uses it, and which; stricter than `find_named`.

    A hint is a word from the surroundings (a class, a file, a key) and not the client itself, so that only names which
    the hinted one is known to use count.
    """
    name = text.strip()
    if refuses(name):
        return None
    for hint in hints:
        found = _find_hinted(name, hint, get_lexicon())
        if found is not None:
            return found, hint
    return None


@lru_cache(maxsize=20_000)
def _find(name: str, via: str, endpoint: str) -> Named | None:
    if refuses(name):
        return None
    lexicon = get_lexicon()
    explicit = find_purl(name, lexicon) or find_url(name, lexicon) or find_alias(name, lexicon)
    explicit = explicit or find_weight_address(name, lexicon)
    if explicit is None and via == "archive" and name.startswith("http"):
        explicit = name_short("file", name.rpartition("/")[2])  # its surroundings tell that it holds weights
    if explicit is not None:
        return explicit
    provider = lexicon.find_provider_of_endpoint(endpoint) if endpoint else None
    if provider is not None:
        return _find_at_provider(name, lexicon.providers[provider], lexicon)
    if endpoint and _is_own_server(endpoint):
        return _find_at_own_server(name, endpoint, lexicon)
    return _find_through(name, via, lexicon)


def _find_through(name: str, via: str, lexicon: Lexicon) -> Named | None:
    word = _known_word(via, lexicon)
    if word in lexicon.routers:
        return find_routed(name, lexicon) or find_first(name, ANY)
    if word in lexicon.engine_of_via:
        return _find_at_engine(name, lexicon.short_engines[lexicon.engine_of_via[word]], lexicon)
    if word in lexicon.ollama_engines:
        return find_at_ollama(name, lexicon)
    if word in lexicon.modelscope_engines:
        return _find_at_modelscope(name, lexicon)
    if word in lexicon.hub_engines:
        return find_at_hub(name, word, lexicon)
    if word in lexicon.provider_of_via:
        return _find_at_provider(name, lexicon.providers[lexicon.provider_of_via[word]], lexicon)
    return find_first(name, ANY)


def _known_word(via: str, lexicon: Lexicon) -> str:
    """`langchain-openai` means openai: the last piece that the lexicon knows decides."""
    tables = (
        lexicon.routers,
        lexicon.engine_of_via,
        lexicon.ollama_engines,
        lexicon.modelscope_engines,
        lexicon.hub_engines,
        lexicon.provider_of_via,
    )
    for candidate in (via, *reversed(re.split(r"[-_./ ]+", via))):
        if candidate and any(candidate in table for table in tables):
            return candidate
    return via


def _find_at_provider(name: str, provider: Provider, lexicon: Lexicon) -> Named | None:
    name = _strip_own_prefix(name, provider, lexicon)
    if provider.names.fullmatch(name) or provider.short.fullmatch(name) or provider.own.fullmatch(name):
        return name_hosted(provider.word, name)
    if provider.takes_any:
        return name_hosted(provider.word, name) if is_deployment(name, lexicon) else None
    elsewhere = find_first(name, DISTINCT) or find_repository(name, lexicon)
    if elsewhere is not None or not is_deployment(name, lexicon) or "/" in name:
        return elsewhere
    return name_hosted(provider.word, name, Confidence.INFERRED) if _DIGIT.search(name) else None


def _strip_own_prefix(name: str, provider: Provider, lexicon: Lexicon) -> str:
    """`groq/llama-3.1-8b-instant` asked of Groq; but `nvidia/…` and `ibm/…` are parts of names there."""
    routed = ROUTED.fullmatch(name)
    keeps = provider.word in ("nvidia", "watsonx", "huggingface") or name == "openrouter/auto"
    own = routed is not None and lexicon.prefixes.get(routed["prefix"]) == provider.word
    return routed["rest"] if routed is not None and own and not keeps else name


def _find_at_own_server(name: str, endpoint: str, lexicon: Lexicon) -> Named | None:
    if "11434" in endpoint:
        return find_at_ollama(name, lexicon)
    return find_first(name, ANY) or _find_served(name, lexicon)


def _find_served(name: str, lexicon: Lexicon) -> Named | None:
    """The name that a server of one's own gives to weights, when it is a family's."""
    is_plain = "/" not in name and ":" not in name
    return name_short("server", name) if is_plain and lexicon.hub.family.search(name) else None


def _is_own_server(endpoint: str) -> bool:
    return bool(
        re.search(
            r"localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|//(?:10|192\.168|172\.\d+)\.|\.local\b|//[\w-]+:\d+",
            endpoint,
        )
    )


def _find_at_engine(name: str, engine: Engine, lexicon: Lexicon) -> Named | None:
    if engine.names.fullmatch(name):
        return name_short(engine.word, name)
    hub = re.fullmatch(r"(?:hf[-_]hub:|hf://)(?P<repo>.+)", name)
    if hub:
        return name_repository(hub["repo"], Confidence.DECLARED) if REPOSITORY.fullmatch(hub["repo"]) else None
    if engine.open.fullmatch(name) and engine.word in ("torch-hub", "tfhub", "keras", "paddle", "coqui"):
        return name_short(engine.word, name)
    known = find_known_repository(name, lexicon) or find_single(name, lexicon) or find_local_file(name, lexicon)
    if known is None and "/" in name:
        known = find_repository(name, lexicon)
    says_nothing = is_file(name) and not says_more_than_suffix(name)
    if known is not None or says_nothing or ("/" in name and is_path(name, lexicon)):
        return known
    return name_short(engine.word, name) if engine.open.fullmatch(name) else None


def _find_at_modelscope(name: str, lexicon: Lexicon) -> Named | None:
    if REPOSITORY.fullmatch(name) and not is_path(name, lexicon):
        return name_weights("pkg:modelscope", name, Confidence.DECLARED)
    return find_local_file(name, lexicon)


def _find_hinted(name: str, hint: str, lexicon: Lexicon) -> Named | None:
    if hint in lexicon.ollama_engines:
        known = lexicon.ollama_family.fullmatch(name.rpartition("/")[2].partition(":")[0])
        return find_at_ollama(name, lexicon) if known else None
    if hint in lexicon.engine_of_via:
        engine = lexicon.short_engines[lexicon.engine_of_via[hint]]
        return name_short(engine.word, name) if engine.names.fullmatch(name) else None
    if hint in lexicon.hub_engines or hint not in lexicon.provider_of_via:
        return None
    provider = lexicon.providers[lexicon.provider_of_via[hint]]
    routed = ROUTED.fullmatch(name)
    if routed and routed["prefix"] in lexicon.routing_only and lexicon.prefixes[routed["prefix"]] != provider.word:
        return None  # the text itself says through whom
    name = _strip_own_prefix(name, provider, lexicon)
    if provider.names.fullmatch(name) or provider.short.fullmatch(name) or provider.own.fullmatch(name):
        return name_hosted(provider.word, name)
    surely = (
        provider.takes_any
        and lexicon.hub.family.search(name)
        and is_deployment(name, lexicon)
        and not _FORMAT.search(name)
    )
    return name_hosted(provider.word, name) if surely else None
