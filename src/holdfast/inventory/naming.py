"""From the text of a name and its surroundings to a canonical model name. Guesses are marked inferred; no network."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from holdfast.inventory.lexicon import Engine, Lexicon, Provider, get_lexicon
from holdfast.records.model import Kind, ModelName, Pin, Revision, classify_revision, find_model_name
from holdfast.records.use import Confidence

TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Named:
    """A canonical name, the revision that the text itself carries, and how sure that is."""

    model: ModelName
    revision: Revision
    kind: Kind
    confidence: Confidence


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
    """The canonical name of a text that names a model whatever stands around it; None where only a context could tell."""
    name = text.strip()
    if _refuses(name):
        return None
    return _first(name, _DISTINCT)


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
        return Grade.POSSIBLE
    if organisation in get_lexicon().prefixes:
        return Grade.LIKELY if likely else Grade.NO  # `openai/anything`: a provider's word is no organisation by itself
    return Grade.PLAIN if known and likely else Grade.LIKELY if known or likely else Grade.POSSIBLE


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
    if _refuses(name):
        return None
    for hint in hints:
        found = _read_hinted(name, hint, get_lexicon())
        if found is not None:
            return found, hint
    return None


Reader = Callable[[str, Lexicon], Named | None]

_PLAUSIBLE = re.compile(r"(?:\.{1,2}/|[/~@A-Za-z0-9])[\w./:@+#\[\]=-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{1,95}")
_URL = re.compile(
    r"(?:https?://|hf://)?(?:www\.)?(?P<host>huggingface\.co|hf\.co|hf-mirror\.com|modelscope\.cn|www\.modelscope\.cn|modelscope\.ai)/"
    r"(?:models/|api/models/)?(?P<repo>[\w.-]+/[\w.-]+?)(?:\.git)?"
    r"(?:/(?:resolve|tree|blob|raw|commit)/(?P<revision>[\w.-]+)(?:/.*)?)?(?::(?P<quant>[\w.-]+))?/?(?:[?#].*)?"
)
_NOT_MODELS_ON_HUB = frozenset(
    {"datasets", "spaces", "docs", "blog", "papers", "settings", "learn", "join", "collections", "organizations", "api"}
)
_QUANT = re.compile(r"(?i)(?P<repo>[^:]+):(?:(?:i?q\d[\w]*|f16|bf16|fp16|f32|ud-[\w]+|latest|mxfp4\w*)|[\w.-]+\.gguf)")
_ROUTED = re.compile(r"(?P<prefix>[A-Za-z][\w-]*)(?P<sign>://|[/:])(?P<rest>.+)")
_OLLAMA = re.compile(r"(?:(?P<user>[\w.-]+)/)?(?P<name>[\w.-]+):(?P<tag>[\w.-]+)")
_OLLAMA_ANY = re.compile(r"(?:[\w.-]+/)?[\w.-]*[A-Za-z][\w.-]*(?::[\w.-]+)?")
_COPIES = re.compile(r"(?i)pretrained|models?|hub|weights|checkpoints?|hf|hugging_?face|llms?|cache")
_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=20_000)
def _find(name: str, via: str, endpoint: str) -> Named | None:
    if _refuses(name):
        return None
    lexicon = get_lexicon()
    explicit = _read_purl(name, lexicon) or _read_url(name, lexicon) or _read_alias(name, lexicon)
    explicit = explicit or _read_weight_address(name, lexicon)
    if explicit is not None:
        return explicit
    provider = lexicon.find_provider_of_endpoint(endpoint) if endpoint else None
    if provider is not None:
        return _read_at_provider(name, lexicon.providers[provider], lexicon)
    if endpoint and _is_own_server(endpoint):
        return _read_at_own_server(name, endpoint, lexicon)
    return _read_through(name, via, lexicon)


def _read_through(name: str, via: str, lexicon: Lexicon) -> Named | None:
    word = _known_word(via, lexicon)
    if word in lexicon.routers:
        return _read_routed(name, lexicon) or _first(name, _ANY)
    if word in lexicon.engine_of_via:
        return _read_at_engine(name, lexicon.short_engines[lexicon.engine_of_via[word]], lexicon)
    if word in lexicon.ollama_engines:
        return _read_at_ollama(name, lexicon)
    if word in lexicon.modelscope_engines:
        return _read_at_modelscope(name, lexicon)
    if word in lexicon.hub_engines:
        return _read_at_hub(name, word, lexicon)
    if word in lexicon.provider_of_via:
        return _read_at_provider(name, lexicon.providers[lexicon.provider_of_via[word]], lexicon)
    return _first(name, _ANY)


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


def _refuses(name: str) -> bool:
    """Not a name at all, or a made-up one."""
    if not 2 <= len(name) <= TEXT_MAX:
        return True
    if name.startswith(("https://", "http://")):
        return False
    if not (_PLAUSIBLE.fullmatch(name) or _URL.fullmatch(name) or _is_file(name)):
        return True
    lexicon = get_lexicon()
    lowered = name.lower()
    if lowered in lexicon.fake_words or lexicon.fake_patterns.fullmatch(lowered):
        return True
    first, _, rest = lowered.partition("/")
    if not rest:
        return False
    return (
        first in lexicon.fake_organisations
        or bool(lexicon.fake_patterns.fullmatch(first))
        or _is_fake_rest(rest, lexicon)
    )


def _is_fake_rest(rest: str, lexicon: Lexicon) -> bool:
    last = rest.rpartition("/")[2]
    return last in lexicon.fake_words or bool(lexicon.fake_patterns.fullmatch(last))


def _first(name: str, readers: tuple[Reader, ...]) -> Named | None:
    lexicon = get_lexicon()
    return next((found for reader in readers if (found := reader(name, lexicon)) is not None), None)


# Who is asked decides.


def _read_at_provider(name: str, provider: Provider, lexicon: Lexicon) -> Named | None:
    name = _strip_own_prefix(name, provider, lexicon)
    if provider.names.fullmatch(name) or provider.short.fullmatch(name) or provider.own.fullmatch(name):
        return _hosted(provider.word, name)
    if provider.takes_any:
        return _hosted(provider.word, name) if _is_deployment(name, lexicon) else None
    elsewhere = _first(name, _DISTINCT) or _read_repository(name, lexicon)
    if elsewhere is not None or not _is_deployment(name, lexicon) or "/" in name:
        return elsewhere
    return _hosted(provider.word, name, Confidence.INFERRED) if _DIGIT.search(name) else None


def _strip_own_prefix(name: str, provider: Provider, lexicon: Lexicon) -> str:
    """`groq/llama-3.1-8b-instant` asked of Groq; but `nvidia/…` and `ibm/…` are parts of names there."""
    routed = _ROUTED.fullmatch(name)
    keeps = provider.word in ("nvidia", "watsonx", "huggingface") or name == "openrouter/auto"
    own = routed is not None and lexicon.prefixes.get(routed["prefix"]) == provider.word
    return routed["rest"] if routed is not None and own and not keeps else name


def _is_deployment(name: str, lexicon: Lexicon) -> bool:
    return not _is_path(name, lexicon) and len(name) > 2 and not name.startswith("@")


def _read_at_own_server(name: str, endpoint: str, lexicon: Lexicon) -> Named | None:
    if "11434" in endpoint:
        return _read_at_ollama(name, lexicon)
    return _first(name, _ANY)


def _is_own_server(endpoint: str) -> bool:
    return bool(
        re.search(
            r"localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|//(?:10|192\.168|172\.\d+)\.|\.local\b|//[\w-]+:\d+",
            endpoint,
        )
    )


def _read_at_engine(name: str, engine: Engine, lexicon: Lexicon) -> Named | None:
    if engine.names.fullmatch(name):
        return _short(engine.word, name)
    hub = re.fullmatch(r"(?:hf[-_]hub:|hf://)(?P<repo>.+)", name)
    if hub:
        return _repository(hub["repo"], Confidence.DECLARED) if _REPOSITORY.fullmatch(hub["repo"]) else None
    if engine.open.fullmatch(name) and engine.word in ("torch-hub", "tfhub", "keras", "paddle", "coqui"):
        return _short(engine.word, name)
    known = _read_known_repository(name, lexicon) or _read_single(name, lexicon) or _read_local_file(name, lexicon)
    if known is None and "/" in name:
        known = _read_repository(name, lexicon)
    return known or (_short(engine.word, name) if engine.open.fullmatch(name) else None)


def _read_at_ollama(name: str, lexicon: Lexicon) -> Named | None:
    if name.startswith(("ollama/", "ollama:", "ollama_chat/")):
        name = name[len("ollama_chat/") if name.startswith("ollama_chat/") else len("ollama/") :]
    if _is_file(name) or _is_path(name, lexicon) or not _OLLAMA_ANY.fullmatch(name):
        return None
    return _weights("pkg:ollama", name, Confidence.DECLARED)


def _read_at_modelscope(name: str, lexicon: Lexicon) -> Named | None:
    if _REPOSITORY.fullmatch(name) and not _is_path(name, lexicon):
        return _weights("pkg:modelscope", name, Confidence.DECLARED)
    return _read_local_file(name, lexicon)


def _read_at_hub(name: str, word: str, lexicon: Lexicon) -> Named | None:
    name = name.removeprefix("hf://").removeprefix("hf:")
    quant = _QUANT.fullmatch(name)
    name = quant["repo"] if quant else name
    if word.startswith("sentence") or word in ("keybert", "bertopic", "setfit", "huggingface"):
        short = _read_sentence_transformers(name, lexicon)
        if short is not None:
            return short
    if _REPOSITORY.fullmatch(name) and not _is_path(name, lexicon) and not _is_file(name):
        return _repository(name, Confidence.DECLARED)
    if "@" in name and _REPOSITORY.fullmatch(name.partition("@")[0]):
        return _repository(*_split_revision(name))
    return _first(name, (_read_single, _read_sentence_distinct, _read_distinct_short, _read_local_file))


def _split_revision(name: str) -> tuple[str, Confidence, str | None]:
    repo, _, revision = name.partition("@")
    return repo, Confidence.DECLARED, revision


def _read_hinted(name: str, hint: str, lexicon: Lexicon) -> Named | None:
    if hint in lexicon.ollama_engines:
        known = lexicon.ollama_family.fullmatch(name.rpartition("/")[2].partition(":")[0])
        return _read_at_ollama(name, lexicon) if known else None
    if hint in lexicon.engine_of_via:
        engine = lexicon.short_engines[lexicon.engine_of_via[hint]]
        return _short(engine.word, name) if engine.names.fullmatch(name) else None
    if hint in lexicon.hub_engines or hint not in lexicon.provider_of_via:
        return None
    provider = lexicon.providers[lexicon.provider_of_via[hint]]
    routed = _ROUTED.fullmatch(name)
    if routed and routed["prefix"] in lexicon.routing_only and lexicon.prefixes[routed["prefix"]] != provider.word:
        return None  # the text itself says through whom
    name = _strip_own_prefix(name, provider, lexicon)
    if provider.names.fullmatch(name) or provider.short.fullmatch(name) or provider.own.fullmatch(name):
        return _hosted(provider.word, name)
    surely = provider.takes_any and lexicon.hub.family.search(name) and _is_deployment(name, lexicon)
    return _hosted(provider.word, name) if surely else None


# The text alone decides.


def _read_alias(name: str, lexicon: Lexicon) -> Named | None:
    model = find_model_name(lexicon.aliases.get(name, ""))
    return Named(model, Revision(), model.kind, Confidence.INFERRED) if model is not None else None


def _read_purl(name: str, _: Lexicon) -> Named | None:
    if not name.startswith(("pkg:", "api:")):
        return None
    model = find_model_name(name)
    if model is None:
        return None
    revision = name.partition("@")[2] or None
    return Named(model, classify_revision(revision), model.kind, Confidence.DECLARED)


def _read_url(name: str, _: Lexicon) -> Named | None:
    match = _URL.fullmatch(name)
    if match is None or match["repo"].partition("/")[0] in _NOT_MODELS_ON_HUB or _refuses(match["repo"]):
        return None
    scheme = "pkg:modelscope" if "modelscope" in match["host"] else "pkg:huggingface"
    return Named(
        ModelName(scheme, match["repo"]), classify_revision(match["revision"]), Kind.WEIGHTS, Confidence.DECLARED
    )


def _read_weight_address(name: str, lexicon: Lexicon) -> Named | None:
    """A weight file at any address: called by the file's own name, for nothing else says what it is."""
    if not name.startswith(("http://", "https://")):
        return None
    path = name.partition("?")[0]
    if not path.lower().endswith(lexicon.file_suffixes) or not _says_more_than_suffix(path):
        return None
    return _short("file", path.rpartition("/")[2])


def _read_provider_shape(name: str, lexicon: Lexicon) -> Named | None:
    if not lexicon.any_provider.fullmatch(name):
        return None
    return next((_hosted(word, name) for word, entry in lexicon.providers.items() if entry.names.fullmatch(name)), None)


def _read_provider_short(name: str, lexicon: Lexicon) -> Named | None:
    return next((_hosted(word, name) for word, entry in lexicon.providers.items() if entry.short.fullmatch(name)), None)


def _read_routed(name: str, lexicon: Lexicon) -> Named | None:
    """A router's `provider/model` or `provider:model`, where the client is known to read it that way."""
    match = _ROUTED.fullmatch(name)
    target = lexicon.prefixes.get(match["prefix"]) if match else None
    if match is None or target is None:
        return None
    rest = match["rest"]
    if lexicon.ollama_tag.fullmatch(rest) and match["sign"] != "/" and target in ("mistral", "deepseek", "google"):
        return None
    if target == "ollama":
        return _read_at_ollama(rest, lexicon)
    if target == "hub":
        return _read_at_hub(rest, "hf", lexicon)
    if target == "self":
        return _first(rest, _ANY)
    return _hosted(target, rest) if _is_deployment(rest, lexicon) else None


def _read_prefixed(name: str, lexicon: Lexicon) -> Named | None:
    """The same without knowing the client: the rest must be a name that this provider is known to use."""
    match = _ROUTED.fullmatch(name)
    target = lexicon.prefixes.get(match["prefix"]) if match else None
    if match is None or target is None:
        return None
    rest = match["rest"]
    provider = lexicon.providers.get(target)
    if provider is not None and provider.names.fullmatch(rest):
        return _hosted(target, rest)
    unmistakable = (
        "_" in match["prefix"]
        or target in ("ollama", "openrouter", "groq", "deepinfra", "fireworks")
        or match["sign"] != "/"
    )
    if not unmistakable or (target in ("hub", "self") and not _first(rest, _DISTINCT)):
        return None
    surely = target == "ollama" and lexicon.ollama_family.fullmatch(rest.partition(":")[0])
    return _read_routed(name, lexicon) if surely or _first(rest, _DISTINCT) else None


def _read_distinct_short(name: str, lexicon: Lexicon) -> Named | None:
    return next((_short(word, name) for word, shape in lexicon.distinct_short.items() if shape.fullmatch(name)), None)


def _read_single(name: str, lexicon: Lexicon) -> Named | None:
    return _repository(name, Confidence.DECLARED) if lexicon.hub.single.fullmatch(name) else None


def _read_sentence_distinct(name: str, lexicon: Lexicon) -> Named | None:
    short = lexicon.sentence_transformers
    return (
        _read_sentence_transformers(name, lexicon)
        if short.distinct.fullmatch(name) or short.cross_encoder.fullmatch(name)
        else None
    )


def _read_sentence_transformers(name: str, lexicon: Lexicon) -> Named | None:
    short = lexicon.sentence_transformers
    if short.cross_encoder.fullmatch(name):
        return _repository(f"cross-encoder/{name}", Confidence.INFERRED)
    return _repository(f"{short.organisation}/{name}", Confidence.INFERRED) if short.names.fullmatch(name) else None


def _read_ollama_tag(name: str, lexicon: Lexicon) -> Named | None:
    match = _OLLAMA.fullmatch(name)
    if match is None or not lexicon.ollama_tag.fullmatch(match["tag"]):
        return None
    sized = re.match(r"\d+(?:x\d+)?(?:\.\d+)?[bB](?:$|-)", match["tag"])
    known = lexicon.ollama_family.fullmatch(match["name"])
    return _weights("pkg:ollama", name, Confidence.DECLARED) if known or sized else None


def _read_known_repository(name: str, lexicon: Lexicon) -> Named | None:
    """`org/name` where the organisation or the name itself says that it is a model."""
    quant = _QUANT.fullmatch(name)
    name = quant["repo"] if quant else name
    if not _is_repository(name, lexicon):
        return None
    organisation, _, rest = name.partition("/")
    hub = lexicon.hub
    surely = organisation in hub.organisations and organisation not in hub.mixed
    return _repository(name, Confidence.DECLARED) if surely or hub.family.search(rest) else None


def _read_repository(name: str, lexicon: Lexicon) -> Named | None:
    return _repository(name, Confidence.DECLARED) if _is_repository(name, lexicon) else None


def _read_deep_path(name: str, lexicon: Lexicon) -> Named | None:
    """`//pretrained/facebook/encodec_24khz`, `s3://bucket/models/meta-llama/Llama-3-8B`: a copy of a hub repository."""
    parts = name.rstrip("/").rsplit("/", 2)
    if len(parts) < 3 or name.startswith(("http:", "https:")) or _is_file(name) or not _COPIES.search(parts[0]):
        return None
    repository = f"{parts[1]}/{parts[2]}"
    known = parts[1] in lexicon.hub.organisations and _REPOSITORY.fullmatch(repository)
    return _repository(repository, Confidence.INFERRED) if known else None


def _read_local_file(name: str, lexicon: Lexicon) -> Named | None:
    """A weight file, or a folder with a model family's name; not a run's own output."""
    if lexicon.own_folder.search(name):
        return None
    path = name.removeprefix("./").lstrip("/")
    if name.lower().endswith(lexicon.file_suffixes):
        return _short("file", path) if _says_more_than_suffix(path) else None
    deep = name.startswith(("/", "./", "../", "~/")) or path.count("/") >= 1
    return (
        _short("file", path)
        if deep and lexicon.hub.family.search(path.rpartition("/")[2]) and "://" not in name
        else None
    )


def _says_more_than_suffix(path: str) -> bool:
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    return stem not in (
        "model",
        "models",
        "best",
        "last",
        "latest",
        "test",
        "foo",
        "weights",
        "checkpoint",
        "out",
        "output",
        "data",
        "pytorch_model",
        "adapter_model",
        "optimizer",
        "scheduler",
        "",
    )


def _is_repository(name: str, lexicon: Lexicon) -> bool:
    return bool(_REPOSITORY.fullmatch(name)) and not _is_path(name, lexicon) and not _is_file(name)


def _is_path(name: str, lexicon: Lexicon) -> bool:
    if name.startswith(("/", "./", "../", "~", "\\")) or "//" in name or "://" in name:
        return True
    if "/" not in name:
        return name.lower().endswith(lexicon.hub.not_suffixes)
    first = name.partition("/")[0].lower()
    return first in lexicon.hub.not_first or name.lower().endswith(lexicon.hub.not_suffixes)


def _is_file(name: str) -> bool:
    return bool(re.fullmatch(r"[\w./~ -]+", name)) and name.lower().endswith(get_lexicon().file_suffixes)


# Building the answer.


def _hosted(word: str, name: str, confidence: Confidence = Confidence.DECLARED) -> Named:
    path = name.removeprefix("models/") if word == "google" else name
    if word == "bedrock":
        path = path.removeprefix("bedrock/")
    return Named(ModelName("api", f"{word}/{path}"), _classify_hosted(name), Kind.HOSTED, confidence)


def _classify_hosted(name: str) -> Revision:
    match = get_lexicon().snapshot.search(name)
    return Revision(match[1], Pin.SNAPSHOT) if match else Revision(None, Pin.MOVING)


def _repository(path: str, confidence: Confidence, revision: str | None = None) -> Named:
    return Named(ModelName("pkg:huggingface", path), classify_revision(revision), Kind.WEIGHTS, confidence)


def _weights(scheme: str, path: str, confidence: Confidence) -> Named:
    return Named(ModelName(scheme, path), Revision(), Kind.WEIGHTS, confidence)


def _short(engine: str, name: str) -> Named:
    return _weights("pkg:generic", f"{engine}/{name}", Confidence.INFERRED)


_DISTINCT: tuple[Reader, ...] = (
    _read_purl,
    _read_url,
    _read_provider_shape,
    _read_prefixed,
    _read_distinct_short,
    _read_single,
    _read_sentence_distinct,
    _read_ollama_tag,
    _read_known_repository,
)
_ANY: tuple[Reader, ...] = (*_DISTINCT, _read_provider_short, _read_deep_path, _read_repository, _read_local_file)
