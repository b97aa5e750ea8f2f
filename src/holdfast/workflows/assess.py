"""`holdfast assess MODEL…`: a check of named models instead of a scanned tree."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.inventory.naming import find_named
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import UnknownName
from holdfast.records.model import ModelName, classify_revision, find_model_name
from holdfast.records.report import CheckReport
from holdfast.records.use import Confidence, Environment, Inventory, Place, Use
from holdfast.workflows.check import CheckRequest, check
from holdfast.workflows.checking import LAST_REPORT
from holdfast.workflows.configuration import read_settings
from holdfast.workflows.copies import tell_copies
from holdfast.workflows.folders import state_folder
from holdfast.workflows.knowledge import read_knowledge
from holdfast.workflows.writing import write_text

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
COMMAND_LINE = "(command line)"


@dataclass(frozen=True)
class AssessAsked:
    """What the user typed, with the environment and the day."""

    models: tuple[str, ...]
    flags: Mapping[str, object]
    environ: Mapping[str, str]
    today: datetime.date


def run_assess(asked: AssessAsked) -> CheckReport:
    """A report with one row a model. Raises UnknownName for a text that is no model name."""
    settings = read_settings(Path(), asked.environ, asked.flags, asked.today)
    knowledge = read_knowledge(Path(settings.data) if settings.data else None, settings.on)
    uses = tuple(_use(text, number) for number, text in enumerate(asked.models, 1))
    report = check(CheckRequest(Inventory(root=COMMAND_LINE, uses=uses), settings, knowledge))
    report = replace(report, rows=tell_copies(report.rows, asked.environ))
    write_text(state_folder(asked.environ) / LAST_REPORT, encode_canonical(report), what="the last report")
    return report


def resolve_name(text: str) -> tuple[ModelName, str | None]:
    """The canonical name of a text as people write it, and its revision. Raises UnknownName."""
    plain, _, revision = text.partition("@")
    direct = find_model_name(plain)
    if direct is not None:
        return direct, revision or None
    named = find_named(text)
    if named is None and _HUB_NAME.fullmatch(plain):  # what a scan would take for a placeholder, a person may mean
        return ModelName("pkg:huggingface", plain), revision or None
    if named is None:
        raise UnknownName(
            f"{text!r} is no model name", next_step="Write api:provider/name, org/name or pkg:huggingface/org/name."
        )
    return named.model, named.revision.value


def _use(text: str, number: int) -> Use:
    model, revision = resolve_name(text)
    return Use(
        place=Place(COMMAND_LINE, number),
        text=text,
        model=model,
        revision=classify_revision(revision),
        kind=model.kind,
        confidence=Confidence.DECLARED,
        environment=Environment.UNKNOWN,
        rule="command-line",
    )
