"""A commit's objects over git's smart HTTP, in version 2 of the protocol or the first: the commit and its trees, and no
files where the server can leave them out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import NetworkError
from holdfast.upstream.address import COMMIT, check_name
from holdfast.upstream.wire import Call, Reply, Wire

_SERVICE: Final = "git-upload-pack"
_PACK_BYTES_MAX: Final = 256 << 20
_OFFER_BYTES_MAX: Final = 1 << 20
_VERSION: Final = {"Git-Protocol": "version=2"}
_FLUSH, _DELIMITER = b"0000", b"0001"
_PACK, _PROGRESS, _FATAL = 1, 2, 3
_SPECIAL: Final = 4  # lengths below it are marks, not lines


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a server can do: the protocol's version, and its abilities by word."""

    is_second: bool
    abilities: dict[str, str]

    def can(self, word: str) -> bool:
        """In version 2 what `fetch` can is one ability with several words."""
        return word in (self.abilities.get("fetch", "").split() if self.is_second else self.abilities)


async def fetch_commit_pack(wire: Wire, name: str, commit: str) -> bytes:
    """A pack with the commit and all its trees, and with files too where the server cannot leave them out.

    Raises NotUpstream where the hub offers no git, another NetworkError or LimitExceeded.
    """
    assert COMMIT.fullmatch(commit), "a commit is named by 40 digits"
    offer = await _fetch_offer(wire, check_name(name))
    body = _ask_second(offer, commit) if offer.is_second else _ask_first(offer, commit)
    headers = {
        **_VERSION,
        "Content-Type": f"application/x-{_SERVICE}-request",
        "Accept": f"application/x-{_SERVICE}-result",
    }
    call = Call(wire.endpoint.git(name, _SERVICE), "POST", headers, body, basic=True)
    reply = await wire.fetch(call, _PACK_BYTES_MAX)
    _check(wire, reply)
    return b"".join(_read_pack_lines(reply))


async def _fetch_offer(wire: Wire, name: str) -> _Offer:
    url = wire.endpoint.git(name, f"info/refs?service={_SERVICE}")
    reply = await wire.fetch(Call(url, headers=_VERSION, basic=True), _OFFER_BYTES_MAX)
    _check(wire, reply)
    lines = [line for line in _read_lines(reply) if line and not line.startswith(b"# service=")]
    if lines and lines[0].strip() == b"version 2":
        return _Offer(True, _split(lines))
    abilities = next((line.partition(b"\0")[2] for line in lines if b"\0" in line), b"")
    offer = _Offer(False, _split(abilities.split()))
    if not offer.can("side-band-64k"):
        raise NetworkError("what the hub offers is not git's protocol", where=url, next_step="")
    return offer


def _split(words: Iterable[bytes]) -> dict[str, str]:
    texts = (word.decode("utf-8", "replace").strip() for word in words)
    return {word: said for word, _, said in (text.partition("=") for text in texts)}


def _ask_second(offer: _Offer, commit: str) -> bytes:
    known = offer.abilities.get("object-format")
    head = ("command=fetch", *((f"object-format={known}",) if known else ()))
    words = ("no-progress", f"want {commit}", *_limit(offer), "done")
    return b"".join((*map(_make_line, head), _DELIMITER, *map(_make_line, words), _FLUSH))


def _ask_first(offer: _Offer, commit: str) -> bytes:
    wished = [word for word in ("side-band-64k", "ofs-delta", "no-progress", "shallow", "filter") if offer.can(word)]
    words = (f"want {commit} {' '.join(wished)}", *_limit(offer))
    return b"".join((*map(_make_line, words), _FLUSH, _make_line("done")))


def _limit(offer: _Offer) -> tuple[str, ...]:
    """No other commit, and no files."""
    return (
        *(("deepen 1",) if offer.can("shallow") else ()),
        *(("filter blob:none",) if offer.can("filter") else ()),
    )


def _make_line(text: str) -> bytes:
    return b"%04x%s\n" % (len(text) + 5, text.encode())


def _read_pack_lines(reply: Reply) -> Iterator[bytes]:
    """The pack's bytes out of its section. Raises NetworkError."""
    inside = False
    for line in _read_lines(reply):
        if not inside:
            if line.startswith(b"ERR "):
                raise _told(reply, line[4:])
            inside = line in (b"packfile\n", b"NAK\n")
        elif line[:1] == bytes([_PACK]):
            yield line[1:]
        elif line[:1] == bytes([_FATAL]):
            raise _told(reply, line[1:])
    if not inside:
        raise NetworkError("the hub sends no pack", where=reply.url, next_step="")


def _read_lines(reply: Reply) -> Iterator[bytes]:
    """Git's lines, marks as empty ones. Raises NetworkError when one is cut short."""
    data, at = reply.body, 0
    while at < len(data):
        try:
            length = int(data[at : at + 4], 16)
        except ValueError:
            raise NetworkError("what the hub sends is not git's protocol", where=reply.url, next_step="") from None
        if length < _SPECIAL:
            yield b""
            at += 4
            continue
        if at + length > len(data):
            raise NetworkError("the hub's answer is cut short", where=reply.url, next_step="")
        yield data[at + 4 : at + length]
        at += length


def _check(wire: Wire, reply: Reply) -> None:
    if reply.status != 200:
        raise wire.explain(reply)


def _told(reply: Reply, text: bytes) -> NetworkError:
    said = "".join(letter for letter in text[:500].decode("utf-8", "replace").strip() if letter.isprintable())
    return NetworkError(f'the hub\'s git refuses: "{said}"', where=reply.url, next_step="")
