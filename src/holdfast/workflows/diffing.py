"""One run of `holdfast diff`: the same inventory, two worlds, the differences."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.records.errors import MissingPath, UsageError
from holdfast.records.finding import Finding
from holdfast.records.report import ModelRow
from holdfast.records.settings import Settings
from holdfast.workflows.check import CheckRequest, check
from holdfast.workflows.configuration import parse_date, read_settings
from holdfast.workflows.diff import Change, compute_changes, keep_biting
from holdfast.workflows.knowledge import Knowledge, read_knowledge
from holdfast.workflows.scanning import run_scan


@dataclass(frozen=True)
class DiffAsked:
    """What the user typed."""

    path: Path
    from_: str | None
    to: str | None
    scenarios: tuple[str, ...]
    against: str | None
    flags: Mapping[str, object]
    environ: Mapping[str, str]
    today: datetime.date
    everything: bool = False


@dataclass(frozen=True, slots=True)
class DiffAnswer:
    """What was compared, and the changes."""

    before: str
    after: str
    changes: tuple[Change, ...]
    footer: str


def run_diff(asked: DiffAsked, progress: Callable[[int, int], None]) -> DiffAnswer:
    """Raises UsageError when neither dates nor scenarios were named."""
    if not asked.path.exists():
        raise MissingPath("no such file or folder", where=str(asked.path))
    if asked.from_ is None and asked.to is None and not asked.scenarios:
        raise UsageError("nothing to compare", next_step="Give --from and --to, or --scenario and --against.")
    settings = read_settings(asked.path, asked.environ, asked.flags, asked.today)
    knowledge = read_knowledge(Path(settings.data) if settings.data else None, settings.on)
    first, second = _two_settings(asked, settings)
    inventory = run_scan(asked.path, settings, progress)

    def findings(chosen: Settings) -> list[Finding]:
        return _findings(check(CheckRequest(inventory, chosen, knowledge)).rows)

    changes = compute_changes(findings(first), findings(second))
    kept = changes if asked.everything else keep_biting(changes)
    return DiffAnswer(_name(first), _name(second), tuple(kept), _footer(knowledge))


def _findings(rows: tuple[ModelRow, ...]) -> list[Finding]:
    return [finding for row in rows for finding in row.findings]


def _two_settings(asked: DiffAsked, settings: Settings) -> tuple[Settings, Settings]:
    first = replace(settings, on=parse_date(asked.from_, "--from") if asked.from_ else settings.on)
    second = replace(settings, on=parse_date(asked.to, "--to") if asked.to else settings.on)
    if not asked.scenarios:
        return first, second
    return (
        replace(first, scenarios=(asked.against,) if asked.against else (), target=settings.target),
        replace(second, scenarios=asked.scenarios),
    )


def _name(settings: Settings) -> str:
    scenario = " and ".join(settings.scenarios)
    return f"{settings.on}{f' with {scenario}' if scenario else ''}"


def _footer(knowledge: Knowledge) -> str:
    return f"Evidence to {knowledge.book.vocabulary.evidence_horizon}. Evidence, not legal advice."
