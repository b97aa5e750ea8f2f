"""What stands on the page of a measurement, read from its text: parts, words, numbers and places."""

import math
import re
from xml.etree import ElementTree as ET

import numpy as np

from tests.front.web.measured_headers import Header


def cut_between(text: str, start: str, end: str) -> str:
    """What stands between two texts, the first time."""
    return text.split(start, 1)[1].split(end, 1)[0]


def cut_plate(page: str, name: str) -> str:
    """A plate by its id."""
    return cut_between(page, f'<section class="plate" id="{name}"', "</section>")


def read_words(markup: str) -> str:
    """What a reader sees."""
    text = re.sub(r"<[^>]+>", "", markup)
    return (
        text.replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
    )


def read_drawings(page: str, name: str) -> list[ET.Element]:
    """The pictures of a plate."""
    return [ET.fromstring(text) for text in re.findall(r'<svg class="plot".*?</svg>', cut_plate(page, name))]


def read_number(text: str) -> float:
    """A number as it is written on the page."""
    return float(text.replace(",", "").replace("−", "-").replace("$", "").replace("%", ""))


def read_axis(drawing: ET.Element, kind: str, along: str) -> tuple[list[float], list[float]]:
    """The numbers that stand at ticks, and where the ticks are."""
    ticks: list[tuple[float, float]] = []
    for group in drawing.iter("g"):
        text, line = group.find("text"), group.find("path")
        if group.get("class") == kind and text is not None and line is not None:
            place = re.match(r"M([\d.]+) ([\d.]+)", line.get("d", ""))
            assert place is not None
            ticks.append((read_number(text.text or ""), float(place[1 if along == "x" else 2])))
    ticks.sort()
    return [number for number, _ in ticks], [place for _, place in ticks]


def find_centre(group: ET.Element) -> tuple[float, float]:
    """Where a mark's circle or square lies."""
    circle = group.find("circle")
    if circle is not None:
        return float(circle.get("cx", "")), float(circle.get("cy", ""))
    square = next(path for path in group.iter("path") if path.get("class") == "marker")
    place = re.match(r"M([\d.]+) ([\d.]+)h8.4", square.get("d", ""))
    assert place is not None
    return float(place[1]) + 4.2, float(place[2]) + 4.2


def interpolate(number: float, axis: tuple[list[float], list[float]], is_log: bool) -> float:
    """Where a number lies, by the ticks beside it."""
    numbers, places = axis
    at = np.log(numbers) if is_log else np.array(numbers)
    slope, start = np.polyfit(at, places, 1)
    return float(slope * (math.log(number) if is_log else number) + start)


def make_estimate(value: float | None, missing: int | None = 0) -> Header:
    """An estimate as a run file holds it."""
    low, high = (None, None) if value is None else (value * 0.95, value * 1.05)
    return {"value": value, "low": low, "high": high, "samples": 50, "runs": 3, "confidence": 0.95, "missing": missing}
