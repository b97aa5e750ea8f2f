"""Requirement lists and manifests whose dependencies are models, and those that only look so."""

from pathlib import Path

import pytest

from holdfast.inventory.environment import get_environment
from holdfast.inventory.routing import find_format
from holdfast.inventory.scan import ScanOptions, scan
from holdfast.records.model import Pin
from holdfast.records.use import Environment
from tests.inventory.config.seeing import read, see

WHEELS = "https://github.com/explosion/spacy-models/releases/download"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REQUIREMENTS = f"""\
numpy==2.0
en-core-web-sm==3.7.1 \\
    --hash=sha256:00
{WHEELS}/en_core_web_md-3.7.1/en_core_web_md-3.7.1-py3-none-any.whl
de_core_news_sm @ {WHEELS}/de_core_news_sm-3.7.0/de_core_news_sm-3.7.0.tar.gz ; python_version < "3.12"
en-core-sci-lg @ https://s3.amazonaws.com/ai2-s2-scispacy/releases/v0.5.3/en_core_sci_lg-0.5.3.tar.gz
https://huggingface.co/spacy/en_core_web_trf/resolve/main/en_core_web_trf-any-py3-none-any.whl#sha256=abc
nomic[cpu]@git+https://huggingface.co/nomic-ai/nomic-bert-2048.git@{COMMIT}#egg=nomic
-e git+https://huggingface.co/microsoft/phi-2 # small
"""


def test_each_line_that_installs_a_model_is_a_use_with_its_revision() -> None:
    revisions = {sighting.line: sighting.revision for sighting in read("requirements", REQUIREMENTS).sightings}
    assert see("requirements", REQUIREMENTS) == {
        (2, "pkg:generic/spacy/en_core_web_sm"),
        (4, "pkg:generic/spacy/en_core_web_md"),
        (5, "pkg:generic/spacy/de_core_news_sm"),
        (6, "pkg:generic/spacy/en_core_sci_lg"),
        (7, "pkg:huggingface/spacy/en_core_web_trf"),
        (8, "pkg:huggingface/nomic-ai/nomic-bert-2048"),
        (9, "pkg:huggingface/microsoft/phi-2"),
    }
    assert revisions == {2: "3.7.1", 4: "3.7.1", 5: "3.7.0", 6: "0.5.3", 7: "main", 8: COMMIT, 9: None}


@pytest.mark.parametrize(
    "line",
    [
        "sentence-transformers==3.0",
        "fast_hadamard_transform @ https://files.example/fast_hadamard_transform-1.0-py3-none-any.whl",
        "cv_utils_lg @ https://files.example/cv_utils_lg-1.0-py3-none-any.whl",
        "torch @ https://download.pytorch.org/whl/cu121/torch-2.3.0%2Bcu121-cp311-cp311-linux_x86_64.whl",
        "git+https://github.com/huggingface/transformers@v4.40",
        "--find-links https://huggingface.co/acme/wheels",
        f"# en_core_web_sm @ {WHEELS}/en_core_web_sm-3.7.1/en_core_web_sm-3.7.1-py3-none-any.whl",
        f"other @ {WHEELS.replace('spacy-models', 'elsewhere')}/en_core_web_sm-3.7.1.whl",
        "-r base.txt",
        "@" * 5000,
    ],
)
def test_an_ordinary_requirement_is_no_use(line: str) -> None:
    assert see("requirements", line) == set()


PROJECT = f"""\
[project]
dependencies = [
  "numpy",
  "en_core_web_lg @ {WHEELS}/en_core_web_lg-3.7.1/en_core_web_lg-3.7.1-py3-none-any.whl",
  "nomic @ git+https://huggingface.co/nomic-ai/nomic-bert-2048.git@main",
]
[project.optional-dependencies]
nl = ["nl_core_news_sm @ {WHEELS}/nl_core_news_sm-3.7.0/nl_core_news_sm-3.7.0.tar.gz"]
[tool.poetry.dependencies]
python = "^3.11"
en_core_web_md = {{ url = "{WHEELS}/en_core_web_md-3.7.1/en_core_web_md-3.7.1-py3-none-any.whl" }}
phi = {{ git = "https://huggingface.co/microsoft/phi-2.git", rev = "{COMMIT}" }}
[dependency-groups]
dev = ["ruff", "en_core_web_trf @ {WHEELS}/en_core_web_trf-3.7.1/en_core_web_trf-3.7.1-py3-none-any.whl"]
"""


def test_dependencies_of_a_project_that_are_models_are_uses() -> None:
    assert see("toml", PROJECT, "pyproject.toml") == {
        (4, "pkg:generic/spacy/en_core_web_lg"),
        (5, "pkg:huggingface/nomic-ai/nomic-bert-2048"),
        (8, "pkg:generic/spacy/nl_core_news_sm"),
        (11, "pkg:generic/spacy/en_core_web_md"),
        (12, "pkg:huggingface/microsoft/phi-2"),
        (14, "pkg:generic/spacy/en_core_web_trf"),
    }
    pins = {sighting.line: sighting.revision for sighting in read("toml", PROJECT, "pyproject.toml").sightings}
    assert pins[12] == COMMIT


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "dev_requirements.in", "Requirements.txt"]
)
def test_requirement_lists_are_known_by_their_names(name: str) -> None:
    assert find_format(name) == "requirements"


@pytest.mark.parametrize(("name", "format_name"), [("notes.txt", None), ("requirements.md", "markdown")])
def test_other_texts_are_no_requirement_lists(name: str, format_name: str | None) -> None:
    assert find_format(name) == format_name


def test_a_scan_reads_requirement_lists(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        f"en-core-web-sm==3.7.1\nphi @ git+https://hf.co/microsoft/phi-2@{COMMIT}\n"
    )
    uses = scan(tmp_path, ScanOptions()).uses
    assert [(str(use.place), str(use.model)) for use in uses] == [
        ("requirements.txt:1", "pkg:generic/spacy/en_core_web_sm"),
        ("requirements.txt:2", "pkg:huggingface/microsoft/phi-2"),
    ]
    assert uses[1].revision.pin is Pin.EXACT


def test_the_name_of_a_requirement_list_tells_what_it_is_for() -> None:
    told = {
        name: get_environment(name) for name in ("requirements-test.txt", "requirements-dev.txt", "requirements.txt")
    }
    assert list(told.values()) == [Environment.TEST, Environment.DEV, Environment.UNKNOWN]
