"""Is this text, at this key, among these surroundings, a model in use? The one place where configuration is judged."""

import re
from dataclasses import dataclass

from holdfast.inventory.config.expansion import expand, is_templated
from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.positions import KeyReading, Position
from holdfast.inventory.config.shell_words import Word
from holdfast.inventory.config.spotting import Spotted, find_held, find_spotted, is_distinct, is_page
from holdfast.inventory.config.words import get_words
from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.naming import Named, find_named, says_provider
from holdfast.inventory.sighting import Sighting
from holdfast.records.model import Kind
from holdfast.records.use import Confidence

TEXT_MAX = 400

_HUB_WORDS = frozenset({"huggingface", "huggingface_hub", "hf", "vllm", "modelscope", "ollama", "transformers"})
_PLACEHOLDER = re.compile(
    r"(?i)(?:.*/)?(?:(?:your|my|some|any|the|large|small|draft|base|big|tiny|first|second|third|other|new|path|to)[-_]?)*"
    r"(?:model|file|weights|name|checkpoint|adapter)s?[-_]?\d*\.\w+|.*<[\w -]+>.*|.*\.\.\."
)
_SPACE = re.compile(r"\s|=")
_DEPLOYMENT = re.compile(r"[-/.:\d]")
_SHAPED = re.compile(r"(?=.*\d)[A-Za-z][\w.]*(?:[-/.:][\w.]+)+")
_PLAIN_WORD = re.compile(r"[A-Za-z_]+")
_SEVERAL = re.compile(r"\s*[,;|]\s*")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a value. `vias` are said nearby and bind; `hints` only come from further out."""

    rule: str
    vias: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    endpoint: str = ""
    revision: str | None = None
    call_lines: tuple[int, ...] = ()


def judge(gathering: Gathering, word: Word, reading: KeyReading, around: Surroundings) -> list[str]:
    """Add what this text says to the gathering; the names that were seen."""
    text, line = word.text.strip().strip("\"'`"), word.line
    if not 1 < len(text) <= TEXT_MAX or reading.position is Position.NEVER:
        return []
    spotted = find_spotted(text)
    if spotted is not None:
        if reading.position is Position.NO and is_page(text):
            return []
        return [_see(gathering, spotted, line, around)]
    if reading.position is Position.NO or "\n" in text:
        return []
    if is_templated(text):
        return _judge_templated(gathering, Word(text, line), reading, around)
    seen: list[str] = []
    for part in _split_several(text):
        found = find_at(part, reading, around)
        if found is not None:
            seen.append(_see(gathering, found, line, around))
        elif reading.position is Position.STRONG:
            gathering.suspect(part, line, around.rule)
    return seen


def _split_several(text: str) -> list[str]:
    """`a, b`; or `["a", "b"]` where a list is written into one value."""
    if text.startswith("[") and text.endswith("]"):
        return re.findall(r"""["']([^"'\s]+)["']""", text) or _SEVERAL.split(text[1:-1].strip())
    return [part for part in _SEVERAL.split(text) if part and " " not in part]


def _judge_templated(gathering: Gathering, word: Word, reading: KeyReading, around: Surroundings) -> list[str]:
    text, line = word.text, word.line
    expansion = expand(text)
    seen: list[str] = []
    for value in expansion.values:
        found = find_at(value, reading, around) if not is_templated(value) else None
        if found is not None:
            seen.append(_see(gathering, found, line, around))
    if not seen and expansion.is_open and expansion.variable and reading.position is Position.STRONG:
        note = f"set by {expansion.variable.removeprefix('env:')}"
        sighting = Sighting(line, text, around.rule, _first(around.vias), endpoint=around.endpoint, note=note)
        if reading.is_passed_on:
            gathering.follow(expansion.variable, sighting)
        else:
            gathering.refer(expansion.variable, sighting)
    return seen


def _see(gathering: Gathering, spotted: Spotted, line: int, around: Surroundings) -> str:
    via = spotted.via or _choose_via(spotted.text, around)
    named = find_named(spotted.text, via, around.endpoint)
    sighting = Sighting(
        line=line,
        text=spotted.text,
        rule=around.rule,
        via=via,
        confidence=named.confidence if named else Confidence.DECLARED,
        revision=spotted.revision or around.revision,
        endpoint=around.endpoint,
        call_lines=around.call_lines,
    )
    gathering.see(sighting)
    return spotted.text


def _first(words: tuple[str, ...]) -> str:
    return words[0] if words else ""


def _choose_via(text: str, around: Surroundings) -> str:
    """The nearest word through which the text can be read as a name; none is better than a wrong one."""
    for via in (*around.vias, *around.hints):
        if _read_through(text, via, around.endpoint) is not None:
            return via
    return ""


def _read_through(text: str, via: str, endpoint: str) -> Named | None:
    """What a text means to an engine. Ollama would take any word; a name that is plainly another's is not its own."""
    named = find_named(text, via, endpoint)
    if named is None or named.model.scheme != "pkg:ollama" or not is_distinct(text):
        return named
    plainly = find_named(text)
    return None if plainly is not None and plainly.kind is Kind.HOSTED else named


def find_at(text: str, reading: KeyReading, around: Surroundings) -> Spotted | None:
    """The model that a text at a position names, if it names one."""
    text = text.strip().strip("\"'`")
    if not text or _SPACE.search(text) or _PLACEHOLDER.fullmatch(text):
        return None
    spotted = find_spotted(text)
    if spotted is not None:
        return spotted
    if text.startswith("/") and (held := find_held(text)) is not None:
        return held
    if is_distinct(text):
        is_code = reading.is_repository and not (_is_hub_repository(text) or _HUB_WORDS.intersection(around.vias))
        return None if is_code else Spotted(text)
    if reading.position is not Position.STRONG:
        return None
    if _is_readable(text, around):
        return Spotted(text)
    alias = get_words().aliases.get(text, "")
    return Spotted(text, alias) if alias else None


def _is_hub_repository(text: str) -> bool:
    """`repo: org/name` may as well be code: only organisations that publish nothing else settle it."""
    hub = get_lexicon().hub
    organisation = text.partition("/")[0]
    return organisation in hub.organisations and organisation not in hub.mixed


def _is_readable(text: str, around: Surroundings) -> bool:
    if any(_reads_by_via(text, via, around.endpoint) for via in around.vias):
        return True
    if any(_reads_by_hint(text, hint) for hint in around.hints):
        return True
    if any(via in get_lexicon().routers for via in (*around.vias, *around.hints)):
        return False
    named = find_named(text, "", around.endpoint)
    return named is not None and _says_enough(text, named)


def _reads_by_via(text: str, via: str, endpoint: str) -> bool:
    """A router's names have a provider in front: `opencode/big-pickle` is no hub repository."""
    named = _read_through(text, via, endpoint)
    if named is None:
        return False
    lexicon = get_lexicon()
    provider = lexicon.providers.get(lexicon.provider_of_via.get(via, ""))
    if provider is not None and provider.takes_any and (_is_client(text) or not _DEPLOYMENT.search(text)):
        return False
    return via not in get_lexicon().routers or named.model.scheme != "pkg:huggingface"


def _is_client(text: str) -> bool:
    """A provider or an engine itself: `llm_service: AzureOpenAI`."""
    word = text.lower()
    return word in get_lexicon().routers or says_provider(word) is not None


def _reads_by_hint(text: str, hint: str) -> bool:
    """A word from further out helps to read a name, but cannot make any word at all a deployment."""
    lexicon = get_lexicon()
    provider = lexicon.provider_of_via.get(hint)
    if provider is not None and not _SHAPED.fullmatch(text):
        return False
    return _reads_by_via(text, hint, "")


def _says_enough(text: str, named: Named) -> bool:
    """Without any engine or provider in sight a plain English word is no name: `model: best`, `engine: command`."""
    return not _PLAIN_WORD.fullmatch(text) and (named.model.scheme != "pkg:generic" or "/" in text or "." in text)
