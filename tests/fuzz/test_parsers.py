"""Random and damaged bytes into every parser of outside files: each ends, and says what is wrong in our own words.

A few examples run in every test; `make fuzz` and `make soak` run many (profiles in tests/conftest.py).
"""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.dangers import find_warnings
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.formats.onnx_layout import find_external_data
from holdfast.formats.pickled import follow_pickle
from holdfast.inventory.scan import ScanOptions, scan
from holdfast.records.errors import MalformedFile
from holdfast.records.vault import FileLayout

NAMES = [
    "a.py", "a.ipynb", "a.js", "a.ts", "a.tsx", "a.vue", "a.yaml", "a.json", "a.toml", "a.ini", ".env", "Dockerfile",
    "compose.yaml", "a.tf", "a.sh", "a.service", "Makefile", "Modelfile", "a.md", "a.rst", "a.safetensors", "a.gguf",
    "a.onnx", "a.pt", "config.json", "adapter_config.json",
]  # fmt: skip
SEEDS = [
    b'from openai import OpenAI\nOpenAI().responses.create(model="gpt-4o")\n',
    b'{"cells": [{"cell_type": "code", "source": ["pipeline(model=\\"Qwen/Qwen3-8B\\")"]}]}',
    b"services:\n  a:\n    command: [vllm, serve, Qwen/Qwen3-8B]\n    environment: {MODEL: gpt-4o}\n",
    b"FROM vllm/vllm-openai\nENV MODEL=Qwen/Qwen3-8B\nRUN hf download Qwen/Qwen3-8B --revision main\n",
    b"```python\nSentenceTransformer('all-MiniLM-L6-v2')\n```\n",
    b"GGUF\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f",
    b'\x40\x00\x00\x00\x00\x00\x00\x00{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
]


def damage(seed: bytes) -> st.SearchStrategy[bytes]:
    cut = st.integers(0, len(seed))
    return st.tuples(cut, st.binary(max_size=12), cut).map(lambda part: seed[: part[0]] + part[1] + seed[part[2] :])


@settings(deadline=None)
@given(name=st.sampled_from(NAMES), content=st.one_of(st.binary(max_size=300), *(damage(seed) for seed in SEEDS)))
def test_whatever_a_file_holds_the_scan_ends_with_a_report(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        inventory = scan(Path(folder), ScanOptions(workers=1))
    for use in inventory.uses:
        assert 1 <= use.place.line <= content.count(b"\n") + content.count(b"\r") + 1
    for skipped in inventory.skipped:
        assert "failed" not in skipped.reason, skipped.reason  # a reader that fell over is a fault of ours


FILES = Path(__file__).parents[1] / "formats" / "fixtures"
REAL = [path.read_bytes() for path in sorted(FILES.iterdir()) if path.suffix not in (".py", ".md")]


def is_whole(layout: FileLayout, size: int) -> bool:
    ends = [one.offset + one.length for one in layout.stretches]
    return [0, *ends] == [*(one.offset for one in layout.stretches), size]


@settings(deadline=None)
@given(content=st.one_of(st.binary(max_size=300), *(damage(seed) for seed in [*SEEDS, *REAL])))
def test_whatever_a_file_holds_its_layout_covers_it_or_says_what_is_wrong(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        assert is_whole(layout_as_bytes(path), len(content))
        with suppress(MalformedFile):
            assert is_whole(read_layout(path), len(content))
        with suppress(MalformedFile):
            find_external_data(path)


@settings(deadline=None)
@given(content=st.one_of(st.binary(max_size=300), *(damage(seed) for seed in REAL)), name=st.sampled_from(NAMES))
def test_whatever_a_file_holds_its_dangers_are_told_without_a_fault(content: bytes, name: str) -> None:
    follow_pickle(content)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        assert all(sentence.endswith(".") for sentence in find_warnings(Path(folder) / name))
