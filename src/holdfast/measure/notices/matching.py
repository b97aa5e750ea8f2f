"""Which notices concern which models: names compared as vendors, hosts and hubs write them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from holdfast.records.evidence import Sureness
from holdfast.records.notices import Notice, NoticeChanges, NoticeMatch

_SCHEME: Final = re.compile(r"^(?:pkg:(?:huggingface|ollama|generic)/|api:|models/|hf://|ollama/)")
_VENDOR: Final = re.compile(
    r"^(?:[a-z]{2,6}\.)?(?:anthropic|meta|mistral|amazon|cohere|ai21|openai|deepseek|qwen|google|nvidia|stability)\."
)
_HOSTED_TAIL: Final = re.compile(r"(?:-v\d+:\d+|:(?:free|beta|extended|latest))$")
_SNAPSHOT: Final = re.compile(
    r"^(?:[-@:](?:20\d\d-?\d\d-?\d\d|\d{4}|\d{6}|\d{3}|latest|preview|stable|exp)(?:[-@:].{1,20})?)$"
)


def normalise_name(name: str) -> str:
    """A name as it is compared: lower case, hyphens for spaces, without scheme, revision or host's decoration."""
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    plain = _SCHEME.sub("", plain)
    if "/" in plain:
        plain = plain.partition("@")[0]
    organisation, _, last = plain.rpartition("/")
    last = _HOSTED_TAIL.sub("", _VENDOR.sub("", last))
    return f"{organisation}/{last}" if organisation else last


def match_notices(notices: Iterable[Notice], names: Sequence[str]) -> tuple[NoticeMatch, ...]:
    """The notices that concern models of these names, the surest first for each name.

    High: the same name. Medium: the same without the organisation, or the notice names the family of a dated
    snapshot. Low: the same under another organisation, or the notice names one snapshot of an alias."""
    by_last: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_last[_last(normalise_name(notice.model))[:3]].append(notice)
    found = [
        NoticeMatch(name, notice, *told)
        for name in dict.fromkeys(names)
        for notice in by_last[_last(normalise_name(name))[:3]]
        if (told := _compare(normalise_name(name), normalise_name(notice.model))) is not None
    ]
    order = list(dict.fromkeys(names))
    return tuple(sorted(found, key=lambda one: (order.index(one.name), _RANK[one.sureness])))


def compare_notices(before: Iterable[Notice], after: Iterable[Notice]) -> NoticeChanges:
    """What is new, changed and gone in a later reading of the same sources. A line that only reads otherwise is no
    change."""
    then, now = _by_key(before), _by_key(after)
    new = [notice for key, notice in now.items() if key not in then]
    gone = [notice for key, notice in then.items() if key not in now]
    both = [(then[key], notice) for key, notice in now.items() if key in then]
    return NoticeChanges(tuple(new), tuple(pair for pair in both if _says(pair[0]) != _says(pair[1])), tuple(gone))


_RANK: Final = {Sureness.HIGH: 0, Sureness.MEDIUM: 1, Sureness.LOW: 2, Sureness.UNKNOWN: 3}


def _compare(ours: str, theirs: str) -> tuple[Sureness, str] | None:
    if ours == theirs:
        return Sureness.HIGH, "the same name"
    mine, other = _last(ours), _last(theirs)
    if mine == other:
        if "/" in ours and "/" in theirs:
            return Sureness.LOW, "the same name under another organisation"
        return Sureness.MEDIUM, "the same name without its organisation"
    if mine.startswith(other) and _SNAPSHOT.match(mine[len(other) :]):
        return Sureness.MEDIUM, "the notice names the model that this is a snapshot of"
    if other.startswith(mine) and _SNAPSHOT.match(other[len(mine) :]):
        return Sureness.LOW, "the notice names one snapshot; this name may be served by another"
    return None


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _by_key(notices: Iterable[Notice]) -> dict[tuple[str, str, int], Notice]:
    """Notices by source, model and which of several about it."""
    found: dict[tuple[str, str, int], Notice] = {}
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for notice in notices:
        about = (notice.source, normalise_name(notice.model))
        found[(*about, counts[about])] = notice
        counts[about] += 1
    return found


def _says(notice: Notice) -> tuple[object, ...]:
    return notice.kind, notice.announced, notice.effective, notice.replacement
