"""Engines' own short names, weight files that say more than their ending, and objects that are no names."""

import pytest

from tests.inventory.python.seeing import read, see


def test_an_address_of_a_weight_file_that_the_environment_may_replace_is_a_use() -> None:
    text = """
        import os
        LAMA_MODEL_URL = os.environ.get(
            "LAMA_MODEL_URL",
            "https://github.com/acme/zoo/releases/download/v1/big-lama.pt",
        )
        """
    assert see(text) == {(4, "pkg:generic/file/big-lama.pt")}


def test_a_vendored_copy_of_a_package_loads_as_the_package_does() -> None:
    text = """
        from app.vendored import clip
        class Embedder:
            def __init__(self, version="ViT-L/14"):
                self.model, _ = clip.load(version, jit=False)
        """
    assert see(text) == {(3, "pkg:generic/clip/ViT-L/14")}


def test_a_tag_of_open_clips_weights_is_known_wherever_a_version_stands() -> None:
    text = 'def load(arch, version="laion2b_s32b_b79k"): ...'
    assert see(text) == {(1, "pkg:generic/open_clip/laion2b_s32b_b79k")}


def test_sizes_in_a_class_of_speech_to_text_models_are_whispers() -> None:
    text = """
        from django.db import models
        class SpeechToTextModelOptions(models.Model):
            model_name = models.CharField(max_length=200, default="base")
        """
    assert see(text) == {(3, "pkg:generic/whisper/base")}


def test_eight_sizes_of_whisper_are_a_catalogue() -> None:
    report = read(
        'STOCK = frozenset({"tiny", "tiny.en", "base", "base.en", "small", "small.en", "medium", "large-v3"})\n'
    )
    assert [one.length for one in report.catalogues] == [8]


def test_weight_files_in_a_tests_parameters_that_feed_a_manager_of_models_are_uses() -> None:
    text = """
        import pytest
        from app.managing import ModelManager
        @pytest.mark.parametrize("name", ["sd_xl_base_1.0.safetensors", "some.safetensors"])
        def test_local_file(name):
            ModelManager(name=name)
        """
    assert see(text, "tests/test_local.py") == {(3, "pkg:generic/file/sd_xl_base_1.0.safetensors")}


def test_names_under_a_key_of_each_of_a_list_reach_the_loader() -> None:
    text = """
        import spacy
        class Engine:
            def __init__(self, models=None):
                self.models = models
                if not models:
                    self.models = [{"lang": "en", "model_name": "en_core_web_lg"}]
            def load(self):
                for model in self.models:
                    self.nlp = spacy.load(model["model_name"])
        """
    assert see(text) == {(6, "pkg:generic/spacy/en_core_web_lg")}


OBJECTS = {
    "what a function made": ("app/run.py", "model = get_model(segmentation)\nPipeline.from_pretrained(model)"),
    "what a class made": ("app/run.py", "net = PyanNet(task=task)\nPipeline.from_pretrained(net)"),
    "a fixture of a test": ("tests/test_run.py", "def test_it(trained):\n    Pipeline.from_pretrained(trained)"),
    "unpacked in a test": (
        "tests/test_run.py",
        "def test_it(a):\n    _, b = a\n    Pipeline.from_pretrained(b)",
    ),
    "in a function that saves": ("app/run.py", "def push_to_hub(model_id):\n    Pipeline.from_pretrained(model_id)"),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_and_what_is_saved_are_no_unresolved_uses(kind: str) -> None:
    path, text = OBJECTS[kind]
    assert see(f"from diffusers import Pipeline\n{text}\n", path) == set()


def test_a_page_or_a_picture_fetched_beside_the_weights_is_no_unresolved_use() -> None:
    text = """
        from huggingface_hub import hf_hub_download
        def load(path, topic):
            hf_hub_download(path, "README.md")
            hf_hub_download(path, f"images/{topic}.jpg")
            hf_hub_download(path, "model.safetensors")
        """
    assert see(text) == {(5, "? call:load.path")}


def test_a_file_below_a_folder_that_only_runs_know_is_named_by_its_own_name() -> None:
    text = """
        import torch
        from app.paths import ROOT
        torch.load(f"{ROOT}/vendored/clipseg/rd64-uni-refined.pth")
        torch.load(f"{ROOT}/output/rd64-uni-refined.pth")
        """
    assert see(text) == {(3, "pkg:generic/file/rd64-uni-refined.pth")}


def test_an_address_counts_where_it_stands_and_not_where_its_last_part_is_taken() -> None:
    text = """
        import os
        LINK = "https://huggingface.co/coqui/XTTS-v2/resolve/main/dvae.pth"
        CHECKPOINT = os.path.join("here", os.path.basename(LINK))
        """
    assert see(text) == {(2, "pkg:huggingface/coqui/XTTS-v2")}


def test_a_models_configuration_file_is_no_weights() -> None:
    text = 'def load_model(model_architecture="configs/stable-diffusion-v1.yaml"): ...'
    assert see(text) == set()
