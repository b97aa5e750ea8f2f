"""From everything a scan has gathered to one inventory: uses joined, skipped files and artefacts put in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.inventory.environment import Layout
from holdfast.inventory.joining import join_reports
from holdfast.inventory.sighting import FileReport
from holdfast.inventory.walking import Walk
from holdfast.records.use import Artefact, Environment, Inventory, Skipped

_SERVING = frozenset({Environment.PROD, Environment.UNKNOWN})


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
    services = {use.service for use in joined.uses if use.service and use.environment in _SERVING}
    return replace(
        joined,
        skipped=tuple(
            sorted({*joined.skipped, *parts.seen.skipped, *parts.notes}, key=lambda one: (one.path, one.reason))
        ),
        files_seen=parts.seen.files_seen,
        files_parsed=parts.files_parsed,
        artefacts=tuple(sorted({*joined.artefacts, *parts.artefacts}, key=lambda one: (one.place, one.format))),
        services=tuple(sorted(services)),
    )
