"""Which reader takes a file, decided by its name alone. Imports a detector only when a file for it turns up."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Final, cast

from holdfast.inventory.sighting import Detector

# Formats whose bytes are read by header readers and not as text.
ARTEFACT_FORMATS: Final = frozenset({"safetensors", "gguf", "onnx", "torch"})

_ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("py", "pyw", "pyi"), "python"),
        **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro"), "javascript"),
        **dict.fromkeys(("yaml", "yml"), "yaml"),
        **dict.fromkeys(("json", "jsonc", "json5"), "json"),
        **dict.fromkeys(("ini", "cfg", "conf", "properties"), "ini"),
        **dict.fromkeys(("sh", "bash", "zsh", "ksh", "fish", "ps1", "bat", "cmd", "envrc", "command"), "shell"),
        **dict.fromkeys(("tf", "tfvars", "hcl", "tofu", "nomad"), "terraform"),
        **dict.fromkeys(("mk", "mak", "just"), "makefile"),
        **dict.fromkeys(("service", "timer", "container"), "systemd"),
        **dict.fromkeys(("md", "mdx", "markdown", "rst", "adoc", "qmd", "rmd"), "markdown"),
        **dict.fromkeys(("pt", "pth", "ckpt", "bin"), "torch"),
        "ipynb": "notebook",
        "toml": "toml",
        "env": "dotenv",
        "dockerfile": "dockerfile",
        "containerfile": "dockerfile",
        "modelfile": "modelfile",
        "safetensors": "safetensors",
        "gguf": "gguf",
        "ggml": "gguf",
        "onnx": "onnx",
    }
)
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dockerfile": "dockerfile",
        "containerfile": "dockerfile",
        "modelfile": "modelfile",
        "makefile": "makefile",
        "gnumakefile": "makefile",
        "justfile": "makefile",
        "procfile": "shell",
        "pipfile": "toml",
        ".env": "dotenv",
        ".envrc": "shell",
        ".flaskenv": "dotenv",
        "readme": "markdown",
        "readme.txt": "markdown",
        "install.txt": "markdown",
    }
)
# A name that begins so is of that format whatever follows: `Dockerfile.gpu`, `.env.production`, `Modelfile.qwen`.
_OPENINGS: Final = (
    ("dockerfile.", "dockerfile"),
    ("containerfile.", "dockerfile"),
    ("modelfile.", "modelfile"),
    ("makefile.", "makefile"),
    (".env.", "dotenv"),
    ("env.", "dotenv"),
)
_STORE: Final = re.compile(
    r"(?:.*/)?(?:models--[\w.-]+|manifests/(?:registry\.ollama\.(?:ai|com)|hf\.co|huggingface\.co))"
)
# Lists of requirements, by the many names that people give them: `requirements-dev.txt`, `dev-requirements.in`.
_REQUIREMENTS: Final = re.compile(r"(?:.*[-_.])?requirements(?:[-_.].*)?\.(?:txt|in)")
_OPENING = re.compile("|".join(re.escape(opening) for opening, _ in _OPENINGS))
# Endings that wrap another one: `values.yaml.j2`, `config.toml.example`.
_WRAPPINGS: Final = frozenset(
    {"j2", "jinja", "jinja2", "tpl", "tmpl", "template", "example", "sample", "dist", "default", "in", "erb", "gotmpl"}
)
# Lock files and their like hold versions and digests, never a use of a model.
_NEVER: Final = frozenset(
    {
        "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "composer.lock", "pipfile.lock", "cargo.lock",
        "tsconfig.json", "composer.json", ".package-lock.json", "changelog.md", "changes.md", "history.md",
        "changelog.rst", "changes.rst", "history.rst", "news.rst", "license.md", "code_of_conduct.md", "security.md",
        "holdfast.toml", "tokenizer.json", "vocab.json", "model.safetensors.index.json", "pytorch_model.bin.index.json",
    }
)  # fmt: skip
_NEVER_ENDINGS: Final = (".min.js", ".map", ".d.ts", ".lock.json", ".bundle.js")


def find_format(name: str) -> str | None:
    """Format word for a file name; None when no detector reads such files."""
    lower = name.lower()
    if lower in _NEVER or lower.endswith(_NEVER_ENDINGS):
        return None
    known = _NAMES.get(lower)
    if known:
        return known
    if "requirements" in lower and _REQUIREMENTS.fullmatch(lower):
        return "requirements"
    stem, dot, ending = lower.rpartition(".")
    if not dot:
        return "script" if "." not in name else None
    wanted = _ENDINGS.get(ending)
    if wanted:
        return wanted
    if _OPENING.match(lower):
        return next(found for opening, found in _OPENINGS if lower.startswith(opening))
    return find_format(stem) if ending in _WRAPPINGS and "." in stem else None


def is_store(path: str) -> bool:
    """Whether a folder, by its path below the root, is a store of models that is read as a whole."""
    return ("models--" in path or "manifests/" in path) and _STORE.fullmatch(path) is not None


def find_script_format(head: bytes) -> str | None:
    """Format of a file without an ending, by its first line: Python or a shell; None otherwise."""
    if not head.startswith(b"#!"):
        return None
    line = head[:200].split(b"\n", 1)[0]
    if b"python" in line:
        return "python"
    if b"node" in line or b"deno" in line or b"bun" in line:
        return "javascript"
    return "shell" if re.search(rb"\b(?:ba|z|k|da|fi)?sh\b", line) else None


def preload_detectors() -> None:
    """Import the detectors of the commonest formats, so that processes forked from this one have them."""
    for format_name in ("python", "javascript", "yaml"):
        find_detector(format_name)


@lru_cache(maxsize=64)
def find_detector(format_name: str) -> Detector | None:
    """The detector for a format word, imported now; None when there is none."""
    if format_name == "python":
        return cast(Detector, import_module("holdfast.inventory.python").read_python)
    if format_name == "notebook":
        return cast(Detector, import_module("holdfast.inventory.python").read_notebook)
    if format_name == "javascript":
        return cast(Detector, import_module("holdfast.inventory.javascript").read_javascript)
    readers = cast(Mapping[str, Detector], import_module("holdfast.inventory.config").READERS)
    return readers.get(format_name)
