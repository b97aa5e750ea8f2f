"""A model trained here is kept with its base, the vault copied, a pack damaged, repaired, restored by both readers; it
loads in transformers and answers bit for bit as before."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.vault_corpora import CACHE, Corpora, make_corpora
from benchmarks.vault_running import HOLDFAST, make_environ

HERE = Path(__file__).parent
UNPACK = HERE.parent / "tools" / "unpack.py"
MODELS = ("base", "full")
DAMAGE = (0.3, 0.5, 0.7)  # where bytes are changed, as shares of the pack


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of its own, and the environment of programs in it."""

    folder: Path
    environ: dict[str, str]

    @property
    def copy(self) -> Path:
        """The second vault, which is the one damaged."""
        return self.folder / "copy"


def main() -> None:
    """Every step with what it said; exit 1 at the first that is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    asked = parser.parse_args()
    corpora = make_corpora(asked.cache)
    with tempfile.TemporaryDirectory(prefix="holdfast-acceptance-") as scratch:
        place = Place(Path(scratch), make_environ(Path(scratch)))
        keep_and_copy(place, corpora)
        damage_and_repair(place)
        compare(place, corpora)
    print("accepted")


def keep_and_copy(place: Place, corpora: Corpora) -> None:
    """Base and fine-tune into one vault, all of it into another, with parity there."""
    models = [corpora.models / name for name in MODELS]
    step("keep", [HOLDFAST, "keep", *models], place)
    step("stats", [HOLDFAST, "stats"], place)
    step("copy", [HOLDFAST, "sync", place.copy, "--push"], place)
    step("protect the copy", [HOLDFAST, "protect", "--parity", "10", "--vault", place.copy], place)


def damage_and_repair(place: Place) -> None:
    """Bytes in the middle of the copy's largest pack are changed; found, repaired from parity alone, not found."""
    pack = max((place.copy / "packs").rglob("*.pack"), key=lambda path: path.stat().st_size)
    size = pack.stat().st_size
    with pack.open("r+b") as file:
        for share in DAMAGE:
            file.seek(int(share * size))
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 0x10]))
    print(f"--- damaged: a bit in {len(DAMAGE)} places of a pack of {size:,} bytes\n")
    step("verify: damage is found", [HOLDFAST, "verify", "--vault", place.copy], place, codes=(12,))
    step("repair", [HOLDFAST, "repair", "--vault", place.copy], place)
    step("verify: whole again", [HOLDFAST, "verify", "--vault", place.copy], place)


def compare(place: Place, corpora: Corpora) -> None:
    """Restored by both readers; files and answers are the original's."""
    python = corpora.packages.parents[2] / "bin" / "python"
    for name in MODELS:
        by_holdfast, by_unpack = place.folder / "restored" / name, place.folder / "unpacked" / name
        step(f"restore {name}", [HOLDFAST, "restore", name, by_holdfast, "--vault", place.copy], place)
        step(f"unpack {name}", [sys.executable, UNPACK, place.copy, "extract", name, by_unpack], place)
        step("its files are the original's", ["diff", "--recursive", corpora.models / name, by_holdfast], place)
        step("its files are the original's", ["diff", "--recursive", corpora.models / name, by_unpack], place)
        answers = [
            step(f"logits of {folder.parent.name}/{name}", [python, HERE / "vault_logits.py", folder], place)
            for folder in (corpora.models / name, by_holdfast, by_unpack)
        ]
        if len(set(answers)) != 1:
            sys.exit(f"{name} answers otherwise than before")
        print(f"--- {name} loads and answers bit for bit as before\n")


def step(title: str, command: Sequence[str | Path], place: Place, codes: Sequence[int] = (0,)) -> str:
    """Run and print; what it wrote on standard output."""
    print(f"--- {title}", flush=True)
    words = [str(word) for word in command]
    done = subprocess.run(words, env=place.environ, cwd=place.folder, capture_output=True, text=True, check=False)
    print("\n".join(line for line in done.stdout.splitlines() if "lever  " not in line), "\n", flush=True)
    if done.returncode not in codes:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
