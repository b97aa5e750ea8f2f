"""Models named inside longer strings: in the path of a request, a download address, or a command. Prose is not read."""

import re
from dataclasses import dataclass

from tree_sitter import Node

from holdfast.inventory.javascript.context import is_mock_context
from holdfast.inventory.javascript.findings import Clue, Findings
from holdfast.inventory.javascript.slots import Slot, find_slot
from holdfast.inventory.javascript.survey import Parents
from holdfast.inventory.javascript.syntax import get_line, get_text

TEXT_MAX = 2_000
_HINT = re.compile(r"/|\bollama |\bhf |huggingface-cli ")
_RUNNERS = re.compile(r"(?i)exec|spawn|\bsh\b|shell|command|cmd|\brun|script|setup|install|system")
_LINK = re.compile(r"(?i)href|link|docs?|homepage|website|readme|source|see|learn|help|licen[cs]e")


@dataclass(frozen=True, slots=True)
class _Shape:
    pattern: re.Pattern[str]
    via: str
    rule: str


_NAME = r"(?P<name>[\w@][\w.@:-]*)"
_REPOSITORY = r"(?P<name>[\w.-]+/[\w.-]+)"
_HUB = r"(?:huggingface\.co|hf\.co|hf-mirror\.com)/(?!datasets/|spaces/)"
_HF_API = r"(?:api-inference\.huggingface\.co|router\.huggingface\.co/hf-inference)/(?:pipeline/[\w-]+|models)/"
_SHAPES = tuple(
    _Shape(re.compile(pattern), via, f"javascript.{rule}")
    for pattern, via, rule in (
        (rf"/models/{_NAME}:(?:\w*[gG]enerateContent|\w*[eE]mbedContents?|predict)", "google", "url.google"),
        (rf"/publishers/[\w-]+/models/{_NAME}:(?:\w+)", "vertex", "url.vertex"),
        (rf"{_HF_API}{_REPOSITORY}", "huggingface-inference", "url.huggingface"),
        (rf"{_HUB}{_REPOSITORY}/resolve/(?P<revision>[\w.-]+)", "hub", "url.resolve"),
        (rf"/openai/deployments/{_NAME}/", "azure", "url.azure"),
        (rf"api\.replicate\.com/v1/models/{_REPOSITORY}/predictions", "replicate", "url.replicate"),
        (r"/ai/run/(?P<name>@[a-z]+/[\w.-]+/[\w.-]+)", "cloudflare", "url.cloudflare"),
        (r"(?:queue\.)?fal\.run/(?P<name>fal-ai/[\w./-]+)", "fal", "url.fal"),
        (rf"bedrock-runtime[\w.-]*/model/{_NAME}/(?:invoke|converse)", "bedrock", "url.bedrock"),
        (rf"api\.openai\.com/v1/realtime\?(?:[\w=&]*&)?model={_NAME}", "openai", "url.openai"),
        (rf"api\.deepgram\.com/v1/(?:listen|speak)\?(?:[\w=&-]*&)?model={_NAME}", "deepgram", "url.deepgram"),
        (r"\bollama (?:pull|run) (?P<name>[\w./-]+(?::[\w.-]+)?)", "ollama", "command.ollama"),
        (rf"\b(?:huggingface-cli|hf) download {_REPOSITORY}", "hub", "command.hub"),
    )
)  # fmt: skip


def read_embedded(strings: list[Node], findings: Findings, parents: Parents) -> None:
    """Look into every string and template of a file."""
    for node in strings:
        if node.end_byte - node.start_byte > TEXT_MAX:
            continue
        text = get_text(node)
        if _HINT.search(text) is None:
            continue
        matches = [(shape, match) for shape in _SHAPES for match in shape.pattern.finditer(text)]
        if not matches or is_mock_context(node, parents):
            continue
        slot = find_slot(node, parents)
        for shape, match in matches:
            if _is_meant(shape, slot, parents.find(node)):
                line = get_line(node) + text.count("\n", 0, match.start("name"))
                revision = match.groupdict().get("revision")
                findings.add(line, match["name"], Clue(shape.rule, shape.via, "", revision, line))


def _is_meant(shape: _Shape, slot: Slot | None, above: Node | None) -> bool:
    """Whether an address is asked, or a command run; links and messages that mention one are prose."""
    if slot is not None and _LINK.search(slot.name):
        return False
    if not shape.rule.startswith("javascript.command."):
        return True
    if slot is None:
        return above is not None and above.type == "call_expression"  # a tag: $`ollama pull x`
    return _RUNNERS.search(slot.name) is not None
