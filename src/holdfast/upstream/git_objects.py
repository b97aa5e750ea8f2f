"""A commit's objects over git's smart HTTP, protocol version 2: the commit and its trees, without the files."""

from collections.abc import Iterator
from typing import Final

from holdfast.records.errors import NetworkError
from holdfast.upstream.address import COMMIT, check_name
from holdfast.upstream.wire import Call, Reply, Wire

_SERVICE: Final = "git-upload-pack"
_PACK_BYTES_MAX: Final = 256 << 20
_OFFER_BYTES_MAX: Final = 1 << 20
_FLUSH, _DELIMITER = b"0000", b"0001"
_PACK, _PROGRESS, _FATAL = 1, 2, 3
_SPECIAL: Final = 4  # lengths below it are marks, not lines


async def fetch_commit_pack(wire: Wire, name: str, commit: str) -> bytes:
    """A pack with the commit and all its trees, and with files too where the server cannot leave them out.

    Raises NotUpstream where the hub offers no git, another NetworkError or LimitExceeded.
    """
    assert COMMIT.fullmatch(commit), "a commit is named by 40 digits"
    offered = await _fetch_offer(wire, check_name(name))
    reply = await wire.fetch(_make_call(wire, name, commit, offered), _PACK_BYTES_MAX)
    _check(wire, reply)
    return b"".join(_read_pack_lines(reply))


async def _fetch_offer(wire: Wire, name: str) -> dict[str, str]:
    """What the server can do, by word."""
    url = wire.endpoint.git(name, f"info/refs?service={_SERVICE}")
    reply = await wire.fetch(Call(url, headers={"Git-Protocol": "version=2"}, basic=True), _OFFER_BYTES_MAX)
    _check(wire, reply)
    lines = [line.decode("utf-8", "replace").strip() for line in _read_lines(reply) if line]
    if "version 2" not in lines:
        raise NetworkError("the hub speaks an old version of git's protocol", where=url, next_step="")
    return {word: said for word, _, said in (line.partition("=") for line in lines)}


def _make_call(wire: Wire, name: str, commit: str, offered: dict[str, str]) -> Call:
    abilities = offered.get("fetch", "").split()
    words = ["no-progress", f"want {commit}"]
    words += ["deepen 1"] if "shallow" in abilities else []
    words += ["filter blob:none"] if "filter" in abilities else []
    head = [f"object-format={offered['object-format']}"] if "object-format" in offered else []
    body = b"".join(
        (
            *map(_make_line, ("command=fetch", *head)),
            _DELIMITER,
            *map(_make_line, (*words, "done")),
            _FLUSH,
        )
    )
    headers = {
        "Git-Protocol": "version=2",
        "Content-Type": f"application/x-{_SERVICE}-request",
        "Accept": f"application/x-{_SERVICE}-result",
    }
    return Call(wire.endpoint.git(name, _SERVICE), "POST", headers, body, basic=True)


def _make_line(text: str) -> bytes:
    return b"%04x%s\n" % (len(text) + 5, text.encode())


def _read_pack_lines(reply: Reply) -> Iterator[bytes]:
    """The pack's bytes out of its section. Raises NetworkError."""
    inside = False
    for line in _read_lines(reply):
        if not inside:
            if line.startswith(b"ERR "):
                raise _told(reply, line[4:])
            inside = line == b"packfile\n"
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
