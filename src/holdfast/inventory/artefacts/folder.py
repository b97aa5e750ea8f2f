"""What the small files beside weights declare: config.json, adapter_config.json, model card, tokenizer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from holdfast.formats.configs import (
    Card,
    Config,
    compute_vocabulary_sha256,
    list_card_claims,
    read_adapter_base,
    read_card,
    read_config,
)
from holdfast.records.errors import InputError
from holdfast.records.use import LineageClaim, Skipped

_TOKENIZERS: Final = ("tokenizer.json", "vocab.json", "vocab.txt")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """Declarations found in one folder, verbatim. `skipped` names the files that could not be read."""

    architecture: str = ""
    claims: tuple[LineageClaim, ...] = ()
    licence: str = ""
    vocabulary_sha256: str = ""
    skipped: tuple[Skipped, ...] = ()

    def describe(self) -> str:
        """The facts that have no field of their own, as words."""
        parts = [f"licence {self.licence}"] if self.licence else []
        if self.vocabulary_sha256:
            parts.append(f"vocabulary sha256:{self.vocabulary_sha256[:16]}")
        return "; ".join(parts)


def read_folder_facts(folder: Path, shown: str, child: str) -> FolderFacts:
    """Facts of a model's folder. `shown` is its path in the report, `child` the model's name in claims."""
    reader = _Reader(folder, shown)
    config = reader.read("config.json", read_config, Config())
    base = reader.read("adapter_config.json", read_adapter_base, "")
    card = reader.read("README.md", read_card, Card())
    claims = [*list_card_claims(card, child, reader.show("README.md"))]
    if base:
        claims.append(LineageClaim(child, base, "adapter", "adapter_config", reader.show("adapter_config.json")))
    if config.name_or_path and config.name_or_path != child.removeprefix("pkg:huggingface/"):
        claims.append(LineageClaim(child, config.name_or_path, "unknown", "config", reader.show("config.json")))
    tokenizer = next((name for name in _TOKENIZERS if (folder / name).is_file()), "")
    return FolderFacts(
        architecture=", ".join(config.architectures) or config.model_type,
        claims=tuple(claims),
        licence=card.licence_name or card.licence,
        vocabulary_sha256=reader.read(tokenizer, compute_vocabulary_sha256, "") if tokenizer else "",
        skipped=tuple(reader.skipped),
    )


class _Reader:
    """Reads what exists; whatever is wrong becomes a line in the report."""

    def __init__(self, folder: Path, shown: str) -> None:
        self.folder = folder
        self.shown = shown
        self.skipped: list[Skipped] = []

    def show(self, name: str) -> str:
        return f"{self.shown}/{name}" if self.shown else name

    def read(self, name: str, how: Callable[[Path], _Answer], absent: _Answer) -> _Answer:
        path = self.folder / name
        if not path.is_file():
            return absent
        try:
            return how(path)
        except InputError as error:
            self.skipped.append(Skipped(self.show(name), error.what))
            return absent
