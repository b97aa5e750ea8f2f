"""Whether the measuring client may be believed: what it added by itself, beside what was allowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.measuring.load_rows import read_offer
from holdfast.front.web.measuring.roll import Roll, get_name
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.units import SHARE, Unit, choose_seconds, make_estimate, make_number
from holdfast.front.web.sheets.blocks import Table, make_disclosure, make_table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import (
    JsonObject,
    find_count,
    find_number,
    get_estimate,
    get_object,
    get_rows,
    get_text,
    get_texts,
)

USABLE, NOT_USABLE, UNKNOWN = "usable", "not usable", "could not tell"
_MICROSECONDS: Final = Unit("µs", 1e6, "µs")
_MILLISECONDS: Final = Unit("ms", 1e3, "ms")
_ERRORS: Final = {
    "ttft_p50": ("added to time to first token, p50", "ttft_p50_s", _MILLISECONDS),
    "ttft_p99": ("added to time to first token, p99", "ttft_p99_s", _MILLISECONDS),
    "gap_p99": ("wrong about gaps between tokens, p99", "gap_p99_s", _MILLISECONDS),
    "late": ("sent later than allowed", "late_share", SHARE),
    "stretch": ("answers seemed longer by", "stretch", SHARE),
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of one endpoint's load."""

    endpoint: str
    verdict: str
    reasons: Sequence[str]
    row: JsonObject


def read_calibrations(header: JsonObject, roll: Roll) -> list[Calibration]:
    """Those of endpoints on the roll."""
    rows = get_rows(header, "calibrations", 100).items
    found = [_read(row) for row in rows]
    return [one for one in found if one.endpoint in roll]


def say_client(calibrations: Sequence[Calibration], names: Sequence[str]) -> list[Markup]:
    """For each endpoint that was loaded whether its figures are its own."""
    known = {one.endpoint for one in calibrations}
    said = [_say(one) for one in calibrations]
    missing = [name for name in names if name not in known]
    if missing:
        listed = [join(", " if number else "", make_name(name)) for number, name in enumerate(missing)]
        said.append(join(listed, ": unknown, as the client's own error was not measured."))
    return said


def make_calibration_table(calibrations: Sequence[Calibration]) -> Markup | None:
    """What the client added, beside what is allowed; nothing where it was not measured."""
    if not calibrations:
        return None
    heads: list[Kid] = ["", *(make_name(one.endpoint) for one in calibrations), "allowed"]
    rows: list[list[Kid]] = [["verdict", *(one.verdict for one in calibrations), ""]]
    rows.append(["at", *(read_offer(get_object(one.row, "load")).said for one in calibrations), ""])
    for name, (said, allowed, unit) in _ERRORS.items():
        limit = find_number(get_object(calibrations[0].row, "allowance"), allowed)
        cells = [make_estimate(get_estimate(one.row, name), unit) for one in calibrations]
        rows.append([said, *cells, "unknown" if limit is None else make_number(limit, unit.exactly())])
    rows += [_make_row(calibrations, name, said, unit) for name, said, unit in _NUMBERS]
    rows.append(["requests", *(_say_count(find_count(one.row, "requests")) for one in calibrations), ""])
    return make_disclosure("The client's own error", make_table(Table("The client's own error", heads, rows)))


_NUMBERS: Final = (
    ("tokens_per_s", "tokens per second", Unit("", 1.0, "/s")),
    ("cpu_s_per_token", "processor time per token", _MICROSECONDS),
    ("core_share", "of a processor, the busiest process", SHARE),
    ("waited_share", "kept from a processor", SHARE),
)


def _make_row(calibrations: Sequence[Calibration], name: str, said: str, unit: Unit) -> list[Kid]:
    return [said, *(make_number(find_number(one.row, name), unit) for one in calibrations), ""]


def _read(row: JsonObject) -> Calibration:
    verdict = get_text(row, "verdict", 40)
    is_known = verdict in (USABLE, NOT_USABLE)
    return Calibration(get_name(row, "endpoint"), verdict if is_known else UNKNOWN, get_texts(row, "reasons", 10), row)


def _say(one: Calibration) -> Markup:
    added = get_estimate(one.row, "ttft_p50")
    unit = choose_seconds([added.value] if added.value is not None else [])
    said = {
        USABLE: "can be believed",
        NOT_USABLE: "cannot be believed: its latencies are the client's as well as the server's",
        UNKNOWN: "could not be judged",
    }[one.verdict]
    load = read_offer(get_object(one.row, "load")).said
    reasons = f" ({'; '.join(one.reasons)})" if one.reasons else ""
    return join(
        make_name(one.endpoint), f": at {load} the client ", make("b", None, said), reasons,
        "; by itself it adds ", make_estimate(added, unit), " to the median time to first token",
        _say_usable_at(one), ".",
    )  # fmt: skip


def _say_usable_at(one: Calibration) -> str:
    lower = get_object(one.row, "usable_at")
    return f"; it would be usable at {read_offer(lower).said}" if lower else ""


def _say_count(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"
