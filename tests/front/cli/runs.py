"""Runs the real command line in a process of its own, with a home folder of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
HELPDESK = REPOSITORY / "examples" / "helpdesk"


@dataclass(frozen=True)
class Ran:
    """What a process left behind."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path, home: Path, cwd: Path = REPOSITORY, **environ: str) -> Ran:
    """`holdfast ARGUMENTS` with nothing of the user's own settings or caches."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "XDG_"))}
    places = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "NO_COLOR": "1"}
    cache = {"XDG_CACHE_HOME": str(home / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**clean, **places, **cache, **environ},
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
