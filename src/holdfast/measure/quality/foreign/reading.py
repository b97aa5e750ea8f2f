"""Which tool a log is of, by its name and content; read by that tool's reader."""

from pathlib import Path
from typing import Final

from holdfast.measure.quality.foreign.imported import ImportAsked, Imported, read_document
from holdfast.measure.quality.foreign.inspect_log import JSON_BYTES_MAX, read_inspect_log
from holdfast.measure.quality.foreign.lm_eval import read_lm_eval
from holdfast.measure.quality.lines import check_file
from holdfast.records.errors import MalformedFile, MissingPath

_NEXT_STEP: Final = (
    "Logs of Inspect (.eval, .json) and of lm-evaluation-harness (results_*.json, samples_*.jsonl) are read."
)


def read_foreign(path: Path, asked: ImportAsked) -> Imported:
    """The answers of a log of another tool. Raises MissingPath, MalformedFile, LimitExceeded, UnknownName."""
    if not path.exists():
        raise MissingPath("this file does not exist", where=str(path), next_step="Check the path.")
    if path.is_dir() or path.suffix == ".jsonl":
        return read_lm_eval(path, asked)
    if path.suffix == ".eval":
        return read_inspect_log(path, asked)
    if path.suffix != ".json":
        raise MalformedFile("this is no log that is understood here", where=str(path), next_step=_NEXT_STEP)
    check_file(path, JSON_BYTES_MAX)
    document = read_document(path.read_bytes(), str(path))
    if "eval" in document:
        return read_inspect_log(path, asked)
    if "results" in document:
        return read_lm_eval(path, asked)
    raise MalformedFile("this is no log that is understood here", where=str(path), next_step=_NEXT_STEP)
