"""What entries say, as canonical JSON and back. Decoding is strict: what it does not know is of a newer version."""

import json
from collections.abc import Hashable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar, cast

from holdfast.measure.watchbook.visits import decode_visit
from holdfast.records.canonical_json import encode_canonical, to_plain
from holdfast.records.errors import MalformedFile, NewerBook
from holdfast.records.watchbook import Alarm, Decision, Entry, EntryKind
from holdfast.records.watching import Monitor

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PROMPTS_MAX: Final = 10_000
PROMPT_CHARACTERS_MAX: Final = 1 << 20
_T = TypeVar("_T")
_HERE: Final = "Check the book with `holdfast watch verify`."


def encode_body(value: object) -> str:
    """Canonical JSON in UTF-8; a lone surrogate, which UTF-8 cannot write, becomes a question mark."""
    return encode_canonical(value).encode("utf-8", "replace").decode()


def decode_body(body: str) -> dict[str, object]:
    """The object in a body. Raises MalformedFile."""
    try:
        found: object = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedFile("It is no JSON.", next_step=_HERE) from error
    if not isinstance(found, dict):
        raise MalformedFile("It is no JSON object.", next_step=_HERE)
    return cast("dict[str, object]", found)


def encode_monitor(monitor: Monitor) -> str:
    """A monitor with its settings and prompts."""
    return encode_body(monitor)


def decode_monitor(body: str) -> Monitor:
    """A monitor again. Raises MalformedFile; NewerBook where it has members that are not known here."""
    monitor = _decode(Monitor, decode_body(body), "monitor")
    if len(monitor.prompts) > PROMPTS_MAX:
        raise MalformedFile(f"A monitor has {len(monitor.prompts)} prompts for at most {PROMPTS_MAX}.", next_step=_HERE)
    return monitor


def encode_acceptance(decision: Decision, monitor: Monitor) -> str:
    """A decision, and the monitor as it is from here on."""
    return encode_body({"by": decision.by, "why": decision.why, "monitor": monitor})


def decode_acceptance(body: str) -> tuple[Decision, Monitor]:
    """Both again. Raises MalformedFile or NewerBook."""
    fields = decode_body(body)
    told = fields.pop("monitor", None)
    return _decode(Decision, fields, "decision"), decode_monitor(json.dumps(told))


def decode_decision(body: str) -> Decision:
    """Who decided and why. Raises MalformedFile or NewerBook."""
    return _decode(Decision, decode_body(body), "decision")


def decode_alarm(body: str) -> Alarm:
    """An alarm that was sent. Raises MalformedFile or NewerBook."""
    return _decode(Alarm, decode_body(body), "alarm")


def check_entry_body(entry: Entry) -> None:
    """Raises MalformedFile or NewerBook when the body of an entry is not what its kind promises."""
    if entry.body is None:
        return
    match entry.kind:
        case EntryKind.ENROLLED:
            decode_monitor(entry.body)
        case EntryKind.ACCEPTED:
            decode_acceptance(entry.body)
        case EntryKind.VISITED:
            decode_visit(decode_body(entry.body))
        case EntryKind.ALARMED:
            decode_alarm(entry.body)
        case EntryKind.PAUSED | EntryKind.RESUMED | EntryKind.REMOVED:
            decode_decision(entry.body)
        case _:
            decode_body(entry.body)


def _decode(kind: type[_T], fields: Mapping[str, object], noun: str) -> _T:
    from pydantic import ValidationError

    try:
        found = cast("_T", _adapter(cast("Hashable", kind)).validate_json(json.dumps(fields), strict=True))
    except (ValidationError, RecursionError) as error:
        places = (
            [".".join(map(str, one["loc"])) for one in error.errors()] if isinstance(error, ValidationError) else []
        )
        raise MalformedFile(f"This is no {noun}: {', '.join(places[:3]) or 'too deep'}.", next_step=_HERE) from error
    _check_known(fields, to_plain(found), noun)
    return found


def _check_known(told: object, known: object, noun: str) -> None:
    """Raises NewerBook when what was told has members that decoding left out."""
    if isinstance(told, dict) and isinstance(known, dict):
        members, fields = cast("dict[str, object]", told), cast("dict[str, object]", known)
        if unknown := sorted(members.keys() - fields.keys()):
            raise NewerBook(
                f"A {noun} has the member {unknown[0][:80]!r}, which this version does not know.",
                next_step="Install a newer holdfast.",
            )
        for name, value in members.items():
            _check_known(value, fields[name], noun)
    if isinstance(told, list) and isinstance(known, list):
        pairs = zip(cast("list[object]", told), cast("list[object]", known), strict=False)
        for value, back in pairs:
            _check_known(value, back, noun)


@cache
def _adapter(kind: Hashable) -> "TypeAdapter[object]":
    from pydantic import TypeAdapter  # takes its time, and few verbs need it

    return TypeAdapter(cast("type[object]", kind))


def _refuse(constant: str) -> float:
    raise ValueError(constant)
