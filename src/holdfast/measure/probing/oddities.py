"""What was odd about an endpoint's answers, in words for a visit's remarks; a withdrawal told from an outage."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.measure.notices.refusals import judge_refusal
from holdfast.records.measurement import Fault, Reply, Sample
from holdfast.records.notices import Availability

WITHDRAWN: Final = "withdrawn: "
INTERRUPTED: Final = "interrupted: what was seen until then is here"
_NO_MONEY: Final = re.compile(
    r"insufficient[_ ](?:quota|credit|funds|balance)|billing|exceeded your .{0,20}quota", re.I
)
_TO_NOBODY: Final = (401, 403, 404)
_FAULTS_IN_A_ROW_MAX: Final = 8  # after which an endpoint is let be until the next visit
_CACHE_HEADERS: Final = ("x-cache", "cf-cache-status", "x-cache-status", "x-semantic-cache", "x-litellm-cache-hit")


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why an endpoint gives no answers to anybody with this key: more requests would change nothing."""

    words: str
    is_withdrawal: bool = False


def find_hindrance(sample: Sample, model: str = "") -> Hindrance | None:
    """What a failed request says that the next one would say too: the model is withdrawn, the key is refused, there is
    no money. None for an outage, a limit of rate, or an answer."""
    status, detail = sample.status, sample.fault_detail
    if sample.fault not in (Fault.STATUS, Fault.LIMITED, Fault.EVENT) or status is None:
        return None
    if status in (402, 429) and (status == 402 or _NO_MONEY.search(detail)):
        return Hindrance(f"not paid for: {detail}")
    refused = judge_refusal(max(status, 400), _make_body(detail), model)
    if refused.availability in (Availability.WITHDRAWN, Availability.BLOCKED):
        return Hindrance(f"{WITHDRAWN}{refused.why}: {detail}", is_withdrawal=True)
    if refused.availability is Availability.UNKNOWN and status in _TO_NOBODY:
        return Hindrance(f"refused, {refused.why}: {detail}")
    return None


def _make_body(detail: str) -> bytes:
    """What was read of an error's body: its message, after which its code may stand."""
    words = detail.partition(": ")[2] if detail.startswith("HTTP status") else detail
    if words.startswith("<"):
        return words.encode()
    return json.dumps([words, words.rpartition(" ")[2]]).encode()


@dataclass(slots=True)
class Patrol:
    """Notices when asking a model on would be of no use; `end` says why, once it would be."""

    model: str = ""
    end: str = ""
    faults_in_a_row: int = 0

    def notices_end(self, reply: Reply, tokens_max: int) -> bool:
        """Whether with this reply, and not before, there is a reason to ask no more."""
        if self.end:
            return False
        self.faults_in_a_row = self.faults_in_a_row + 1 if reply.sample.fault is not Fault.NONE else 0
        self.end = self._find_end(reply.sample, tokens_max)
        return bool(self.end)

    def _find_end(self, sample: Sample, tokens_max: int) -> str:
        hindrance = find_hindrance(sample, self.model)
        if hindrance is not None:
            return hindrance.words
        if sample.fault is Fault.STOPPED:
            return f"stopped: {sample.fault_detail}"
        if self.faults_in_a_row >= _FAULTS_IN_A_ROW_MAX:
            return f"let be after {self.faults_in_a_row} requests in a row without an answer"
        if is_overlong(sample, tokens_max):
            billed = sample.usage.completion
            return f"the endpoint does not keep to its limit: {billed} tokens for an answer of at most {tokens_max}"
        return ""


def is_withdrawal(remark: str) -> bool:
    """Whether a remark of a visit says that the model was withdrawn."""
    return remark.startswith(WITHDRAWN)


def list_cached(replies: Sequence[Reply]) -> frozenset[int]:
    """The numbers of answers that came from a cache: an earlier answer to the same prompt bears the same name, or their
    headers say so. Names that answers to different prompts share are no names."""
    prompts: dict[str, set[str]] = {}
    for reply in replies:
        prompts.setdefault(reply.identity, set()).add(reply.sample.prompt_sha256)
    has_names = all(len(asked) == 1 for name, asked in prompts.items() if name)
    seen: set[str] = set()
    found: set[int] = set()
    for reply in replies:
        if _is_hit(reply) or (has_names and reply.identity in seen):
            found.add(reply.number)
        seen |= {reply.identity} - {""}
    return frozenset(found)


def say_cached(cached: frozenset[int], replies: Sequence[Reply]) -> str:
    """In words; empty where none were."""
    if not cached:
        return ""
    why = "headers say so" if any(_is_hit(reply) for reply in replies) else "they bear the name of another answer"
    return f"{len(cached)} of {len(replies)} answers came from a cache, {why}: they count as missing"


def _is_hit(reply: Reply) -> bool:
    age = reply.headers.get("age", "")
    is_aged = age.isascii() and age.isdigit() and age.strip("0") != ""
    return is_aged or any("hit" in reply.headers.get(name, "").lower() for name in _CACHE_HEADERS)


def is_overlong(sample: Sample, tokens_max: int) -> bool:
    """Whether more tokens were billed than were asked for. One more is the end of the answer."""
    return (sample.usage.completion or 0) > tokens_max + 1


def is_reasoning(reply: Reply) -> bool:
    """Whether all that was generated was reasoning."""
    has_said = bool(reply.text or reply.tool_calls)
    return not has_said and (bool(reply.reasoning) or bool(reply.sample.usage.reasoning))


def count_faults(replies: Sequence[Reply]) -> list[str]:
    """Words on each kind of fault of what was sent, the most frequent first, with what one of them said."""
    sent = [reply.sample for reply in replies if reply.sample.fault is not Fault.STOPPED]
    faulty = [sample for sample in sent if sample.fault is not Fault.NONE]
    first = {sample.fault: sample.fault_detail for sample in reversed(faulty)}
    kinds = Counter(sample.fault for sample in faulty)
    return [f"{count} of {len(sent)} without an answer ({kind}): {first[kind]}" for kind, count in kinds.most_common()]
