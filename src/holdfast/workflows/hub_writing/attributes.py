"""Which files a repository stores by LFS (`.gitattributes`), and which a client should not send (`.gitignore`).

Patterns are git's, translated by pathspec, and matched without backtracking: they come from whoever may write.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from holdfast.inventory.prefilter import compile_linear

ATTRIBUTES: Final = ".gitattributes"
IGNORE: Final = ".gitignore"
ATTRIBUTES_BYTES_MAX: Final = 256 << 10
_LINES_MAX: Final = 1000
_LINE_CHARACTERS_MAX: Final = 1000
_LARGE: Final = (
    "*.7z", "*.arrow", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gguf", "*.gz", "*.h5", "*.joblib",
    "*.mlmodel", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx", "*.ot", "*.parquet", "*.pb", "*.pickle", "*.pkl",
    "*.pt", "*.pth", "*.rar", "*.safetensors", "*.tar", "*.tar.*", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip",
    "*.zst", "*tfevents*", "saved_model/**/*",
)  # fmt: skip


def make_attributes() -> bytes:
    """The `.gitattributes` that a new repository begins with: formats of weights and archives are large files."""
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in _LARGE).encode()


class Regex(Protocol):
    """A compiled pattern."""

    def fullmatch(self, string: str) -> object | None:
        """Whether it is all of a text."""
        ...


@dataclass(frozen=True, slots=True)
class PathRule:
    """A pattern, and what it says of the paths that it fits."""

    regex: Regex
    says: bool


def read_attributes(text: str) -> tuple[PathRule, ...]:
    """Which paths are large files by `.gitattributes`; lines that speak of something else are passed over."""
    return tuple(_iterate_attributes(text))


def _iterate_attributes(text: str) -> Iterator[PathRule]:
    for line in text.splitlines()[:_LINES_MAX]:
        pattern, *attributes = line.split()[:20] or [""]
        if not pattern or pattern.startswith(("#", "!", "[attr]")):
            continue
        said = [attribute for attribute in attributes if attribute.lstrip("-!").split("=")[0] == "filter"]
        found = _translate(pattern) if said else None
        if found is not None:
            yield PathRule(found[0], says=said[-1] == "filter=lfs")


def read_ignores(text: str) -> tuple[PathRule, ...]:
    """Which paths `.gitignore` leaves out."""
    found = (_translate(line) for line in text.splitlines()[:_LINES_MAX])
    return tuple(PathRule(*one) for one in found if one is not None)


def _translate(line: str) -> tuple[Regex, bool] | None:
    from pathspec.patterns.gitignore.base import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if len(line) > _LINE_CHARACTERS_MAX:
        return None
    try:
        regex, fits = GitIgnoreSpecPattern.pattern_to_regex(line)
        return None if regex is None or fits is None else (cast("Regex", compile_linear(_fit_whole(str(regex)))), fits)
    except (GitIgnorePatternError, re.error, ValueError):
        return None  # git passes over such a line as well


def _fit_whole(regex: str) -> str:
    """Pathspec's expressions are searched for: those that need a part of a path alone are made to fit all."""
    if regex.endswith("/"):
        return f"{regex}.+"  # what lies in a folder
    return {".": ".*", "(?P<ps_d>/)": ".*/"}.get(regex, regex)  # everything, every folder


def find_verdict(rules: Sequence[PathRule], path: str) -> bool | None:
    """What the last rule that fits says of a path itself (a folder's ends in `/`); None when none fits."""
    return next((rule.says for rule in reversed(rules) if rule.regex.fullmatch(path)), None)


def is_ignored(rules: Sequence[PathRule], path: str) -> bool:
    """Whether a file is left out, or a folder that it lies in: inside that nothing is taken in again, as in git."""
    parts = path.split("/")
    folders = ("/".join(parts[:depth]) + "/" for depth in range(1, len(parts)))
    return any(find_verdict(rules, one) is True for one in (*folders, path))
