"""Decisions: each is a document in a pack of its own, numbered on, and from then on part of what the vault says."""

from collections.abc import Sequence

from blake3 import blake3

from holdfast.records.errors import NotVerified
from holdfast.records.vault import Decision, ObjectId, RevisionManifest, to_object_id
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.objects import add_pack, renew_pack
from holdfast.vault.catalogue.revisions import get_next_sequence, register_document
from holdfast.vault.codecs.choosing import encode_frame
from holdfast.vault.codecs.types import BYTES
from holdfast.vault.documents import Document, encode_document
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FRAME_BYTES, NO_BASE, Kind, count_frames
from holdfast.vault.packs.reading import compute_digest
from holdfast.vault.packs.writing import ObjectHead, PackWriter, SealedPack
from holdfast.vault.storage.seam import Stored


def decide(
    vault: Vault,
    verb: str,
    model: str,
    by: str,
    why: str,
    manifest: ObjectId | None = None,
    beside: Sequence[Document] = (),
) -> Decision:
    """Record a decision about `name@revision`; on return it is on the medium, and comes after all that are there.

    `beside` are documents that lie in another pack already: written again here, the loss of one pack leaves them known.
    """
    adopt_packs(vault)
    with vault.database.transaction():
        sequence = get_next_sequence(vault.database)
        decision = Decision(verb, model, by, why, vault.timestamp, sequence, manifest)
        put_document(vault, decision, beside)
    return decision


def put_document(vault: Vault, document: Document, beside: Sequence[Document] = ()) -> ObjectId:
    """Put a document, and some others beside it, into a pack of its own and make it known."""
    encoded = {encode_document(one): one for one in (document, *beside)}
    names = {blake3(data).digest(): one for data, one in encoded.items()}
    writer = PackWriter(vault.storage)
    try:
        for data in encoded:
            _write(writer, data)
    except BaseException:
        writer.discard()
        raise
    pack = writer.seal()
    _read_back(vault, pack)
    with vault.database.transaction():
        renew_pack(vault.database, add_pack(vault.database, pack))
        for digest, one in names.items():
            register_document(vault.database, digest, one, vault.now)
    return to_object_id(next(iter(names)))


def _write(writer: PackWriter, data: bytes) -> None:
    head = ObjectHead(blake3(data).digest(), NO_BASE, len(data), count_frames(len(data)), Kind.DOCUMENT)
    for index, piece in enumerate(cut_into_frames(data)):
        writer.add(head, index, encode_frame(piece, BYTES, None))


def _read_back(vault: Vault, pack: SealedPack) -> None:
    vault.storage.forget(pack.key)
    if compute_digest(vault.storage, Stored(pack.key, pack.size)) != pack.digest:
        vault.storage.delete(pack.key)
        raise NotVerified(
            "what is on the medium is not what was written",
            where=pack.key,
            next_step="Nothing was recorded. Check the medium, then run again.",
        )


def cut_into_frames(data: bytes) -> list[memoryview]:
    """The frames of an object in memory."""
    view = memoryview(data)
    return [view[at : at + FRAME_BYTES] for at in range(0, max(len(view), 1), FRAME_BYTES)]


def get_model(revision: RevisionManifest) -> str:
    """`name@revision`, as decisions say it."""
    return f"{revision.name}@{revision.revision}"
