"""`holdfast pull` of 2 GB from a hub on this machine, beside curl and sha256sum of the same; and killed at random.

A pull ends with a kept copy: fetched, compared with what the hub states, encoded, read back from the medium.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.pull_hub import COMMIT, MODEL
from benchmarks.vault_corpora import CACHE, generate
from benchmarks.vault_running import HOLDFAST, Taken, describe_machine, make_environ, take

TIMES_MAX, AGAIN_MAX = 2.0, 0.05


def main() -> None:
    """Two tables; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--folder", type=Path, help="where to write; else the folder for temporary files")
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument(
        "--rate", type=float, default=100e6, help="of the hub while pulls are killed, in bytes a second"
    )
    parser.add_argument("--only", choices=("speed", "kills"))
    asked = parser.parse_args()
    source = generate(asked.cache, int(asked.gigabytes * 1e9))
    print(describe_machine())
    reached = [
        compare(source, asked.folder, asked.rounds) if asked.only != "kills" else True,
        kill(source, asked.folder, asked.kills, asked.rate) if asked.only != "speed" else True,
    ]
    sys.exit(0 if all(reached) else 1)


@contextlib.contextmanager
def serving(source: Path, *words: str) -> Iterator[str]:
    """The address of a hub that runs as a process of its own."""
    command = [sys.executable, "-m", "benchmarks.pull_hub", str(source), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def compare(source: Path, folder: Path | None, rounds: int) -> bool:
    """Turn by turn: curl and sha256sum, then a pull into a fresh vault."""
    plain: list[Taken] = []
    pulled: list[Taken] = []
    with serving(source) as url:
        for _ in range(rounds):
            plain.append(download(source, folder, url))
            pulled.append(pull(folder, url))
    times = statistics.median(one.wall_s for one in pulled) / statistics.median(one.wall_s for one in plain)
    print("\n| | wall s | processor s | peak MiB |\n|---|---|---|---|")
    print(f"| curl, sha256sum | {_tell(plain)} |\n| holdfast pull, verified and kept | {_tell(pulled)} |")
    print(f"\n{times:.2f} times as long (goal {TIMES_MAX})")
    return times <= TIMES_MAX


def _tell(turns: list[Taken]) -> str:
    wall, cpu = (statistics.median(values) for values in zip(*((one.wall_s, one.cpu_s) for one in turns), strict=True))
    return f"{wall:.1f} | {cpu:.1f} | {max(one.peak_bytes for one in turns) >> 20}"


def download(source: Path, folder: Path | None, url: str) -> Taken:
    """What a careful person does by hand: fetch, then compare."""
    with tempfile.TemporaryDirectory(prefix="holdfast-pull-", dir=folder) as scratch:
        names = sorted(path.name for path in source.iterdir())
        words = [word for name in names for word in ("-o", name, f"{url}/{MODEL}/resolve/{COMMIT}/{name}")]
        fetched = take(["curl", "--silent", "--fail", *words], os.environ, Path(scratch))
        return fetched + take(["sha256sum", *names], os.environ, Path(scratch))


def pull(folder: Path | None, url: str) -> Taken:
    """Into a fresh vault."""
    with tempfile.TemporaryDirectory(prefix="holdfast-pull-", dir=folder) as scratch:
        environ = make_environ(Path(scratch))
        return take([HOLDFAST, "pull", MODEL, "--endpoint", url], environ, Path(scratch))


def kill(source: Path, folder: Path | None, kills: int, rate: float) -> bool:
    """A pull that is killed at random moments while it fetches, then runs to its end; how much was sent twice."""
    draw = random.Random(1)
    size = sum(path.stat().st_size for path in source.iterdir())
    scratch = Path(tempfile.mkdtemp(prefix="holdfast-pull-", dir=folder))
    try:
        environ = make_environ(scratch)
        with serving(source, "--rate", str(rate)) as url:
            command = [str(HOLDFAST), "pull", MODEL, "--endpoint", url]
            step = size / (kills + 1)
            done = sum(_kill_once(command, environ, scratch, url, draw.uniform(0.5, 1.5) * step) for _ in range(kills))
            take(command, environ, scratch)
            sent = _read_sent(url)
        take([HOLDFAST, "restore", MODEL, scratch / "out"], environ, scratch)
        right = all((scratch / "out" / path.name).read_bytes() == path.read_bytes() for path in source.iterdir())
    finally:
        shutil.rmtree(scratch)
    again = sent / size - 1
    print(f"\nKilled {done} times: {again:.1%} sent more than once (goal {AGAIN_MAX:.0%}); every byte right: {right}")
    return right and again < AGAIN_MAX and done == kills


def _read_sent(url: str) -> int:
    return int(urllib.request.urlopen(f"{url}/sent").read())


def _kill_once(command: list[str], environ: Mapping[str, str], folder: Path, url: str, after_bytes: float) -> bool:
    """Killed when the hub sent so many bytes more; whether that was before its end."""
    before = _read_sent(url)
    with subprocess.Popen(
        command, env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and _read_sent(url) - before < after_bytes:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


if __name__ == "__main__":
    main()
