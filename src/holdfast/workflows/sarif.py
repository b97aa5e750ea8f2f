"""A check report as SARIF 2.1.0: a rule for each lever that bites, a result for each place that it reaches.

Pure: the same report gives the same bytes. Says no more than the report; what is unknown has the level `note`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from holdfast.records.canonical_json import encode_pretty
from holdfast.records.finding import Citation, Finding
from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Pin
from holdfast.records.report import CheckReport, ModelRow, PolicyOutcome, Waiver
from holdfast.records.screening import ScreeningSummary
from holdfast.records.use import Place, Skipped, Use
from holdfast.workflows.biting import (
    Bite,
    find_bites,
    find_decisive_ground,
    is_unresolved,
    say_bite,
    say_standing,
    severity,
)
from holdfast.workflows.explaining import cite

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"
UNPINNED, UNRESOLVED = "unpinned", "unresolved"
_OWN_RULES = {
    UNPINNED: ("Model not pinned", "The name may mean other bytes tomorrow: no commit and no dated snapshot is given."),
    UNRESOLVED: ("Model name set from outside", "The name is not in the code that was read, so no lever was assessed."),
}

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say about one row at every place where it is used."""

    rule: str
    level: str
    message: str
    ids: tuple[str, ...]
    properties: Json


def render_sarif(report: CheckReport) -> str:
    """The whole log, indented, ending in a newline."""
    return encode_pretty({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}) + "\n"


def _run(report: CheckReport) -> Json:
    rules = _rules(report)
    index = {str(rule["id"]): number for number, rule in enumerate(rules)}
    return {
        "tool": {"driver": {"name": "holdfast", "version": report.holdfast, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that was checked."}}},
        "invocations": [_invocation(report)],
        "results": [result for row in report.rows for result in _results(row, report.policy, index)],
        "properties": _run_properties(report),
    }


def _run_properties(report: CheckReport) -> Json:
    return {
        "headline": report.headline,
        "party": report.party,
        "assessedFor": report.on,
        "evidenceTo": report.horizon,
        "scenarios": report.scenarios,
        "target": report.target,
        "notes": report.notes,
        "disclaimer": "Evidence, not legal advice.",
        **_screening(report.screening),
    }


def _screening(screening: ScreeningSummary | None) -> Json:
    """What official lists say of those involved: no result of a rule, for a hit is not a verdict."""
    if screening is None:
        return {}
    hits = [{"name": one.name, "parts": one.parts, "rows": one.rows, "says": one.says} for one in screening.hit]
    told: Json = {"listedOn": screening.on, "asKnownOn": screening.known_on, "says": screening.says, "hits": hits}
    return {"officialLists": {**told, "editions": screening.editions}}


def _invocation(report: CheckReport) -> Json:
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [_notification(skipped) for skipped in report.skipped],
    }


def _notification(skipped: Skipped) -> Json:
    return {
        "level": "warning",
        "message": {"text": f"Not read to its end: {skipped.reason}."},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(skipped.path)}}],
    }


# --- rules --------------------------------------------------------------------------------------------------------


def _rules(report: CheckReport) -> list[Json]:
    worst: dict[str, Finding] = {}
    for row in report.rows:
        for bite in find_bites(row):
            known = worst.setdefault(bite.worst.lever, bite.worst)
            worst[bite.worst.lever] = min(known, bite.worst, key=severity)
    levers = [_lever_rule(worst[lever]) for lever in sorted(worst)]
    return [*levers, *(_own_rule(rule) for rule in _OWN_RULES)]


def _lever_rule(finding: Finding) -> Json:
    ground = find_decisive_ground(finding)
    rule: Json = {
        "id": finding.lever,
        "shortDescription": {"text": finding.lever_title},
        "fullDescription": {"text": ground.says if ground else finding.lever_title},
        "defaultConfiguration": {"level": level_of(finding)},
        "help": {"text": _help_text(finding)},
    }
    address = _help_address(finding)
    return {**rule, "helpUri": address} if address else rule


def _help_text(finding: Finding) -> str:
    """The lever's status and rules with their sources: what holds for every model that it reaches."""
    standing = finding.standing
    status = f"{finding.lever_title}: {say_standing(finding)}. Source: {cite(standing.citation)}."
    rules = dict.fromkeys(f"{ground.says} Source: {cite(ground.citation)}." for ground in finding.grounds)
    return "\n".join([status, *rules, f"Evidence to {finding.horizon}. This is evidence, not legal advice."])


def _help_address(finding: Finding) -> str:
    """The first web address among the sources; empty when none has one."""
    sources: list[Citation | None] = [finding.standing.citation, *(ground.citation for ground in finding.grounds)]
    urls = [source.url for source in sources if source is not None and source.url]
    return next((url for url in urls if url.startswith(("https://", "http://"))), "")


def _own_rule(rule: str) -> Json:
    title, text = _OWN_RULES[rule]
    return {
        "id": rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "defaultConfiguration": {"level": "note"},
    }


def level_of(finding: Finding) -> str:
    """Closed or forbidden is an error, anything else that is known to bite a warning, the unknown a note."""
    if finding.effect is Effect.CLOSED or finding.reach is Reach.FORBIDDEN:
        return "error"
    known = finding.effect in (Effect.DEGRADED, Effect.AT_RISK) or finding.reach not in (Reach.OPEN, Reach.UNKNOWN)
    return "warning" if known else "note"


# --- results ------------------------------------------------------------------------------------------------------


def _results(row: ModelRow, policy: PolicyOutcome, index: dict[str, int]) -> Iterator[Json]:
    for remark in _remarks(row):
        seen: dict[tuple[str, str], int] = {}
        for use in row.uses:
            key = (use.place.path, use.text)
            seen[key] = seen.get(key, -1) + 1
            yield {
                "ruleId": remark.rule,
                "ruleIndex": index[remark.rule],
                "level": remark.level,
                "message": {"text": remark.message},
                "locations": [_location(use.place, use.text)],
                **_call_sites(use),
                "partialFingerprints": {"findingAndPlace/v1": _fingerprint(remark.ids, use, seen[key])},
                **_judged(remark.ids, policy),
                "properties": {
                    **remark.properties,
                    **_held(row),
                    "useConfidence": use.confidence,
                    "environment": use.environment,
                },
            }


def _held(row: ModelRow) -> Json:
    """What the vault holds of the model, as the table's column COPY tells it."""
    copies = [{"revision": copy.revision, "state": copy.state} for copy in row.copies]
    return {"copy": row.copy, "copySays": row.copy_says or None, "copies": copies}


def _remarks(row: ModelRow) -> Iterator[Remark]:
    for bite in find_bites(row):
        yield _remark(row, bite)
    if is_unresolved(row):
        message = f"The model {row.model} is unresolved: {row.note or 'its name is set from outside'}."
        yield Remark(UNRESOLVED, "note", message, (f"{UNRESOLVED}:{row.model}",), {"model": row.model})
    elif row.pin is Pin.MOVING:
        message = f"{row.model} is not pinned to a commit or a dated snapshot."
        yield Remark(UNPINNED, "note", message, (f"{UNPINNED}:{row.model}",), {"model": row.model})


def _remark(row: ModelRow, bite: Bite) -> Remark:
    worst = bite.worst
    held = f" Copy: {row.copy_says}." if row.copy_says else ""
    message = f"{say_bite(bite)} Lever: {worst.lever_title}, {say_standing(worst)}.{held}"
    return Remark(worst.lever, level_of(worst), message, tuple(f.id for f in bite.findings), _properties(row, bite))


def _properties(row: ModelRow, bite: Bite) -> Json:
    worst = bite.worst
    return {
        "model": row.model,
        "reach": worst.reach,
        "effect": worst.effect,
        "acts": bite.acts,
        "findings": [finding.id for finding in bite.findings],
        "status": worst.standing.status,
        "since": worst.standing.since,
        "supposed": worst.standing.from_scenario,
        "unverified": worst.standing.unverified,
        "evidenceTo": worst.horizon,
        "standIn": row.stand_in.model if row.stand_in else None,
    }


def _judged(ids: tuple[str, ...], policy: PolicyOutcome) -> Json:
    """A waiver suppresses what it covers whole; a baseline state stands where a baseline was compared."""
    waivers = dict(policy.waived)
    new = any(key in policy.failures for key in ids)
    if new or any(key in policy.known for key in ids):
        state = "new" if new else "unchanged"
        return {"baselineState": state} if policy.known else {}
    waived = dict.fromkeys(waivers[key] for key in ids if key in waivers)
    return {"suppressions": [_suppression(waiver) for waiver in waived]} if waived else {}


def _suppression(waiver: Waiver) -> Json:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": waiver.reason,
        "properties": {"expires": waiver.expires, "by": waiver.by},
    }


def _fingerprint(ids: tuple[str, ...], use: Use, occurrence: int) -> str:
    """Finding and place by path, text and occurrence: lines move when something above them is edited."""
    text = "\0".join((ids[0], use.place.path, use.text, str(occurrence)))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


# --- places -------------------------------------------------------------------------------------------------------


def _location(place: Place, text: str) -> Json:
    region: Json = {"startLine": max(1, place.line), "snippet": {"text": text}}
    return {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": region}}


def _call_sites(use: Use) -> Json:
    if not use.call_sites:
        return {}
    return {"relatedLocations": [_related(number, place) for number, place in enumerate(use.call_sites, 1)]}


def _related(number: int, place: Place) -> Json:
    region = {"startLine": max(1, place.line)}
    return {
        "id": number,
        "message": {"text": "The name reaches this call."},
        "physicalLocation": {"artifactLocation": _artifact(place.path), "region": region},
    }


def _artifact(path: str) -> Json:
    plain = PurePosixPath(path).as_posix().encode("utf-8", "replace")
    return {"uri": quote(plain, safe="/"), "uriBaseId": ROOT}
