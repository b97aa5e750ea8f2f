"""Numbers with intervals in words: 12.3 ms [11.9, 12.8]; what is unknown says how many samples it lacks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

Plain = Mapping[str, Any]
UNKNOWN: Final = "unknown"


def get_rows(value: object) -> list[Plain]:
    """The tables of a list; nothing where it is none."""
    listed = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()
    return [cast("Plain", one) for one in listed if isinstance(one, Mapping)]


def get_table(value: object) -> Plain:
    """A table; an empty one where it is none."""
    return cast("Plain", value) if isinstance(value, Mapping) else {}


def tell_seconds(estimate: object) -> str:
    """In milliseconds, or seconds from one on."""
    value = get_table(estimate).get("value")
    if isinstance(value, (int, float)) and abs(value) >= 1:
        return tell(estimate, 1.0, " s")
    return tell(estimate, 1e3, " ms")


def tell_share(estimate: object) -> str:
    """In percent."""
    return tell(estimate, 100.0, " %")


def tell_usd(estimate: object) -> str:
    """In US dollars."""
    return tell(estimate, 1.0, " USD")


def tell(estimate: object, factor: float = 1.0, unit: str = "") -> str:
    """A number with its interval; one of one run, or one without an interval, alone."""
    known = get_table(estimate)
    value, low, high = known.get("value"), known.get("low"), known.get("high")
    if not isinstance(value, (int, float)):
        missing = known.get("missing")
        return f"{UNKNOWN}: {missing} samples more" if isinstance(missing, int) and missing > 0 else UNKNOWN
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        return f"{round_to(value * factor)}{unit}"
    return f"{round_to(value * factor)}{unit} [{round_to(low * factor)}, {round_to(high * factor)}]"


def round_to(number: float) -> str:
    """Three digits that mean something, never an exponent for what people read as money or time."""
    if number == 0:
        return "0"
    if abs(number) >= 1000:
        return f"{number:,.0f}"
    if abs(number) < 1e-6:
        return f"{number:.2e}"
    text = f"{number:.3g}"
    return text if "e" not in text else f"{number:.8f}".rstrip("0")


def tell_load(load: object) -> str:
    """`8 at a time`, `4/s Poisson`."""
    said = get_table(load)
    arrivals = said.get("arrivals")
    if arrivals == "closed":
        return f"{said.get('concurrency')} at a time"
    if arrivals == "replay":
        return f"replay of {len(said.get('offsets_s') or ())}"
    return f"{round_to(float(said.get('rate_per_s') or 0))}/s {'Poisson' if arrivals == 'poisson' else arrivals}"
