"""A name is attached to the line where it stands, however it reaches the call."""

import pytest

from holdfast.records.model import Kind
from tests.inventory.python.seeing import read, see

QWEN = "pkg:huggingface/Qwen/Qwen3-8B"

WAYS: dict[str, tuple[str, int]] = {
    "a module constant": (
        """
        from transformers import AutoModel
        BASE = "Qwen/Qwen3-8B"
        def load():
            return AutoModel.from_pretrained(BASE)
        """,
        2,
    ),
    "a class attribute": (
        """
        from transformers import AutoModel
        class Reader:
            weights = "Qwen/Qwen3-8B"
            def load(self):
                return AutoModel.from_pretrained(self.weights)
        """,
        3,
    ),
    "an attribute set in the constructor from a default": (
        """
        from transformers import AutoModel
        class Reader:
            def __init__(self, source="Qwen/Qwen3-8B"):
                self.source = source
            def load(self):
                return AutoModel.from_pretrained(self.source)
        """,
        3,
    ),
    "a default of the environment": (
        """
        import os
        from transformers import AutoModel
        AutoModel.from_pretrained(os.getenv("READER", "Qwen/Qwen3-8B"))
        """,
        3,
    ),
    "an alternative": (
        """
        import os
        from transformers import AutoModel
        which = os.environ.get("READER") or "Qwen/Qwen3-8B"
        AutoModel.from_pretrained(which)
        """,
        3,
    ),
    "an option of the command line": (
        """
        import argparse
        from transformers import AutoModel
        parser = argparse.ArgumentParser()
        parser.add_argument("--base", "-b", default="Qwen/Qwen3-8B")
        args = parser.parse_args()
        AutoModel.from_pretrained(args.base)
        """,
        4,
    ),
    "an option of click": (
        """
        import click
        from transformers import AutoModel
        @click.command()
        @click.option("--base-weights", default="Qwen/Qwen3-8B")
        def main(base_weights):
            AutoModel.from_pretrained(base_weights)
        """,
        4,
    ),
    "an option of typer": (
        """
        import typer
        from transformers import AutoModel
        def main(base: str = typer.Option("Qwen/Qwen3-8B", help="what to load")):
            AutoModel.from_pretrained(base)
        """,
        3,
    ),
    "a settings field": (
        """
        from pydantic import Field
        from pydantic_settings import BaseSettings
        from transformers import AutoModel
        class Settings(BaseSettings):
            reader: str = Field(default="Qwen/Qwen3-8B")
        settings = Settings()
        AutoModel.from_pretrained(settings.reader)
        """,
        5,
    ),
    "a dataclass given by keyword": (
        """
        from dataclasses import dataclass
        from transformers import AutoModel
        @dataclass
        class Config:
            source: str
            def load(self):
                return AutoModel.from_pretrained(self.source)
        Config(source="Qwen/Qwen3-8B").load()
        """,
        8,
    ),
    "a formatted text": (
        """
        from transformers import AutoModel
        ORGANISATION = "Qwen"
        AutoModel.from_pretrained(f"{ORGANISATION}/Qwen3-8B")
        """,
        3,
    ),
    "a sum of texts": (
        """
        from transformers import AutoModel
        AutoModel.from_pretrained("Qwen/" + "Qwen3-8B")
        """,
        2,
    ),
    "keywords from a dictionary": (
        """
        from vllm import LLM
        options = {"dtype": "half", "model": "Qwen/Qwen3-8B"}
        LLM(**options)
        """,
        2,
    ),
    "a loop over a list": (
        """
        from transformers import AutoModel
        for source in ["Qwen/Qwen3-8B"]:
            AutoModel.from_pretrained(source)
        """,
        2,
    ),
    "a caller of the same file": (
        """
        from transformers import AutoModel
        def fetch(source):
            return AutoModel.from_pretrained(source)
        fetch("Qwen/Qwen3-8B")
        """,
        4,
    ),
    "a subclass that hands it to its base": (
        """
        from transformers import AutoModel
        class Base:
            def __init__(self, source):
                self.loaded = AutoModel.from_pretrained(source)
        class Reader(Base):
            def __init__(self):
                super().__init__("Qwen/Qwen3-8B")
        """,
        7,
    ),
    "a subclass that names it": (
        """
        from transformers import AutoModel
        class Base:
            source = None
            def load(self):
                return AutoModel.from_pretrained(self.source)
        class Reader(Base):
            source = "Qwen/Qwen3-8B"
        """,
        7,
    ),
    "a test's parameters": (
        """
        import pytest
        from transformers import AutoModel
        @pytest.mark.parametrize("source", ["Qwen/Qwen3-8B"])
        def test_load(source):
            AutoModel.from_pretrained(source)
        """,
        3,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_followed_to_its_line_through(way: str) -> None:
    text, line = WAYS[way]
    assert see(text) == {(line, QWEN)}


def test_a_constant_carries_the_lines_of_the_calls_it_reaches() -> None:
    text = """
        from transformers import AutoModel, AutoTokenizer
        BASE = "Qwen/Qwen3-8B"
        tokenizer = AutoTokenizer.from_pretrained(BASE)
        model = AutoModel.from_pretrained(BASE)
        """
    (sighting,) = read(text).sightings
    assert (sighting.line, sighting.call_lines) == (2, (3, 4))


def test_both_branches_of_a_condition_are_uses() -> None:
    text = """
        from transformers import AutoModel
        AutoModel.from_pretrained("Qwen/Qwen3-8B" if large else "Qwen/Qwen3-0.6B")
        """
    assert see(text) == {(2, QWEN), (2, "pkg:huggingface/Qwen/Qwen3-0.6B")}


def test_every_value_of_a_table_that_is_picked_from_is_a_use() -> None:
    text = """
        import os
        from transformers import AutoModel
        SIZES = {
            "small": "Qwen/Qwen3-0.6B",
            "large": "Qwen/Qwen3-8B",
        }
        AutoModel.from_pretrained(SIZES[os.environ["SIZE"]])
        """
    assert see(text) == {(4, "pkg:huggingface/Qwen/Qwen3-0.6B"), (5, QWEN)}


def test_the_revision_beside_the_name_is_taken_with_it() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    text = f"""
        from transformers import AutoModel
        AutoModel.from_pretrained("Qwen/Qwen3-8B", revision="{commit}")
        """
    (sighting,) = read(text).sightings
    assert sighting.revision == commit


def test_each_of_two_names_has_the_revision_of_its_own_key() -> None:
    text = """
        scanner = Model(
            path="Qwen/Qwen3-8B", revision="1111111111111111111111111111111111111111",
            onnx_path="Qwen/Qwen3-0.6B", onnx_revision="2222222222222222222222222222222222222222",
        )
        """
    revisions = {sighting.text: (sighting.revision or "")[:1] for sighting in read(text).sightings}
    assert revisions == {"Qwen/Qwen3-8B": "1", "Qwen/Qwen3-0.6B": "2"}


def test_a_loader_fed_by_the_environment_alone_is_unresolved() -> None:
    text = """
        import os
        from langchain_openai import ChatOpenAI
        ChatOpenAI(model=os.environ["CHAT"])
        """
    (reference,) = read(text).references
    assert (reference.line, reference.name, reference.sighting.kind) == (3, "env:CHAT", Kind.HOSTED)


def test_a_loader_fed_by_its_caller_is_unresolved_at_the_call() -> None:
    text = """
        from transformers import AutoModel
        def load(source):
            return AutoModel.from_pretrained(
                source
            )
        """
    assert see(text) == {(3, "? call:load.source")}


def test_a_model_object_that_is_called_or_handed_on_is_no_further_use() -> None:
    text = """
        from transformers import AutoModel, AutoTokenizer, pipeline
        model = AutoModel.from_pretrained("Qwen/Qwen3-8B")
        tokenizer = AutoTokenizer.from_pretrained("Qwen/Qwen3-8B")
        outputs = model(tokenizer("hello"))
        chat = pipeline("text-generation", model=model, tokenizer=tokenizer)
        chat(outputs)
        """
    assert see(text) == {(2, QWEN), (3, QWEN)}


def test_a_name_without_a_loader_counts_where_its_place_says_model() -> None:
    text = """
        EMBEDDING_MODEL = "text-embedding-3-small"
        config = {"llm": "claude-sonnet-4-5", "colour": "blue"}
        def answer(question, model="gpt-4o"): ...
        run(reranker="BAAI/bge-reranker-v2-m3")
        class OllamaAssistant(Assistant):
            MODEL = "mistral"
        """
    assert see(text) == {
        (1, "api:openai/text-embedding-3-small"),
        (2, "api:anthropic/claude-sonnet-4-5"),
        (3, "api:openai/gpt-4o"),
        (4, "pkg:huggingface/BAAI/bge-reranker-v2-m3"),
        (6, "pkg:ollama/mistral"),
    }


def test_a_hub_name_behind_a_hosted_client_is_hosted() -> None:
    text = """
        class AnyscaleLLM(BaseLLM):
            def __init__(self, model_name: str = "meta-llama/Llama-2-7b-chat-hf"):
                super().__init__(model_name)
        """
    assert see(text) == {(2, "api:anyscale/meta-llama/Llama-2-7b-chat-hf")}
