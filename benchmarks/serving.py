"""`holdfast serve` beside nginx and olah, all on this machine and in one run, with files that lie in memory.

nginx sends the file from the disk and compares nothing. olah is a mirror that has the file already. Needs nginx, ab
and curl (apt), the clients of tools/install-clients.sh and, for its table, an environment with olah (--olah).
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.serving_peers import nginx, olah
from benchmarks.vault_corpora import CACHE, generate
from benchmarks.vault_running import HOLDFAST, describe_machine, make_environ, take

MODEL, FILE = "acme/large", "weights.bin"
PART = 256 << 20
GOALS = {"hf download": 0.9, "checked": 0.5, "trusted": 0.85, "compressed": 0.8}
MEMORY_MAX = 300 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and how many bytes of the file its clients ask for."""

    name: str
    url: str
    pid: int = 0


def main() -> None:
    """Every table in turn; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--olah", type=Path, help="bin folder of an environment that has olah")
    parser.add_argument("--hf", type=Path, help="the hf command; else that of tools/install-clients.sh")
    parser.add_argument("--only", nargs="*", choices=("files", "compressed", "metadata", "olah"), default=())
    asked = parser.parse_args()
    wanted = set(asked.only or ("files", "compressed", "metadata", "olah"))
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="holdfast-serving-", dir="/dev/shm") as scratch:
        folder = Path(scratch)
        bench = Bench(folder, make_plain(folder, asked.gigabytes), asked.rounds)
        reached = [
            bench.measure_files(asked.hf or find_hf()) if "files" in wanted else True,
            bench.measure_olah(asked.olah) if "olah" in wanted and asked.olah else True,
            measure_metadata(folder) if "metadata" in wanted else True,
        ]
        bench.source.unlink()
        shutil.rmtree(folder / "vault", ignore_errors=True)
        if "compressed" in wanted:
            reached.append(measure_compressed(folder, generate(asked.cache, int(asked.gigabytes * 1e9))))
    sys.exit(0 if all(reached) else 1)


def make_plain(folder: Path, gigabytes: float) -> Path:
    """Bytes that no codec makes smaller: the vault stores them as they are."""
    source = folder / "source" / FILE
    source.parent.mkdir()
    random = Random(1)
    with source.open("wb") as file:
        for _ in range(int(gigabytes * 1e9 / (16 << 20))):
            file.write(random.randbytes(16 << 20))
    return source


def find_hf() -> Path:
    """The command of the newest client that is set up."""
    found = sorted((Path.home() / ".cache" / "holdfast-clients").glob("hub-2.*/bin/hf"))
    return found[-1] if found else sys.exit("there is no hf: tools/install-clients.sh")


@contextlib.contextmanager
def holdfast(folder: Path, name: str, *options: str) -> Iterator[Place]:
    """The vault in `folder`, served."""
    command = [str(HOLDFAST), "serve", "--port", "0", "--at-once", "1000", "--log-file", os.devnull, *options]
    with subprocess.Popen(command, env=make_environ(folder), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Place(name, process.stdout.readline().partition("=")[2].strip(), process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


@dataclass(slots=True)
class Bench:
    """One incompressible file, kept once."""

    folder: Path
    source: Path
    rounds: int
    is_kept: bool = False

    def keep(self) -> None:
        """Keep it and verify it, once."""
        if not self.is_kept:
            take([HOLDFAST, "keep", self.source.parent, "--as", MODEL], make_environ(self.folder))
            take([HOLDFAST, "verify"], make_environ(self.folder))  # what was never verified is not trusted
            self.is_kept = True

    def measure_files(self, hf: Path) -> bool:
        """Downloads by `hf` and by 1, 8 and 64 curls, in turns with nginx."""
        self.keep()
        with (
            nginx(self.folder, self.source, MODEL) as plain,
            holdfast(self.folder, "checked") as checked,
            holdfast(self.folder, "trusted", "--trust-verified", "24") as trusted,
        ):
            peer, places = Place("nginx", plain), (checked, trusted)
            print(f"\n{self.source.stat().st_size / 1e9:.1f} GB stored as it is; GB/s, best of {self.rounds} rounds")
            print(f"{'':24}{'nginx':>9}{'checked':>9}{'ratio':>7}{'trusted':>9}{'ratio':>7}")
            reached = [self._compare("hf download", lambda at: self._hf(hf, at), peer, places)]
            runs: dict[str, Callable[[Place], float]] = {
                "curl, 1": lambda at: curl(at, 1),
                "curl, 8 at once": lambda at: curl(at, 8),
                "curl, 64 at once": lambda at: curl(at, 64),
                "curl, 64 other parts": lambda at: curl(at, 64, apart=True),
            }
            reached += [self._compare(what, run, peer, places) for what, run in runs.items()]
            return all([*reached, tell_memory(checked), tell_memory(trusted)])

    def _compare(self, what: str, run: Callable[[Place], float], peer: Place, places: Sequence[Place]) -> bool:
        rates: dict[str, list[float]] = {place.name: [] for place in (peer, *places)}
        for _ in range(self.rounds):
            for place in (peer, *places):
                rates[place.name].append(run(place))
        best = {name: max(some) for name, some in rates.items()}
        ratios = {place.name: best[place.name] / best[peer.name] for place in places}
        told = "".join(f"{best[name]:9.2f}{ratio:7.2f}" for name, ratio in ratios.items())
        print(f"{what:24}{best[peer.name]:9.2f}{told}", flush=True)
        if what == "hf download":
            return ratios["checked"] >= GOALS["hf download"]
        return all(ratios[name] >= GOALS[name] for name in ratios)

    def _hf(self, hf: Path, place: Place) -> float:
        """GB a second of one download into memory, its bytes compared afterwards."""
        target = self.folder / "downloaded"
        environ = {
            "HF_ENDPOINT": place.url, "HOME": str(self.folder / "home"), "PATH": os.environ["PATH"],
            "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1",
        }  # fmt: skip
        began = time.perf_counter()
        command = [str(hf), "download", MODEL, FILE, "--local-dir", str(target)]
        subprocess.run(command, env=environ, check=True, capture_output=True)
        took = time.perf_counter() - began
        assert (target / FILE).stat().st_size == self.source.stat().st_size
        shutil.rmtree(target)
        return self.source.stat().st_size / took / 1e9

    def measure_olah(self, programs: Path) -> bool:
        """Eight downloads at once, and metadata, beside a warm mirror."""
        self.keep()
        with holdfast(self.folder, "holdfast") as ours, olah(programs, self.folder, ours.url) as mirror:
            theirs = Place("olah", mirror)
            print(f"\nbeside olah, warm; GB/s, best of {self.rounds} rounds", flush=True)
            fetch(theirs)
            rates = {place.name: max(curl(place, 8) for _ in range(self.rounds)) for place in (ours, theirs)}
            ratio = rates["holdfast"] / rates["olah"]
            print(
                f"curl, 8 at once: holdfast {rates['holdfast']:.2f}, olah {rates['olah']:.2f}: {ratio:.1f} x (goal 3)"
            )
            paths = {
                "HEAD resolve": ("HEAD", f"/{MODEL}/resolve/main/{FILE}"),
                "GET info": ("GET", f"/api/models/{MODEL}/revision/main"),
            }
            reached = [ratio >= 3]
            for what, (method, path) in paths.items():
                one, other = (ask_often(place.url + path, method, 8) for place in (ours, theirs))
                rates_told = f"{one.rate:,.0f} and {other.rate:,.0f} a second"
                print(f"{what}: p99 {one.p99_ms:.1f} ms, olah {other.p99_ms:.1f} ms; {rates_told}")
                reached.append(one.p99_ms <= other.p99_ms / 2)
            return all(reached)


def curl(place: Place, streams: int, apart: bool = False) -> float:
    """GB a second of so many curls at once: the whole file, of 64 the first 256 MiB, or each another part."""
    size = measure(place)
    parts = [(0, size)] * streams if streams < 64 else [(0, min(PART, size))] * streams
    if apart:
        step = size // streams
        parts = [(number * step, (number + 1) * step) for number in range(streams)]
    began = time.perf_counter()
    running = [
        subprocess.Popen(
            [
                "curl",
                "-sS",
                "-o",
                os.devnull,
                "-w",
                "%{http_code} %{size_download}",
                "-r",
                f"{begin}-{end - 1}",
                address(place),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for begin, end in parts
    ]
    told = [process.communicate()[0].split() for process in running]
    took = time.perf_counter() - began
    assert all(one == ["206", str(end - begin)] for one, (begin, end) in zip(told, parts, strict=True)), told
    return sum(end - begin for begin, end in parts) / took / 1e9


def address(place: Place) -> str:
    """Where the file is."""
    return f"{place.url}/{MODEL}/resolve/main/{FILE}"


def measure(place: Place) -> int:
    """How large it is there."""
    with urllib.request.urlopen(urllib.request.Request(address(place), method="HEAD")) as answer:
        return int(answer.headers["Content-Length"] or answer.headers["X-Linked-Size"])


def fetch(place: Place) -> str:
    """Its sha256, as it comes from there."""
    hasher = hashlib.sha256()
    with urllib.request.urlopen(address(place)) as answer:
        while piece := answer.read(1 << 20):
            hasher.update(piece)
    return hasher.hexdigest()


def tell_memory(place: Place) -> bool:
    """The most memory that a server had."""
    status = Path(f"/proc/{place.pid}/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) << 10
    print(f"memory of {place.name}: {peak / (1 << 20):.0f} MiB at most (goal {MEMORY_MAX >> 20})")
    return peak <= MEMORY_MAX


@dataclass(frozen=True, slots=True)
class Load:
    """Answers a second, and the 99th percentile in milliseconds."""

    rate: float
    p99_ms: float


def ask_often(url: str, method: str, connections: int) -> Load:
    """Ask for ten seconds over so many connections that stay, by ab (wrk waits for bodies that a HEAD has not)."""
    words = [
        "ab",
        "-k",
        "-q",
        *(["-i"] if method == "HEAD" else []),
        "-c",
        str(connections),
        "-t",
        "10",
        "-n",
        "1000000",
    ]
    said = subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    rate = float(said.partition("Requests per second:")[2].split()[0])
    return Load(rate, float(said.partition("99%")[2].split()[0]))


def measure_metadata(folder: Path) -> bool:
    """HEAD of a file over 32 connections, and the list of a repository of 10,000 files."""
    place = folder / "metadata"
    many, few = place / "many", place / "few"
    for target, count in ((many, 10_000), (few, 5)):
        for number in range(count):
            path = target / f"{number // 100:03}" / f"{number:05}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'{{"number": {number}}}')
    take([HOLDFAST, "keep", many, "--as", "acme/many"], make_environ(place))
    take([HOLDFAST, "keep", few, "--as", "acme/few"], make_environ(place))
    with holdfast(place, "holdfast") as served:
        head = ask_often(f"{served.url}/acme/few/resolve/main/000/00001.json", "HEAD", 32)
        print(f"\nHEAD resolve, 32 connections: {head.rate:,.0f} a second (goal 1,500), p99 {head.p99_ms:.1f} ms (25)")
        times: list[float] = []
        for _ in range(7):
            began = time.perf_counter()
            with urllib.request.urlopen(f"{served.url}/api/models/acme/many/tree/main?recursive=true") as answer:
                answer.read()
            times.append((time.perf_counter() - began) * 1000)
        later = statistics.median(times[1:])
        print(f"10,000 files listed: {times[0]:.0f} ms the first time, then {later:.0f} ms (goal 300)")
    return head.rate >= 1500 and head.p99_ms <= 25 and times[0] <= 300


def measure_compressed(folder: Path, source: Path) -> bool:
    """bf16 weights that are stored smaller, beside the codec's own speed (`vault_codecs`): what verify decodes."""
    home = folder / "compressed"
    take([HOLDFAST, "keep", source, "--as", MODEL], make_environ(home))
    files = sorted(path for path in source.iterdir() if path.is_file())
    size = sum(path.stat().st_size for path in files)
    from benchmarks.serving_decode import measure_decode  # it opens the vault in this process

    decode = max(measure_decode(home / "vault", MODEL) for _ in range(3))
    with holdfast(home, "holdfast") as served:
        rates: list[float] = []
        for _ in range(3):
            began = time.perf_counter()
            for path in files:
                where = f"{served.url}/{MODEL}/resolve/main/{path.name}"
                subprocess.run(["curl", "-sSf", "-o", os.devnull, where], check=True)
            rates.append(size / (time.perf_counter() - began) / 1e9)
    ratio = max(rates) / decode
    told = f"{max(rates):.2f} GB/s by curl, the codec alone {decode:.2f}"
    print(f"\ncompressed: {told}: {ratio:.2f} (goal {GOALS['compressed']})")
    return ratio >= GOALS["compressed"]


if __name__ == "__main__":
    main()
