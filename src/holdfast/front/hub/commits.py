"""`preupload` and `commit`: what a client must send, and then all of it at once or nothing."""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_error, answer_json
from holdfast.front.hub.queries import is_yes
from holdfast.front.hub.receiving import read_json
from holdfast.front.hub.trace import get_caller
from holdfast.front.hub.writing import Desk, get_web_path, make_may_read, write_to
from holdfast.records.access import BadRequest
from holdfast.records.hub_writing import NotOffered, OfferedFile, PushedRules, UploadMode
from holdfast.workflows.hub_writing.cards import find_card_fault
from holdfast.workflows.hub_writing.commit_lines import COMMIT_BYTES_MAX, is_good_path
from holdfast.workflows.hub_writing.modes import OFFERED_MAX
from holdfast.workflows.hub_writing.uploads import Gathering

_SAMPLE_CHARACTERS_MAX: Final = 4096
_RULES_CHARACTERS_MAX: Final = 256 << 10


class Commits:
    """The routes of a push beside its large files."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def preupload(self, request: web.Request, target: Target) -> web.StreamResponse:
        """How each file is to be sent."""
        check_no_pull_request(request)
        said = await read_json(request)
        offered = list(_read_offered(said))
        rules = PushedRules(_read_rules(said, "gitIgnore"), _read_rules(said, "gitAttributes"))
        modes = await self._desk.receivers.keep(
            self._desk.writer.choose_modes, write_to(request, target), offered, rules
        )
        return answer_json({"files": [_tell(mode) for mode in modes]})

    async def check_card(self, request: web.Request) -> web.StreamResponse:
        """Whether a README.md that is about to be pushed has front matter that can be read."""
        said = await read_json(request)
        content: object = said.get("content")
        if not isinstance(content, str):
            raise BadRequest("there is no content", where="validate-yaml", next_step='Send {"content": TEXT}.')
        fault = await self._desk.receivers.keep(find_card_fault, content)
        if not fault:
            return answer_json({"errors": [], "warnings": []})
        return answer_error(400, fault, more={"errors": [{"message": fault}], "warnings": []})

    async def commit(self, request: web.Request, target: Target) -> web.StreamResponse:
        """A commit's lines, to a file and from there into the vault."""
        check_no_pull_request(request)
        writer = self._desk.writer
        to, may_read = write_to(request, target), make_may_read(get_caller(request))
        with writer.uploads.make_folder() as folder:
            body = await self._gather(request, folder)
            done = await self._desk.change(writer.commit, to, body, may_read)
        url = f"{self._desk.site.get_url(request)}{get_web_path(target.kind, target.id)}/commit/{done.commit}"
        return answer_json({"success": True, "commitOid": done.commit, "commitUrl": url, "hookOutput": ""})

    async def _gather(self, request: web.Request, folder: Path) -> Path:
        gathering = Gathering(folder / "body", COMMIT_BYTES_MAX)
        try:
            await self._desk.receivers.receive(request, gathering.write)
        finally:
            gathering.close()
        return gathering.path


def check_no_pull_request(request: web.Request) -> None:
    """Raises NotOffered when a commit is to become a pull request."""
    if is_yes(request, "create_pr"):
        raise NotOffered(
            "a vault has no pull requests", where="create_pr", next_step="Push to a branch of its own instead."
        )


def _read_offered(said: dict[str, Any]) -> Iterator[OfferedFile]:
    files: object = said.get("files")
    listed = cast("list[object]", files) if isinstance(files, list) else []
    if len(listed) > OFFERED_MAX:
        raise BadRequest(f"more than {OFFERED_MAX} files at once", next_step="Ask for fewer at once.")
    for one in listed:
        plain = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        path, size, sample = plain.get("path"), plain.get("size"), plain.get("sample", "")
        if not isinstance(path, str) or not is_good_path(path):
            raise BadRequest(f"{str(path)[:200]!r} cannot be a path in a repository", next_step="Rename the file.")
        if type(size) is not int or size < 0:
            raise BadRequest(f"{path} has no size", next_step="Send path, size and sample of every file.")
        yield OfferedFile(path, size, _read_sample(path, sample))


def _read_sample(path: str, sample: object) -> bytes:
    try:
        if isinstance(sample, str) and len(sample) <= _SAMPLE_CHARACTERS_MAX:
            return base64.b64decode(sample, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise BadRequest(f"the sample of {path} is not the file's beginning in base64", next_step="Send 512 bytes of it.")


def _read_rules(said: dict[str, Any], key: str) -> str | None:
    text: object = said.get(key)
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > _RULES_CHARACTERS_MAX:
        raise BadRequest(f"{key} is no text of at most {_RULES_CHARACTERS_MAX:,} letters", next_step="Shorten it.")
    return text


def _tell(mode: UploadMode) -> dict[str, Any]:
    told: dict[str, Any] = {
        "path": mode.path,
        "uploadMode": "lfs" if mode.is_large else "regular",
        "shouldIgnore": mode.is_ignored,
    }
    return {**told, "oid": mode.present} if mode.present else told
