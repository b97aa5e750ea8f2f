"""Reports of several files joined: names found across files, settings, merged uses, order."""

from textwrap import dedent

from holdfast.inventory.joining import join_reports
from holdfast.inventory.python import read_python
from holdfast.inventory.sighting import FileReport, Setting, Sighting, Source
from holdfast.records.model import Kind
from holdfast.records.use import Confidence, Environment, Inventory, Place, Skipped, Use

RERANKER = "BAAI/bge-reranker-v2-m3"
LOADER = """
from sentence_transformers import CrossEncoder
from helpdesk.settings import RERANKER
CrossEncoder(RERANKER)
"""
FROM_ENVIRONMENT = """
import os
from sentence_transformers import CrossEncoder
CrossEncoder(os.environ["RERANKER"])
"""


def join(files: dict[str, str], *others: FileReport) -> Inventory:
    reports = [read_python(Source(path, dedent(text).lstrip("\n"))) for path, text in files.items()]
    return join_reports("root", [*reports, *others], lambda _: Environment.PROD, lambda path: path.partition("/")[0])


def summarise(uses: tuple[Use, ...]) -> list[tuple[str, str, list[str]]]:
    return [(str(use.place), str(use.model or use.text), [str(site) for site in use.call_sites]) for use in uses]


def test_a_constant_of_another_file_is_a_use_there_with_the_call_that_it_reaches() -> None:
    inventory = join({"src/helpdesk/settings.py": f'RERANKER = "{RERANKER}"', "src/helpdesk/search.py": LOADER})
    expected = [("src/helpdesk/settings.py:1", f"pkg:huggingface/{RERANKER}", ["src/helpdesk/search.py:3"])]
    assert summarise(inventory.uses) == expected
    assert inventory.uses[0].via == "sentence-transformers"


def test_a_re_export_is_followed_to_the_name() -> None:
    files = {
        "app/__init__.py": "from app.settings import RERANKER",
        "app/settings.py": f'RERANKER = "{RERANKER}"',
        "app/search.py": LOADER.replace("helpdesk.settings", "app"),
    }
    assert summarise(join(files).uses) == [("app/settings.py:1", f"pkg:huggingface/{RERANKER}", ["app/search.py:3"])]


def test_a_field_of_a_settings_object_made_elsewhere_is_found() -> None:
    files = {
        "app/settings.py": f"""
            from pydantic_settings import BaseSettings
            class Settings(BaseSettings):
                reranker: str = "{RERANKER}"
            settings = Settings()
            def get_settings():
                return Settings()
            """,
        "app/search.py": """
            from sentence_transformers import CrossEncoder
            from .settings import settings, get_settings
            CrossEncoder(settings.reranker)
            CrossEncoder(get_settings().reranker)
            """,
    }
    expected = [("app/settings.py:3", f"pkg:huggingface/{RERANKER}", ["app/search.py:3", "app/search.py:4"])]
    assert summarise(join(files).uses) == expected


def test_a_value_in_the_environment_file_is_the_use_of_the_loader_that_reads_it() -> None:
    env = FileReport(".env", settings=(Setting("RERANKER", 4, RERANKER),))
    files = {"app/search.py": FROM_ENVIRONMENT}
    assert summarise(join(files, env).uses) == [(".env:4", f"pkg:huggingface/{RERANKER}", ["app/search.py:3"])]


def test_a_setting_filled_from_outside_leaves_the_loader_unresolved_and_says_where_it_is_set() -> None:
    values = FileReport("deploy/values.yaml", settings=(Setting("reranker", 41, None),))
    compose = FileReport("deploy/deployment.yaml", settings=(Setting("RERANKER", 7, "{{ .Values.reranker }}"),))
    files = {"app/search.py": FROM_ENVIRONMENT}
    (use,) = join(files, values, compose).uses
    assert (str(use.place), use.text, use.model) == ("app/search.py:3", "${RERANKER}", None)
    assert (use.confidence, use.kind) == (Confidence.UNRESOLVED, Kind.WEIGHTS)
    assert "deploy/values.yaml:41" in use.note


def test_a_settings_field_without_a_default_leads_to_its_environment_variable() -> None:
    env = FileReport("prod.env", settings=(Setting("APP_CHAT_MODEL", 2, "gpt-4o-mini"),))
    files = {
        "app/settings.py": """
            from pydantic_settings import BaseSettings, SettingsConfigDict
            class Settings(BaseSettings):
                model_config = SettingsConfigDict(env_prefix="APP_")
                chat_model: str
            settings = Settings()
            """,
        "app/chat.py": """
            from langchain_openai import ChatOpenAI
            from app.settings import settings
            ChatOpenAI(model=settings.chat_model)
            """,
    }
    assert summarise(join(files, env).uses) == [("prod.env:2", "api:openai/gpt-4o-mini", ["app/chat.py:3"])]


def test_an_option_of_the_command_line_reaches_a_loader_in_another_file() -> None:
    files = {
        "tool/__main__.py": """
            import argparse
            from tool.run import run
            parser = argparse.ArgumentParser()
            parser.add_argument("--model", default="small")
            run(vars(parser.parse_args()))
            """,
        "tool/run.py": """
            import whisper
            def run(args):
                name = args.pop("model")
                whisper.load_model(name)
            """,
    }
    assert summarise(join(files).uses) == [("tool/__main__.py:4", "pkg:generic/whisper/small", ["tool/run.py:4"])]


def test_what_a_caller_in_another_file_passes_is_told_there_and_not_as_unresolved() -> None:
    wrapper = (
        "from openai import OpenAI\ndef ask(model):\n    OpenAI().chat.completions.create(model=model, messages=[])\n"
    )
    alone = join({"app/wrapper.py": wrapper})
    assert [(str(use.place), use.confidence) for use in alone.uses] == [("app/wrapper.py:3", Confidence.UNRESOLVED)]
    called = join({"app/wrapper.py": wrapper, "app/main.py": "from app.wrapper import ask\nask(model='gpt-4o')\n"})
    assert summarise(called.uses) == [("app/main.py:2", "api:openai/gpt-4o", ["app/wrapper.py:3"])]


def test_one_name_seen_twice_on_a_line_is_one_use_and_the_loader_s_word_counts_more() -> None:
    plain = Sighting(3, "llama3", "python.named-place", via="ollama", call_lines=(9,))
    loaded = Sighting(3, "llama3", "python.ollama.chat", via="ollama", call_lines=(5,))
    inventory = join({}, FileReport("a.py", sightings=(plain, loaded)))
    (use,) = inventory.uses
    assert use.rule == "python.ollama.chat"
    assert use.call_sites == (Place("a.py", 5), Place("a.py", 9))


def test_a_sighting_that_is_no_model_s_name_is_left_out() -> None:
    assert join({}, FileReport("a.yaml", sightings=(Sighting(1, "test-model", "yaml.key"),))).uses == ()


def test_uses_are_sorted_and_everything_else_is_kept() -> None:
    late = FileReport("b.yaml", sightings=(Sighting(2, "gpt-4o", "x"), Sighting(1, "gpt-4o", "x")))
    early = FileReport("a.yaml", sightings=(Sighting(9, "gpt-4o", "x"),), skipped=Skipped("a.yaml", "too deep"))
    inventory = join({}, late, early)
    assert [str(use.place) for use in inventory.uses] == ["a.yaml:9", "b.yaml:1", "b.yaml:2"]
    assert inventory.skipped == (Skipped("a.yaml", "too deep"),)
    assert inventory.services == ("a.yaml", "b.yaml")
