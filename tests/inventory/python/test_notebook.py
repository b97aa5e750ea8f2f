"""Notebooks: names on the lines of the `.ipynb` file, cells that depend on one another, magics, errors, bad JSON."""

import json

from holdfast.inventory.python import read_notebook
from holdfast.inventory.sighting import FileReport, Sighting, Source
from tests.inventory.python.seeing import name_sightings


def build(*cells: tuple[str, list[str]]) -> str:
    """A notebook as Jupyter writes it: one line of JSON for each line of source."""
    body = [{"cell_type": kind, "metadata": {}, "outputs": [], "source": source} for kind, source in cells]
    return json.dumps({"cells": body, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def find_line(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


def test_a_name_in_one_cell_reaches_the_loader_in_another() -> None:
    text = build(
        ("markdown", ["# Reader\n", "model = gpt-4o is prose"]),
        ("code", ["import os\n", "BASE = 'Qwen/Qwen3-8B'"]),
        ("code", ["%load_ext autoreload\n", "from transformers import AutoModel\n", "AutoModel.from_pretrained(BASE)"]),
    )
    report = read_notebook(Source("a.ipynb", text), {})
    assert name_sightings(report) == {(find_line(text, "BASE ="), "pkg:huggingface/Qwen/Qwen3-8B")}
    assert report.sightings[0].call_lines == (find_line(text, "from_pretrained"),)


def test_a_source_kept_as_one_string_stands_on_its_one_line() -> None:
    cell = {"cell_type": "code", "source": "import whisper\nwhisper.load_model('base')\n", "outputs": []}
    text = json.dumps({"cells": [cell]}, indent=1)
    assert name_sightings(read_notebook(Source("a.ipynb", text), {})) == {
        (find_line(text, "load_model"), "pkg:generic/whisper/base")
    }


def test_outputs_are_not_read() -> None:
    cell = {"cell_type": "code", "source": [], "outputs": [{"text": ["model = 'gpt-4o'\n"]}]}
    assert read_notebook(Source("a.ipynb", json.dumps({"cells": [cell]})), {}).sightings == ()


def test_shell_lines_go_to_the_reader_of_shell_with_their_lines() -> None:
    def read_shell(source: Source) -> FileReport:
        lines = source.text.split("\n")
        found = [
            Sighting(number, "llama3", "shell", via="ollama") for number, line in enumerate(lines, 1) if "pull" in line
        ]
        return FileReport(source.path, sightings=tuple(found))

    text = build(("code", ["x = 1\n", "!ollama pull llama3"]), ("code", ["%%bash\n", "ollama pull llama3\n"]))
    report = read_notebook(Source("a.ipynb", text), {"shell": read_shell})
    expected = [number for number, line in enumerate(text.split("\n"), 1) if "pull" in line]
    assert [sighting.line for sighting in report.sightings] == expected


def test_a_cell_with_errors_does_not_spoil_its_neighbours() -> None:
    text = build(
        ("code", ["this is not python\n", "MODEL = 'gpt-4o'"]),
        ("code", ["EMBEDDER = 'text-embedding-3-small'"]),
    )
    names = {name for _, name in name_sightings(read_notebook(Source("a.ipynb", text), {}))}
    assert names == {"api:openai/gpt-4o", "api:openai/text-embedding-3-small"}


def test_bad_json_is_reported_with_its_place() -> None:
    report = read_notebook(Source("a.ipynb", '{"cells": [\n{"cell_type": '), {})
    assert report.skipped is not None
    assert "line 2" in report.skipped.reason
