"""From everything a scan has gathered to one inventory: uses joined, skipped files and artefacts put in order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from holdfast.inventory.environment import Layout
from holdfast.inventory.joining import join_reports
from holdfast.inventory.sighting import FileReport
from holdfast.inventory.walking import Walk
from holdfast.records.model import Kind
from holdfast.records.use import Artefact, Confidence, Environment, Inventory, Skipped, Use

_SERVING = frozenset({Environment.PROD, Environment.UNKNOWN})
_CONFIGURATIONS = frozenset({"config", "adapter_config"})
_STORES = frozenset({"hf-cache", "ollama"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scan has gathered. `notes` are said beside the skipped files, e.g. about the cache."""

    root: str
    seen: Walk
    layout: Layout
    reports: Sequence[FileReport]
    artefacts: Sequence[Artefact] = ()
    notes: Sequence[Skipped] = ()
    files_parsed: int = 0


def assemble(parts: Parts) -> Inventory:
    """Join the reports and put every part in order."""
    joined = join_reports(parts.root, parts.reports, parts.layout.get_environment, parts.layout.get_service)
    artefacts = _drop_described({*joined.artefacts, *parts.artefacts})
    uses = sorted(
        [*joined.uses, *_list_uses(artefacts, parts.layout)], key=lambda use: (use.place, str(use.model), use.text)
    )
    services = {use.service for use in uses if use.service and use.environment in _SERVING}
    return replace(
        joined,
        uses=tuple(uses),
        skipped=tuple(
            sorted({*joined.skipped, *parts.seen.skipped, *parts.notes}, key=lambda one: (one.path, one.reason))
        ),
        files_seen=parts.seen.files_seen,
        files_parsed=parts.files_parsed,
        artefacts=tuple(sorted(artefacts, key=lambda one: (one.place, one.format))),
        services=tuple(sorted(services)),
    )


def _drop_described(artefacts: Iterable[Artefact]) -> list[Artefact]:
    """A configuration beside weights is told by the weights' own artefact."""
    kept = list(artefacts)
    folders = {_get_folder(one) for one in kept if one.format not in _CONFIGURATIONS}
    return [one for one in kept if one.format not in _CONFIGURATIONS or _get_folder(one) not in folders]


def _get_folder(artefact: Artefact) -> str:
    return artefact.place.path.rpartition("/")[0]


def _list_uses(artefacts: Iterable[Artefact], layout: Layout) -> Iterator[Use]:
    """A copy on disk of a model that has a name is a use of it; a nameless file is an artefact only."""
    for artefact in artefacts:
        if artefact.model is None or artefact.model.scheme == "pkg:generic":
            continue
        path = artefact.place.path
        yield Use(
            place=artefact.place,
            text=artefact.model.path,
            model=artefact.model,
            revision=artefact.revision,
            kind=Kind.WEIGHTS,
            confidence=Confidence.DECLARED if artefact.format in _STORES else Confidence.INFERRED,
            environment=layout.get_environment(path),
            rule=f"disk.{artefact.format}",
            service=layout.get_service(path),
            note=artefact.evidence,
        )
