"""One run of `holdfast check`, from what the user typed to a report, which is kept for `holdfast explain`."""

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import MalformedFile, MissingPath
from holdfast.records.report import CheckReport
from holdfast.records.screening import ScreeningSummary
from holdfast.workflows.check import CheckRequest, check
from holdfast.workflows.configuration import read_settings
from holdfast.workflows.copies import tell_copies
from holdfast.workflows.folders import lists_folder, state_folder
from holdfast.workflows.knowledge import Knowledge, read_knowledge
from holdfast.workflows.scanning import run_scan
from holdfast.workflows.screening import ScreeningAsked, screen_rows
from holdfast.workflows.writing import write_text

LAST_REPORT = "last-check.json"


@dataclass(frozen=True)
class CheckAsked:
    """What the user typed, with the environment and the day."""

    path: Path
    flags: Mapping[str, object]
    environ: Mapping[str, str]
    today: datetime.date
    baseline: Path | None = None
    cached: bool = True


def run_check(asked: CheckAsked, progress: Callable[[int, int], None]) -> CheckReport:
    """Scan, resolve, assess, screen. Raises HoldfastError with the place for anything that was named wrongly."""
    if not asked.path.exists():
        raise MissingPath("no such file or folder", where=str(asked.path), next_step="Name the application's folder.")
    settings = read_settings(asked.path, asked.environ, asked.flags, asked.today)
    baseline = read_baseline(asked.baseline) if asked.baseline else frozenset[str]()
    knowledge = read_knowledge(Path(settings.data) if settings.data else None, settings.on)
    inventory = run_scan(asked.path, settings, progress, cached=asked.cached)
    report = check(CheckRequest(inventory, settings, knowledge, baseline))
    report = replace(report, screening=_screen(report, knowledge, asked))
    report = replace(report, rows=tell_copies(report.rows, asked.environ))
    write_text(state_folder(asked.environ) / LAST_REPORT, encode_canonical(report), what="the last report")
    return report


def _screen(report: CheckReport, knowledge: Knowledge, asked: CheckAsked) -> ScreeningSummary:
    lists = lists_folder(environ=asked.environ)
    return screen_rows(
        report.rows,
        knowledge.registry.organisations,
        ScreeningAsked(lists, report.on, known_on=asked.today, data=knowledge.folder),
    )


def read_baseline(path: Path) -> frozenset[str]:
    """Finding ids that were known before. Raises MissingPath or MalformedFile."""
    try:
        content = cast("object", json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise MissingPath(
            f"cannot be read: {error.strerror}", where=str(path), next_step="Make one with --write-baseline FILE."
        ) from None
    except ValueError as error:
        raise MalformedFile(f"not valid JSON: {error}", where=str(path)) from None
    findings = cast("dict[str, object]", content).get("findings") if isinstance(content, dict) else None
    if not isinstance(findings, list):
        raise MalformedFile("no list `findings`", where=str(path), next_step="Make one with --write-baseline FILE.")
    return frozenset(str(item) for item in cast("list[object]", findings))


def read_last_report(environ: Mapping[str, str]) -> CheckReport:
    """The report of the last `check`. Raises MissingPath when there is none."""
    path = state_folder(environ) / LAST_REPORT
    try:
        return TypeAdapter(CheckReport).validate_json(path.read_bytes())
    except OSError:
        raise MissingPath("there is no last report", where=str(path), next_step="Run `holdfast check PATH`.") from None
    except ValidationError:
        raise MalformedFile(
            "the last report was written by another version", where=str(path), next_step="Run `holdfast check` again."
        ) from None
