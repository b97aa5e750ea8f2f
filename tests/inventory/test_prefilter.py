"""The prefilter's pattern: one meaning for grep, RE2 and Python; tight on general code, loose on uses of models."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from holdfast.inventory.prefilter import compile_prefilter, prefilter_pattern, speaks_in_code
from holdfast.inventory.routing import find_format

DATA = Path(__file__).parents[2] / "src" / "holdfast" / "data"
LABELS = Path(__file__).parents[2] / "benchmarks" / "corpus" / "labels"

USES = [
    'AutoModel.from_pretrained("acme/unheard-of")',
    'model = SentenceTransformer("all-MiniLM-L6-v2")',
    'CLASSIFIER_MODEL = "acme/unheard-of"',
    "reranker_model: acme/unheard-of-v2",
    'client.chat.completions.create(model="gpt-4o-mini")',
    "ANTHROPIC_MODEL=claude-sonnet-4-5",
    "RUN hf download Qwen/Qwen3-8B",
    "vllm serve acme/unheard-of",
    "ollama pull qwen3:8b",
    "llama-server -hf ggml-org/gemma-3-4b-it-GGUF",
    "FROM llama3.2",
    "modelId: 'deepseek.r1-v1:0'",
    '"model": "accounts/fireworks/models/kimi-k2-instruct"',
    "git clone https://huggingface.co/acme/x",
    "curl -L https://hf.co/acme/x/resolve/main/a.bin",
    'pipe = pipeline("ner", model="dslim/bert-base-NER")',
    'nlp = spacy.load("en_core_web_sm")',
    'whisper.load_model("base")',
    'timm.create_model("resnet50")',
    'import { openai } from "@ai-sdk/openai"',
    'torch.hub.load("snakers4/silero-vad", "silero_vad")',
    "cohere.Client().rerank(model='rerank-v3.5')",
    "checkpoint: //reference/clap/music_audioset_epoch_15_esc_90.14.pt",
]
GENERAL_CODE = [
    "class Meta:\n    model = Page\n    fields = ['title']",
    "migrations.AddField(model_name='page', name='title')",
    "apps.get_model('auth', 'User')",
    "animals = ['llama', 'cow', 'beetle']",
    "Pxx, freqs = cohere(x, y)",
    "phi1, phi2 = symbols('phi1 phi2')",
    "clip-path: url(#a)",
    "def replicate(self, count): ...",
    "Erdos, Albert-Laszlo and Robert_Smith, Kolmogorov",
    "OPENAPI_URL = '/openapi.json'",
]


@pytest.mark.parametrize("text", USES)
def test_a_use_of_a_model_matches(text: str) -> None:
    assert compile_prefilter().search(f"first line\n{text}\nlast line".encode()) is not None


@pytest.mark.parametrize("text", GENERAL_CODE)
def test_general_code_does_not_match(text: str) -> None:
    assert compile_prefilter().search(text.encode()) is None


@pytest.mark.skipif(shutil.which("grep") is None, reason="grep is asked for its opinion")
def test_grep_and_python_and_re2_agree_line_by_line(tmp_path: Path) -> None:
    lines = [line for text in (*USES, *GENERAL_CODE) for line in text.splitlines()]
    (tmp_path / "lines").write_text("\n".join(lines) + "\n")
    asked = ["grep", "-nE", prefilter_pattern(), str(tmp_path / "lines")]
    printed = subprocess.run(asked, check=True, capture_output=True, text=True, env={"LC_ALL": "C"}).stdout
    by_grep = {int(line.partition(":")[0]) - 1 for line in printed.splitlines()}
    pattern = re.compile("(?m)" + prefilter_pattern())
    assert {number for number, line in enumerate(lines) if pattern.search(line)} == by_grep
    searcher = compile_prefilter()
    assert {number for number, line in enumerate(lines) if searcher.search(line.encode())} == by_grep


def test_the_pattern_has_no_construct_that_only_some_engines_know() -> None:
    assert not re.search(r"\\[dwsbB]|(?<!\\)\(\?|\*\?|\+\?|\{", prefilter_pattern())


SPOKEN_ASIDE = [
    '"""Docs: use OpenAI(model="gpt-4o")."""\nx = 1\n',
    "# like AutoModel.from_pretrained does\nx = 1\n",
    "def f():\n    '''gpt-4o'''\n    return 1  # claude-sonnet-4-5\n",
]
SPOKEN_IN_CODE = [
    '"""Docs."""\nmodel = "gpt-4o"\n',
    'color = "#fff"; model = "gpt-4o"\n',
    '"""A docstring of from_pretrained."""\ndef f(name="klarheit/sorter"): ...\n',
    "quotes = '\"\"\"'\nmodel = 'gpt-4o'\n",
]


@pytest.mark.parametrize("text", SPOKEN_ASIDE)
def test_python_that_speaks_of_models_in_comments_and_docstrings_only_is_not_parsed(text: str) -> None:
    assert compile_prefilter().search(text.encode()) is not None
    assert not speaks_in_code(text.encode())


@pytest.mark.parametrize("text", SPOKEN_IN_CODE)
def test_python_that_speaks_of_models_in_code_or_may_do_so_is_parsed(text: str) -> None:
    assert speaks_in_code(text.encode())


def test_every_declared_name_in_the_labelled_corpus_matches_where_it_stands() -> None:
    """The benchmark fetches the sources; here each labelled name must at least pass beside a loader's word."""
    missed: list[str] = []
    for path in sorted(LABELS.glob("*.yaml")):
        for file, uses in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            wanted = [use for use in uses if not use.get("optional")]
            if wanted and find_format(file.rpartition("/")[2]) is None:
                missed.append(f"{path.stem} {file}: no reader")
            missed.extend(_list_missed(path.stem, wanted))
    assert missed == []


def _list_missed(project: str, uses: list[dict[str, object]]) -> list[str]:
    declared = [str(use["model"]) for use in uses if use.get("confidence") == "declared"]
    names = [name for name in declared if "/" in name]
    searcher = compile_prefilter()
    return [f"{project}: {name}" for name in names if searcher.search(f'model="{name}"'.encode()) is None]


# General code imports these; a file is read when it also holds one of their loaders.
GENERAL_PACKAGES = frozenset(
    {
        "torch", "torchvision", "nltk", "gensim", "tokenizers", "boto3", "aioboto3", "azure", "google.cloud",
        "evaluate",
        "unstructured", "adapters", "clip", "df", "phi", "speech_recognition", "spacy", "ultralyticsplus", "chromadb*",
        "tiktoken", "langchain*", "cv2", "tensorflow", "keras", "mediapipe", "gdown", "wget", "pooch", "kornia",
        "inference", "llm", "esm", "comet", "nomic", "swift", "camel", "chronos", "retinaface", "dac",
        "deep_translator",
    }
)  # fmt: skip


def test_every_python_package_that_takes_models_matches_by_its_import() -> None:
    packages = yaml.safe_load((DATA / "python_loaders.yaml").read_text(encoding="utf-8"))["packages"]
    searcher = compile_prefilter()
    wanted = set(packages) - GENERAL_PACKAGES
    missed = [name for name in wanted if searcher.search(f"from {name.rstrip('*')} import x".encode()) is None]
    assert sorted(missed) == []


def test_every_host_of_a_provider_matches() -> None:
    providers = yaml.safe_load((DATA / "lexicon.yaml").read_text(encoding="utf-8"))["providers"].values()
    searcher = compile_prefilter()
    hosts = [host for provider in providers for host in provider.get("hosts", ())]
    assert [host for host in hosts if searcher.search(f"url: https://{host}/v1".encode()) is None] == []


def test_every_distinct_class_of_a_client_matches() -> None:
    names = yaml.safe_load((DATA / "python_loaders.yaml").read_text(encoding="utf-8"))["distinct_names"]
    searcher = compile_prefilter()
    assert [name for name in names if searcher.search(f"x = {name}(y)".encode()) is None] == []
