"""What a hub's client asks to be written: commits, uploads; and the errors of what is not taken."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeAlias

from holdfast.records.errors import HoldfastError, VaultError


@dataclass(frozen=True, slots=True)
class WriteTo:
    """Who writes to which branch of which model. `branch` is as the client names it."""

    name: str
    branch: str
    by: str


@dataclass(frozen=True, slots=True)
class CommitHeader:
    """What a commit says; `parent` is the commit that its maker took for the branch's last, empty when unsaid."""

    summary: str
    description: str = ""
    parent: str = ""

    @property
    def message(self) -> str:
        """As git has it: a line, and after an empty one the rest."""
        return f"{self.summary}\n\n{self.description}" if self.description.strip() else self.summary


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file whose bytes came with the commit; `source` is where they were put."""

    path: str
    source: Path


@dataclass(frozen=True, slots=True)
class AddedLarge:
    """A file whose bytes are here already, by their sha256; `size` is None when the client does not say it."""

    path: str
    sha256: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Deletion:
    """A file that goes, or a folder with all in it."""

    path: str
    is_folder: bool


Operation: TypeAlias = AddedFile | AddedLarge | Deletion


@dataclass(frozen=True, slots=True)
class AskedCommit:
    """A commit as it arrived, whole."""

    header: CommitHeader
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit that a branch names now. `is_new` is False when nothing was to be changed."""

    name: str
    branch: str
    commit: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file that a client is about to send: its size in bytes and how it begins."""

    path: str
    size: int
    sample: bytes


@dataclass(frozen=True, slots=True)
class PushedRules:
    """The text of a `.gitignore` and a `.gitattributes` that come with a push; None where none comes."""

    ignores: str | None = None
    attributes: str | None = None


@dataclass(frozen=True, slots=True)
class UploadMode:
    """How a file is to be sent. `present` is the id of what stands there: a large file's sha256, else git's blob id."""

    path: str
    is_large: bool
    is_ignored: bool
    present: str = ""


class StaleParent(VaultError):
    """The branch has moved on since the commit that was named as parent."""

    http_status: ClassVar[int] = 412
    sentence: ClassVar[str] = "The branch has moved on since the commit that was named as parent."


class ExistsAlready(VaultError):
    """A repository, branch or tag of this name is there already."""

    sentence: ClassVar[str] = "A repository, branch or tag of this name is there already."


class NotUploaded(VaultError):
    """A commit names a large file that has not arrived."""

    http_status: ClassVar[int] = 422
    sentence: ClassVar[str] = "A commit names a large file that has not arrived."


class WrongContent(VaultError):
    """What was sent is not what its sender said it would be."""

    http_status: ClassVar[int] = 422
    sentence: ClassVar[str] = "What was sent is not what its sender said it would be."


class NotOffered(HoldfastError):
    """The vault does not do this; the message says what to do instead."""

    http_status: ClassVar[int] = 501
    sentence: ClassVar[str] = "The vault does not do this; the message says what to do instead."
