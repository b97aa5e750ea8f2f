"""llama.cpp's own server on a GGUF file written here with the format's own library. Skipped where it is not on PATH."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from tests.front.cli.models import Home
from tests.front.cli.test_run import running

MODEL = "acme/tiny-gguf"
WIDTH, WIDE, HEADS, CONTEXT = 64, 64, 2, 256


@pytest.fixture(autouse=True)
def server() -> None:
    if shutil.which("llama-server") is None:
        pytest.skip("llama-server is not on PATH")


def list_letters() -> list[str]:
    """A letter for each byte, as byte-level BPE writes them: what prints as it is, the others moved out of the way."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = (chr(256 + n) for n in range(256))
    return [chr(byte) if byte in printed else next(moved) for byte in range(256)]


def write_model(path: Path, spoiled: float | None = None) -> None:
    """A llama of one layer with random weights; `spoiled` is put into its last norm."""
    numbers = np.random.default_rng(5)
    letters = [*list_letters(), "th", "<s>", "</s>"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(letters))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(letters)
    writer.add_token_types([1] * 257 + [3, 3])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    norm = np.ones(WIDTH, np.float32)
    last = norm if spoiled is None else np.full(WIDTH, spoiled, np.float32)
    square = {f"blk.0.attn_{name}.weight": (WIDTH, WIDTH) for name in ("q", "k", "v", "output")}
    shapes = {**square, "blk.0.ffn_gate.weight": (WIDE, WIDTH), "blk.0.ffn_up.weight": (WIDE, WIDTH)}
    shapes |= {"blk.0.ffn_down.weight": (WIDTH, WIDE)}
    shapes |= {"token_embd.weight": (len(letters), WIDTH), "output.weight": (len(letters), WIDTH)}
    for name, shape in shapes.items():
        writer.add_tensor(name, numbers.normal(0, 0.3, shape).astype(np.float32))
    for name, values in (("blk.0.attn_norm", norm), ("blk.0.ffn_norm", norm), ("output_norm", last)):
        writer.add_tensor(f"{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def keep_model(home: Home, spoiled: float | None = None) -> None:
    (home.folder / "model").mkdir(parents=True)
    write_model(home.folder / "model" / "tiny-F32.gguf", spoiled)
    home.get("keep", home.folder / "model", "--as", MODEL)


def smoke(home: Home) -> dict[str, Any]:
    home.environ = {"PATH": os.environ["PATH"]}
    found: dict[str, Any] = json.loads(home.run("smoke", MODEL, "--json").out)["smoked"]["result"]
    return found


def test_a_gguf_copy_passes_in_llama_cpp(home: Home) -> None:
    keep_model(home)
    result = smoke(home)
    assert (result["outcome"], result["engine"], result["reason"]) == ("passed", "llama.cpp", "")
    assert result["shape"] == [1, 8]
    assert "probabilities were not told" not in result["checked"]
    assert result["files"] == ["tiny-F32.gguf"]


def test_a_gguf_copy_with_weights_that_are_no_numbers_does_not_pass(home: Home) -> None:
    keep_model(home, float("nan"))
    assert smoke(home)["outcome"] != "passed"


def test_a_gguf_copy_answers_on_the_port_that_run_tells(home: Home) -> None:
    keep_model(home)
    with running(home, MODEL) as run:
        asked = {"model": MODEL, "prompt": "the ", "max_tokens": 5, "temperature": 0}
        status, said = run.ask("/v1/completions", asked)
        assert (status, said["usage"]["completion_tokens"]) == (200, 5)
        assert MODEL in [one["id"] for one in run.ask("/v1/models")[1]["data"]]
