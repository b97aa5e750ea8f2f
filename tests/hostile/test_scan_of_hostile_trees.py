"""Trees made to hang, crash or blow up a scan: each file is read as far as is safe, or reported with its reason."""

import os
import zipfile
from pathlib import Path

import pytest

from holdfast.inventory.limits import Limits
from holdfast.inventory.reading import Task
from holdfast.inventory.routing import find_format
from holdfast.inventory.scan import ScanOptions, scan
from holdfast.inventory.walking import Found
from holdfast.inventory.workers import ReaderPool
from holdfast.records.use import Inventory

MODEL = "gpt-4o"
DEEP = 100_000


def scan_one(tmp_path: Path, name: str, data: bytes | str) -> Inventory:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return scan(tmp_path, ScanOptions(workers=1))


def reason(inventory: Inventory) -> str:
    (skipped,) = inventory.skipped
    return skipped.reason


def test_a_sparse_file_of_five_gigabytes_is_reported_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.write(b'{"model": "gpt-4o"}\n')
        file.truncate(5 << 30)
    assert "larger than 2,000,000 bytes (5,368,709,120)" in reason(scan(tmp_path, ScanOptions(workers=1)))


def test_a_sparse_weights_file_of_many_gigabytes_is_reported_by_its_header(tmp_path: Path) -> None:
    for name in ("a.safetensors", "b.gguf", "c.onnx"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(64 << 30)
    inventory = scan(tmp_path, ScanOptions(workers=1))
    assert {skipped.path for skipped in inventory.skipped} == {"a.safetensors", "b.gguf", "c.onnx"}


DEEP_FILES = {
    "a.json": f'{{"model": "{MODEL}", "x": ' + "[" * DEEP + "]" * DEEP + "}",
    "b.yaml": f"model: {MODEL}\nx: " + "[" * DEEP,
    "c.toml": f'model = "{MODEL}"\nx = ' + "[" * DEEP,
    "d.py": f'model = "{MODEL}"\nx = ' + "(" * DEEP + ")" * DEEP,
    "e.py": f'from openai import OpenAI\nmodel = "{MODEL}"\nx = ' + "-" * DEEP + "1\n",
    "f.py": f'from openai import OpenAI\nmodel = "{MODEL}"\nx = a' + ".b" * DEEP + "\n",
    "g.py": f'from openai import OpenAI\nmodel = "{MODEL}"\nx = ' + "lambda:" * DEEP + "1\n",
}


@pytest.mark.parametrize("name", DEEP_FILES)
def test_a_file_that_nests_without_end_is_reported(tmp_path: Path, name: str) -> None:
    inventory = scan_one(tmp_path, name, DEEP_FILES[name])
    assert [skipped.path for skipped in inventory.skipped] == [name]


SURVIVED = {
    "dash.yaml": f"model: {MODEL}\n" + "- " * DEEP + "x\n",
    "alias.yaml": f"model: {MODEL}\na0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
    "merge.yaml": f"model: {MODEL}\na0: &a0 {{k: v}}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30)),
    "object.yaml": f"model: {MODEL}\nx: !!python/object/apply:os.system ['touch owned']\n",
    "deep.ts": f'const model = "{MODEL}";\nx = ' + "(\n" * 20_000,
    "deep.md": f"{MODEL}\n" + "> " * 20_000 + "\n```\n",
    "deep.sh": "ollama pull qwen3:8b\necho " + "$(" * 20_000 + "\n",
    "Dockerfile": f"FROM x\nENV CHAT_MODEL={MODEL}\nRUN " + "\\\n" * 20_000,
    "cut.ipynb": '{"cells": [{"cell_type": "code", "source": "model=\\"gpt-4o\\"',
}


@pytest.mark.parametrize("name", SURVIVED)
def test_a_hostile_file_neither_hangs_nor_breaks_the_scan(tmp_path: Path, name: str) -> None:
    (tmp_path / "good.env").write_text("CHAT_MODEL=gpt-4o-mini\n")
    inventory = scan_one(tmp_path, name, SURVIVED[name])
    assert "api:openai/gpt-4o-mini" in {str(use.model) for use in inventory.uses}
    assert not (tmp_path / "owned").exists()
    assert not Path("owned").exists()


def test_binary_content_under_the_name_of_a_text_is_reported(tmp_path: Path) -> None:
    assert "binary" in reason(scan_one(tmp_path, "a.py", b'model = "gpt-4o"\n\x00\x01\x02'))


def test_a_line_without_end_is_reported(tmp_path: Path) -> None:
    assert "a line of" in reason(scan_one(tmp_path, "a.js", 'x = "gpt-4o";' + "y" * 50_000))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\xff", b"\xef\xbb\xbf", b"", b"\xfe\xffgpt-4o", b"\xc3\x28 gpt-4o"])
def test_bytes_in_no_encoding_are_survived(tmp_path: Path, data: bytes) -> None:
    assert scan_one(tmp_path, "a.yaml", data).files_seen == 1


def test_a_pipe_a_socket_and_links_in_circles_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "self.py").symlink_to("self.py")
    inventory = scan(tmp_path, ScanOptions(workers=1))
    assert {skipped.path for skipped in inventory.skipped} == {"pipe.yaml", "pipe.gguf", "loop", "self.py"}


def test_an_ignore_file_that_is_a_pipe_or_binary_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".gitignore").write_bytes(bytes(range(256)) * 10 + b"\n[z-a].py\n***\n!\n/\n")
    (tmp_path / "a.env").write_text("CHAT_MODEL=gpt-4o\n")
    assert len(scan(tmp_path, ScanOptions(workers=1)).uses) == 1


def test_an_ignore_pattern_of_many_stars_does_not_hang(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*a" * 40 + "b\n" + "**/a" * 30 + "\n/x" + "*a" * 40 + "b\n")
    (tmp_path / ("x" + "a" * 200 + ".env")).write_text("CHAT_MODEL=gpt-4o\n")
    assert len(scan(tmp_path, ScanOptions(workers=1)).uses) == 1


def test_a_zip_bomb_with_the_name_of_weights_is_reported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\0" * 40_000_000)
    assert "would unpack" in reason(scan(tmp_path, ScanOptions(workers=1)))


def test_a_very_long_path_is_survived(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(12):
        folder = folder / ("d" * 200)
        folder.mkdir()
    (folder / "a.env").write_text("CHAT_MODEL=gpt-4o\n")
    assert len(scan(tmp_path, ScanOptions(workers=1)).uses) == 1


class _Deadly(Limits):
    """Limits that end the process when a notebook is to be read: the fault of a reader, at a place of our choosing."""

    __slots__ = ()

    def get_bytes_max(self, format_name: str) -> int:
        if format_name == "notebook":
            os._exit(9)
        return super().get_bytes_max(format_name)


@pytest.fixture
def crowd(tmp_path: Path) -> list[Task]:
    tasks: list[Task] = []
    for number in range(30):
        name = f"{number}.ipynb" if number in (3, 17) else f"{number}.env"
        (tmp_path / name).write_text(f"CHAT_MODEL={MODEL}\n")
        format_name = find_format(name)
        assert format_name is not None
        tasks.append(Task(Found(name, format_name, 20, 0, 0)))
    return tasks


def test_a_file_that_kills_its_reader_is_reported_and_the_others_are_read(tmp_path: Path, crowd: list[Task]) -> None:
    with ReaderPool(str(tmp_path), _Deadly(), workers=2) as pool:
        reads = {read.found.path: read for read in pool.read(crowd)}
    assert len(reads) == 30
    killed = {path for path, read in reads.items() if read.report and read.report.skipped}
    assert killed == {"3.ipynb", "17.ipynb"}
    assert all(read.report and read.report.sightings for path, read in reads.items() if path not in killed)
    assert not reads["3.ipynb"].settled


def test_a_reader_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    text = "from openai import OpenAI\nc = OpenAI()\n"
    text += "".join(f'm{n} = "gpt-4o"\nc.chat.completions.create(model=m{n})\n' for n in range(4_000))
    (tmp_path / "slow.py").write_text(text)
    limits = Limits(file_wait_s=0.05)
    assert "took longer than 0.05 s" in reason(scan(tmp_path, ScanOptions(limits=limits, workers=1)))
