"""`holdfast keep` and `holdfast restore` end to end, beside sha256sum and beside programs that keep files as well.

Every program gets the same files, read once beforehand, and a fresh place on the same disk; making the place counts.
Rounds go through programs in turns, peers in the first ones; medians are told. What was written is taken away after
every turn.
"""

import argparse
import hashlib
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.vault_corpora import AVERAGED, CACHE, generate, make_corpora
from benchmarks.vault_keepers import SETTINGS, Keeper, Task, list_keepers
from benchmarks.vault_running import Taken, describe_machine, make_environ, measure_size, take, take_all, warm

KEEP_MAX, RESTORE_MAX = 2.5, 1.5
BASE = "base"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Folders of models, kept one after the other."""

    name: str
    models: tuple[Path, ...]

    @property
    def files(self) -> list[Path]:
        """Every file of every model."""
        return [path for model in self.models for path in sorted(model.rglob("*")) if path.is_file()]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one program took in one round; `stored` in bytes."""

    keep: Taken
    restore: Taken | None
    stored: int


def main() -> None:
    """One table a corpus; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--folder", type=Path, help="where to write; else the folder for temporary files")
    parser.add_argument("--gigabytes", type=float, default=3, help="of the generated set; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-rounds", type=int, default=1, help="in so many of the rounds peers have their turns")
    parser.add_argument("--only", nargs="*", help="programs by name; sha256sum is always there")
    parser.add_argument("--corpora", nargs="*", default=["generated", "MiniLM", "trained"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-speed-", dir=asked.folder) as scratch:
        keepers = [one for one in list_keepers(asked.cache) if not asked.only or one.name in asked.only]
        corpora = list_corpora(asked.cache, Path(scratch), asked.gigabytes)
        chosen = [corpus for corpus in corpora if corpus.name.partition(",")[0] in asked.corpora]
        rounds = [keepers if number < asked.peer_rounds else keepers[:1] for number in range(asked.rounds)]
        reached = [compare(corpus, Path(scratch), rounds) for corpus in chosen]
    sys.exit(0 if all(reached) else 1)


def list_corpora(cache: Path, scratch: Path, gigabytes: float) -> Iterator[Corpus]:
    """A generated set, real weights, and a base with its fine-tunes."""
    if gigabytes:
        yield Corpus("generated, bf16", (generate(cache, int(gigabytes * 1e9)),))
    corpora = make_corpora(cache)
    yield Corpus("MiniLM, f32", (take_apart(corpora.copies / "minilm-f32.safetensors", scratch / "minilm"),))
    tuned = [corpora.models / name for name in AVERAGED]
    yield Corpus(f"trained, {BASE} and {len(tuned)} fine-tunes", (corpora.models / BASE, *tuned))


def take_apart(file: Path, folder: Path) -> Path:
    """A folder with this file alone."""
    folder.mkdir()
    shutil.copy(file, folder)
    return folder


def compare(corpus: Corpus, scratch: Path, rounds: Sequence[Sequence[Keeper]]) -> bool:
    """Print a corpus' table; whether the goals are reached."""
    turns: dict[str, list[Turn]] = {}
    size = sum(path.stat().st_size for path in corpus.files)
    print(f"\n{corpus.name}: {len(corpus.files)} files, {size / 1e6:,.1f} MB; {describe_machine()}", flush=True)
    for number, keepers in enumerate(rounds):
        for name, command in (("sha256sum", ["sha256sum"]), ("openssl dgst", ["openssl", "dgst", "-sha256"])):
            warm(corpus.files)
            turns.setdefault(name, []).append(Turn(take([*command, *corpus.files], os.environ), None, 0))
        for keeper in keepers:
            turn = take_turn(keeper, corpus, scratch, is_first=number == 0)
            turns.setdefault(keeper.name, []).append(turn)
            print(f"round {number + 1}, {keeper.name}: {turn.keep.wall_s:.1f} s", file=sys.stderr, flush=True)
    print(f"afterwards: {describe_machine()}; medians of {len(rounds)}")
    return print_table(turns, size)


def take_turn(keeper: Keeper, corpus: Corpus, scratch: Path, *, is_first: bool) -> Turn:
    """Keep and restore once, in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        task = Task(Path(place), corpus.models)
        environ = {**make_environ(task.folder), **SETTINGS}
        task.out.mkdir()
        for model in corpus.models if keeper.inside else ():
            shutil.copytree(model, task.out / model.name)
        warm(corpus.files)
        kept = take_all(keeper.keep(task), environ, task.out)
        stored = measure_size(task.folder / keeper.kept_in)
        take_all(keeper.clear(task), environ, task.out)
        restored = take_all(keeper.restore(task), environ, task.out)
        if is_first:
            check(keeper, task, corpus)
        return Turn(kept, restored, stored)


def check(keeper: Keeper, task: Task, corpus: Corpus) -> None:
    """Every file came back. Raises SystemExit."""
    there = {digest(path) for path in task.out.rglob("*") if path.is_file()}
    for path in corpus.files:
        if digest(path) not in there:
            sys.exit(f"{keeper.name} did not restore {path}")


def digest(path: Path) -> str:
    """Its sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def print_table(turns: dict[str, list[Turn]], size: int) -> bool:
    """The medians of every program; whether ours reach the goals."""
    wall = median(turn.keep.wall_s for turn in turns["sha256sum"])
    print(
        f"{'':<14}{'keep s':>8}{'cpu s':>8}{'to sha256sum':>14}{'restore s':>11}{'cpu s':>8}{'to it':>7}{'stored':>9}"
    )
    for name, some in turns.items():
        keep, cpu = median(turn.keep.wall_s for turn in some), median(turn.keep.cpu_s for turn in some)
        row = f"{name:<14}{keep:>8.2f}{cpu:>8.2f}{keep / wall:>14.2f}"
        restored = [turn.restore for turn in some if turn.restore is not None]
        if restored:
            back, used = median(one.wall_s for one in restored), median(one.cpu_s for one in restored)
            row += f"{back:>11.2f}{used:>8.2f}{back / wall:>7.2f}{some[0].stored / size:>9.1%}"
        print(row, flush=True)
    ours = turns.get("holdfast", [])
    keep = median(turn.keep.wall_s for turn in ours) / wall if ours else 0
    back = median(turn.restore.wall_s for turn in ours if turn.restore) / wall if ours else 0
    print(f"goals: keep {keep:.2f} (at most {KEEP_MAX}), restore {back:.2f} (at most {RESTORE_MAX})")
    return keep <= KEEP_MAX and back <= RESTORE_MAX


def median(numbers: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(numbers)


if __name__ == "__main__":
    main()
