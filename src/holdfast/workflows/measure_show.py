"""`holdfast measure show`: a run file as it was written."""

from pathlib import Path

from holdfast.measure.results.file import RunFile
from holdfast.workflows.measuring.opening import read_run


def show_run(path: Path) -> RunFile:
    """The run. Raises what reading it raises."""
    return read_run(path)
