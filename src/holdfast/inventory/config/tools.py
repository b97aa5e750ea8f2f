"""Which tool a command runs, past whatever wraps it, its engine and endpoint, and whether it loads models."""

import re
from collections.abc import Iterator
from functools import lru_cache

from holdfast.inventory.config.shell_words import Word
from holdfast.inventory.config.spotting import find_spotted
from holdfast.inventory.config.words import Loader, get_words
from holdfast.inventory.naming import says_provider

PYTHON = re.compile(r"(?:.*/)?(?:python|ipython)[\d.]*(?:\.exe)?|py")


def get_tool(word: str) -> str:
    """The tool that a first word runs: `./build/bin/llama-server.exe` is `llama-server`."""
    name = re.split(r"[\\/]", word)[-1].lstrip("@").lower()
    return name.removesuffix(".exe").removesuffix(":latest")


def find_loader(words: list[Word]) -> tuple[int, Loader | None]:
    """The first place where a known command begins, through all that may stand before it."""
    table = get_words().loaders
    names = [word.text if word.is_quoted or "=" in word.text else get_tool(word.text) for word in words]
    is_wrapped = True
    for index, name in enumerate(names):
        module = name.partition(".")[0] if "mlx_" in name else name
        for loader in table.get(module, ()):
            rest = tuple(names[index + 1 : index + len(loader.words)])
            if rest == loader.words[1:] and (is_wrapped or len(loader.words) > 1):
                return index, loader
        is_wrapped = is_wrapped and (
            name in get_words().wrappers
            or name.startswith("-")
            or name.isdigit()
            or bool(PYTHON.fullmatch(name))
            or "=" in name
            or index > 0
        )
    return 0, None


def find_tool(words: list[Word]) -> str:
    """The tool itself, past wrappers and their flags; for `python -m module` the module."""
    for word in words:
        name = get_tool(word.text)
        is_argument = word.text.startswith("-") or "=" in word.text
        if is_argument or PYTHON.fullmatch(name) or name in get_words().wrappers:
            continue
        return name
    return get_tool(words[0].text)


def find_via_of_tool(words: list[Word]) -> str:
    """The engine that the tool, the module or the container image is named after."""
    return next(_iterate_engines(words), "")


def _iterate_engines(words: list[Word]) -> Iterator[str]:
    for index, word in enumerate(words[:40]):
        is_module = index > 0 and words[index - 1].text == "-m"
        if is_module:
            if known := find_engine(word.text):
                yield known
        elif index == 0 or "/" in word.text:
            is_image = (
                index > 0
                and re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+(?::[\w.$\{\}-]+)?", word.text) is not None
                and words[0].text in ("docker", "podman", "sudo", "nerdctl")
            )
            if (index == 0 or is_image) and not word.text.startswith("-") and (known := find_engine(word.text)):
                yield known


@lru_cache(maxsize=20_000)
def find_engine(text: str) -> str:
    """The engine or provider in an image's, module's or tool's name: `vllm/vllm-openai:latest` is vllm."""
    for piece in re.split(r"[/:.@]|-(?=\d)", text):
        for candidate in (piece, *re.split(r"[-_]", piece)):
            if (
                len(candidate) > 2
                and candidate.lower() not in get_words().not_engines
                and (known := says_provider(candidate))
            ):
                return known
    return ""


def find_endpoint(words: list[Word]) -> str:
    for index, word in enumerate(words):
        text = word.text
        if index and words[index - 1].text in (
            "--base-url",
            "--api-base",
            "--api_base",
            "--openai-api-base",
            "--endpoint",
            "--server",
        ):
            return text
        if (
            re.match(r"https?://", text)
            and find_spotted(text) is None
            and re.search(r"/v\d|/api|chat|completions|messages|embed|models", text)
        ):
            return text
    return ""


def name_rule(loader: Loader | None, engine: str, tool: str) -> str:
    """The last part of a rule's name: the command's own words, its engine, or the tool."""
    return "-".join(loader.words) if loader else engine or re.sub(r"[^\w.-]", "", tool)[:40] or "command"
