"""What a hub's answer other than success means, in words a user can act on. The hub's own text is kept, cleaned."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from holdfast.records.errors import BlockedUpstream, NetworkError, NotUpstream, RefusedUpstream

TEXT_BYTES_MAX: Final = 16 << 10
_SHOWN: Final = 1000
_DISABLED: Final = "Access to this resource is disabled."
_BAD_TOKEN: Final = "Invalid credentials in Authorization header"  # noqa: S105 - the hub's own words
_ELSEWHERE: Final = re.compile(
    r"\b(countr(y|ies)|region|territor(y|ies)|jurisdiction|sanction\w*|embargo\w*|export control\w*|geo\w*|"
    r"not available (in|from) your)\b",
    re.IGNORECASE,
)
RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success: its status, its headers and the beginning of its body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    with_token: bool = False

    @property
    def code(self) -> str:
        """The hub's own word for what is wrong."""
        return self.headers.get("X-Error-Code", "")

    @property
    def text(self) -> str:
        """What the hub says, as one line: its header's message, else the body's."""
        said = self.headers.get("X-Error-Message", "") or _find_message(self.body)
        return " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())[:_SHOWN]


def _find_message(body: bytes) -> str:
    text = body[:TEXT_BYTES_MAX].decode("utf-8", "replace")
    try:
        said = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text
    error = cast("dict[str, object]", said).get("error") if isinstance(said, dict) else None
    return error if isinstance(error, str) else ""


def explain(refusal: Refusal) -> NetworkError:
    """The error that a refusal means."""
    where, says = refusal.url, f': "{refusal.text}"' if refusal.text else ""
    if refusal.headers.get("X-Error-Message") == _DISABLED or refusal.status == 451 or _is_elsewhere(refusal):
        what = (
            "disabled this model" if refusal.headers.get("X-Error-Message") == _DISABLED else "refuses to give it out"
        )
        return BlockedUpstream(
            f"the hub {what}, {refusal.status}{says}", where=where, next_step="A copy that is held stays as it is."
        )
    if refusal.code == "GatedRepo":
        return RefusedUpstream(
            f"the hub gives this out to those who accepted its terms{says}", where=where, next_step=_say_gated(refusal)
        )
    if refusal.text == _BAD_TOKEN:
        return RefusedUpstream("the hub does not know this token", where=where, next_step="Give one that is valid.")
    if refusal.status == 401 or refusal.code == "RepoNotFound":
        return NotUpstream(f"the hub shows no such model{says}", where=where, next_step=_say_hidden(refusal))
    if refusal.status in (404, 410):
        return NotUpstream(f"the hub has no such {_NOUNS.get(refusal.code, 'thing')}{says}", where=where, next_step="")
    if refusal.status == 403:
        return RefusedUpstream(f"the hub refuses, 403{says}", where=where, next_step=_say_hidden(refusal))
    if refusal.status in RETRIED:
        return NetworkError(f"the hub is busy or broken, {refusal.status}{says}", where=where, next_step=LATER)
    return NetworkError(f"the hub answered {refusal.status}{says}", where=where, next_step=LATER)


LATER: Final = "Run the same command again later: what arrived is not fetched twice."
_NOUNS: Final = {"RevisionNotFound": "branch, tag or commit", "EntryNotFound": "file"}


def _is_elsewhere(refusal: Refusal) -> bool:
    """A 403 whose text speaks of where the user is."""
    return refusal.status == 403 and refusal.code != "GatedRepo" and bool(_ELSEWHERE.search(refusal.text))


def _say_gated(refusal: Refusal) -> str:
    if refusal.with_token:
        return "Accept the terms on the model's page with the account of this token, then run again."
    return "Accept the terms on the model's page, then give the account's token with HF_TOKEN or --token-file."


def _say_hidden(refusal: Refusal) -> str:
    if refusal.with_token:
        return "Check the name. It was deleted or renamed, or the account of this token may not see it."
    return "Check the name. It was deleted or renamed, or needs a token: HF_TOKEN or --token-file."
