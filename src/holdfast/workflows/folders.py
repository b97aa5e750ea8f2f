"""Where holdfast keeps things: scan cache, last report, official lists. XDG folders, never the scanned tree."""

import os
from collections.abc import Mapping
from pathlib import Path


def cache_folder(named: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """The scan cache: a named folder, else the user's cache folder."""
    return Path(named) if named else _xdg(environ, "XDG_CACHE_HOME", ".cache") / "holdfast"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the last report lies, for `holdfast explain`."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "holdfast"


def lists_folder(named: str | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Where editions of official lists lie: a named folder, else HOLDFAST_LISTS, else the user's data folder."""
    if named or environ.get("HOLDFAST_LISTS"):
        return Path(named or environ["HOLDFAST_LISTS"])
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "holdfast" / "lists"


def vault_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The vault when neither --vault nor HOLDFAST_VAULT names one: in the user's data folder."""
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "holdfast" / "vault"


def config_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's settings and keys."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "holdfast"


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    return Path(environ[variable]) if environ.get(variable) else Path.home() / fallback
