"""tools/unpack.py restores what a writer made from docs/format.md alone, whatever is damaged beside it."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3
from tools.unpack import compute_blake3_slowly, main

from tests.vault.unpack.writing import (
    VaultWriter,
    encode_bf16_difference,
    encode_bf16_planes,
    encode_same,
    encode_zstd,
)

UNPACK = Path(__file__).parents[3] / "tools/unpack.py"
BASE, TUNED = "org/base", "org/tuned"


@dataclass(frozen=True)
class Written:
    """A vault, its packs, and the files that it keeps by model and path."""

    folder: Path
    data: Path
    documents: Path
    files: dict[str, dict[str, bytes]]


def make_bf16(elements: int, seed: int, step: float) -> bytes:
    values = np.random.default_rng(7).standard_normal(elements) * 0.02
    values += np.random.default_rng(seed).standard_normal(elements) * step
    return (values.astype(np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A base and a fine-tune: planes, zstd and a difference, a tensor of two frames, an empty file and headers."""
    vault = VaultWriter(tmp_path_factory.mktemp("pristine") / "vault")
    weights, tuned = make_bf16(540_003, 1, 0), make_bf16(540_003, 2, 2e-4)
    small, text = make_bf16(333, 3, 0), b"many words, many words, " * 400
    base, norm = vault.add_object(weights, encode_bf16_planes), vault.add_object(small, encode_bf16_planes)
    delta = vault.add_object(tuned, encode_bf16_difference, base, weights)
    words, nothing = vault.add_object(text, encode_zstd), vault.add_object(b"")
    mixed = make_bf16(1000, 4, 0)
    noise = vault.add_object(mixed)
    files: dict[str, dict[str, bytes]] = {
        BASE: {"model.safetensors": b"head" + weights + small, "README.md": text, "empty": b""},
        TUNED: {"model.safetensors": b"HEAD!" + tuned + small, "sub/raw.bin": mixed},
    }
    vault.keep(BASE, "main", [
        vault.add_file("model.safetensors", files[BASE]["model.safetensors"], b"head",
                       [(base, len(weights)), (norm, len(small))]),
        vault.add_file("README.md", text, b"", [(words, len(text))]),
        vault.add_file("empty", b"", b"", [(nothing, 0)]),
    ])  # fmt: skip
    vault.keep(TUNED, "v1", [
        vault.add_file("model.safetensors", files[TUNED]["model.safetensors"], b"HEAD!",
                       [(delta, len(tuned)), (norm, len(small))]),
        vault.add_file("sub/raw.bin", mixed, b"", [(noise, len(mixed))]),
    ])  # fmt: skip
    return Written(vault.folder, *vault.write(), files)


@pytest.fixture
def written(pristine: Written, tmp_path: Path) -> Written:
    """The same, to be damaged."""
    folder = shutil.copytree(pristine.folder, tmp_path / "vault")
    data, documents = (folder / pack.relative_to(pristine.folder) for pack in (pristine.data, pristine.documents))
    return Written(folder, data, documents, pristine.files)


@dataclass(frozen=True)
class Done:
    """How it ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def unpack(*arguments: object) -> Done:
    """What the program does, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*map(str, arguments)])
    return Done(code, out.getvalue(), err.getvalue())


def run_program(*arguments: object, without_blake3: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The file itself, run by an interpreter that knows nothing of the project."""
    environment = {}
    if without_blake3:
        (without_blake3 / "blake3.py").write_text("raise ImportError")
        environment = {"PYTHONPATH": str(without_blake3)}
    command = [sys.executable, str(UNPACK), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def read_tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def flip_bit(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("model", [BASE, TUNED])
def test_every_file_comes_back(written: Written, tmp_path: Path, model: str) -> None:
    done = run_program(written.folder, "extract", model, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert read_tree(tmp_path / "out") == written.files[model]


def test_copies_are_listed_and_checked(written: Written) -> None:
    listed, checked = unpack(written.folder, "list"), unpack(written.folder, "check")
    assert [line.split("\t")[:3] for line in listed.stdout.splitlines()] == [
        ["org/base@main", "kept", "3 files"],
        ["org/tuned@v1", "kept", "2 files"],
    ]
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "2 packs, 2 copies, 5 files read and right\n"


def test_it_needs_no_blake3(written: Written, tmp_path: Path) -> None:
    (tmp_path / "blocked").mkdir()
    done = run_program(written.folder, "check", without_blake3=tmp_path / "blocked")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("size", [0, 1, 64, 65, 1024, 1025, 2048, 3073, 31 * 1024 + 5, (1 << 21) + 1025])
def test_its_own_blake3_is_blake3(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert compute_blake3_slowly(data) == blake3(data).digest()


@pytest.mark.parametrize("behind", [1, 40, 200, 400], ids=["count", "digest", "index", "rows"])
def test_a_damaged_index_is_done_without(written: Written, tmp_path: Path, behind: int) -> None:
    for pack in (written.data, written.documents):
        flip_bit(pack, pack.stat().st_size - behind)
    done = unpack(written.folder, "extract", TUNED, tmp_path / "out")
    assert read_tree(tmp_path / "out") == written.files[TUNED]
    assert ("index" in done.stderr or "footer" in done.stderr) == (behind > 8)


def test_a_pack_cut_short_gives_what_is_left(written: Written, tmp_path: Path) -> None:
    pack = written.data
    pack.write_bytes(pack.read_bytes()[:-1500])
    done = unpack(written.folder, "extract", BASE, tmp_path / "out")
    assert read_tree(tmp_path / "out") == written.files[BASE]
    assert pack.name in done.stderr
    hurt = unpack(written.folder, "extract", TUNED, tmp_path / "other")
    assert hurt.returncode == 1
    assert "sub/raw.bin" in hurt.stderr


def test_a_flipped_bit_hurts_only_its_files_and_they_are_named(written: Written, tmp_path: Path) -> None:
    flip_bit(written.data, 200_000)
    done = unpack(written.folder, "extract", BASE, tmp_path / "out")
    assert done.returncode == 1
    assert "org/base@main:model.safetensors: " in done.stderr
    assert f"{written.data.name} at byte 32: a frame is not what was written" in done.stderr
    assert read_tree(tmp_path / "out") == {k: v for k, v in written.files[BASE].items() if k != "model.safetensors"}
    checked = unpack(written.folder, "check")
    assert checked.returncode == 1
    assert "org/tuned@v1:model.safetensors" in checked.stderr, "it needs the base"
    assert "README.md" not in checked.stderr


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    vault = VaultWriter(tmp_path / "vault")
    raw = make_bf16(700, 1, 0)
    weights = vault.add_object(raw, encode_bf16_planes)
    vault.keep("org/m", "r1", [vault.add_file("a", b"head" + raw, b"head", [(weights, len(raw))])])
    for pack in vault.write():
        whole = pack.read_bytes()
        for at in range(0, len(whole), 7):
            flip_bit(pack, at)
            assert main([str(vault.folder), "check"]) == 1, at
            pack.write_bytes(whole)
    assert main([str(vault.folder), "check"]) == 0


def test_decisions_are_honoured(tmp_path: Path) -> None:
    vault = VaultWriter(tmp_path / "vault")
    for revision, text in (("r1", b"one"), ("r2", b"two"), ("r3", b"three"), ("r4", b"four")):
        vault.keep("org/m", revision, [vault.add_file("a.txt", text, text, [])])
    vault.decide("freeze", "org/m@r4")
    vault.decide("drop", "org/m@r3")
    vault.decide("freeze", "org/m@r1")
    vault.decide("thaw", "org/m@r1")
    vault.write()
    listed = unpack(vault.folder, "list").stdout.splitlines()
    assert [line.split("\t")[1] for line in listed] == ["kept", "kept", "dropped", "frozen"]
    assert unpack(vault.folder, "extract", "org/m", tmp_path / "latest").returncode == 0
    assert read_tree(tmp_path / "latest") == {"a.txt": b"two"}
    assert unpack(vault.folder, "extract", "org/m@r1", tmp_path / "first").returncode == 0
    assert read_tree(tmp_path / "first") == {"a.txt": b"one"}
    refused = unpack(vault.folder, "extract", "org/m@r4", tmp_path / "frozen")
    assert refused.returncode == 1
    assert "org/m@r4 is frozen; freeze by counsel" in refused.stderr
    assert not (tmp_path / "frozen").exists()


@pytest.mark.parametrize("path", ["../out.txt", "/etc/x", "a/../../b", "a\\b", ""])
def test_no_file_leaves_the_folder(tmp_path: Path, path: str) -> None:
    vault = VaultWriter(tmp_path / "vault")
    vault.keep("org/m", "r1", [vault.add_file(path, b"x", b"x", []), vault.add_file("good", b"y", b"y", [])])
    vault.write()
    done = unpack(vault.folder, "extract", "org/m", tmp_path / "deep" / "out")
    assert done.returncode == 1
    assert "leads out of the folder" in done.stderr
    assert read_tree(tmp_path / "deep") == {"out/good": b"y"}


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    vault = VaultWriter(tmp_path / "vault")
    vault.keep("org/m", "r1", [vault.add_file("a.txt", b"kept", b"kept", [])])
    vault.write()
    (tmp_path / "a.txt").write_bytes(b"mine")
    assert unpack(vault.folder, "extract", "org/m", tmp_path).returncode == 1
    assert (tmp_path / "a.txt").read_bytes() == b"mine"


def test_a_frame_equal_to_its_base_s_is_the_base_s(tmp_path: Path) -> None:
    vault = VaultWriter(tmp_path / "vault")
    raw = make_bf16(600_000, 1, 0)
    base = vault.add_object(raw[: 1 << 20] + bytes(len(raw) - (1 << 20)))
    changed = vault.add_object(
        raw, lambda piece, held: encode_same(piece, held) if piece == held else (0, piece), base, raw[: 1 << 20]
    )
    vault.keep("org/m", "r1", [vault.add_file("a", raw, b"", [(changed, len(raw))])])
    vault.write()
    assert unpack(vault.folder, "extract", "org/m", tmp_path / "out").returncode == 0
    assert read_tree(tmp_path / "out") == {"a": raw}


def test_a_newer_vault_and_no_vault_are_refused(tmp_path: Path) -> None:
    VaultWriter(tmp_path / "vault").write()
    (tmp_path / "vault/vault.json").write_text(json.dumps({"format": 2}))
    assert "format 2" in unpack(tmp_path / "vault", "list").stderr
    assert unpack(tmp_path / "nothing", "list").returncode == 1
