"""Refs: a model's branches and tags, each the name of a kept revision.

A ref is moved by a journal entry, and by nothing else: who moved it when, and from what, stays known.
"""

import re
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import UnknownName, UsageError
from holdfast.records.vault import ObjectId, to_digest, to_object_id
from holdfast.vault.catalogue.database import Database
from holdfast.vault.journal import decide
from holdfast.vault.opening import Vault

HEADS: Final = "refs/heads/"
TAGS: Final = "refs/tags/"
POINT: Final = "point"
UNPOINT: Final = "unpoint"
_REF: Final = re.compile(r"refs/(?:heads|tags)/[^\x00-\x20\x7f~^:?*\[\\@]+")
_REF_LENGTH_MAX: Final = 250


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch (`refs/heads/…`) or tag (`refs/tags/…`) of a model; `manifest` is the revision that it names.

    `revision` is that revision's own name; who set it, and when (ISO 8601 in UTC).
    """

    name: str
    ref: str
    manifest: ObjectId
    revision: str
    by: str
    at: str


def read_refs(database: Database, name: str = "") -> list[Ref]:
    """The refs of a model, or of all, by their names. A ref whose revision is not known (any more) is left out."""
    standing: dict[tuple[str, str], tuple[bytes, str, str]] = {}
    where, parameters = ("", ()) if not name else (_OF_ONE, (f"{name}@refs/", f"{name}@refs0"))
    for verb, model, manifest, by, at in database.read(_READ.format(where=where), (POINT, UNPOINT, *parameters)):
        of, _, ref = str(model).rpartition("@")
        standing.pop((of, ref), None)
        if verb == POINT and manifest is not None:
            standing[of, ref] = (bytes(manifest), by, at)
    known = _find_revisions(database, {manifest for manifest, _, _ in standing.values()})
    return [
        Ref(of, ref, to_object_id(manifest), known[manifest], by, at)
        for (of, ref), (manifest, by, at) in sorted(standing.items())
        if manifest in known
    ]


_OF_ONE: Final = "AND j.model >= ? AND j.model < ?"  # what begins so: "0" comes after "/"
_READ: Final = """
SELECT j.verb, j.model, j.manifest, j.made_by, j.made_at FROM journal j JOIN objects o ON o.id = j.entry
  WHERE j.verb IN (?, ?) {where} ORDER BY j.sequence, j.made_at, o.digest
"""


def _find_revisions(database: Database, manifests: set[bytes]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for manifest in manifests:
        rows = database.read(
            "SELECT r.revision FROM revisions r JOIN objects o ON o.id = r.manifest WHERE o.digest = ?"
            " AND r.state IN ('kept', 'frozen')",
            (manifest,),
        )
        found.update((manifest, str(revision)) for (revision,) in rows)
    return found


def point(vault: Vault, name: str, ref: str, manifest: ObjectId, by: str, why: str = "") -> None:
    """Let a ref name a kept revision; nothing is written when it does already. Raises UsageError or UnknownName."""
    check_ref(ref)
    if to_digest(manifest) not in _find_revisions(vault.database, {to_digest(manifest)}):
        raise UnknownName(
            "this revision is not kept", where=f"{name}@{ref}, {manifest}", next_step="A ref names what is kept."
        )
    if any(one.ref == ref and one.manifest == manifest for one in read_refs(vault.database, name)):
        return
    decide(vault, POINT, f"{name}@{ref}", by, why, manifest)


def unpoint(vault: Vault, name: str, ref: str, by: str, why: str = "") -> None:
    """Take a ref away; the revision that it named stays. Raises UnknownName when there is none."""
    if not any(one.ref == ref for one in read_refs(vault.database, name)):
        raise UnknownName(f"there is no {ref}", where=name, next_step="See `holdfast show`.")
    decide(vault, UNPOINT, f"{name}@{ref}", by, why)


def check_ref(ref: str) -> str:
    """The ref itself when git would take it too; UsageError otherwise."""
    parts = ref.split("/")
    bad = any(not part or part.startswith(".") or part.endswith((".", ".lock")) or ".." in part for part in parts)
    if bad or len(ref) > _REF_LENGTH_MAX or not _REF.fullmatch(ref):
        raise UsageError(
            f"{ref!r} cannot be the name of a branch or tag",
            where=ref[:_REF_LENGTH_MAX],
            next_step="Use letters, digits, dots, dashes and slashes.",
        )
    return ref
