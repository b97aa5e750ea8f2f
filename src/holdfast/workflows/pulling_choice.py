"""Which of a revision's files are wanted: all, those that patterns name, or those of one quantisation."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from holdfast.records.errors import LimitExceeded, NotUpstream
from holdfast.records.hub import HubFile, HubRevision
from holdfast.records.vault import RevisionManifest

_QUANT: Final = re.compile(r"(?<![A-Za-z0-9])(I?Q\d+(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4)(?![A-Za-z0-9])", re.IGNORECASE)
_PREFERRED: Final = ("Q4_K_M", "Q4_K_S", "Q4_K_L", "Q4_0", "Q5_K_M")
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns as shells write them, `*` over folders too; `quants` choose among GGUF files and leave the others in.

    `one_quant` takes one quantisation when there are several and none is named; `bytes_max` 0 is no limit.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    quants: tuple[str, ...] = ()
    one_quant: bool = False
    bytes_max: int = 0


def choose_files(revision: HubRevision, choice: Choice) -> tuple[HubFile, ...]:
    """The files that are wanted. Raises NotUpstream when there is none, or a quantisation is not among them, and
    LimitExceeded when they are larger than is wanted."""
    files = [
        file
        for file in revision.files
        if (not choice.include or _fits(file.path, choice.include)) and not _fits(file.path, choice.exclude)
    ]
    quants = choice.quants or (_prefer_quant(files) if choice.one_quant else ())
    chosen = _choose_quants(files, quants, revision) if quants else files
    if not chosen:
        shown = ", ".join(file.path for file in revision.files[:_SHOWN]) or "none"
        raise NotUpstream(
            "none of its files is wanted" if revision.files else "there is no file in it",
            where=f"{revision.name}@{revision.commit}",
            next_step=f"Its files: {shown}.",
        )
    size = sum(file.size for file in chosen)
    if choice.bytes_max and size > choice.bytes_max:
        raise LimitExceeded(
            f"it is {size} bytes, and no more than {choice.bytes_max} are wanted",
            where=f"{revision.name}@{revision.commit}",
            next_step=f"Pull it by its name: holdfast pull {revision.name}",
        )
    return tuple(chosen)


def _prefer_quant(files: Sequence[HubFile]) -> tuple[str, ...]:
    """The quantisation to take when a repository has several: what most use, else the smallest; none for one."""
    sizes: dict[str, int] = {}
    for file in files:
        if _is_gguf(file) and (quant := find_quant(file.path)):
            sizes[quant] = sizes.get(quant, 0) + file.size
    if len(sizes) < 2:
        return ()
    return (next((quant for quant in _PREFERRED if quant in sizes), min(sizes, key=lambda quant: sizes[quant])),)


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
