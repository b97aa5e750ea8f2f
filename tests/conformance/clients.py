"""The hub's clients as their users have them: an interpreter for each version, and a vault that serves beside it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.front.cli.runs import Ran, run_here

RECIPES = Path(__file__).parent / "clients"
SCRIPTS = Path(__file__).parent / "scripts"
PYTHON_CLIENTS = ("hub-0.36", "hub-1.33", "hub-2.4")
_WAIT_S = 120


def find_client(name: str) -> Path | None:
    """Where tools/install-clients.sh has put a client; None when it has not."""
    recipe = next(path for path in RECIPES.iterdir() if path.name.rpartition(".")[0] == name and path.suffix != ".in")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdfast-clients"
    folder = Path(os.environ.get("HOLDFAST_CLIENTS") or cache)
    place = folder / f"{name}-{hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]}"
    return place if (place / ".ready").exists() else None


@dataclass(frozen=True)
class Served:
    """A vault that is served by a process of its own."""

    vault: Path
    address: str
    process: "subprocess.Popen[str]" = field(repr=False)


@contextmanager
def serving(vault: Path, *options: str, environ: Mapping[str, str] | None = None) -> Generator[Served]:
    """`holdfast serve` on a free port, ended in the way that a service manager ends it."""
    names = {
        **os.environ,
        "XDG_CACHE_HOME": str(vault.parent / "cache"),
        "XDG_CONFIG_HOME": str(vault.parent / "config"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "serve", "--vault", vault, "--port", "0", *options],
        env={**names, **(environ or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "HF_ENDPOINT=" in line)
        yield Served(vault, line.partition("HF_ENDPOINT=")[2].split()[0], process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(_WAIT_S) == 0


def client_environ(home: Path, address: str, token: str = "") -> dict[str, str]:
    """What a client is told, and nothing of this machine's own."""
    home.mkdir(parents=True, exist_ok=True)
    names = {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_ENDPOINT": address, "PATH": os.environ["PATH"]}
    names |= {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_COLOR": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return names | ({"HF_TOKEN": token} if token else {})


def run_script(client: Path, script: str, environ: Mapping[str, str], *arguments: object) -> Any:
    """What a script in scripts/ prints as JSON in its last line, run by the client's own interpreter."""
    if script.endswith(".mjs"):
        command = ["node", _beside_modules(client, script)]
    else:
        command = [client / "bin" / "python", SCRIPTS / script]
    done = subprocess.run(
        [*map(str, command), *map(str, arguments)],
        check=False,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=_WAIT_S,
    )
    assert done.returncode == 0, f"{script} failed:\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    return json.loads(done.stdout.strip().splitlines()[-1])


def _beside_modules(client: Path, script: str) -> Path:
    """Node looks for modules beside a script: it is copied to where they are."""
    source = SCRIPTS / script
    target = client / f"{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}-{script}"
    if not target.exists():
        part = target.with_name(f"{target.name}.{os.getpid()}")
        part.write_bytes(source.read_bytes())
        part.replace(target)
    return target


def hash_files(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by its path; what clients put there for themselves is left out."""
    files = (path for path in folder.rglob("*") if path.is_file())
    named = ((path.relative_to(folder), path) for path in files)
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in named
        if ".cache" not in name.parts
    }


def run_verb(vault: Path, *words: object) -> Ran:
    """The command line on a vault, in this process."""
    home = vault.parent / "keeper"
    home.mkdir(exist_ok=True)
    return run_here(*map(str, words), "--vault", vault, home=home)


def keep(vault: Path, folder: Path, name: str) -> None:
    """`holdfast keep`."""
    done = run_verb(vault, "keep", folder, "--as", name)
    assert done.code == 0, done.err
