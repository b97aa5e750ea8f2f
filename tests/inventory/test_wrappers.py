"""Names that reach a loader through the project's own functions and classes."""

from textwrap import dedent

from holdfast.inventory.config.markdown import read_markdown
from holdfast.inventory.joining import join_reports
from holdfast.inventory.python import read_python
from holdfast.inventory.sighting import Source
from holdfast.records.use import Environment


def find_models(files: dict[str, str]) -> list[tuple[str, str]]:
    readers = {"py": read_python, "md": read_markdown}
    reports = [
        readers[path.rpartition(".")[2]](Source(path, dedent(text).lstrip("\n"))) for path, text in files.items()
    ]
    inventory = join_reports("root", reports, lambda _: Environment.PROD, lambda _: "")
    return [(str(use.place), str(use.model)) for use in inventory.uses if use.model is not None]


LOAD = """
    import whisper
    def load(size, device="cpu"):
        return whisper.load_model(size, device=device)
    """


def test_a_short_name_given_to_a_wrapper_in_another_file_is_the_engines() -> None:
    files = {"app/engine.py": LOAD, "app/main.py": 'from app.engine import load\nload("tiny")\n'}
    assert find_models(files) == [("app/main.py:2", "pkg:generic/whisper/tiny")]


def test_wrappers_of_wrappers_are_followed_by_position_and_by_keyword() -> None:
    files = {
        "app/engine.py": LOAD,
        "app/service.py": """
            from app.engine import load
            class Service:
                def __init__(self, host, variant):
                    self.variant = variant
                def start(self):
                    self.model = load(size=self.variant)
            """,
        "app/main.py": 'from .service import Service\nService("localhost", "small")\nService("host", variant="base")\n',
    }
    expected = [("app/main.py:2", "pkg:generic/whisper/small"), ("app/main.py:3", "pkg:generic/whisper/base")]
    assert find_models(files) == expected


def test_a_derived_class_passes_its_arguments_and_attributes_on() -> None:
    files = {
        "app/base.py": """
            import whisper
            class Base:
                size = None
                def __init__(self, name):
                    self.name = name
                def load(self):
                    return whisper.load_model(self.name)
                def reload(self):
                    return whisper.load_model(self.size)
            """,
        "app/derived.py": """
            from app.base import Base
            class Plain(Base):
                size = "medium"
            class Own(Base):
                def __init__(self, **kwargs):
                    super().__init__(**kwargs)
            class Fixed(Base):
                def __init__(self):
                    super().__init__("large-v3")
            """,
        "app/main.py": 'from app.derived import Own, Plain\nPlain("tiny.en")\nOwn(name="base.en")\n',
    }
    expected = [
        ("app/derived.py:3", "pkg:generic/whisper/medium"),
        ("app/derived.py:9", "pkg:generic/whisper/large-v3"),
        ("app/main.py:2", "pkg:generic/whisper/tiny.en"),
        ("app/main.py:3", "pkg:generic/whisper/base.en"),
    ]
    assert find_models(files) == expected


def test_a_configuration_object_made_elsewhere_feeds_the_loader_that_reads_its_field() -> None:
    files = {
        "app/config.py": """
            from dataclasses import dataclass
            @dataclass
            class Config:
                host: str
                size: str
            """,
        "app/engine.py": """
            import whisper
            from app.config import Config
            def load(config: Config):
                return whisper.load_model(config.size)
            """,
        "app/main.py": 'from app.config import Config\nConfig(host="a", size="turbo")\n',
    }
    assert find_models(files) == [("app/main.py:2", "pkg:generic/whisper/turbo")]


def test_code_in_a_readme_that_calls_a_wrapper_names_its_model() -> None:
    readme = """
        # Use
        ```python
        from app.engine import load
        model = load("small.en")
        ```
        """
    assert find_models({"app/engine.py": LOAD, "README.md": readme}) == [
        ("README.md:4", "pkg:generic/whisper/small.en")
    ]


def test_the_same_word_of_another_package_or_class_is_nobodys_wrapper() -> None:
    files = {
        "app/engine.py": """
            import whisper
            class Engine:
                def fetch_size(self, size):
                    return whisper.load_model(size)
            """,
        "app/main.py": """
            from shop.shirts import load
            from app.other import Shirt
            load("small")
            Shirt().fetch_size("small")
            """,
        "app/other.py": "class Shirt:\n    def fetch_size(self, size):\n        return size\n",
    }
    assert find_models(files) == []


def test_wrappers_that_call_each_other_end() -> None:
    files = {
        "app/engine.py": """
            import whisper
            from app.other import again
            def load(size):
                again(size)
                return whisper.load_model(size)
            """,
        "app/other.py": 'from app.engine import load\ndef again(size):\n    load(size)\nagain("tiny")\n',
    }
    assert find_models(files) == [("app/other.py:4", "pkg:generic/whisper/tiny")]


def test_a_file_named_beside_its_repository_is_no_model_of_its_own() -> None:
    files = {
        "app/settings.py": 'SUMMARY_REPO = "bartowski/Qwen3-8B-GGUF"\nSUMMARY_FILE = "Qwen3-8B-Q4_K_M.gguf"\n',
        "app/main.py": """
            from llama_cpp import Llama
            from app.settings import SUMMARY_FILE, SUMMARY_REPO
            Llama.from_pretrained(repo_id=SUMMARY_REPO, filename=SUMMARY_FILE)
            """,
    }
    assert find_models(files) == [("app/settings.py:1", "pkg:huggingface/bartowski/Qwen3-8B-GGUF")]
