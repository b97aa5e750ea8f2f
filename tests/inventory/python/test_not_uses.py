"""What is not a use stays out of the report: prose, comparisons, type hints, price tables, mocks and made-up names."""

import pytest

from tests.inventory.python.seeing import read, see

NOT_USES: dict[str, str] = {
    "a docstring": '''
        def load():
            """Load `AutoModel.from_pretrained("Qwen/Qwen3-8B")` or model="gpt-4o"."""
        ''',
    "a comment": '# model = "gpt-4o"',
    "a comparison": """
        if model == "gpt-4o" or model.startswith("gpt-4") or model in ("gpt-4o", "gpt-4o-mini"):
            pass
        """,
    "a constant that is only compared with": """
        VISION_MODELS = ["gpt-4o", "gpt-4o-mini"]
        def sees(name):
            return name in VISION_MODELS
        """,
    "a type hint": """
        from typing import Literal
        Model = Literal["gpt-4o", "gpt-4o-mini"]
        def ask(model: Literal["gpt-4o"]): ...
        """,
    "a price table": """
        MODEL_COSTS = {"gpt-4o": 0.005, "gpt-4": {"input": 0.03, "output": 0.06}}
        """,
    "a mock": """
        from unittest.mock import MagicMock, patch
        client = MagicMock(model="gpt-4o")
        mock_llm.model = "gpt-4o"
        client.create.assert_called_once_with(model="gpt-4o")
        with patch("app.settings.model", "gpt-4o"):
            pass
        """,
    "a sample answer": """
        answer = {"id": "x", "object": "chat.completion", "model": "gpt-4o", "choices": [], "usage": {}}
        """,
    "a made-up name": """
        from openai import OpenAI
        OpenAI().chat.completions.create(model="test-model", messages=[])
        run(model="my-model", llm="gpt-foo", embedding_model="org/model")
        """,
    "a count of tokens": """
        import tiktoken
        tiktoken.encoding_for_model("gpt-4o")
        def count_tokens(text, model="gpt-4"): ...
        """,
    "a question about a model": """
        supports_vision(model="gpt-4o")
        get_model_info("gpt-4o")
        """,
    "a class of one's own models": """
        class Order(models.Model):
            buyer = models.ForeignKey("shop.Customer", on_delete=models.CASCADE)
        model = "shop/customer.py"
        """,
    "a run's own output": """
        from transformers import AutoModel
        AutoModel.from_pretrained("./outputs/checkpoint-500")
        AutoModel.from_pretrained("my_model")
        """,
    "a repository of code": """
        def issues(repo: str = "prefecthq/prefect"): ...
        """,
}


@pytest.mark.parametrize("what", NOT_USES)
def test_no_use_is_seen_in(what: str) -> None:
    assert see(NOT_USES[what]) == set()


def test_eight_names_in_one_literal_are_a_catalogue_with_its_length() -> None:
    names = [f"gpt-4o-2024-0{month}-01" for month in range(1, 9)]
    report = read(f"SUPPORTED_MODELS = {names!r}")
    assert report.sightings == ()
    assert [(one.place.line, one.length) for one in report.catalogues] == [(1, 8)]


def test_a_registry_of_entries_is_a_catalogue_too_and_is_told_once_for_the_file() -> None:
    rows = ",\n    ".join(f'{{"name": "Qwen/Qwen3-{size}B", "context": 32768}}' for size in range(1, 11))
    table = ", ".join(f'"Qwen/Qwen3-{size}B": 32768' for size in range(1, 9))
    report = read(f"MODELS = [\n    {rows}\n]\nCONTEXT = {{{table}}}\n")
    assert report.sightings == ()
    assert [(one.place.line, one.length) for one in report.catalogues] == [(1, 10)]


def test_seven_names_are_uses() -> None:
    names = [f"gpt-4o-2024-0{month}-01" for month in range(1, 8)]
    assert len(see(f"CHAT_MODELS = {names!r}")) == 7
