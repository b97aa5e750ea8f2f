"""Tables, enumerations and registries told once; weight files at addresses, below folders and behind plain loaders."""

from textwrap import dedent

from holdfast.inventory.joining import join_reports
from holdfast.inventory.python import read_python
from holdfast.inventory.sighting import Source
from holdfast.records.use import Environment, Inventory

NAMES = [f"gpt-4.{number}" for number in range(1, 10)]


def read(text: str, path: str = "app/models.py") -> Inventory:
    report = read_python(Source(path, dedent(text).lstrip("\n")))
    return join_reports("root", [report], lambda _: Environment.PROD, lambda _: "")


def list_models(text: str, path: str = "app/models.py") -> list[str]:
    return [str(use.model) for use in read(text, path).uses]


def test_an_enumeration_of_eight_names_is_a_catalogue() -> None:
    body = "\n".join(f'    M{number} = "{name}"' for number, name in enumerate(NAMES))
    inventory = read(f"from enum import Enum\nclass ChatModel(str, Enum):\n{body}\n")
    assert [(one.place.line, one.length) for one in inventory.catalogues] == [(2, 9)]
    assert inventory.uses == ()


def test_a_table_of_addresses_built_from_a_host_is_a_catalogue() -> None:
    rows = "\n".join(f'    "lang{number}": f"{{HOST}}/lm-{number}-forward.pt",' for number in range(9))
    inventory = read(f'HOST = "https://example.org"\nURLS = {{\n{rows}\n    "none": None,\n}}\n')
    assert [(one.place.line, one.length) for one in inventory.catalogues] == [(2, 9)]


def test_a_weight_file_that_a_plain_loader_reads_is_a_use_and_other_files_are_none() -> None:
    text = """
        import torch
        torch.load("backbones/swin_tiny_patch4.pth")
        torch.load("data/train_features.pt")
        torch.load(path)
        """
    assert list_models(text) == ["pkg:generic/file/backbones/swin_tiny_patch4.pth"]
    assert list_models(text, "tests/test_load.py") == []


def test_a_file_below_a_repository_leads_to_the_repository() -> None:
    assert list_models('LAYOUT_WEIGHTS = "Aryn/deformable-detr-DocLayNet/model.safetensors"\n') == [
        "pkg:huggingface/Aryn/deformable-detr-DocLayNet"
    ]
    assert list_models('PATH = fetch("hf://kyutai/pocket-tts/tts_b6369a24.safetensors")\n') == [
        "pkg:huggingface/kyutai/pocket-tts"
    ]


def test_pictures_of_a_models_page_and_keys_of_settings_are_no_uses() -> None:
    assert (
        list_models('load("https://huggingface.co/lllyasviel/sd-controlnet-openpose/resolve/main/images/pose.png")')
        == []
    )
    assert list_models('FILE_LLM_MODEL = "file/llm-model"\n') == []


def test_an_archive_beside_the_weight_file_that_it_holds_is_a_use() -> None:
    text = 'CRAFT = {"filename": "craft_mlt_25k.pth", "url": "https://example.org/v1/craft_mlt_25k.zip"}\n'
    assert "pkg:generic/file/craft_mlt_25k.zip" in list_models(text)
    assert list_models('DATA = {"filename": "words.txt", "url": "https://example.org/v1/words.zip"}\n') == []


def test_a_member_of_an_enumeration_is_a_use_where_it_is_asked_for() -> None:
    body = "\n".join(f'    M{number} = "{name}"' for number, name in enumerate(NAMES))
    files = {
        "app/models.py": f"from enum import Enum\nclass ChatModel(str, Enum):\n{body}\n",
        "app/main.py": "from openai import OpenAI\nfrom app.models import ChatModel\n"
        "OpenAI().chat.completions.create(model=ChatModel.M3, messages=[])\n",
    }
    reports = [read_python(Source(path, text)) for path, text in files.items()]
    uses = join_reports("root", reports, lambda _: Environment.PROD, lambda _: "").uses
    assert [(str(use.place), use.text, str(use.model)) for use in uses] == [
        ("app/main.py:3", "ChatModel.M3", "api:openai/gpt-4.4")
    ]


def test_what_the_code_itself_writes_is_no_use() -> None:
    text = """
        from flair.models import SequenceTagger
        SequenceTagger.load(tmp_path / "tagger_v2.pt")
        SequenceTagger.load("best-model.pt")
        SequenceTagger.load("path/to/tagger_v2.pt")
        """
    assert [name for name in list_models(text) if name != "None"] == []
