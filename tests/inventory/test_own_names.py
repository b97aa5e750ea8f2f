"""Names that a project itself gives to models, in places that plainly say model."""

from textwrap import dedent

from holdfast.inventory.config.markdown import read_markdown
from holdfast.inventory.joining import join_reports
from holdfast.inventory.python import read_python
from holdfast.inventory.sighting import Source
from holdfast.records.use import Confidence, Environment, Use

RELEASES = "https://github.com/someone/cutter/releases/download/v1"
README = """
    # Cutter
    ```sh
    cutter -i in.png -m u2net_human_seg
    cutter --model u2netp
    cutter --model something
    ```
    """


def find_uses(files: dict[str, str]) -> list[Use]:
    readers = {"py": read_python, "md": read_markdown}
    reports = [
        readers[path.rpartition(".")[2]](Source(path, dedent(text).lstrip("\n"))) for path, text in files.items()
    ]
    return list(join_reports("root", reports, lambda _: Environment.PROD, lambda _: "").uses)


def find_owned(files: dict[str, str]) -> list[tuple[str, str]]:
    return [(str(use.place), use.text) for use in find_uses(files) if use.confidence is Confidence.INFERRED]


def test_keys_of_a_table_of_addresses_are_names_wherever_the_place_says_model() -> None:
    table = f'URLS = {{"u2netp": "{RELEASES}/a1.pth", "u2net_human_seg": "{RELEASES}/a2.pth"}}\n'
    found = find_owned({"cutter/urls.py": table, "README.md": README})
    assert ("README.md:3", "u2net_human_seg") in found
    assert ("README.md:4", "u2netp") in found
    assert not any(text == "something" for _, text in found)


def test_a_weight_file_gives_its_name_to_the_model_and_choices_beside_it_are_names_too() -> None:
    files = {
        "cutter/download.py": f'URL = "{RELEASES}/u2netp.pth"\n',
        "cutter/cli.py": """
            import argparse
            parser = argparse.ArgumentParser()
            parser.add_argument("--model", default="u2net", choices=["u2net", "u2netp", "u2net_human_seg"])
            """,
        "README.md": README,
    }
    found = find_owned(files)
    assert ("cutter/cli.py:3", "u2net") in found
    assert {text for place, text in found if place.startswith("README")} == {"u2net_human_seg", "u2netp"}


def test_names_of_an_engine_count_anywhere_in_a_project_that_loads_through_it() -> None:
    loads = 'import whisper\nwhisper.load_model("large-v2")\n'
    readme = "# Use\n```sh\nscribe --model distil-large-v3 talk.wav\nscribe --model medium talk.wav\n```\n"
    assert ("README.md:3", "distil-large-v3") in find_owned({"scribe/main.py": loads, "README.md": readme})
    assert find_owned({"scribe/main.py": "print()\n", "README.md": readme}) == []
    assert not any(text == "medium" for _, text in find_owned({"scribe/main.py": loads, "README.md": readme}))


def test_words_that_only_tell_one_of_several_are_no_names() -> None:
    table = f'URLS = {{"small": "{RELEASES}/a-small.pth", "large": "{RELEASES}/a-large.pth"}}\n'
    assert not any(text == "small" for _, text in find_owned({"a.py": table, "b.py": 'run(model="small")\n'}))


def test_architectures_that_lead_to_no_weights_are_no_names() -> None:
    files = {
        "train.py": """
            import argparse
            parser = argparse.ArgumentParser()
            parser.add_argument("--model", default="unet_v2", choices=["unet_v2", "linknet"])
            """
    }
    assert find_uses(files) == []


def test_aliases_beside_weights_are_names_and_so_are_the_other_names_of_the_same_model() -> None:
    config = """
        ARCHITECTURES = [Architecture(name="SD 1.5", aliases=["sd15", "sd-15", "sd1.5"], config_path="configs/a.yaml")]
        WEIGHTS = [
            Weights(aliases=LOOKUP["sd15"].aliases, weights_location="https://huggingface.co/a/b/resolve/main/sd.ckpt"),
            Weights(aliases=["openjourney-v2"], weights_location="https://huggingface.co/a/c/resolve/main/oj.ckpt"),
        ]
        """
    readme = "# Use\n```sh\npaint --model openjourney-v2 cat\npaint --model sd-15 cat\npaint --model sd-16 cat\n```\n"
    found = find_owned({"paint/config.py": config, "README.md": readme})
    assert [one for one in found if one[0].startswith("README")] == [
        ("README.md:3", "openjourney-v2"),
        ("README.md:4", "sd-15"),
    ]
