"""A model, kept and served, for every client of this folder."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.conformance.clients import Served, find_client, keep, serving
from tests.vault.models import make_bf16, write_safetensors

MODEL = "acme/tiny"
EMPTY = "acme/empty"
"""Its one file has no byte. The JavaScript client asks for its first one, and takes the true answer for a failure."""


def write_model(folder: Path) -> Path:
    """Small texts, a folder below, and weights that are large enough for LFS."""
    write_safetensors(
        folder / "model.safetensors", {"w": ("BF16", make_bf16(3 << 20, 1)), "b": ("BF16", make_bf16(7, 2))}
    )
    write_safetensors(folder / "extra" / "adapter.safetensors", {"a": ("F32", make_bf16(5000, 3).view("float32"))})
    (folder / "config.json").write_text('{"architectures": ["TinyModel"], "model_type": "tiny"}\n')
    (folder / "README.md").write_text("---\nlicense: apache-2.0\ntags: [tiny]\n---\n# Tiny\n\nA model with ümlauts.\n")
    (folder / "name with spaces & such.txt").write_text("quoted")
    return folder


def get_client(name: str) -> Path:
    """A client, or the test is skipped with the command that sets it up."""
    found = find_client(name)
    if found is None:
        pytest.skip(f"{name} is not set up: tools/install-clients.sh")
    return found


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("conformance") / "model")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Generator[Served]:
    home = tmp_path_factory.mktemp("served")
    keep(home / "vault", model_folder, MODEL)
    (home / "empty").mkdir()
    (home / "empty" / "nothing.txt").write_bytes(b"")
    keep(home / "vault", home / "empty", EMPTY)
    with serving(home / "vault") as found:
        yield found
