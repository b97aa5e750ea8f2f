"""From raw list files to entries: which format it is, its parser, and whether it can be the whole list.

Refuses files of a format that the feed does not come in, and lists shorter than their floor.
"""

from collections.abc import Sequence
from pathlib import Path

from holdfast.levers.screening.csl import parse_csl_csv, parse_csl_json
from holdfast.levers.screening.dod_1260h import parse_1260h_csv, parse_1260h_text
from holdfast.levers.screening.entity_list import parse_entity_list
from holdfast.levers.screening.files import TRY_AGAIN, check_size, read_head
from holdfast.levers.screening.ofac_advanced import parse_ofac_advanced
from holdfast.levers.screening.ofac_csv import parse_ofac_csv
from holdfast.records.errors import ListError
from holdfast.records.screening import Feed, ListFormat, ParsedList

_PARSERS = {
    ListFormat.OFAC_ADVANCED: parse_ofac_advanced,
    ListFormat.CSL_JSON: parse_csl_json,
    ListFormat.CSL_CSV: parse_csl_csv,
    ListFormat.ECFR: parse_entity_list,
    ListFormat.DOD_CSV: parse_1260h_csv,
    ListFormat.DOD_TEXT: parse_1260h_text,
}
_XML = frozenset({ListFormat.OFAC_ADVANCED, ListFormat.ECFR})
_CSV = frozenset({ListFormat.OFAC_CSV, ListFormat.CSL_CSV, ListFormat.DOD_CSV})


def find_format(paths: Sequence[Path], feed: Feed) -> ListFormat:
    """The feed's format that the first bytes look like. Raises ListError when they look like none of them."""
    head = read_head(paths[0]).lstrip(b"\xef\xbb\xbf \t\r\n")
    offered = [source.format for source in feed.sources]
    likely = [name for name in offered if _looks_like(head, name)]
    if not likely:
        forms = ", ".join(name.value for name in offered)
        raise ListError(f"this looks like none of: {forms}", where=f"{paths[0]}:1", next_step=TRY_AGAIN)
    return likely[0]


def _looks_like(head: bytes, name: ListFormat) -> bool:
    first = head.split(b"\n", 1)[0]
    if name in _XML:
        return head.startswith(b"<")
    if name is ListFormat.CSL_JSON:
        return head.startswith((b"{", b"["))
    if name is ListFormat.DOD_CSV:
        return b"Clean Name" in first or first.count(b",") >= 8
    if name in _CSV:
        return b"," in first and not head.startswith((b"<", b"{"))
    return not head.startswith((b"<", b"{", b"%PDF")) and b"\0" not in head


def parse_files(paths: Sequence[Path], feed: Feed, name: ListFormat) -> ParsedList:
    """The entries of a list. Raises ListError; checks neither floor nor date."""
    for path in paths:
        read_head(path)
        check_size(path, feed.bytes_max)
    if name is ListFormat.OFAC_CSV:
        return parse_ofac_csv(paths, feed)
    return _PARSERS[name](paths[0], feed)


def check_floor(parsed: ParsedList, floor: int, where: str) -> None:
    """Raises ListError when a list has fewer entries than it can have when it is whole."""
    count = len({entry.entry for entry in parsed.entries})
    if count < floor:
        raise ListError(
            f"{count} parties; the whole list has at least {floor}",
            where=where,
            next_step="The file is cut short or is another one. If the list really shrank, say so with --floor N.",
        )
