"""Large files by git's LFS: what must be sent is told, received whole or in parts under signed addresses, and verified.

An object that arrived is in the vault, and known by its sha256, before its sender hears so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_json
from holdfast.front.hub.receiving import get_text, read_json
from holdfast.front.hub.trace import get_caller, require
from holdfast.front.hub.writing import Desk, get_web_path, make_may_read
from holdfast.records.access import BadRequest, Scope
from holdfast.records.errors import HoldfastError, UnknownEntry
from holdfast.records.hub_service import ServedRevision
from holdfast.records.hub_writing import NotUploaded, WrongContent
from holdfast.workflows.hub_writing.uploads import PART_BYTES_MIN, Announced, make_upload, wrong_digest

MEDIA: Final = "application/vnd.git-lfs+json"
OBJECTS_MAX: Final = 1000
_SIZE_MAX: Final = 1 << 50
_OID: Final = re.compile(r"[0-9a-f]{64}")
_UPLOAD: Final = re.compile(r"[0-9a-f]{24}")
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
OBJECTS: Final = ("info", "lfs", "objects")


class Lfs:
    """The routes under `/org/name.git/info/lfs/objects`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def post(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A batch, a verification, or the end of an upload in parts."""
        rest = target.rest[len(OBJECTS) :]
        if rest == ("batch",):
            return await self._answer_batch(request, target)
        if rest == ("verify",):
            return await self._verify(request, target)
        if len(rest) == 3:
            return await self._complete(request, target, *rest)
        raise _nothing_here(target)

    async def put(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A whole object, or a part of one."""
        require(request, Scope.WRITE, target.name)
        rest = target.rest[len(OBJECTS) :]
        if target.rest[: len(OBJECTS)] != OBJECTS or len(rest) not in (2, 4):
            raise _nothing_here(target)
        announced = _read_announced(rest[0], rest[1])
        if len(rest) == 2:
            return await self._receive(request, target, announced)
        return await self._receive_part(request, announced, rest[2], rest[3])

    # --- batch ---

    async def _answer_batch(self, request: web.Request, target: Target) -> web.StreamResponse:
        said = await read_json(request)
        wanted = list(_read_objects(said))
        operation = get_text(said, "operation")
        if operation == "download":
            return await self._answer_download(request, target, said, wanted)
        if operation != "upload":
            raise BadRequest(f"{operation!r} is no operation", next_step="Ask for `upload` or `download`.")
        require(request, Scope.WRITE, target.name)
        await self._desk.site.ask(self._desk.site.service.check_repository, target.name)
        arrived = await self._desk.receivers.keep(
            self._desk.writer.list_arrived, target.name, wanted, make_may_read(get_caller(request))
        )
        may_come_in_parts = self._desk.writer.takes_parts and "multipart" in _list_transfers(said)
        objects = [
            {"oid": one.sha256, "size": one.size, **self._tell(request, target, one, arrived, may_come_in_parts)}
            for one in wanted
        ]
        transfer = "multipart" if any(_comes_in_parts(one) for one in objects) else "basic"
        return answer_batch({"transfer": transfer, "objects": objects, "hash_algo": "sha256"})

    def _tell(
        self, request: web.Request, target: Target, one: Announced, arrived: Mapping[Announced, str], in_parts: bool
    ) -> dict[str, Any]:
        """What is to be done with an object: nothing, why it cannot be sent, or where to send it."""
        if one in arrived:
            return {"error": {"code": 422, "message": arrived[one]}} if arrived[one] else {}
        try:
            self._desk.writer.uploads.check_room(one.size)
        except HoldfastError as error:
            return {"error": {"code": error.http_status, "message": f"{error.what}. {error.next_step}"}}
        base = _get_base(target)
        verify: dict[str, Any] = {"href": f"{self._desk.site.get_url(request)}{base}/verify", "header": {}}
        if in_parts and one.size > PART_BYTES_MIN:
            return {"actions": {"upload": self._offer_parts(request, base, one), "verify": verify}}
        href = self._desk.sign(request, "PUT", f"{base}/{one.sha256}/{one.size}")
        return {"actions": {"upload": {"href": href, "header": {}}, "verify": verify}}

    def _offer_parts(self, request: web.Request, base: str, one: Announced) -> dict[str, Any]:
        path = f"{base}/{one.sha256}/{one.size}/{make_upload()}"
        parts = {f"{number:05}": self._desk.sign(request, "PUT", f"{path}/{number}") for number in _number(one)}
        return {
            "href": self._desk.sign(request, "POST", path),
            "header": {"chunk_size": str(one.part_bytes), **parts},
        }

    async def _answer_download(
        self, request: web.Request, target: Target, said: dict[str, Any], wanted: Sequence[Announced]
    ) -> web.StreamResponse:
        """Where the files of a revision are: the branch that is named, else any that the repository has."""
        named: object = said.get("ref")
        ref = get_text(cast("dict[str, Any]", named), "name") if isinstance(named, dict) else ""
        paths = await self._desk.site.ask(self._find_paths, target, ref, {one.sha256 for one in wanted})
        objects: list[dict[str, Any]] = []
        for one in wanted:
            told: dict[str, Any] = {"oid": one.sha256, "size": one.size}
            if one.sha256 in paths:
                path = f"{get_web_path(target.kind, target.id)}/{paths[one.sha256]}"
                told["actions"] = {"download": {"href": self._desk.sign(request, "GET", path), "header": {}}}
            else:
                told["error"] = {"code": 404, "message": f"{target.id} has no such object here."}
            objects.append(told)
        return answer_batch({"transfer": "basic", "objects": objects, "hash_algo": "sha256"})

    def _find_paths(self, target: Target, ref: str, wanted: set[str]) -> dict[str, str]:
        """`resolve/commit/path` of large files by their sha256."""
        service = self._desk.site.service
        found: dict[str, str] = {}
        for name in [*([ref] if ref else []), *(one.ref for one in service.list_refs(target.name))]:
            if not wanted - found.keys():
                break
            try:
                found.update(_list_large(service.find_revision(target.name, name), wanted - found.keys()))
            except HoldfastError:
                continue  # one that is frozen, or gone since
        return found

    async def _verify(self, request: web.Request, target: Target) -> web.StreamResponse:
        require(request, Scope.WRITE, target.name)
        said = await read_json(request)
        announced = next(_read_objects({"objects": [said]}))
        may_read = make_may_read(get_caller(request))
        arrived = await self._desk.receivers.keep(self._desk.writer.list_arrived, target.name, [announced], may_read)
        if announced not in arrived:
            raise NotUploaded("this object has not arrived", where=announced.sha256, next_step="Send it again.")
        if arrived[announced]:
            raise WrongContent(arrived[announced], where=announced.sha256, next_step="Announce it with its size.")
        return answer_json({"oid": announced.sha256, "size": announced.size})

    # --- bytes ---

    async def _receive(self, request: web.Request, target: Target, announced: Announced) -> web.StreamResponse:
        _check_length(request, announced.size)
        receivers, writer = self._desk.receivers, self._desk.writer
        with writer.uploads.receive(announced) as incoming:
            await receivers.receive(request, incoming.write)
            if await receivers.write(incoming.finish) != announced.sha256:
                raise wrong_digest(announced)
            await receivers.keep(writer.take_in, target.name, incoming.path, announced)
        return web.Response(headers={"ETag": f'"{announced.sha256}"'})

    async def _receive_part(
        self, request: web.Request, announced: Announced, upload: str, number: str
    ) -> web.StreamResponse:
        if not _UPLOAD.fullmatch(upload) or not _DIGITS.fullmatch(number) or int(number) not in _number(announced):
            raise BadRequest("there is no such part", next_step="Ask for the addresses of an upload anew.")
        _check_length(request, announced.measure_part(int(number))[1])
        receivers = self._desk.receivers
        part = await receivers.write(self._desk.writer.uploads.receive_part, upload, announced, int(number))
        try:
            await receivers.receive(request, part.write)
            etag = await receivers.write(part.finish)
        finally:
            part.close()
        return web.Response(headers={"ETag": f'"{etag}"'})

    async def _complete(
        self, request: web.Request, target: Target, sha256: str, size: str, upload: str
    ) -> web.StreamResponse:
        require(request, Scope.WRITE, target.name)
        announced = _read_announced(sha256, size)
        if not _UPLOAD.fullmatch(upload):
            raise BadRequest("there is no such upload", next_step="Ask for the addresses of an upload anew.")
        etags = _read_etags(await read_json(request))
        await self._desk.receivers.keep(self._take_in_parts, target.name, announced, upload, etags)
        return answer_json({"success": True})

    def _take_in_parts(self, name: str, announced: Announced, upload: str, etags: Mapping[int, str]) -> None:
        writer = self._desk.writer
        if writer.uploads.has_arrived(name, announced.sha256):
            return  # it was completed before, and its answer was lost
        body = writer.uploads.complete(upload, announced, etags)
        writer.take_in(name, body, announced)
        writer.uploads.discard(upload, announced)


def answer_batch(value: object) -> web.Response:
    """In the media type that LFS wants."""
    response = answer_json(value)
    response.content_type = MEDIA
    return response


def _number(announced: Announced) -> range:
    return range(1, announced.parts + 1)


def _comes_in_parts(told: Mapping[str, Any]) -> bool:
    return "chunk_size" in told.get("actions", {}).get("upload", {}).get("header", {})


def _get_base(target: Target) -> str:
    return f"{get_web_path(target.kind, target.id)}.git/{'/'.join(OBJECTS)}"


def _list_large(revision: ServedRevision, wanted: set[str]) -> Iterator[tuple[str, str]]:
    for path, file in revision.tree.files.items():
        if file.is_lfs and file.sha256 in wanted:
            yield file.sha256, f"resolve/{revision.commit}/{path}"


def _read_objects(said: Mapping[str, Any]) -> Iterator[Announced]:
    """What a batch is about. Raises BadRequest. JavaScript calls the hash `sha_256`."""
    algorithm: object = said.get("hash_algo", "sha256")
    objects: object = said.get("objects")
    if algorithm not in ("sha256", "sha_256") or not isinstance(objects, list):
        raise BadRequest("the batch names no objects by sha256", next_step="Send objects with oid and size.")
    listed = cast("list[object]", objects)
    if not 0 < len(listed) <= OBJECTS_MAX:
        raise BadRequest(f"a batch has 1 to {OBJECTS_MAX} objects", next_step="Send several.")
    for one in listed:
        plain = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        oid, size = plain.get("oid"), plain.get("size")
        if not isinstance(oid, str) or not _OID.fullmatch(oid) or type(size) is not int or not 0 <= size <= _SIZE_MAX:
            raise BadRequest("an object has no oid (sha256) and size", next_step="Send objects with oid and size.")
        yield Announced(oid, size)


def _list_transfers(said: Mapping[str, Any]) -> list[object]:
    transfers: object = said.get("transfers")
    return cast("list[object]", transfers) if isinstance(transfers, list) else ["basic"]


def _read_announced(sha256: str, size: str) -> Announced:
    if not _OID.fullmatch(sha256) or not _DIGITS.fullmatch(size):
        raise BadRequest("there is no such upload", next_step="Ask for the address of an upload anew.")
    return Announced(sha256, int(size))


def _read_etags(said: Mapping[str, Any]) -> dict[int, str]:
    parts: object = said.get("parts")
    found: dict[int, str] = {}
    for part in cast("list[object]", parts) if isinstance(parts, list) else []:
        plain = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
        number, etag = plain.get("partNumber"), plain.get("etag")
        if type(number) is not int or not isinstance(etag, str):
            raise BadRequest("a part has no partNumber and etag", next_step="Send both for every part.")
        found[number] = etag.strip('"')
    return found


def _check_length(request: web.Request, size: int) -> None:
    length = request.content_length
    if length is not None and length != size:
        raise WrongContent(
            f"the request has {length:,} bytes, and {size:,} were announced",
            where="Content-Length",
            next_step="Announce the file with its size. Nothing was taken in.",
        )


def _nothing_here(target: Target) -> UnknownEntry:
    return UnknownEntry("there is nothing at this address", where=target.name, next_step="See git's LFS.")
