"""How names are put together: which part is a namespace, which words only say how the weights were packed."""

import re
from itertools import pairwise
from typing import NamedTuple

from holdfast.lineage.stems import Words
from holdfast.records.lineage import NamingWords
from holdfast.records.model import ModelName

_HUB_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?:models/)?([^/?#\s]+)/([^/?#:\s]+)")
_CODES = frozenset(("q", "iq", "w"))  # q4, iq3, w8: bits of the numbers
_FILE_END = re.compile(r"\.(?:gguf|ggml|bin|safetensors|pt|pth|onnx|llamafile|tar\.gz|zip)$", re.IGNORECASE)
_FOLDER_MARK = re.compile(
    r"^(?:accounts|publishers|projects|models|routers|locations)$|^arn:.*:(?:foundation-model|inference-profile)$"
)


class Parts(NamedTuple):
    """A name taken apart. `vendors`: what may say whose it is, outermost first; `text`: the model's own name."""

    hub: str  # huggingface, modelscope, ollama, generic, api
    provider: str  # for api names
    vendors: tuple[str, ...]
    text: str
    hint: str = ""  # a word before a point, as in `deepseek.r1-v1:0`: a vendor if somebody knows it


def split_name(name: ModelName, naming: NamingWords) -> Parts:
    """Take a canonical name apart. Knows no organisation and no family."""
    if name.scheme == "api":
        return _split_api(name.path, naming)
    hub = name.scheme.removeprefix("pkg:")
    linked = _HUB_LINK.match(name.path) if hub == "ollama" else None
    if linked:
        return Parts("huggingface", "", (linked[1],), linked[2])
    if hub == "generic":
        return _split_generic(name.path)
    *vendors, text = name.path.split("/")
    return Parts(hub, "", tuple(vendors), text)


def _split_generic(path: str) -> Parts:
    engine, _, rest = path.partition("/")
    if engine != "file":
        return Parts("generic", "", (), path)
    return Parts("file", "", (), _FILE_END.sub("", rest.rsplit("/", 1)[-1]))


def _split_api(path: str, naming: NamingWords) -> Parts:
    provider, _, rest = path.partition("/")
    segments = [part.lstrip("@~").removeprefix("hf:") for part in rest.split("/") if not _FOLDER_MARK.search(part)]
    segments = [part for part in segments if part not in ("cf", "hf", "public", "")] or [rest]
    *vendors, text = segments
    head, _, rest = text.partition(".")
    if head.lower() in naming.regions and "." in rest:  # us.anthropic.claude-…, as Bedrock writes them
        text = rest
    hint = text.partition(".")[0] if "." in text and not vendors else ""
    return Parts("api", provider.lower(), tuple(vendors), text, hint.lower())


def find_hub_name(text: str) -> ModelName | None:
    """The hub repository that a declared base names, as a link or as `org/name`; None for paths and free text."""
    linked = _HUB_LINK.match(text.strip())
    if linked:
        return ModelName("pkg:huggingface", f"{linked[1]}/{linked[2]}")
    plain = text.strip().strip("'\"")
    if re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", plain):
        return ModelName("pkg:huggingface", plain)
    return None


def is_conversion(words: Words, naming: NamingWords) -> bool:
    """Whether the name says that the weights were only packed otherwise (GGUF, AWQ, 4-bit, NVFP4, …)."""
    if not naming.conversions.isdisjoint(words):
        return True
    return any(word[-3:] == "bit" or (word in _CODES and after[0].isdigit()) for word, after in pairwise((*words, "-")))


def is_plain(word: str, naming: NamingWords) -> bool:
    """Whether a word tells nothing of a developer: sizes, numbers, stages, modes, formats."""
    return word[0].isdigit() or word in naming.plain or word in naming.conversions
