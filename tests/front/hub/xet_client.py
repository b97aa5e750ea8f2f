"""A client of Xet's store in a few lines: what it is told it follows, and it checks every hash."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from blake3 import blake3

from holdfast.formats.xet.shard import FileRecord, Shard, Term, XorbRecord, write_shard
from holdfast.formats.xet.xorb import Xorb, parse_xorb, unpack_chunk, write_xorb
from tests.formats.xet.plainly import cut, hash_file, hash_tree, spell, split
from tests.front.hub.serving import Answer, Served

TERM_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")


@dataclass(frozen=True)
class Store:
    """What a token route said: where the store is, and a token for it."""

    served: Served
    place: str
    token: str

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request with the token."""
        return self.served.made(self.token).ask(f"{self.place}{path}", method, body, **headers)


def open_store(served: Served, path: str) -> Store:
    """Ask for a token at an address of the hub."""
    answer = served.ask(path)
    assert answer.status == 200, answer.body
    told = answer.json
    assert told["casUrl"] == answer.headers["x-xet-cas-url"]
    assert told["accessToken"] == answer.headers["x-xet-access-token"]
    assert str(told["exp"]) == answer.headers["x-xet-token-expiration"]
    return Store(served, urlsplit(told["casUrl"]).path, told["accessToken"])


def fetch(store: Store, digest: str, begin: int | None = None, end: int | None = None) -> bytes:
    """The bytes of a file, or of a range of it with its last byte, as a client puts them together."""
    path = f"/v1/reconstructions/{digest}"
    answer = store.ask(path) if begin is None else store.ask(path, Range=f"bytes={begin}-{end}")
    assert answer.status == 200, answer.body
    plan = answer.json
    data = b"".join(fetch_term(store.served, plan, term) for term in plan["terms"])
    skipped = plan["offset_into_first_range"]
    return data[skipped:] if begin is None or end is None else data[skipped : skipped + end - begin + 1]


def fetch_term(served: Served, plan: dict[str, Any], term: dict[str, Any]) -> bytes:
    """The bytes of a term."""
    told = next(one for one in plan["fetch_info"][term["hash"]] if one["range"] == term["range"])
    answer = fetch_stretch(served, told)
    assert answer.status == 206, answer.body
    xorb = parse_xorb(answer.body)
    assert len(xorb.chunks) == term["range"]["end"] - term["range"]["start"]
    data = b"".join(unpack_chunk(answer.body, chunk) for chunk in xorb.chunks)
    assert len(data) == term["unpacked_length"]
    return data


def fetch_stretch(served: Served, told: dict[str, Any], asked: str = "") -> Answer:
    """What lies at an address of a plan, or a range of it, asked without a token."""
    url = urlsplit(told["url"])
    stretch = told["url_range"]
    said = asked or f"bytes={stretch['start']}-{stretch['end']}"
    return served.made("").ask(f"{url.path}?{url.query}", Range=said)


@dataclass(frozen=True)
class Sent:
    """A file as it is sent: its bytes, the bodies of its xorbs, and the shard that says so."""

    data: bytes
    xorbs: tuple[bytes, ...]
    shard: Shard

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()

    @property
    def hash(self) -> str:
        return spell(hash_file(self.data))

    @property
    def body(self) -> bytes:
        return write_shard(self.shard)


def prepare(data: bytes, chunks_in_xorb: int = 3) -> Sent:
    """A file cut, in xorbs of so many chunks, and its shard."""
    parts = split(data, cut(data))
    bodies = [write_xorb(parts[start : start + chunks_in_xorb]) for start in range(0, len(parts), chunks_in_xorb)]
    xorbs = [parse_xorb(body) for body in bodies]
    terms = tuple(make_term(xorb, 0, len(xorb.chunks)) for xorb in xorbs)
    file = FileRecord(hash_file(data), terms, sha256(data).digest())
    return Sent(data, tuple(bodies), Shard((file,), tuple(map(make_record, xorbs))))


def make_term(xorb: Xorb, first: int, end: int) -> Term:
    """A run of chunks with its verification hash."""
    chunks = xorb.chunks[first:end]
    proof = blake3(b"".join(chunk.hash for chunk in chunks), key=TERM_KEY).digest()
    return Term(xorb.hash, sum(chunk.length for chunk in chunks), first, end, proof)


def make_file(data: bytes, *terms: tuple[Xorb, int, int]) -> FileRecord:
    """A file of runs of chunks, cut as its sender likes."""
    chunks = [chunk for xorb, first, end in terms for chunk in xorb.chunks[first:end]]
    root = hash_tree([(chunk.hash, chunk.length) for chunk in chunks])
    digest = blake3(root, key=bytes(32)).digest()
    return FileRecord(digest, tuple(make_term(*term) for term in terms), sha256(data).digest())


def make_record(xorb: Xorb) -> XorbRecord:
    """A xorb's chunks as shards tell them."""
    lengths = array("I", [chunk.length for chunk in xorb.chunks])
    return XorbRecord(xorb.hash, b"".join(chunk.hash for chunk in xorb.chunks), lengths)


def send_xorbs(store: Store, bodies: Sequence[bytes]) -> list[Answer]:
    """Send xorbs."""
    return [store.ask(f"/v1/xorbs/default/{spell(parse_xorb(body).hash)}", "POST", body) for body in bodies]


def send(store: Store, sent: Sent) -> Answer:
    """Send a file: its xorbs, then its shard."""
    for answer in send_xorbs(store, sent.xorbs):
        assert answer.status == 200, answer.body
    return store.ask("/v1/shards", "POST", sent.body)
