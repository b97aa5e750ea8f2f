"""Which GGUF file of a copy a tag of Ollama's means, and what the file's header says of it."""

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from holdfast.formats.gguf import HEADER_BYTES_MAX, read_gguf_metadata
from holdfast.records.errors import MalformedFile
from holdfast.records.hub_service import ServedFile, ServedRevision
from holdfast.workflows.pulling_choice import find_quant

ReadRange = Callable[[ServedFile, int, int], bytes]
_PREFERRED: Final = ("Q4_K_M", "Q4_K_S", "Q4_0", "Q5_K_M", "Q6_K", "Q8_0", "BF16", "F16", "F32")
_SHARD: Final = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)
_PROJECTOR: Final = "mmproj"
_FIRST_BYTES: Final = 1 << 20
# ggml's numbers of file types, as `general.file_type` has them.
_FILE_TYPES: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 32: "BF16",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What a GGUF file says of itself; `unknown` where it says nothing. `chat_template` is Jinja's, or empty."""

    architecture: str
    size_label: str
    file_type: str
    chat_template: str


def choose_weights(revision: ServedRevision, tag: str) -> ServedFile | None:
    """The file whose quantisation or name a tag is, in any case of letters; without a tag the usual one. None when
    there is none in one piece."""
    files = list(_iterate_weights(revision))
    if tag:
        wanted = tag.lower()
        return next((file for file in files if wanted in (_get_quant(file).lower(), _get_stem(file).lower())), None)
    return min(files, key=_rank, default=None)


def list_tags(revision: ServedRevision) -> list[str]:
    """The quantisations that a copy has, or the files' names where those tell none."""
    return list(dict.fromkeys(_get_quant(file) or _get_stem(file) for file in _iterate_weights(revision)))


def choose_projector(revision: ServedRevision) -> ServedFile | None:
    """What turns images into tokens for the weights, if there is one: the most exact that is not larger than needed."""
    files = [file for file in _iterate_gguf(revision) if _PROJECTOR in file.path.lower()]
    return min(files, key=lambda file: ("f16" not in file.path.lower(), file.size, file.path), default=None)


def _iterate_weights(revision: ServedRevision) -> Iterator[ServedFile]:
    return (
        file for file in _iterate_gguf(revision) if _PROJECTOR not in file.path.lower() and not _SHARD.search(file.path)
    )


def _iterate_gguf(revision: ServedRevision) -> Iterator[ServedFile]:
    return (file for path, file in sorted(revision.tree.files.items()) if path.lower().endswith(".gguf"))


def _get_quant(file: ServedFile) -> str:
    return find_quant(file.path)


def _get_stem(file: ServedFile) -> str:
    return PurePosixPath(file.path).stem


def _rank(file: ServedFile) -> tuple[int, str]:
    quant = _get_quant(file)
    return (_PREFERRED.index(quant) if quant in _PREFERRED else len(_PREFERRED), file.path)


def read_weights(read: ReadRange, file: ServedFile) -> Weights:
    """What a file's metadata says. Raises a MalformedFile of formats.errors."""
    said = dict(_read_metadata(read, file))
    kind = said.get("general.file_type")
    template = said.get("tokenizer.chat_template")
    return Weights(
        architecture=_get_text(said.get("general.architecture")),
        size_label=_get_text(said.get("general.size_label")),
        file_type=(_FILE_TYPES.get(kind, "") if isinstance(kind, int) else "") or _get_quant(file) or "unknown",
        chat_template=template if isinstance(template, str) else "",
    )


def _get_text(value: object) -> str:
    return value if isinstance(value, str) and value else "unknown"


def _read_metadata(read: ReadRange, file: ServedFile) -> tuple[tuple[str, object], ...]:
    """The metadata, from as much of the file's beginning as they turn out to take."""
    size = min(_FIRST_BYTES, file.size)
    while True:
        with tempfile.NamedTemporaryFile(suffix=".gguf") as beginning:
            beginning.write(read(file, 0, size))
            beginning.flush()
            try:
                return read_gguf_metadata(Path(beginning.name))
            except MalformedFile:
                if size >= min(file.size, HEADER_BYTES_MAX):
                    raise
        size = min(size * 8, file.size, HEADER_BYTES_MAX)
