"""What screening found, in sentences: each hit with its list, its match and its dates, then what is not known."""

import datetime
from collections.abc import Iterable, Iterator, Sequence

from holdfast.records.screening import (
    CAVEATS,
    Answer,
    EditionUse,
    Hit,
    HitReason,
    Involved,
    ScreeningResult,
    ScreeningSummary,
)

HITS_SHOWN_MAX = 6
LISTS_SHOWN_MAX = 8
_REASON = {
    HitReason.NAME: "name",
    HitReason.ALIAS: "alias",
    HitReason.WEAK_ALIAS: "weak alias",
    HitReason.FORMER: "former name",
    HitReason.ADDRESS: "address",
    HitReason.OWNERSHIP: "ownership of 50 % or more",
}


def say_not_screened(why: str, step: str) -> str:
    """One line where nothing could be screened: it says so, and claims nothing."""
    return f"No official list was screened: {why}. {step.rstrip('.')}."


def say_hits(result: ScreeningResult) -> tuple[str, ...]:
    """Each hit in a sentence, the surest first; the same entry found in two files is said once."""
    once = {(hit.list, hit.listed_as, hit.reason, hit.via): hit for hit in reversed(result.hits)}
    hits = [hit for hit in result.hits if hit in once.values()]
    more = len(hits) - HITS_SHOWN_MAX
    rest = [f"and {more} more: see --json"] if more > 0 else []
    return (*map(say_hit, hits[:HITS_SHOWN_MAX]), *rest)


def say_hit(hit: Hit) -> str:
    """`us-bis-entity-list, listed: Beijing … [12], since 2025-01-16; by name “…” (legal), exact, score 1.00; …`."""
    matched = "" if hit.matched == hit.queried else f" as “{hit.matched}”"
    through = f" through {' ← '.join(hit.via)}" if hit.via else ""
    return "; ".join(
        [
            f"{hit.list}, {_say_state(hit)}: {hit.listed_as} [{hit.entry}], {hit.why}",
            f"by {_REASON[hit.reason]}{through}, “{hit.queried}” ({hit.queried_kind}){matched}",
            f"{hit.quality.value}, score {hit.score:.2f}",
            f"as known on {hit.edition.date} ({hit.edition.feed})",
            *(f"disagrees: {word}" for word in hit.disagrees),
        ]
    )


def _say_state(hit: Hit) -> str:
    if hit.listed is Answer.NO:
        return hit.state.value
    if hit.reason is HitReason.OWNERSHIP:
        return "reached" if hit.listed is Answer.YES else "perhaps reached"
    return "listed" if hit.strong and hit.listed is Answer.YES else "perhaps listed, needs a person's look"


def find_hits_of(screening: ScreeningSummary | None, row: int) -> tuple[Involved, ...]:
    """Those with a part in a report's row who have a hit."""
    return tuple(one for one in screening.hit if row in one.rows) if screening else ()


def say_involved(one: Involved) -> str:
    """`Zhipu AI: developer, owner of X (60 %); models 3, 5`: who it is, and through what it comes in."""
    rows = f"; {'model' if len(one.rows) == 1 else 'models'} {', '.join(map(str, one.rows))}" if one.rows else ""
    return f"{one.name}: {', '.join(one.parts)}{rows}"


def say_screened(
    involved: Sequence[Involved], editions: Sequence[EditionUse], on: datetime.date, unknown_rows: int
) -> tuple[str, ...]:
    """Who was screened against what, what is unknown, and the caveats."""
    hits = sum(1 for one in involved if one.says)
    held = ", ".join(f"{use.feed} of {use.date}" for use in editions) or "no edition that speaks for that day"
    lead = f"Screened against official lists for {on}, as known on each list's own date: {held}."
    found = f"Screened: {len(involved)} (builders, endpoints, recorded owners); with a hit: {hits}."
    nobody = f"Somebody not known has a part in {_count(unknown_rows, 'model')}, and could not be screened."
    return (
        lead,
        f"{found} {' '.join(CAVEATS)}",
        *_say_unknown(involved),
        *([nobody] if unknown_rows else []),
    )


def _say_unknown(involved: Iterable[Involved]) -> Iterator[str]:
    """Lists that cannot answer for the day, by reason; a hit says its own doubt."""
    by_reason: dict[str, dict[str, None]] = {}
    for one in involved:
        hit = {found.list for found in one.result.hits}
        for answer in one.result.answers:
            if answer.answer is Answer.UNKNOWN and answer.list not in hit:
                why = answer.why if answer.editions else "no edition that speaks for the day is held"
                by_reason.setdefault(why, {})[answer.list] = None
    for why, names in by_reason.items():
        shown = list(names)[:LISTS_SHOWN_MAX]
        more = f" and {len(names) - LISTS_SHOWN_MAX} more" if len(names) > LISTS_SHOWN_MAX else ""
        yield f"Unknown for {', '.join(shown)}{more}: {why}."
    skipped = sorted({name for one in involved for name in one.result.not_screened})
    if skipped:
        yield f"Too generic to screen: {', '.join(skipped[:LISTS_SHOWN_MAX])}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
