"""How names are put together: which part is a namespace, which words only say how the weights were packed."""

import re
from dataclasses import dataclass

from holdfast.lineage.stems import Words
from holdfast.records.model import ModelName

# Words of a file format or number format: the weights are the same, packed otherwise.
CONVERSIONS = frozenset(
    "gguf ggml awq gptq exl exl2 exl3 mlx bnb nvfp fp int onnx openvino ov ct ctranslate imatrix quantized quant quants "
    "mxfp hqq aqlm marlin coreml tflite litert mlc bpw qat trt trtllm tensorrt qnn rknn llamafile bitsandbytes autoround "
    "smoothquant squeezellm dq gguff torchao nf4 nf".split()
)

# Words that official names carry as well: sizes, stages and modes. They tell no new developer.
PLAIN = frozenset(
    "instruct chat base it pt hf text vision preview latest thinking think reasoning large small tiny medium mini nano "
    "micro lite flash pro plus max ultra turbo xl xxl xs s m l k x a e n i en zh ja multilingual moe omni audio vl "
    "embedding reranker scout maverick uncased cased dev schnell code coder math hybrid exp experimental beta q iq ud "
    "w d p f bf tf t sharded merged fixed original official api serverless free tput versatile instant model models "
    "safetensors dynamic group size g gs".split()
)

_HUB_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?:models/)?([^/?#\s]+)/([^/?#:\s]+)")
_FILE_END = re.compile(r"\.(?:gguf|ggml|bin|safetensors|pt|pth|onnx|llamafile|tar\.gz|zip)$", re.IGNORECASE)
_FOLDER_MARK = re.compile(r"(?:accounts|publishers|projects|models|routers|locations|foundation-model|custom)$")
_REGION = frozenset({"us", "eu", "apac", "global", "au", "jp", "ca", "us-gov"})


@dataclass(frozen=True, slots=True)
class Parts:
    """A name taken apart. `vendors`: what may say whose it is, outermost first; `text`: the model's own name."""

    hub: str  # huggingface, modelscope, ollama, generic, api
    provider: str  # for api names
    vendors: tuple[str, ...]
    text: str
    hint: str = ""  # a word before a point, as in `deepseek.r1-v1:0`: a vendor if somebody knows it


def split_name(name: ModelName) -> Parts:
    """Take a canonical name apart. Knows no organisation and no family."""
    if name.scheme == "api":
        return _split_api(name.path)
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


def _split_api(path: str) -> Parts:
    provider, _, rest = path.partition("/")
    segments = [part.lstrip("@~") for part in rest.split("/") if not _FOLDER_MARK.match(part)]
    segments = [part for part in segments if part not in ("cf", "hf", "")] or [rest]
    *vendors, text = segments
    head, _, rest = text.partition(".")
    if head.lower() in _REGION and "." in rest:  # us.anthropic.claude-…, as Bedrock writes them
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


def is_conversion(words: Words) -> bool:
    """Whether the name says that the weights were only packed otherwise (GGUF, AWQ, 4-bit, NVFP4, …)."""
    return any(word in CONVERSIONS or word.endswith("bit") for word in words) or _has_quantisation_code(words)


def _has_quantisation_code(words: Words) -> bool:
    pairs = zip(words, words[1:], strict=False)
    return any(first in ("q", "iq", "w") and second[:1].isdigit() for first, second in pairs)


def is_plain(word: str) -> bool:
    """Whether a word tells nothing of a developer: sizes, numbers, stages, modes, formats."""
    return word[0].isdigit() or word in PLAIN or word in CONVERSIONS
