"""Runs the real command line with a home folder of its own: in a process of its own, or in this one."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from holdfast.front.cli.main import run_verb

REPOSITORY = Path(__file__).parents[3]
HELPDESK = REPOSITORY / "examples" / "helpdesk"


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path, home: Path, cwd: Path = REPOSITORY, **environ: str) -> Ran:
    """`holdfast ARGUMENTS` in a process of its own, with nothing of the user's own settings. Rule data is
    read once for all homes side by side: they share a cache."""
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=compose(home, environ),
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def run_here(*arguments: str | Path, home: Path, cwd: Path = REPOSITORY, **environ: str) -> Ran:
    """The same in this process: a third of the time."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, compose(home, environ), clear=True),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run_verb([*map(str, arguments)])
    return Ran(code, out.getvalue(), err.getvalue())


def compose(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What the command line finds in its environment."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "XDG_", "COLUMNS"))}
    places = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home.parent / "cache")}
    return {**clean, **places, "NO_COLOR": "1", **environ}
