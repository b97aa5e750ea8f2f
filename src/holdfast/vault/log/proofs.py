"""Proofs about a log that stand by themselves: checked with the log's public keys alone, no vault and no network."""

from collections.abc import Sequence

from holdfast.records.errors import BadSignature, MalformedFile
from holdfast.records.vault_log import Checkpoint, InclusionProof
from holdfast.vault.log.checkpoints import open_checkpoint
from holdfast.vault.log.merkle import compute_root_of_inclusion, hash_leaf
from holdfast.vault.log.notes import NoteError, VerifierKey, decode_base64

TLOG_PROOF = "c2sp.org/tlog-proof@v1"
_DIGITS_MAX = 19  # no log has more entries, and Python reads no number of thousands of digits


def check_inclusion(proof: InclusionProof, origin: str, known: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in which the entry is proven to be; BadSignature when it is not."""
    try:
        checkpoint = open_checkpoint(proof.checkpoint.encode(), origin, known)
        hashes = tuple(decode_base64(one) for one in proof.hashes)
    except NoteError as error:
        raise BadSignature(f"The checkpoint of this proof does not hold: {error}.") from error
    root = compute_root_of_inclusion(proof.index, checkpoint.size, hash_leaf(proof.entry.encode()), hashes)
    if root != checkpoint.root:
        raise BadSignature(f"The proof does not lead from entry {proof.index} to the root of its checkpoint.")
    return checkpoint


def encode_tlog_proof(proof: InclusionProof) -> str:
    """The proof as C2SP tlog-proof text, which leaves the entry itself out."""
    return "\n".join([TLOG_PROOF, f"index {proof.index}", *proof.hashes, "", proof.checkpoint])


def decode_tlog_proof(text: str, entry: str) -> InclusionProof:
    """The proof in a C2SP tlog-proof about an entry; extra data in it is ignored. MalformedFile when it is none."""
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(lines) > 1 and lines[1].startswith("extra "):
        del lines[1]
    index = lines[1].removeprefix("index ") if len(lines) > 1 else ""
    is_number = index.isdecimal() and len(index) <= _DIGITS_MAX
    if not gap or lines[0] != TLOG_PROOF or not is_number or lines[1] != f"index {int(index)}":
        raise MalformedFile(f"This is no {TLOG_PROOF}.")
    return InclusionProof(int(index), entry, tuple(lines[2:]), checkpoint)
