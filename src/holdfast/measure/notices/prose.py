"""Sentences about a model's end: which model, what happens, when, and what takes its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from holdfast.measure.notices.columns import Context, clean_line, tell_kind
from holdfast.measure.notices.dates import iterate_dates
from holdfast.records.evidence import Sureness
from holdfast.records.notices import Notice, NoticeKind

SENTENCES_MAX: Final = 20_000
_SENTENCE_CHARACTERS: Final = 1500
_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*\"“(])|\n+")
_ABBREVIATED: Final = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.\s+(?=\d)")
_VERB: Final = re.compile(
    r"\b(?:deprecat\w*|retir(?:e|es|ed|ing|ement)|sunset(?:s|ting|ted)?|discontinu\w*|decommission\w*|"
    r"shut(?:s|ting)? ?(?:down|off)|shutdown|turn(?:ed|ing)? off|end[- ]of[- ]life|eol|remov(?:ed|ing|al)|"
    r"no longer (?:be )?(?:available|supported|served|offered)|redirect(?:ed|s)?|rerout\w*|renam(?:ed|ing)|"
    r"(?:will be|been|being|are|is) (?:moved|replaced)|re-?licen[cs]\w*|"
    r"licen[cs]\w*\b[^.]{0,80}\bchang\w*|new licen[cs]e)\b",
    re.IGNORECASE,
)
_NOT: Final = re.compile(r"(?:\b(?:not|never|no plans? to)|n['’]t)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_FUTURE: Final = re.compile(r"\b(?:will|shall|to be|going to|plan\w*|soon)\b", re.IGNORECASE)
_ENDS: Final = re.compile(
    r"retir|sunset|discontinu|decommission|shut|turn|end[- ]of|eol|remov|no longer", re.IGNORECASE
)
_REPLACES: Final = re.compile(
    r"(?:replaced (?:by|with)|replacements?(?: is| are|:)?|\buse|migrat\w+ (?:\w+ )?to|mov\w+ (?:\w+ )?to|"
    r"upgrad\w+ (?:\w+ )?to|switch\w* (?:\w+ )?to|redirect\w* to|rerout\w* to|renamed (?:to|as)|in favou?r of|"
    r"recommend\w*|superseded by|points? to|successor(?: is|:)?|instead)\s+"
    r"(?:the\s+|our\s+|new\s+|newer\s+|model\s+)*[`*\"“]*$",
    re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"`(?P<code>[\w./:@+-]{2,150})`"
    r"|(?<![\w./@:-])(?P<bare>(?=[\w./:@+-]{0,60}\d)[A-Za-z][\w.]*(?:[-/:@][\w.]+)+)(?![\w/-])"
)
_NO_MODEL: Final = re.compile(
    r"https?:|www\.|v\d\w*/|(?:utf|iso|rfc|cve|api|sha|http|tls|phase|tier|step|version|covid)-"
    r"|.*\.(?:com|org|net|io|html?|md|json|pdf)(?:[/:]|$)",
    re.IGNORECASE,
)
_SAID_BEFORE: Final = re.compile(
    r"(?:announced|notified|deprecated|deprecation (?:date )?(?:is|was)?)(?: (?:on|as of|since))?[\s:,(]*$",
    re.IGNORECASE,
)
_SAID_AFTER: Final = re.compile(
    r"^[^.;]{0,24},? (?:\w+ ){1,2}(?:notified|announced|informed|deprecated)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Named:
    place: int
    name: str
    is_replacement: bool


def read_sentences(text: str, context: Context, names: Sequence[str] = ()) -> Iterator[Notice]:
    """The notices in a text. `names` are models to look for however they look; others are recognised by their form (a
    hyphen or slash and a digit, or backticks)."""
    known = _pattern(names)
    pieces = _END.split(_ABBREVIATED.sub(r"\1 ", text))
    for sentence, _ in zip(pieces, range(SENTENCES_MAX), strict=False):
        yield from _read_sentence(sentence[:_SENTENCE_CHARACTERS].strip(), context, known)


def _read_sentence(sentence: str, context: Context, known: re.Pattern[str] | None) -> Iterator[Notice]:
    verb = _VERB.search(sentence)
    if verb is None or _NOT.search(sentence[: verb.start()]):
        return
    named = list(_iterate_names(sentence, known))
    subjects = list(dict.fromkeys(one.name for one in named if not one.is_replacement))
    others = [one.name for one in named if one.is_replacement and one.name not in subjects]
    days = list(iterate_dates(sentence))
    announced, effective = _tell_days(sentence, days, context)
    kind = _tell_end(sentence, effective)
    is_plain = len(subjects) == 1 and len({day for _, day in days}) <= 1
    for model in subjects:
        yield Notice(
            model,
            kind,
            announced,
            effective,
            ", ".join(others[:5]),
            context.source,
            clean_line(sentence),
            Sureness.MEDIUM if is_plain else Sureness.LOW,
        )


def _tell_end(sentence: str, effective: date | None) -> NoticeKind:
    """What is to end on a day is said to be retired then; what is to end some day is only deprecated."""
    kind = tell_kind(sentence)
    if kind is NoticeKind.DEPRECATED and effective and _ENDS.search(sentence):
        return NoticeKind.RETIRED
    if kind is NoticeKind.RETIRED and not effective and _FUTURE.search(sentence):
        return NoticeKind.DEPRECATED
    return kind


def _iterate_names(sentence: str, known: re.Pattern[str] | None) -> Iterator[_Named]:
    taken: list[range] = []
    found = [*(known.finditer(sentence) if known else ()), *_NAME.finditer(sentence)]
    for match in sorted(found, key=lambda one: one.start()):
        name = (match.groupdict().get("code") or match[0]).rstrip(".:")
        is_known = known is not None and known.fullmatch(name) is not None
        if any(match.start() in spot for spot in taken) or (not is_known and _NO_MODEL.match(name)):
            continue
        taken.append(range(match.start(), match.end()))
        yield _Named(match.start(), name, is_replacement=bool(_REPLACES.search(sentence[: match.start()])))


def _tell_days(sentence: str, days: list[tuple[int, date]], context: Context) -> tuple[date | None, date | None]:
    """The announced and the effective day. A day after words of an announcement is that; another one is effective,
    if it is the only one."""
    said = [day for place, day in days if _is_said(sentence, place)]
    rest = {day for _, day in days} - set(said)
    announced = said[0] if len(set(said)) == 1 else context.announced
    return announced, rest.pop() if len(rest) == 1 else None


def _is_said(sentence: str, place: int) -> bool:
    """Whether the day at this place is that of the announcement."""
    before, after = sentence[max(0, place - 60) : place], sentence[place : place + 80]
    return bool(_SAID_BEFORE.search(before) or _SAID_AFTER.search(after))


def _pattern(names: Sequence[str]) -> re.Pattern[str] | None:
    """The names as they stand, with spaces or hyphens between their parts, longest first."""
    written = sorted({name for name in names if len(name) > 1}, key=len, reverse=True)[:10_000]
    if not written:
        return None
    forms = [r"[\s_-]".join(map(re.escape, re.split(r"[\s_-]+", name))) for name in written]
    return re.compile(rf"(?<![\w/.-])(?:{'|'.join(forms)})(?![\w/-]|\.\w)", re.IGNORECASE)
