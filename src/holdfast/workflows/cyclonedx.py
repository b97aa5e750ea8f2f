"""A check report as a CycloneDX 1.6 ML-BOM: weights as components, hosted models as services, places as evidence.

Pure: the same report gives the same bytes. What is not known is said as `unknown` in a property, and never left to look
complete.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

from holdfast.records.canonical_json import encode_canonical, encode_pretty
from holdfast.records.lineage import Basis
from holdfast.records.model import Kind, Pin
from holdfast.records.report import CheckReport, LineageEdge, ModelRow, OrgView
from holdfast.records.use import Artefact, Use
from holdfast.workflows.biting import Bite, find_bites, is_unresolved, say_standing
from holdfast.workflows.screening_words import find_hits_of

UNKNOWN = "unknown"
# Identifiers of the SPDX list that model licences use; any other licence is given by its name.
_SPDX = frozenset(
    [
        "AFL-3.0",
        "AGPL-3.0-only",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC-BY-4.0",
        "CC-BY-NC-2.0",
        "CC-BY-NC-3.0",
        "CC-BY-NC-4.0",
        "CC-BY-NC-ND-4.0",
        "CC-BY-NC-SA-4.0",
        "CC-BY-SA-3.0",
        "CC-BY-SA-4.0",
        "CC0-1.0",
        "EUPL-1.2",
        "GPL-2.0-only",
        "GPL-3.0-only",
        "ISC",
        "LGPL-3.0-only",
        "MIT",
        "MPL-2.0",
        "Unlicense",
    ]
)

Json = dict[str, object]


def render_cyclonedx(report: CheckReport) -> str:
    """The whole bill of materials, indented, ending in a newline."""
    content = _content(report)
    return encode_pretty({**_header(content), **content}) + "\n"


def _header(content: Json) -> Json:
    """The serial number follows from the content, so that the same content has the same number."""
    digest = hashlib.sha256(encode_canonical(content).encode("utf-8", "replace")).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'holdfast:{digest}')}",
        "version": 1,
    }


def _content(report: CheckReport) -> Json:
    own = [_own_service(name) for name in report.services]
    weights = [row for row in report.rows if row.kind is Kind.WEIGHTS]
    hosted = [row for row in report.rows if row.kind is Kind.HOSTED]
    files = _artefacts_by_model(report.artefacts)
    loose = [artefact for artefact in report.artefacts if _key(artefact) not in {row.model for row in weights}]
    return {
        "metadata": _metadata(report),
        "components": [
            *own,
            *(_component(row, files.get(row.model, []), report) for row in weights),
            *(_artefact(artefact) for artefact in loose),
        ],
        "services": [_service(row, report) for row in hosted],
        "dependencies": _dependencies(report, loose),
        "compositions": [{"aggregate": _completeness(report), "assemblies": [_root_ref(report)]}],
    }


# --- the application ----------------------------------------------------------------------------------------------


def _metadata(report: CheckReport) -> Json:
    name = _root_name(report)
    tool = {"type": "application", "name": "holdfast", "version": report.holdfast}
    return {
        "timestamp": f"{report.on.isoformat()}T00:00:00Z",
        "tools": {"components": [tool]},
        "component": {"type": "application", "bom-ref": _root_ref(report), "name": name},
        "properties": _properties(_report_facts(report)),
    }


def _report_facts(report: CheckReport) -> Iterator[tuple[str, str]]:
    yield "headline", report.headline
    yield "party", report.party
    yield "assessed-for", report.on.isoformat()
    yield "horizon", report.horizon.isoformat()
    yield from (("scenario", scenario) for scenario in report.scenarios)
    yield from (("note", note) for note in report.notes)
    yield from (("official-lists", line) for line in (report.screening.says if report.screening else ()))
    yield from (("skipped", f"{skipped.path}: {skipped.reason}") for skipped in report.skipped)
    yield from (("catalogue", f"{c.place}: {c.length} names, not uses") for c in report.catalogues)
    yield "disclaimer", "Evidence, not legal advice."


def _root_name(report: CheckReport) -> str:
    return PurePosixPath(report.root).name or "application"


def _root_ref(report: CheckReport) -> str:
    return f"application:{_root_name(report)}"


def _own_service(name: str) -> Json:
    return {"type": "application", "bom-ref": f"service:{name}", "name": name}


def _completeness(report: CheckReport) -> str:
    """Never `complete`: a scan sees what it can read."""
    unresolved = any(is_unresolved(row) for row in report.rows)
    return "incomplete" if unresolved or report.skipped else "unknown"


def _dependencies(report: CheckReport, loose: Iterable[Artefact]) -> list[Json]:
    free = [_ref(row) for row in report.rows if any(not use.service for use in row.uses)]
    top = [*(f"service:{name}" for name in report.services), *free, *(_artefact_ref(item) for item in loose)]
    own: list[Json] = [
        {"ref": f"service:{name}", "dependsOn": [_ref(row) for row in report.rows if name in row.services]}
        for name in report.services
    ]
    leaves: list[Json] = [{"ref": _ref(row)} for row in report.rows]
    return [{"ref": _root_ref(report), "dependsOn": top}, *own, *leaves]


# --- weights ------------------------------------------------------------------------------------------------------


def _component(row: ModelRow, files: list[Artefact], report: CheckReport) -> Json:
    found: Json = {"type": "machine-learning-model", "bom-ref": _ref(row), **_identity(row), **_makers(row)}
    found |= {"licenses": [_licence(name) for name in row.licences]} if row.licences else {}
    if not is_unresolved(row):
        found["purl"] = _purl(row)
    if row.lineage:
        found["pedigree"] = _pedigree(row)
    found["evidence"] = {"occurrences": [*map(_occurrence, row.uses), *map(_file_occurrence, files)]}
    found |= _model_card(row, files)
    found["properties"] = _properties(_row_facts(row, report))
    return found


def _identity(row: ModelRow) -> Json:
    if is_unresolved(row):
        return {"name": row.model, "description": f"Unresolved: {row.note or 'the name is set from outside'}."}
    group, _, name = _path(row.model).rpartition("/")
    version = _exact_revision(row)
    return {**({"group": group} if group else {}), "name": name, **({"version": version} if version else {})}


def _path(model: str) -> str:
    """A canonical name without its scheme: `Qwen/Qwen3-8B`, `qwen3:8b`, `anthropic/claude-…`."""
    return model.removeprefix("api:") if model.startswith("api:") else model.partition("/")[2] or model


def _exact_revision(row: ModelRow) -> str:
    """The one revision that all uses name; empty when they differ, or when any of them moves."""
    return row.revisions[0] if len(row.revisions) == 1 and row.pin in (Pin.EXACT, Pin.SNAPSHOT) else ""


def _purl(row: ModelRow) -> str:
    scheme, _, path = row.model.partition("/")
    version = _exact_revision(row)
    plain = quote(path.encode("utf-8", "replace"), safe="/:")
    return f"{scheme}/{plain}{'@' + quote(version, safe=':') if version else ''}"


def _makers(row: ModelRow) -> Json:
    """`manufacturer` built it, `supplier` is who packed the files that are fetched; unknown ones are in properties."""
    developers = _known(org for org in row.builders if org.how != "base")
    suppliers = _known(row.repackagers) or (developers if row.confidence == Basis.NAMESPACE else [])
    makers: Json = {"supplier": {"name": suppliers[0].name}} if suppliers else {}
    if developers:
        makers["manufacturer"] = {"name": developers[0].name}
        makers["publisher"] = ", ".join(org.name for org in developers)
    return makers


def _known(orgs: Iterable[OrgView]) -> list[OrgView]:
    return [org for org in orgs if org.id != UNKNOWN]


def _licence(name: str) -> Json:
    return {"license": {"id": name} if name in _SPDX else {"name": name}}


def _pedigree(row: ModelRow) -> Json:
    notes = [
        f"{edge.child} is a {edge.relation} of {edge.base} ({edge.confidence}: {edge.evidence})" for edge in row.lineage
    ]
    bases = dict.fromkeys(edge.base for edge in row.lineage)
    return {"ancestors": [_ancestor(base, row.lineage) for base in bases], "notes": "; ".join(notes)}


def _ancestor(base: str, lineage: Iterable[LineageEdge]) -> Json:
    group, _, name = _path(base).rpartition("/") if base.startswith("pkg:") else ("", "", base)
    edges = [edge for edge in lineage if edge.base == base]
    facts = [fact for edge in edges for fact in (("relation", edge.relation), ("confidence", edge.confidence))]
    found: Json = {"type": "machine-learning-model", **({"group": group} if group else {}), "name": name}
    if base.startswith("pkg:"):
        scheme, _, path = base.partition("/")
        found["purl"] = f"{scheme}/{quote(path.encode('utf-8', 'replace'), safe='/:')}"
    return {**found, "properties": _properties(dict.fromkeys(facts))}


def _model_card(row: ModelRow, files: Iterable[Artefact]) -> Json:
    parameters: Json = {}
    if row.families:
        parameters["architectureFamily"] = row.families[0].removeprefix("family:")
    architecture = next((item.architecture for item in files if item.architecture), "")
    if architecture:
        parameters["modelArchitecture"] = architecture
    return {"modelCard": {"modelParameters": parameters}} if parameters else {}


def _occurrence(use: Use) -> Json:
    context = f"{use.text} ({use.confidence.value}, {use.environment.value}, {use.rule})"
    return {"location": use.place.path, "line": use.place.line, "additionalContext": context}


def _file_occurrence(artefact: Artefact) -> Json:
    return {
        "location": artefact.place.path,
        "additionalContext": f"{artefact.format} file, {artefact.evidence}".rstrip(", "),
    }


# --- files on disk ------------------------------------------------------------------------------------------------


def _artefacts_by_model(artefacts: Iterable[Artefact]) -> dict[str, list[Artefact]]:
    found: dict[str, list[Artefact]] = {}
    for artefact in artefacts:
        found.setdefault(_key(artefact), []).append(artefact)
    return found


def _key(artefact: Artefact) -> str:
    return str(artefact.model) if artefact.model else ""


def _artefact_ref(artefact: Artefact) -> str:
    return f"file:{artefact.place}"


def _artefact(artefact: Artefact) -> Json:
    """A model file that no line of code names."""
    facts = [("model", _key(artefact) or UNKNOWN), ("format", artefact.format), ("bytes", str(artefact.size_bytes))]
    card = {"modelCard": {"modelParameters": {"modelArchitecture": artefact.architecture}}}
    return {
        "type": "machine-learning-model",
        "bom-ref": _artefact_ref(artefact),
        "name": PurePosixPath(artefact.place.path).name,
        "evidence": {"occurrences": [_file_occurrence(artefact)]},
        **(card if artefact.architecture else {}),
        "properties": _properties(facts),
    }


# --- hosted models ------------------------------------------------------------------------------------------------


def _service(row: ModelRow, report: CheckReport) -> Json:
    found: Json = {"bom-ref": _ref(row), **_identity(row)}
    if row.endpoint is not None and row.endpoint.id != UNKNOWN:
        found["provider"] = {"name": row.endpoint.name}
        found["x-trust-boundary"] = True  # prompts go to another organisation
    endpoints = [url for url in dict.fromkeys(use.endpoint for use in row.uses) if _is_address(url)]
    if endpoints:
        found["endpoints"] = endpoints
    if row.licences:
        found["licenses"] = [_licence(name) for name in row.licences]
    places = (
        ("occurrence", f"{use.place} {use.text} ({use.confidence.value}, {use.environment.value})") for use in row.uses
    )
    found["properties"] = _properties([*_row_facts(row, report), *places])
    return found


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not set(text) & set(' <>"{}|\\^`$')


# --- what is found about a row ------------------------------------------------------------------------------------


def _ref(row: ModelRow) -> str:
    return f"unresolved:{row.model}" if is_unresolved(row) else row.model


def _row_facts(row: ModelRow, report: CheckReport) -> Iterator[tuple[str, str]]:
    yield "kind", row.kind.value
    yield "pin", row.pin.value
    yield from (("revision", revision) for revision in row.revisions)
    yield "confidence", row.confidence or UNKNOWN
    yield from _origin_facts(row)
    yield from _endpoint_facts(row)
    yield from (("environment", environment) for environment in row.environments)
    yield from (("conflict", conflict) for conflict in row.conflicts)
    yield from _lever_facts(row)
    yield "copy", row.copy
    yield from (("copy-held", f"{copy.revision} {copy.state}") for copy in row.copies)
    if row.stand_in:
        yield "stand-in", row.stand_in.model
    if row.note:
        yield "note", row.note
    for one in find_hits_of(report.screening, row.number):
        yield from (("official-list-hit", f"{one.name} ({', '.join(one.parts)}): {said}") for said in one.says)
    yield "horizon", report.horizon.isoformat()


def _origin_facts(row: ModelRow) -> Iterator[tuple[str, str]]:
    """Who built it and who built its bases: two lists, each with its country: controlled from, else headquartered."""
    developers = [org for org in row.builders if org.how != "base"]
    yield from _org_facts("origin", developers or [OrgView(UNKNOWN, UNKNOWN)])
    yield from _org_facts("base-origin", [org for org in row.builders if org.how == "base"])
    yield from _org_facts("repackager", row.repackagers)


def _org_facts(axis: str, orgs: Iterable[OrgView]) -> Iterator[tuple[str, str]]:
    for org in orgs:
        yield axis, org.name
        yield f"{axis}:country", org.country or UNKNOWN
        if org.confidence or org.evidence:
            yield f"{axis}:evidence", ": ".join(part for part in (org.confidence, org.evidence) if part)


def _endpoint_facts(row: ModelRow) -> Iterator[tuple[str, str]]:
    if row.kind is Kind.WEIGHTS:
        yield "runs-at", "here"
        return
    yield from _org_facts("endpoint", [row.endpoint or OrgView(UNKNOWN, UNKNOWN)])


def _lever_facts(row: ModelRow) -> Iterator[tuple[str, str]]:
    if is_unresolved(row):
        yield "levers", "not assessed: no name"
        return
    yield "reach", row.reach.value
    yield "effect", row.effect.value
    yield "stops", "yes" if row.stops else "no lever found that stops it"
    yield from (("lever", _lever(bite)) for bite in find_bites(row))


def _lever(bite: Bite) -> str:
    worst = bite.worst
    answer = f"reach {worst.reach.value}; effect {worst.effect.value}"
    return f"{worst.lever}: {'/'.join(bite.acts)}; {answer}; {say_standing(worst)}; evidence to {worst.horizon}"


def _properties(facts: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"name": f"holdfast:{name}", "value": value} for name, value in facts]
