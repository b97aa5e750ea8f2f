"""What a canonical name is made of, and which texts cannot be one: made-up names, paths, media types."""

import re
from dataclasses import dataclass

from holdfast.inventory.lexicon import Lexicon, get_lexicon
from holdfast.records.model import Kind, ModelName, Pin, Revision, classify_revision
from holdfast.records.use import Confidence

TEXT_MAX = 200
_PLAUSIBLE = re.compile(r"(?:\.{1,2}/|[/~@A-Za-z0-9])[\w./:@+#\[\]=-]*")
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{1,95}")
# A repository of GGUF files inside a longer address: `llama-cpp-python/unsloth/Qwen3-8B-GGUF/*Q4_K_M.gguf@8192`.
GGUF_INSIDE = re.compile(
    r"(?:^|[/:])(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[\w.-]*gguf[\w.-]*)/[\w.*-]+\.gguf(?:@\d+)?$", re.IGNORECASE
)
_OWN_WORDS = frozenset(
    {"embedding", "embeddings"}
)  # `pyannote/embedding` is a repository, `acme/embedding` a placeholder
_ANY_STEM = re.compile(
    r"(?:(?:my|your|some|new|old)[-_]?)?(?:(?:pytorch_)?models?|checkpoints?|ckpt|weights|epoch|step)"
    r"[-_]?(?:\d+|[xn])?(?:-of-\d+)?"
    r"|(?:best|final|last|latest|initial|trained|fine-?tuned|single|saved)"
    r"[-_]?(?:model|lm|tagger|tokenizer|checkpoint|weights|ckpt)?"
)
_FOLDERS = frozenset(
    {"weights", "checkpoints", "ckpts", "models", "outputs", "output", "results", "data", "configs", "cache", "assets"}
)  # `gfpgan/weights` is a folder of a project's own
URL = re.compile(
    r"(?:https?://|hf://)?(?:www\.)?(?P<host>huggingface\.co|hf\.co|hf-mirror\.com|modelscope\.cn|www\.modelscope\.cn|modelscope\.ai)/"
    r"(?:models/|api/models/)?(?P<repo>[\w.-]+/[\w.-]+?)(?:\.git)?"
    r"(?:/(?:resolve|tree|blob|raw|commit)/(?P<revision>[\w.-]+)(?:/.*)?)?(?::(?P<quant>[\w.-]+))?/?(?:[?#].*)?"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A canonical name, the revision that the text itself carries, and how sure that is."""

    model: ModelName
    revision: Revision
    kind: Kind
    confidence: Confidence


def refuses(name: str) -> bool:
    """Not a name at all, or a made-up one."""
    if not 2 <= len(name) <= TEXT_MAX:
        return True
    if name.startswith(("https://", "http://")) or GGUF_INSIDE.search(name):
        return False
    if not (_PLAUSIBLE.fullmatch(name) or URL.fullmatch(name) or is_file(name)):
        return True
    lexicon = get_lexicon()
    lowered = name.lower()
    if lowered in lexicon.fake_words or lexicon.fake_patterns.fullmatch(lowered):
        return True
    first, _, rest = lowered.partition("/")
    if not rest or (rest in _OWN_WORDS and name.partition("/")[0] in lexicon.hub.organisations):
        return False
    return (
        first in lexicon.fake_organisations
        or bool(lexicon.fake_patterns.fullmatch(first))
        or _is_fake_rest(rest, lexicon)
    )


def _is_fake_rest(rest: str, lexicon: Lexicon) -> bool:
    last = rest.rpartition("/")[2]
    return last in lexicon.fake_words or bool(lexicon.fake_patterns.fullmatch(last))


def is_deployment(name: str, lexicon: Lexicon) -> bool:
    return not is_path(name, lexicon) and len(name) > 2 and not name.startswith("@")


def says_more_than_suffix(path: str) -> bool:
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    return not _ANY_STEM.fullmatch(stem) and stem not in (
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
        "speakers",
        "embeddings",
        "features",
        "dataset",
        "train",
        "val",
        "cache",
        "state",
        "vocab",
        "tokens",
        "stats",
        "latents",
        "missing",
        "invalid",
        "nonexistent",
        "broken",
        "corrupt",
        "dummy",
        "fake",
        "tmp",
        "temp",
        "",
    )


def is_repository(name: str, lexicon: Lexicon) -> bool:
    return bool(REPOSITORY.fullmatch(name)) and not is_path(name, lexicon) and not is_file(name)


def is_path(name: str, lexicon: Lexicon) -> bool:
    if name.startswith(("/", "./", "../", "~", "\\")) or "//" in name or "://" in name:
        return True
    if "/" not in name:
        return name.lower().endswith(lexicon.hub.not_suffixes)
    first, _, rest = name.lower().partition("/")
    return first in lexicon.hub.not_first or rest in _FOLDERS or name.lower().endswith(lexicon.hub.not_suffixes)


def is_file(name: str) -> bool:
    return bool(re.fullmatch(r"[\w./~ -]+", name)) and name.lower().endswith(get_lexicon().file_suffixes)


def name_hosted(word: str, name: str, confidence: Confidence = Confidence.DECLARED) -> Named:
    path = name.removeprefix("models/") if word == "google" else name
    if word == "bedrock":
        path = path.removeprefix("bedrock/")
    return Named(ModelName("api", f"{word}/{path}"), _classify_hosted(name), Kind.HOSTED, confidence)


def _classify_hosted(name: str) -> Revision:
    match = get_lexicon().snapshot.search(name)
    return Revision(match[1], Pin.SNAPSHOT) if match else Revision(None, Pin.MOVING)


def name_repository(path: str, confidence: Confidence, revision: str | None = None) -> Named:
    return Named(ModelName("pkg:huggingface", path), classify_revision(revision), Kind.WEIGHTS, confidence)


def name_weights(scheme: str, path: str, confidence: Confidence) -> Named:
    return Named(ModelName(scheme, path), Revision(), Kind.WEIGHTS, confidence)


def name_short(engine: str, name: str) -> Named:
    return name_weights("pkg:generic", f"{engine}/{name}", Confidence.INFERRED)
