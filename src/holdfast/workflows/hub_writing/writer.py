"""The vault as it is written to: every call opens it anew, as a process of its own would; several go on at once."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.hub_writing import AskedCommit, Committed, OfferedFile, PushedRules, UploadMode, WriteTo
from holdfast.vault.catalogue.users import list_users
from holdfast.vault.intake import Intake, KnownFile, find_known
from holdfast.vault.opening import Vault
from holdfast.vault.storage.local import LocalStorage
from holdfast.workflows.hub_writing import repositories
from holdfast.workflows.hub_writing.commit_lines import read_commit
from holdfast.workflows.hub_writing.committing import commit, read_any_layout
from holdfast.workflows.hub_writing.describing import Describer
from holdfast.workflows.hub_writing.modes import choose_modes
from holdfast.workflows.hub_writing.uploads import Announced, Uploads
from holdfast.workflows.vaults import VaultAsked, open_vault

MayRead = Callable[[str], bool]
"""Whether whoever writes may read a model."""


@dataclass(frozen=True, slots=True)
class WriteAsked:
    """Which vault is written to. `party` is whose lever findings are recorded, by rule data in `data`."""

    vault: VaultAsked
    party: str = "us-business"
    data: Path | None = None


class HubWriter:
    """Everything that clients write. Its methods may be called by many threads; each waits for the disk."""

    def __init__(self, asked: WriteAsked) -> None:
        self._asked = asked
        self._describer = Describer(asked.party, asked.data)
        with open_vault(asked.vault, adopt=False) as vault:
            self.uploads = Uploads(vault.storage.staging.folder / "uploads")
            self.takes_parts = isinstance(vault.storage, LocalStorage)
            """Whether parts of one file may come to several servers of this vault: they share a folder."""
            self.common = None if self.takes_parts else vault.storage
            """Where servers that share no folder can put what the others need."""

    @contextlib.contextmanager
    def _open(self) -> Generator[Vault]:
        with open_vault(self._asked.vault) as vault:
            yield vault

    # --- files ---

    def find_arrived(self, name: str, sha256: str, may_read: MayRead) -> KnownFile | None:
        """A file that may be committed to `name` by its sha256 alone: it is here whole, and whoever names it may have
        it, since it was sent for this model, is in a copy that they may read, or is in none."""
        with self._open() as vault:
            return self._find(vault, name, sha256, may_read)

    def _find(self, vault: Vault, name: str, sha256: str, may_read: MayRead) -> KnownFile | None:
        known = find_known(vault, sha256=sha256)
        if known is None or self.uploads.has_arrived(name, sha256):
            return known
        users = list_users(vault.database, sha256)
        may = not users or any(not user.is_frozen and (user.name == name or may_read(user.name)) for user in users)
        return known if may else None

    def list_arrived(self, name: str, wanted: Sequence[Announced], may_read: MayRead) -> dict[Announced, str]:
        """Those of the files that need not be sent, each with what is wrong about what is said of it, if anything."""
        with self._open() as vault:
            found = [(one, self._find(vault, name, one.sha256, may_read)) for one in wanted]
        return {
            one: "" if known.size == one.size else f"the file of this sha256 has {known.size:,} bytes, not {one.size:,}"
            for one, known in found
            if known is not None
        }

    def take_in(self, name: str, path: Path, announced: Announced) -> KnownFile:
        """Take in a file that arrived for `name`. On return it is known by its sha256, and can be committed."""
        with open_vault(self._asked.vault, adopt=False) as vault:
            known = Intake(vault, read_any_layout).add(path, announced.sha256)
        self.uploads.note_arrived(name, announced.sha256)
        return known

    def choose_modes(self, to: WriteTo, offered: Sequence[OfferedFile], rules: PushedRules) -> list[UploadMode]:
        """How files are to be sent."""
        with self._open() as vault:
            return choose_modes(vault, to, offered, rules)

    # --- commits ---

    def commit(self, to: WriteTo, body: Path, may_read: MayRead) -> Committed:
        """Do what a commit says that arrived as a file of lines."""
        with self.uploads.make_folder() as folder, body.open("rb") as lines:
            asked = read_commit(lines, folder)
            return self.commit_asked(to, asked, may_read)

    def commit_asked(self, to: WriteTo, asked: AskedCommit, may_read: MayRead) -> Committed:
        """Do what a commit says."""
        with self._open() as vault, self.uploads.make_folder() as facts:
            return commit(
                vault, self._describer, to, asked, lambda sha256: self._find(vault, to.name, sha256, may_read), facts
            )

    # --- repositories, branches, tags ---

    def create_repository(self, name: str, by: str) -> Committed:
        """A new model, private as the vault is."""
        with self._open() as vault, self.uploads.make_folder() as folder:
            return repositories.create_repository(vault, self._describer, WriteTo(name, "main", by), folder)

    def delete_repository(self, name: str, by: str) -> int:
        """Drop all its copies; how many."""
        with self._open() as vault:
            return repositories.delete_repository(vault, self._asked.vault, name, by)

    def create_branch(self, to: WriteTo, start: str) -> None:
        """A branch `to.branch` at `start`."""
        with self._open() as vault:
            repositories.create_branch(vault, to, start)

    def delete_branch(self, to: WriteTo) -> None:
        """Take a branch away."""
        with self._open() as vault:
            repositories.delete_branch(vault, to)

    def create_tag(self, to: WriteTo, tag: str, why: str) -> None:
        """A tag at `to.branch`."""
        with self._open() as vault:
            repositories.create_tag(vault, to, tag, why)

    def delete_tag(self, to: WriteTo, tag: str) -> None:
        """Take a tag away."""
        with self._open() as vault:
            repositories.delete_tag(vault, to, tag)
