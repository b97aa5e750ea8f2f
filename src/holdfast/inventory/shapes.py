"""Names that the text alone tells: shapes of providers, repositories, routed names, weight files. Knows no client."""

import re
from collections.abc import Callable

from holdfast.inventory.lexicon import Lexicon, get_lexicon
from holdfast.inventory.named import (
    GGUF_INSIDE,
    REPOSITORY,
    URL,
    Named,
    is_deployment,
    is_file,
    is_path,
    is_repository,
    name_hosted,
    name_repository,
    name_short,
    name_weights,
    refuses,
    says_more_than_suffix,
)
from holdfast.records.model import Kind, ModelName, Revision, classify_revision, find_model_name
from holdfast.records.use import Confidence

Reader = Callable[[str, Lexicon], Named | None]
_NOT_MODELS_ON_HUB = frozenset(
    {
        "datasets",
        "spaces",
        "docs",
        "blog",
        "papers",
        "settings",
        "learn",
        "join",
        "collections",
        "organizations",
        "api",
        "oauth",
        "login",
        "new",
        "pricing",
        "tasks",
        "inference",
        "enterprise",
        "posts",
        "chat",
        "front",
        "static",
        "avatars",
        "models",
    }
)
_MEDIA = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".svg",
    ".wav",
    ".mp3",
    ".flac",
    ".ogg",
    ".m4a",
    ".mp4",
    ".webm",
    ".pdf",
    ".csv",
    ".parquet",
)
_HUB_ADDRESS = re.compile(
    r"hf://(?:models/)?(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{1,95}?)(?:@(?P<revision>[\w.-]+))?(?:/[\w./{}+-]*)?"
)
_FILE_INSIDE = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{1,95})/(?:[\w.-]+/){0,3}(?P<file>[\w.-]+)"
)
_HUB_FILES = frozenset(
    {
        "model.safetensors",
        "pytorch_model.bin",
        "model.onnx",
        "tf_model.h5",
        "adapter_model.safetensors",
        "adapter_model.bin",
        "diffusion_pytorch_model.safetensors",
        "open_clip_pytorch_model.bin",
    }
)
_QUANT = re.compile(r"(?i)(?P<repo>[^:]+):(?:(?:i?q\d[\w]*|f16|bf16|fp16|f32|ud-[\w]+|latest|mxfp4\w*)|[\w.-]+\.gguf)")
ROUTED = re.compile(r"(?P<prefix>[A-Za-z][\w-]*)(?P<sign>://|[/:])(?P<rest>.+)")
_OLLAMA = re.compile(r"(?:(?P<user>[\w.-]+)/)?(?P<name>[\w.-]+):(?P<tag>[\w.-]+)")
_OLLAMA_ANY = re.compile(r"(?:[\w.-]+/)?[\w.-]*[A-Za-z][\w.-]*(?::[\w.-]+)?")
_COPIES = re.compile(r"(?i)pretrained|models?|hub|weights|checkpoints?|hf|hugging_?face|llms?|cache")


def find_first(name: str, readers: tuple[Reader, ...]) -> Named | None:
    lexicon = get_lexicon()
    return next((found for reader in readers if (found := reader(name, lexicon)) is not None), None)


def find_at_ollama(name: str, lexicon: Lexicon) -> Named | None:
    if name.startswith(("ollama/", "ollama:", "ollama_chat/")):
        name = name[len("ollama_chat/") if name.startswith("ollama_chat/") else len("ollama/") :]
    if is_file(name) or is_path(name, lexicon) or not _OLLAMA_ANY.fullmatch(name):
        return None
    return name_weights("pkg:ollama", name, Confidence.DECLARED)


def find_at_hub(name: str, word: str, lexicon: Lexicon) -> Named | None:
    name = name.removeprefix("hf://").removeprefix("hf:")
    quant = _QUANT.fullmatch(name)
    name = quant["repo"] if quant else name
    if word.startswith("sentence") or word in ("keybert", "bertopic", "setfit", "huggingface"):
        short = find_sentence_transformers(name, lexicon)
        if short is not None:
            return short
    if REPOSITORY.fullmatch(name) and not is_path(name.removesuffix(".cpp"), lexicon) and not is_file(name):
        return name_repository(name, Confidence.DECLARED)
    if "@" in name and REPOSITORY.fullmatch(name.partition("@")[0]):
        return name_repository(*_split_revision(name))
    return find_first(
        name, (find_single, find_sentence_distinct, find_distinct_short, find_file_in_repository, find_local_file)
    )


def _split_revision(name: str) -> tuple[str, Confidence, str | None]:
    repo, _, revision = name.partition("@")
    return repo, Confidence.DECLARED, revision


def find_alias(name: str, lexicon: Lexicon) -> Named | None:
    model = find_model_name(lexicon.aliases.get(name, ""))
    return Named(model, Revision(), model.kind, Confidence.INFERRED) if model is not None else None


def find_purl(name: str, _: Lexicon) -> Named | None:
    if not name.startswith(("pkg:", "api:")):
        return None
    model = find_model_name(name)
    if model is None:
        return None
    revision = name.partition("@")[2] or None
    return Named(model, classify_revision(revision), model.kind, Confidence.DECLARED)


def find_url(name: str, _: Lexicon) -> Named | None:
    if name.startswith("hf://"):
        return _find_hub_address(name)
    match = URL.fullmatch(name)
    if match is None or match["repo"].partition("/")[0] in _NOT_MODELS_ON_HUB or refuses(match["repo"]):
        return None
    if "/resolve/" in name and name.partition("?")[0].lower().endswith(_MEDIA):
        return None  # a picture or a recording of a model's page
    scheme = "pkg:modelscope" if "modelscope" in match["host"] else "pkg:huggingface"
    return Named(
        ModelName(scheme, match["repo"]), classify_revision(match["revision"]), Kind.WEIGHTS, Confidence.DECLARED
    )


def _find_hub_address(name: str) -> Named | None:
    """`hf://org/name/folder/file.safetensors`: a file of a repository, as fsspec and cached_path read it."""
    match = _HUB_ADDRESS.fullmatch(name)
    if (
        match is None
        or name.lower().endswith(_MEDIA)
        or match["repo"].partition("/")[0] in _NOT_MODELS_ON_HUB
        or refuses(match["repo"])
    ):
        return None
    revision = classify_revision(match["revision"])
    return Named(ModelName("pkg:huggingface", match["repo"]), revision, Kind.WEIGHTS, Confidence.DECLARED)


def find_file_in_repository(name: str, lexicon: Lexicon) -> Named | None:
    """`microsoft/layoutlmv3-base/pytorch_model.bin`: a file below a repository's name."""
    match = _FILE_INSIDE.fullmatch(name)
    if match is None or not name.lower().endswith(lexicon.file_suffixes) or is_path(match["repo"], lexicon):
        return None
    organisation, _, rest = match["repo"].partition("/")
    known = organisation in lexicon.hub.organisations or lexicon.hub.family.search(rest)
    plain = match["file"] in _HUB_FILES and not refuses(match["repo"])
    return name_repository(match["repo"], Confidence.INFERRED) if known or plain else None


def find_weight_address(name: str, lexicon: Lexicon) -> Named | None:
    """A weight file at any address: called by the file's own name, for nothing else says what it is."""
    if not name.startswith(("http://", "https://")):
        return None
    path = name.partition("?")[0]
    if not path.lower().endswith(lexicon.file_suffixes) or not says_more_than_suffix(path):
        return None
    return name_short("file", path.rpartition("/")[2])


def find_provider_shape(name: str, lexicon: Lexicon) -> Named | None:
    if not lexicon.any_provider.fullmatch(name):
        return None
    return next(
        (name_hosted(word, name) for word, entry in lexicon.providers.items() if entry.names.fullmatch(name)), None
    )


def find_provider_short(name: str, lexicon: Lexicon) -> Named | None:
    return next(
        (name_hosted(word, name) for word, entry in lexicon.providers.items() if entry.short.fullmatch(name)), None
    )


def find_routed(name: str, lexicon: Lexicon) -> Named | None:
    """A router's `provider/model` or `provider:model`, where the client is known to read it that way."""
    match = ROUTED.fullmatch(name)
    target = lexicon.prefixes.get(match["prefix"]) if match else None
    if match is None or target is None:
        return None
    rest = match["rest"]
    if lexicon.ollama_tag.fullmatch(rest) and match["sign"] != "/" and target in ("mistral", "deepseek", "google"):
        return None
    if target == "ollama":
        return find_at_ollama(rest, lexicon)
    if target == "hub":
        return find_at_hub(rest, "hf", lexicon)
    if target == "self":
        return find_first(rest, ANY)
    return name_hosted(target, rest) if is_deployment(rest, lexicon) else None


def find_prefixed(name: str, lexicon: Lexicon) -> Named | None:
    """The same without knowing the client: the rest must be a name that this provider is known to use."""
    match = ROUTED.fullmatch(name)
    target = lexicon.prefixes.get(match["prefix"]) if match else None
    if match is None or target is None:
        return None
    rest = match["rest"]
    provider = lexicon.providers.get(target)
    if provider is not None and provider.names.fullmatch(rest):
        return name_hosted(target, rest)
    unmistakable = (
        "_" in match["prefix"]
        or match["prefix"] in lexicon.routing_only
        or target in ("ollama", "openrouter", "groq", "deepinfra", "fireworks")
        or match["sign"] != "/"
    )
    if not unmistakable or (target in ("hub", "self") and not find_first(rest, DISTINCT)):
        return None
    surely = target == "ollama" and lexicon.ollama_family.fullmatch(rest.partition(":")[0])
    return find_routed(name, lexicon) if surely or find_first(rest, DISTINCT) else None


def find_distinct_short(name: str, lexicon: Lexicon) -> Named | None:
    return next(
        (name_short(word, name) for word, shape in lexicon.distinct_short.items() if shape.fullmatch(name)), None
    )


def find_single(name: str, lexicon: Lexicon) -> Named | None:
    return name_repository(name, Confidence.DECLARED) if lexicon.hub.single.fullmatch(name) else None


def find_sentence_distinct(name: str, lexicon: Lexicon) -> Named | None:
    short = lexicon.sentence_transformers
    return (
        find_sentence_transformers(name, lexicon)
        if short.distinct.fullmatch(name) or short.cross_encoder.fullmatch(name)
        else None
    )


def find_sentence_transformers(name: str, lexicon: Lexicon) -> Named | None:
    short = lexicon.sentence_transformers
    if short.cross_encoder.fullmatch(name):
        return name_repository(f"cross-encoder/{name}", Confidence.INFERRED)
    return name_repository(f"{short.organisation}/{name}", Confidence.INFERRED) if short.names.fullmatch(name) else None


def find_ollama_tag(name: str, lexicon: Lexicon) -> Named | None:
    match = _OLLAMA.fullmatch(name)
    if match is None or not lexicon.ollama_tag.fullmatch(match["tag"]):
        return None
    sized = re.match(r"\d+(?:x\d+)?(?:\.\d+)?[bB](?:$|-)", match["tag"])
    known = lexicon.ollama_family.fullmatch(match["name"])
    return name_weights("pkg:ollama", name, Confidence.DECLARED) if known or sized else None


def find_known_repository(name: str, lexicon: Lexicon) -> Named | None:
    """`org/name` where the organisation or the name itself says that it is a model."""
    quant = _QUANT.fullmatch(name)
    name = quant["repo"] if quant else name
    if not is_repository(name, lexicon):
        return None
    organisation, _, rest = name.partition("/")
    hub = lexicon.hub
    surely = organisation in hub.organisations and organisation not in hub.mixed
    return name_repository(name, Confidence.DECLARED) if surely or hub.family.search(rest) else None


def find_gguf_inside(name: str, _lexicon: Lexicon) -> Named | None:
    """The repository of GGUF files that a longer address names together with a file."""
    match = GGUF_INSIDE.search(name)
    return name_repository(match["repo"], Confidence.DECLARED) if match else None


def find_repository(name: str, lexicon: Lexicon) -> Named | None:
    return name_repository(name, Confidence.DECLARED) if is_repository(name, lexicon) else None


def find_bare_ollama(name: str, lexicon: Lexicon) -> Named | None:
    """`nomic-embed-text`, `llama3.1`: Ollama's names without a tag, where they are no plain word."""
    distinctive = any(character.isdigit() or character == "-" for character in name)
    if not distinctive or not lexicon.ollama_family.fullmatch(name):
        return None
    return name_weights("pkg:ollama", name, Confidence.INFERRED)


def find_deep_path(name: str, lexicon: Lexicon) -> Named | None:
    """`//pretrained/facebook/encodec_24khz`, `s3://bucket/models/meta-llama/Llama-3-8B`: a copy of a hub repository."""
    parts = name.rstrip("/").rsplit("/", 2)
    if len(parts) < 3 or name.startswith(("http:", "https:")) or is_file(name) or not _COPIES.search(parts[0]):
        return None
    repository = f"{parts[1]}/{parts[2]}"
    known = parts[1] in lexicon.hub.organisations and REPOSITORY.fullmatch(repository)
    return name_repository(repository, Confidence.INFERRED) if known else None


def find_local_file(name: str, lexicon: Lexicon) -> Named | None:
    """A weight file, or a folder with a model family's name; not a run's own output."""
    if lexicon.own_folder.search(name):
        return None
    path = name.removeprefix("./").lstrip("/")
    if name.lower().endswith(lexicon.file_suffixes):
        return name_short("file", path) if says_more_than_suffix(path) else None
    is_deep = name.startswith(("/", "./", "../", "~/")) or path.count("/") >= 1
    deep = is_deep and not name.lower().endswith((".yaml", ".yml", ".toml", ".cfg", ".ini"))  # its configuration
    return (
        name_short("file", path)
        if deep and lexicon.hub.family.search(path.rpartition("/")[2]) and "://" not in name
        else None
    )


DISTINCT: tuple[Reader, ...] = (
    find_purl,
    find_url,
    find_gguf_inside,
    find_provider_shape,
    find_prefixed,
    find_distinct_short,
    find_single,
    find_sentence_distinct,
    find_ollama_tag,
    find_known_repository,
)
ANY: tuple[Reader, ...] = (
    *DISTINCT,
    find_provider_short,
    find_bare_ollama,
    find_deep_path,
    find_file_in_repository,
    find_repository,
    find_local_file,
)
