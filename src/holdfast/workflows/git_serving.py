"""What git-upload-pack says of a repository of the vault: its refs, and packs for who wants them."""

from collections.abc import Iterator
from typing import Final

from holdfast.formats.git_wire import FLUSH, Wish, iterate_pack, make_line, read_wish, wrap_in_band
from holdfast.records.access import BadRequest
from holdfast.records.errors import MalformedFile
from holdfast.workflows.git_view import HEAD, GitView, History, check_wants
from holdfast.workflows.serve import Service

_CAPABILITIES: Final = "multi_ack_detailed side-band-64k shallow no-progress object-format=sha1 agent=holdfast"
_NONE: Final = "0" * 40

__all__ = ["Wish", "answer_upload", "make_advertisement", "read_request"]


def make_advertisement(service: Service, name: str) -> bytes:
    """The refs of a repository, and where its history ends. Raises UnknownRepository or HeldBack."""
    history = GitView(service).read_history(name)
    lines = [make_line(b"# service=git-upload-pack\n"), FLUSH]
    names = [*(["HEAD"] if HEAD in history.refs else []), *history.refs]
    symbolic = f" symref=HEAD:{HEAD}" if HEAD in history.refs else ""
    for number, ref in enumerate(names):
        commit = history.refs[HEAD if ref == "HEAD" else ref]
        said = f"\0{_CAPABILITIES}{symbolic}" if number == 0 else ""
        lines.append(make_line(f"{commit} {ref}{said}\n".encode()))
    if not names:
        lines.append(make_line(f"{_NONE} capabilities^{{}}\0{_CAPABILITIES}\n".encode()))
    lines += [make_line(f"shallow {commit}\n".encode()) for commit in history.cuts]
    return b"".join([*lines, FLUSH])


def read_request(body: bytes) -> Wish:
    """What a client wants. Raises BadRequest."""
    try:
        return read_wish(body)
    except MalformedFile as error:
        raise BadRequest(error.what, where=error.where, next_step=error.next_step) from error


def answer_upload(service: Service, name: str, wish: Wish) -> Iterator[bytes]:
    """The answer to a request, piece by piece. Raises BadRequest before the first."""
    view = GitView(service)
    history = view.read_history(name)
    check_wants(history, wish.wants)
    return _answer(view, history, wish)


def _answer(view: GitView, history: History, wish: Wish) -> Iterator[bytes]:
    if not wish.wants:
        return
    packing = view.plan(history, wish.wants, wish.haves, wish.depth, wish.shallow)
    if wish.depth:
        yield from (make_line(f"shallow {commit}".encode()) for commit in packing.shallow)
        yield from (make_line(f"unshallow {commit}".encode()) for commit in packing.unshallow)
        yield FLUSH
    if not wish.talking:
        return
    yield from _acknowledge([one for one in wish.haves if one in history.commits], wish)
    if not wish.done:
        return
    for piece in iterate_pack(packing.count, packing.objects):
        yield from wrap_in_band(piece) if "side-band-64k" in wish.capabilities else (piece,)
    if "side-band-64k" in wish.capabilities:
        yield FLUSH


def _acknowledge(common: list[str], wish: Wish) -> Iterator[bytes]:
    """Which of the commits that a client has are known here: each, or the first for a client that asks no better."""
    if "multi_ack_detailed" not in wish.capabilities:
        yield make_line(f"ACK {common[0]}\n".encode() if common else b"NAK\n")
        return
    yield from (make_line(f"ACK {one} common\n".encode()) for one in common)
    yield make_line(f"ACK {common[-1]}\n".encode() if common and wish.done else b"NAK\n")
