"""The files of a branch before and after a commit. Decides nothing about bytes: every file is one that is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from holdfast.formats.git import GitEntry, blob_id, compute_pointer
from holdfast.records.access import BadRequest
from holdfast.records.errors import UnknownEntry
from holdfast.records.hub_writing import AddedFile, AddedLarge, Deletion, Operation
from holdfast.vault.intake import KnownFile


@dataclass(frozen=True, slots=True)
class Placed:
    """A known file as a tree holds it: itself, or an LFS pointer for it (`is_large`)."""

    file: KnownFile
    is_large: bool

    @property
    def blob(self) -> str:
        """Git's id of what stands in the tree."""
        return blob_id(compute_pointer(self.file.sha256, self.file.size)) if self.is_large else self.file.git_blob

    @property
    def stated(self) -> str:
        """The digest that binds the content, as origins state it."""
        return f"sha256:{self.file.sha256}" if self.is_large else f"git-blob:{self.file.git_blob}"


FileSet = Mapping[str, Placed]


def apply_operations(before: FileSet, operations: Iterable[Operation], known: Mapping[str, KnownFile]) -> FileSet:
    """The files after a commit. `known` are those that it adds: by path those whose bytes came with it, by sha256 the
    large ones. Raises UnknownEntry for what is to go and is not there, BadRequest when a file and a folder clash."""
    after = dict(before)
    for operation in operations:
        if isinstance(operation, AddedFile):
            after[operation.path] = Placed(known[operation.path], is_large=False)
        elif isinstance(operation, AddedLarge):
            after[operation.path] = Placed(known[operation.sha256], is_large=True)
        else:
            _delete(after, operation)
    _check_clashes(after)
    return after


def _delete(files: dict[str, Placed], deletion: Deletion) -> None:
    if not deletion.is_folder:
        if files.pop(deletion.path, None) is None:
            raise _nothing_there(deletion)
        return
    inside = [path for path in files if path.startswith(f"{deletion.path}/")]
    if not inside:
        raise _nothing_there(deletion)
    for path in inside:
        del files[path]


def _nothing_there(deletion: Deletion) -> UnknownEntry:
    kind = "folder" if deletion.is_folder else "file"
    return UnknownEntry(
        f"there is no {kind} {deletion.path!r} to delete",
        where="the commit",
        next_step="See the tree of the branch. Nothing was changed.",
    )


def _check_clashes(files: FileSet) -> None:
    for path in files:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if above in files:
                raise BadRequest(
                    f"{above!r} would be a file and a folder at once",
                    where=path,
                    next_step="Delete the file first, in the same commit. Nothing was changed.",
                )


def list_entries(files: FileSet) -> list[GitEntry]:
    """As git holds them."""
    return [GitEntry(path, placed.blob) for path, placed in files.items()]
