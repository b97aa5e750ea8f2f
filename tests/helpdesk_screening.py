"""What screening found for the help desk, made by hand: one hit through a base, one list that no edition speaks for."""

import datetime

from holdfast.records.screening import (
    CAVEATS,
    Answer,
    EditionUse,
    EntryState,
    Hit,
    HitQuality,
    HitReason,
    Involved,
    ListAnswer,
    QueryName,
    ScreeningResult,
    ScreeningSummary,
)

ON = datetime.date(2026, 11, 22)
EDITION = EditionUse("us-1260h", datetime.date(2026, 6, 8), datetime.date(2026, 6, 8), "ab" * 32)
SAYS = "us-1260h, listed: Alibaba Group Holding Limited [a1], listed since 2026-06-08; by name; exact, score 1.00"


def make_screening(says: str = SAYS) -> ScreeningSummary:
    """Alibaba built rows 1 and 2 and is on the list; Meta built row 3 and has no hit."""
    return ScreeningSummary(
        on=ON,
        known_on=ON,
        editions=(EDITION,),
        involved=(
            Involved(
                id="org:alibaba",
                name="Alibaba",
                parts=("developer", "base"),
                rows=(1, 2),
                result=_result("org:alibaba", Answer.YES, (_hit(),)),
                says=(says,),
            ),
            Involved(
                id="org:meta",
                name="Meta",
                parts=("developer",),
                rows=(3,),
                result=_result("org:meta", Answer.NO, ()),
                says=(),
            ),
        ),
        says=(
            f"Screened against official lists for {ON}, as known on each list's own date: us-1260h of 2026-06-08.",
            f"Screened: 2; with a hit: 1. {' '.join(CAVEATS)}",
            "Unknown for us-ofac-sdn: no edition that speaks for the day is held.",
        ),
    )


def _result(subject: str, answer: Answer, hits: tuple[Hit, ...]) -> ScreeningResult:
    return ScreeningResult(
        subject=subject,
        names=(QueryName(subject.removeprefix("org:"), "legal"),),
        on=ON,
        known_on=ON,
        answers=(
            ListAnswer("us-1260h", answer, "made by hand", (EDITION,)),
            ListAnswer("us-ofac-sdn", Answer.UNKNOWN, "no edition of us-ofac-sdn is held", ()),
        ),
        hits=hits,
    )


def _hit() -> Hit:
    return Hit(
        list="us-1260h",
        feed="us-1260h",
        entry="a1",
        listed_as="Alibaba Group Holding Limited",
        reason=HitReason.NAME,
        score=1.0,
        quality=HitQuality.EXACT,
        queried="Alibaba Group Holding Limited",
        queried_kind="legal",
        matched="Alibaba Group Holding Limited",
        listed=Answer.YES,
        state=EntryState.LISTED,
        why="listed since 2026-06-08",
        start=datetime.date(2026, 6, 8),
        end=None,
        edition=EDITION,
    )
