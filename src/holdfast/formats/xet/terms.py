"""Whether a file's terms hold: every xorb there, every run of chunks in it, lengths and hashes as they were said."""

from collections.abc import Callable, Iterator
from typing import Final

from holdfast.formats.xet.errors import BadTerm, UnknownXorb, WrongHash
from holdfast.formats.xet.hashes import Tree, compute_file_hash, compute_term_hash, to_text
from holdfast.formats.xet.shard import FileRecord, Term
from holdfast.formats.xet.xorb import StoredChunk, Xorb

FindXorb = Callable[[bytes], Xorb | None]
_NEXT: Final = "Send the file again, its xorbs before its shard."


def check_file(file: FileRecord, find_xorb: FindXorb) -> None:
    """Hold a file's terms and its hash to the chunks of xorbs whose bytes were checked when they arrived.

    Raises UnknownXorb, BadTerm, WrongHash.
    """
    tree = Tree()
    for number, term in enumerate(file.terms):
        where = f"file {to_text(file.hash)}, term {number}"
        chunks = _get_chunks(term, find_xorb, where)
        if compute_term_hash(chunk.hash for chunk in chunks) != term.verification:
            raise WrongHash("the verification hash is not that of its chunks", where=where, next_step=_NEXT)
        for chunk in chunks:
            tree.add(chunk.hash, chunk.length)
    found = compute_file_hash(tree.find_root())
    if found != file.hash:
        reason = f"its chunks make the hash {to_text(found)}"
        raise WrongHash(reason, where=f"file {to_text(file.hash)}", next_step=_NEXT)


def iterate_file_chunks(file: FileRecord, find_xorb: FindXorb) -> Iterator[tuple[bytes, StoredChunk]]:
    """(xorb, chunk) of every chunk in the order of a file that check_file passed."""
    for number, term in enumerate(file.terms):
        for chunk in _get_chunks(term, find_xorb, f"file {to_text(file.hash)}, term {number}"):
            yield term.xorb, chunk


def _get_chunks(term: Term, find_xorb: FindXorb, where: str) -> tuple[StoredChunk, ...]:
    xorb = find_xorb(term.xorb)
    if xorb is None:
        raise UnknownXorb(f"xorb {to_text(term.xorb)} has not arrived", where=where, next_step=_NEXT)
    if not term.first < term.end <= len(xorb.chunks):
        reason = f"chunks {term.first:,} to {term.end:,} of a xorb that has {len(xorb.chunks):,}"
        raise BadTerm(reason, where=where, next_step=_NEXT)
    chunks = xorb.chunks[term.first : term.end]
    length = sum(chunk.length for chunk in chunks)
    if length != term.length:
        raise BadTerm(f"its chunks make {length:,} bytes, it says {term.length:,}", where=where, next_step=_NEXT)
    return chunks
