"""Where an engine's own words go: a file a model and engine in the user's state folder, begun anew each time."""

import re
from collections.abc import Mapping
from pathlib import Path

from holdfast.records.errors import OutputError
from holdfast.workflows.engines.finding import EngineName
from holdfast.workflows.folders import state_folder


def make_log(model: str, engine: EngineName, environ: Mapping[str, str]) -> Path:
    """The path of an empty log."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[:100]
    path = state_folder(environ) / "engines" / f"{name}-{engine.value}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    except OSError as error:
        raise OutputError(
            f"the engine's log cannot be written: {error.strerror}", where=str(path), next_step="Check XDG_STATE_HOME."
        ) from error
    return path
