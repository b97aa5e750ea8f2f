"""How fast a scan is beside `grep -rE` with the prefilter's own pattern, as whole processes, taken in turns.

Fetches pinned packages (scan_speed.txt) and unpacks their sources into one tree, or takes a tree with --tree. Installs
and runs nothing of what it fetched.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from holdfast.inventory.prefilter import prefilter_pattern

HERE = Path(__file__).parent
FILES_MIN = 20_000
FILE_BYTES_MAX = 2_000_000
COLD_MAX = 3.0
WARM_MAX = 0.3
SOURCE_ENDINGS = frozenset(
    {
        ".py", ".pyi", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".json", ".yaml", ".yml", ".toml", ".ini",
        ".cfg", ".md", ".rst",
        ".txt", ".sh", ".html", ".css", ".c", ".h", ".cpp", ".j2", ".po", ".ipynb", ".sql", ".vue", ".scss",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of every run of one command."""

    name: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that ratios are made of."""
        return statistics.median(self.runs)


def build_tree(cache: Path) -> Path:
    """The tree of pinned packages, fetched and unpacked when it is not there yet."""
    tree = cache / "tree"
    if tree.exists():
        return tree
    wheels = cache / "wheels"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]
    subprocess.run([*command, "-r", str(HERE / "scan_speed.txt"), "-d", str(wheels)], check=True)
    partial = cache / "tree.partial"
    shutil.rmtree(partial, ignore_errors=True)
    for wheel in sorted(wheels.glob("*.whl")):
        unpack(wheel, partial / wheel.name.split("-", 1)[0])
    partial.replace(tree)
    return tree


def unpack(wheel: Path, folder: Path) -> None:
    """Source files of one wheel; names that lead out of the folder are left out."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            safe = not path.is_absolute() and ".." not in path.parts
            wanted = path.suffix.lower() in SOURCE_ENDINGS and member.file_size <= FILE_BYTES_MAX
            if safe and wanted and not member.is_dir():
                archive.extract(member, folder)


def measure(tree: Path, times: int) -> list[Figures]:
    """Run grep, a cold and a warm scan in turns; the first round only fills the system's cache."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "cache")
        commands: dict[str, Callable[[], float]] = {
            "grep -rE": lambda: time_grep(tree, prefilter_pattern()),
            "scan, cold": lambda: time_cold(tree, cache),
            "scan, warm": lambda: time_scan(tree, cache),
        }
        runs: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(times + 1):
            for name, command in commands.items():
                taken = command()
                if turn:
                    runs[name].append(taken)
    return [Figures(name, tuple(taken)) for name, taken in runs.items()]


def time_grep(tree: Path, pattern: str) -> float:
    """grep's output is read, for with /dev/null it stops at the first match; in the C locale, where it is fastest."""
    started = time.perf_counter()
    command = ["grep", "-rE", pattern, str(tree)]
    subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=True)
    return time.perf_counter() - started


def time_cold(tree: Path, cache: Path) -> float:
    """A scan that knows nothing yet."""
    shutil.rmtree(cache, ignore_errors=True)
    return time_scan(tree, cache)


def time_scan(tree: Path, cache: Path) -> float:
    """One whole process, from its start to its printed report."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["XDG_CACHE_HOME"] = str(cache)
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("holdfast")), "scan", str(tree)]
    subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    return time.perf_counter() - started


def describe(tree: Path) -> Iterator[str]:
    """Size of the tree and of the pattern."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    yield f"{len(files):,} files, {size / 1e6:,.0f} MB, {os.cpu_count()} cores"
    yield f"a pattern of {len(prefilter_pattern()):,} letters"
    if len(files) < FILES_MIN:
        yield f"fewer than {FILES_MIN:,} files: the figures do not count"


def main() -> None:
    """Print the table; exit 1 when a ratio is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, help="scan this tree instead of the pinned one")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache" / "scan-speed", help="where fetched packages lie")
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    tree = asked.tree or build_tree(asked.cache)
    print("\n".join(describe(tree)))
    figures = measure(tree, asked.times)
    grep = figures[0].median
    print(f"\n{'':<12}{'median s':>10}{'min':>8}{'max':>8}{'to grep':>9}{'limit':>7}")
    limits = ("", COLD_MAX, WARM_MAX)
    for one, limit in zip(figures, limits, strict=True):
        row = f"{one.name:<12}{one.median:>10.2f}{min(one.runs):>8.2f}{max(one.runs):>8.2f}"
        print(f"{row}{one.median / grep:>9.2f}{limit:>7}")
    _, cold, warm = figures
    sys.exit(0 if cold.median <= COLD_MAX * grep and warm.median <= WARM_MAX * grep else 1)


if __name__ == "__main__":
    main()
