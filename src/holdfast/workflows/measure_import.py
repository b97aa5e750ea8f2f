"""`holdfast measure import`: logs of Inspect and of lm-evaluation-harness as a run file of ours."""

import dataclasses
import datetime
from pathlib import Path
from typing import cast

import holdfast
from holdfast.measure.quality.foreign.imported import ImportAsked, Imported
from holdfast.measure.quality.foreign.reading import read_foreign
from holdfast.measure.results.file import RunFile, encode_run
from holdfast.measure.results.header import JsonObject, RunHeader, ServedModel, Software
from holdfast.records.canonical_json import to_plain
from holdfast.records.measurement import Endpoint
from holdfast.workflows.measuring.asked import CostAsked
from holdfast.workflows.measuring.costing import make_costing
from holdfast.workflows.measuring.figures import compute_figures
from holdfast.workflows.measuring.machine import describe_machine
from holdfast.workflows.writing import write_bytes

__all__ = ["ImportAsked", "import_log"]


def import_log(log: Path, asked: ImportAsked, out: Path, now: datetime.datetime) -> RunFile:
    """The log's answers with figures, written to `out`. Raises what reading the log raises, and OutputError."""
    found = read_foreign(log, asked)
    header = _make_header(found, now)
    run = RunFile(header, answers=found.answers)
    run = dataclasses.replace(run, header=dataclasses.replace(header, figures=compute_figures(run)))
    write_bytes(out, encode_run(run), what="the run file")
    return run


def _make_header(found: Imported, now: datetime.datetime) -> RunHeader:
    names = dict.fromkeys(answer.endpoint for answer in found.answers)
    return RunHeader(
        started_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        holdfast=holdfast.__version__,
        machine=describe_machine(),
        endpoints=tuple(Endpoint(name, "", found.model) for name in names),
        seed=0,
        software=(Software(found.tool, found.version), Software("holdfast", holdfast.__version__)),
        served=tuple(ServedModel(name, found.model) for name in names),
        costing=cast("JsonObject", to_plain(make_costing(CostAsked()))),
        notes=found.notes,
    )
