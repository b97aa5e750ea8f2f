"""What an answer other than success says of the model: withdrawn, blocked, an outage, or nothing that can be told.

Pure. The words of the endpoint are read, cut and cleaned; nothing in them is followed.
"""

import json
import re
from collections.abc import Iterator
from typing import Final, cast

from holdfast.measure.notices.columns import clean_line
from holdfast.records.notices import Availability, Refused

BODY_BYTES_MAX: Final = 64 << 10
_DEPTH_MAX: Final = 8
_TEXTS_MAX: Final = 200
_CODES: Final = re.compile(
    r"^(?:model_?not_?found(?:_?error)?|model_?(?:decommissioned|deprecated|retired|removed|not_?available|withdrawn)|"
    r"deployment_?not_?found|unknown_?model|invalid_?model(?:_?name)?|no_?such_?model|nosuchmodel)$",
    re.IGNORECASE,
)
_BLOCK_CODES: Final = re.compile(
    r"^(?:unsupported_country(?:_region_territory)?|region_?not_?supported|geo_?(?:blocked|restricted)|"
    r"sanctioned_?\w*|export_?control\w*|unavailable_for_legal_reasons)$",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_NOT_MODEL: Final = re.compile(
    r"\b(?:parameter|param|argument|field|property|header|option|version of the api|api version|sdk|function|"
    r"endpoint)\b",
    re.IGNORECASE,
)
_GONE: Final = re.compile(
    r"\b(?:(?:has|have) been|is now|is|was|are|were) (?:now |already |permanently )?(?:deprecated|retired|shut ?down|"
    r"removed|decommissioned|discontinued|sunset|withdrawn|turned off)\b"
    r"|\bno longer (?:available|supported|served|offered|exists?)\b"
    r"|\breached (?:the |its )?end[- ]of[- ](?:its )?life\b",
    re.IGNORECASE,
)
_ABSENT: Final = re.compile(
    r"\b(?:does not|doesn't|do not) exist\b|\bnot found\b|\bno such\b|\bunknown\b|\bcould ?n[o']t find\b|"
    r"\bno endpoints? found for\b|\bis not a valid model\b|\bnot a known\b",
    re.IGNORECASE,
)
_MODEL: Final = re.compile(r"\b(?:model|models|engine|deployment|checkpoint|no endpoints? found for)\b", re.IGNORECASE)
_PLACE: Final = re.compile(
    r"\b(?:country|countries|region|regions|territor(?:y|ies)|jurisdiction|location|geograph\w*|geo-?\w*block\w*|"
    r"sanction\w*|embargo\w*|export[- ](?:control|regulation|law)\w*|legal reasons)\b",
    re.IGNORECASE,
)
_UNAVAILABLE: Final = re.compile(
    r"\bnot (?:\w+ )?(?:available|supported|offered|permitted|allowed|accessible|provided)\b|\bunavailable\b|"
    r"\bunsupported\b|\bblocked\b|\brestrict\w*|\bprohibited\b|\bdenied\b|\bcannot be (?:used|accessed)\b",
    re.IGNORECASE,
)
_BUSY: Final = frozenset({408, 409, 425, 429})


def judge_refusal(status: int | None, body: bytes, model: str = "") -> Refused:
    """What an HTTP status and the body with it mean for a model; `status` is None where no answer came.

    Words about the model win over the status; what is said of a parameter is not said of the model."""
    if status is None:
        return Refused(Availability.OUTAGE, "no answer came")
    texts = list(_iterate_texts(body))
    words = clean_line(max(texts, key=len, default=""))
    if status < 400:
        return Refused(Availability.UNKNOWN, f"the answer has status {status}, which is no refusal", words)
    told = _judge_words(status, texts, model) or _judge_status(status, body)
    return Refused(told[0], f"status {status}: {told[1]}", words)


def _judge_words(status: int, texts: list[str], model: str) -> tuple[Availability, str] | None:
    """What the endpoint's codes and sentences say, if anything."""
    if any(_BLOCK_CODES.match(text) for text in texts):
        return Availability.BLOCKED, "it is not offered there"
    if any(_CODES.match(text) for text in texts):
        return Availability.WITHDRAWN, _say_absent(texts)
    sentences = [one for text in texts for one in _SENTENCE.split(text)]
    if status < 500 and any(_PLACE.search(one) and _UNAVAILABLE.search(one) for one in sentences):
        return Availability.BLOCKED, "it is not offered there"
    about = [one for one in sentences if _is_about(one, model)]
    if any(_GONE.search(one) for one in about):
        return Availability.WITHDRAWN, "the endpoint says that the model is gone"
    if status < 500 and status not in _BUSY and any(_ABSENT.search(one) for one in about):
        return Availability.WITHDRAWN, _say_absent(texts)
    return None


def _say_absent(texts: list[str]) -> str:
    is_doubtful = any("have access" in text for text in texts)
    return "the endpoint knows no such model" + (", or not for this key" if is_doubtful else "")


def _judge_status(status: int, body: bytes) -> tuple[Availability, str]:
    is_page = body.lstrip()[:1] == b"<"
    match status:
        case 410:
            return Availability.WITHDRAWN, "gone for good"
        case 451:
            return Availability.BLOCKED, "withheld for legal reasons"
        case 404 if is_page:
            return Availability.UNKNOWN, "a page instead of the interface: the address may be wrong"
        case 404:
            return Availability.WITHDRAWN, "not found, and nothing is said of why"
        case 401 | 402:
            return Availability.UNKNOWN, "the key is not accepted, or the account has no credit"
        case 403:
            return Availability.UNKNOWN, "refused, and nothing is said of where or why"
        case _ if status in _BUSY or status >= 500:
            return Availability.OUTAGE, "busy, limited or broken"
        case _:
            return Availability.UNKNOWN, "the request is not accepted"


def _is_about(sentence: str, model: str) -> bool:
    names = [name for name in (model, model.rpartition("/")[2]) if len(name) > 2]
    rest = sentence
    for name in names:
        rest = re.sub(re.escape(name), "", rest, flags=re.IGNORECASE)
    is_named = rest != sentence or _MODEL.search(sentence)
    return bool(is_named and not _NOT_MODEL.search(_ENDPOINTS.sub("", rest)))


_ENDPOINTS: Final = re.compile(r"no endpoints? found for", re.IGNORECASE)


def _iterate_texts(body: bytes) -> Iterator[str]:
    """The texts in a JSON body, or the body itself; of a page none."""
    text = body[:BODY_BYTES_MAX].decode("utf-8", "replace").strip()
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        if text and not text.startswith("<"):
            yield text
        return
    waiting: list[tuple[object, int]] = [(document, 0)]
    for _ in range(_TEXTS_MAX):
        if not waiting:
            return
        value, depth = waiting.pop()
        if isinstance(value, str):
            yield value.strip()
        elif isinstance(value, dict) and depth < _DEPTH_MAX:
            waiting += [(one, depth + 1) for one in cast("dict[str, object]", value).values()]
        elif isinstance(value, list) and depth < _DEPTH_MAX:
            waiting += [(one, depth + 1) for one in cast("list[object]", value)]
