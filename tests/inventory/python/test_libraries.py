"""Clients and loaders of real libraries, used as their own pages show it."""

from pathlib import Path

import pytest
import yaml

from tests.inventory.python.seeing import see

USAGES: list[dict[str, str]] = yaml.safe_load(Path(__file__).with_name("usages.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("usage", USAGES, ids=lambda usage: usage["model"])
def test_a_documented_call_is_seen_on_its_line(usage: dict[str, str]) -> None:
    last = usage["code"].count("\n") + 1
    assert (last, usage["model"]) in see(usage["code"])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://api.groq.com/openai/v1", "api:groq/llama-3.1-8b-instant"),
        ("https://openrouter.ai/api/v1", "api:openrouter/llama-3.1-8b-instant"),
        ("https://api.together.xyz/v1", "api:together/llama-3.1-8b-instant"),
    ],
)
def test_the_client_s_base_url_says_who_answers(address: str, expected: str) -> None:
    text = f"""
        from openai import OpenAI
        client = OpenAI(base_url="{address}")
        client.chat.completions.create(model="llama-3.1-8b-instant", messages=[])
        """
    assert see(text) == {(3, expected)}


def test_a_local_server_behind_the_same_client_serves_weights() -> None:
    text = """
        from openai import OpenAI

        class Chat:
            def __init__(self):
                self.client = OpenAI(base_url="http://localhost:8000/v1", api_key="x")

            def ask(self):
                return self.client.chat.completions.create(model="Qwen/Qwen3-8B", messages=[])
        """
    assert see(text) == {(8, "pkg:huggingface/Qwen/Qwen3-8B")}


def test_a_client_wrapped_by_instructor_is_still_the_client() -> None:
    text = """
        import instructor
        from groq import Groq
        client = instructor.from_groq(Groq())
        client.chat.completions.create(model="llama-3.1-8b-instant", response_model=None, messages=[])
        """
    assert see(text) == {(4, "api:groq/llama-3.1-8b-instant")}


def test_a_download_address_in_any_text_is_a_use() -> None:
    text = """
        DEFAULTS = '''
        llm:
          url: https://huggingface.co/TheBloke/zephyr-7B-beta-GGUF/resolve/main/zephyr-7b-beta.Q4_K_M.gguf
        '''
        retrieve("https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2net.onnx", None)
        """
    assert see(text) == {(3, "pkg:huggingface/TheBloke/zephyr-7B-beta-GGUF"), (5, "pkg:generic/file/u2net.onnx")}


def test_a_dataset_is_no_model() -> None:
    text = """
        from huggingface_hub import snapshot_download
        from datasets import load_dataset
        snapshot_download("nvidia/HelpSteer2", repo_type="dataset")
        load_dataset("google/boolq")
        """
    assert see(text) == set()
