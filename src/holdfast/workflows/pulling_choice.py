"""Which of a revision's files are wanted: all, those that patterns name, or those of one quantisation."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from holdfast.records.errors import NotUpstream
from holdfast.records.hub import HubFile, HubRevision
from holdfast.records.vault import RevisionManifest

_QUANT: Final = re.compile(r"(?<![A-Za-z0-9])(I?Q\d+(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4)(?![A-Za-z0-9])", re.IGNORECASE)
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns as shells write them, `*` over folders too; `quants` choose among GGUF files and leave the others in."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    quants: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.include or self.exclude or self.quants)


def choose_files(revision: HubRevision, choice: Choice) -> tuple[HubFile, ...]:
    """The files that are wanted. Raises NotUpstream when there is none, or a quantisation is not among them."""
    files = [
        file
        for file in revision.files
        if (not choice.include or _fits(file.path, choice.include)) and not _fits(file.path, choice.exclude)
    ]
    chosen = _choose_quants(files, choice.quants, revision) if choice.quants else files
    if not chosen:
        shown = ", ".join(file.path for file in revision.files[:_SHOWN]) or "none"
        raise NotUpstream(
            "none of its files is wanted" if revision.files else "there is no file in it",
            where=f"{revision.name}@{revision.commit}",
            next_step=f"Its files: {shown}.",
        )
    return tuple(chosen)


def _fits(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, one) or (one.endswith("/") and path.startswith(one)) for one in patterns)


def _choose_quants(files: Sequence[HubFile], wanted: Iterable[str], revision: HubRevision) -> list[HubFile]:
    asked = {word.upper().removeprefix("UD-") for word in wanted}
    known = {file.path: find_quant(file.path) for file in files if _is_gguf(file)}
    if missing := asked - set(known.values()):
        there = ", ".join(sorted({quant for quant in known.values() if quant})) or "none is named in its files"
        raise NotUpstream(
            f"it has no file of {', '.join(sorted(missing))}",
            where=f"{revision.name}@{revision.commit}",
            next_step=f"Its quantisations: {there}.",
        )
    return [file for file in files if not known.get(file.path) or known[file.path] in asked]


def _is_gguf(file: HubFile) -> bool:
    return file.path.lower().endswith(".gguf")


def find_quant(path: str) -> str:
    """The quantisation that a GGUF file's name, or else its folder's, tells; empty when none does.

    A projector of images has none: it goes with every one."""
    if "mmproj" in path.lower():
        return ""
    for part in reversed(path.split("/")):
        if found := _QUANT.findall(part):
            return str(found[-1]).upper()
    return ""


def list_missing(manifest: RevisionManifest) -> tuple[str, ...]:
    """The files that upstream had in this revision and the copy has not; none for a whole copy."""
    held = {file.path for file in manifest.files}
    return tuple(path for path, _ in manifest.origin.upstream if path not in held)
