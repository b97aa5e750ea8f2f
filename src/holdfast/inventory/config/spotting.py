"""Texts that name a model whatever stands around them: hub addresses, `hf://`, ARNs, model wheels, images of models."""

import re
from dataclasses import dataclass
from functools import lru_cache

from holdfast.inventory.config.expansion import is_templated
from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.naming import find_distinct, find_named, says_provider


@dataclass(frozen=True, slots=True)
class Spotted:
    """A part of a text that names a model, with what the text itself says about it."""

    text: str
    via: str = ""
    revision: str | None = None


TEXT_MAX = 120
ADDRESS_MAX = 600

_MARKED = re.compile(r"[\d/:_-]|\.en$")
_HUB_URL = re.compile(
    r"(?:git\+)?(?:https?://|git@|hf://)?(?:[\w.~%$\{\}-]*@)?(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com|(?:www\.)?modelscope\.(?:cn|ai))[/:]"
    r"(?:models/|api/models/)?(?P<organisation>[\w.-]+)/(?P<name>[\w.-]+)(?P<rest>[/:?#@][^\s\"'<>)\]|,;]*)?"
)
_NOT_REPOSITORIES = frozenset(
    [
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
        "models",
        "tasks",
        "pricing",
        "chat",
        "login",
        "course",
        "new",
        "inference-api",
        "inference-endpoints",
        "inference",
        "search",
        "posts",
        "front",
        "landing",
        "welcome",
        "support",
        "enterprise",
        "terms-of-service",
        "privacy",
        "storage",
        "kernels",
        "buckets",
        "studios",
    ]
)
_REVISION = re.compile(r"/(?:resolve|tree|blob|raw|commit)/(?P<revision>[\w.-]+)")
_SCHEMED = re.compile(
    r"(?P<scheme>hf|huggingface|ollama|modelscope|ms)://(?P<rest>[\w.-]+(?:/[\w.-]+)*(?::[\w.-]+)?)(?:@(?P<revision>[\w.-]+))?(?:/.*)?"
)
_ARN = re.compile(
    r"arn:aws[\w-]*:bedrock:[\w${}.*-]*:[\w${}.*-]*:(?:foundation-model|inference-profile)/(?P<name>[\w.:-]+)"
)
_SPACY = re.compile(
    r"(?<![\w.-])(?P<name>[a-z]{2,3}_[a-z0-9]+_[a-z0-9_]+)\s*@\s*https?://\S+|https?://\S*/spacy-models/releases/download/(?P<file>[a-z0-9_]+)-(?P<version>[\d.]+\w*)/\S*"
)
_WHISPER = re.compile(
    r"https?://openaipublic\.(?:azureedge\.net|blob\.core\.windows\.net)/main/whisper/models/[0-9a-f]+/(?P<name>[\w.-]+)\.pt"
)
_NIM = re.compile(r"nvcr\.io/nim/(?P<name>[\w.-]+/[\w.-]+)(?::(?P<tag>[\w.-]+))?")
_WEIGHT_URL = re.compile(
    r"https?://\S+/(?P<file>[\w.%+-]+\.(?:gguf|safetensors|pth?|onnx|ckpt|tflite|caffemodel|pdparams|nemo|llamafile|ggml|h5|keras|mlmodel))(?:[?#]\S*)?"
)
_ARCHIVE_URL = re.compile(r"https?://\S+/(?P<name>[\w.-]+?)\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|7z)(?:[?#]\S*)?")
_TYPED = re.compile(
    r"(?P<provider>[a-z]\w+):(?:chat|messages|completion|completions|embedding|embeddings|responses|image|text-generation)"
    r":(?P<name>[\w./:@-]+)"
)
_HOLDERS = re.compile(r"/(?:pretrained|models?|hub|checkpoints|weights)/")
_SCHEME_VIA = {
    "hf": "huggingface",
    "huggingface": "huggingface",
    "ollama": "ollama",
    "modelscope": "modelscope",
    "ms": "modelscope",
}


@lru_cache(maxsize=50_000)
def is_distinct(text: str) -> bool:
    """Whether a text is a model's name whatever stands around it. Every such name has a digit or a mark in it."""
    return 3 < len(text) < TEXT_MAX and _MARKED.search(text) is not None and find_distinct(text) is not None


def is_weights(text: str) -> bool:
    """Whether a text is, by itself, the name of weights on a hub."""
    found = find_distinct(text) if is_distinct(text) else None
    return found is not None and found.model.scheme == "pkg:huggingface"


def is_short(text: str) -> bool:
    """Whether a text is an engine's own short name that is no word of any language: `small.en`, `en_core_web_sm`."""
    found = find_distinct(text) if is_distinct(text) else None
    return found is not None and found.model.scheme == "pkg:generic"


def is_publisher(organisation: str) -> bool:
    """Whether an organisation of a hub is one that is known to publish models."""
    return organisation in get_lexicon().hub.organisations


def is_page(text: str) -> bool:
    """A hub address that shows a repository to a reader and fetches nothing by itself."""
    match = _HUB_URL.fullmatch(text)
    return (
        match is not None
        and text.startswith("http")
        and not re.match(r"\.git|/resolve/", match["rest"] or match["name"][-4:])
    )


def find_spotted(text: str) -> Spotted | None:
    """What a text names by itself: the name, the client word that reads it, and a revision where it has one."""
    if len(text) > ADDRESS_MAX or ("/" not in text and ":" not in text):
        return None
    for read in (_read_hub_url, _read_schemed, _read_arn, _read_wheel, _read_image, _read_typed):
        found = read(text)
        if found is not None:
            return found
    return None


def find_held(path: str) -> Spotted | None:
    """A repository of a known publisher below a folder of one's own: `/models/Qwen/Qwen3-8B`, `//pretrained/…`."""
    organisation, slash, name = "/".join(path.rstrip("/").split("/")[-2:]).partition("/")
    is_held = is_distinct(f"{organisation}/{name}") or _HOLDERS.search(path) is not None
    if not slash or not is_publisher(organisation) or not is_held:
        named = find_named(path.lstrip("/")) if path.startswith("//") else None
        return Spotted(path.lstrip("/")) if named is not None and named.model.scheme == "pkg:generic" else None
    return Spotted(f"{organisation}/{name}")


def _read_hub_url(text: str) -> Spotted | None:
    match = _HUB_URL.fullmatch(text)
    if match is None or match["organisation"] in _NOT_REPOSITORIES or is_templated(match["name"]):
        return None
    rest = match["rest"] or ""
    revision = _REVISION.match(rest)
    name = match["name"].removesuffix(".git")
    via = "modelscope" if "modelscope" in text.partition(match["organisation"])[0] else "huggingface"
    repository = f"{match['organisation']}/{name}"
    plain = (
        text if find_named(text) is not None else text[match.start("organisation") : match.start("name") + len(name)]
    )
    if not rest.startswith((":", "@")) and find_named(plain, via) is None:
        return None
    return Spotted(plain if find_named(plain, via) else repository, via, revision["revision"] if revision else None)


def _read_schemed(text: str) -> Spotted | None:
    match = _SCHEMED.fullmatch(text)
    if match is None:
        return None
    via = _SCHEME_VIA[match["scheme"]]
    name = match["rest"]
    if via != "ollama":
        name = "/".join(name.partition(":")[0].split("/")[:2])
    return Spotted(name, via, match["revision"]) if find_named(name, via) is not None else None


def _read_arn(text: str) -> Spotted | None:
    match = _ARN.fullmatch(text)
    return Spotted(match["name"], "bedrock") if match and find_named(match["name"], "bedrock") else None


def _read_wheel(text: str) -> Spotted | None:
    match = _SPACY.search(text)
    if match is not None:
        wheel = re.search(r"-(\d[\d.]*\d)", text)
        return Spotted(match["name"] or match["file"], "spacy", match["version"] or (wheel[1] if wheel else None))
    whisper = _WHISPER.fullmatch(text)
    if whisper is not None:
        return Spotted(whisper["name"], "whisper")
    archive = _ARCHIVE_URL.fullmatch(text)
    if archive is not None and find_distinct(archive["name"]) is not None:
        return Spotted(archive["name"])
    weights = _WEIGHT_URL.fullmatch(text)
    if weights is None or is_templated(text) or "huggingface.co" in text:
        return None
    return Spotted(text) if find_named(text) is not None else None


def _read_typed(text: str) -> Spotted | None:
    """`anthropic:messages:claude-…`: provider, kind of call, model."""
    match = _TYPED.fullmatch(text)
    via = says_provider(match["provider"]) if match else None
    return Spotted(match["name"], via) if match and via and find_named(match["name"], via) is not None else None


def _read_image(text: str) -> Spotted | None:
    match = _NIM.fullmatch(text)
    if match is None or match["name"].partition("/")[0] not in get_lexicon().hub.organisations | {
        "meta",
        "mistralai",
        "snowflake",
        "deepseek-ai",
    }:
        return None
    return Spotted(match["name"], "nvidia", match["tag"])
