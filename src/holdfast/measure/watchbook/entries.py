"""An entry as the text that is digested and signed. docs/watchbook.md#entry is its law."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from holdfast.measure.watchbook.keys import Signer, sign_text
from holdfast.records.errors import BookError, UsageError
from holdfast.records.watchbook import Entry, EntryKind

FORMAT: Final = 1
NONE_BEFORE: Final = "0" * 64
BODY_BYTES_MAX: Final = 32 << 20
NAME_CHARACTERS_MAX: Final = 200
_AT: Final = "%Y-%m-%dT%H:%M:%SZ"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it is signed."""

    monitor: str
    kind: EntryKind
    at: str
    body: str


def write_text(entry: Entry, book: str) -> str:
    """The eight lines that are digested and signed."""
    return (
        f"holdfast watchbook {FORMAT}\nbook {book}\nentry {entry.number}\nafter {entry.previous}\nat {entry.at}\n"
        f"kind {entry.kind}\nmonitor {entry.monitor}\nbody {entry.body_sha256}\n"
    )


def digest_text(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def seal_entry(draft: Draft, last: Entry | None, book: str, signer: Signer) -> Entry:
    """The draft as the entry after `last`, digested and signed."""
    check_body(draft.body)
    number, previous = (0, NONE_BEFORE) if last is None else (last.number + 1, last.digest)
    body_sha256 = digest_text(draft.body)
    bare = Entry(number, draft.monitor, draft.kind, draft.at, draft.body, body_sha256, previous, "", "")
    text = write_text(bare, book)
    signature = sign_text(signer, text)
    return Entry(
        number, draft.monitor, draft.kind, draft.at, draft.body, body_sha256, previous, digest_text(text), signature
    )


def find_break(entry: Entry, book: str) -> str:
    """Why the entry's body or lines are not those that were digested, in words; empty when they are."""
    if entry.body is not None and digest_text(entry.body) != entry.body_sha256:
        return "its body is not the one that was signed"
    if digest_text(write_text(entry, book)) != entry.digest:
        return "it does not fit its digest"
    return ""


def check_body(body: str) -> None:
    """Raises BookError when a body is longer than a reader accepts."""
    size = len(body.encode())
    if size > BODY_BYTES_MAX:
        raise BookError(
            f"An entry of {size} bytes does not fit the book; at most {BODY_BYTES_MAX} do.",
            next_step="Plan fewer answers or prompts.",
        )


def check_name(name: str) -> None:
    """Raises UsageError when a monitor cannot be called so."""
    if not name or len(name) > NAME_CHARACTERS_MAX or name != name.strip() or _CONTROL.search(name):
        raise UsageError(
            f"{name[:80]!r} cannot be the name of a monitor.",
            next_step=f"Take 1 to {NAME_CHARACTERS_MAX} characters in one line, without spaces around them.",
        )


def write_time(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime(_AT)


def find_time(text: str) -> datetime | None:
    """The moment that is written; None when none is."""
    try:
        moment = datetime.strptime(text, _AT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.strftime(_AT) == text else None


def tell_step_back(at: str, before: str) -> str:
    """In words, how far a time is before an earlier entry's; empty where it is not."""
    now, then = find_time(at), find_time(before)
    if now is None or then is None or now >= then:
        return ""
    return f"the clock stepped back by {then - now}, from {before} to {at}"
