"""A condition that only a reader can judge: a judge is asked, and what comes back is an opinion."""

from dataclasses import dataclass
from typing import Literal

from holdfast.records.evidence import Strict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric(Strict):
    """What an answer must do, in words for the judge: `names the deadline, and does not promise a refund`."""

    rubric: str
    type: Literal["judge"] = "judge"

    def __post_init__(self) -> None:
        if not self.rubric.strip():
            raise ValueError("is empty: the judge must be told what is right")
