"""The check of a number, with a tolerance."""

import math
from dataclasses import dataclass
from typing import Literal

from holdfast.measure.quality.extraction import extract_number
from holdfast.measure.quality.findings import RIGHT, Finding, Means, Output, find_wrong
from holdfast.records.evidence import Strict


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric(Strict):
    """The answer's last number lies within `absolute`, or within `relative` times the value, whichever is wider."""

    value: float
    absolute: float = 0.0
    relative: float = 0.0
    type: Literal["numeric"] = "numeric"

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError("value must be a number")
        if not (0 <= self.absolute < math.inf and 0 <= self.relative < math.inf):
            raise ValueError("absolute and relative must be 0 or more")

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when it does. Without a tolerance one part in 10^12 is allowed, for decimal fractions."""
        given = extract_number(output.text)
        if given is None:
            return find_wrong("the answer holds no number")
        if math.isclose(given, self.value, rel_tol=max(self.relative, 1e-12), abs_tol=self.absolute):
            return RIGHT
        return find_wrong(f"the answer is {given:g}, not {self.value:g}")
