"""Where holdfast keeps what it may lose: the scan cache and the last report. XDG folders, never the scanned tree."""

import os
from collections.abc import Mapping
from pathlib import Path


def cache_folder(named: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """The scan cache: a named folder, else the user's cache folder."""
    return Path(named) if named else _xdg(environ, "XDG_CACHE_HOME", ".cache") / "holdfast"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the last report lies, for `holdfast explain`."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "holdfast"


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    return Path(environ[variable]) if environ.get(variable) else Path.home() / fallback
