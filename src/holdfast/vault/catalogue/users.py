"""Which kept copies have a file: what decides whether somebody who only names it may be given it."""

from dataclasses import dataclass

from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.revisions import FROZEN, KEPT


@dataclass(frozen=True, slots=True)
class FileUser:
    """A copy that has a file: the model's name, and whether it is frozen."""

    name: str
    is_frozen: bool


def list_users(database: Database, sha256: str) -> list[FileUser]:
    """The models that have a file of this sha256 in a kept or frozen copy; one that has both comes twice."""
    rows = database.read(
        "SELECT DISTINCT r.name, r.state FROM files f JOIN revision_files v ON v.file = f.manifest"
        " JOIN revisions r ON r.manifest = v.revision WHERE f.sha256 = ? AND r.state IN (?, ?)",
        (sha256, KEPT, FROZEN),
    )
    return [FileUser(name, state == FROZEN) for name, state in rows]
