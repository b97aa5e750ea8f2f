"""The project's own names of models: told by its tables, its options and its weight files, and used elsewhere in it.

A word is taken for a model's name only in a place that plainly says model, and only when the project leads it to
weights or loads an engine that is known to call its models so.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.named import Named, name_short, refuses
from holdfast.inventory.sighting import FileReport, Roster, Suspect
from holdfast.records.model import ModelName
from holdfast.records.use import Use

ROUNDS_MAX = 3
SHARE_MIN = 0.25
NAME_MIN = 4
# Engines whose own names are distinctive enough to be taken anywhere in a project that loads through them.
_ENGINES = ("whisper", "ultralytics", "demucs", "deepface", "segment-anything", "piper")
_INSIDE = re.compile(r"(?:hf://|/resolve/[\w.-]+/)(?P<path>[\w./-]+)")
_DISTINCT = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[\w.-]+")
# Words that tell one of several models and name none.
_QUALIFIER = re.compile(
    r"(?i)tiny|base|small|medium|large|turbo|huge|giant|nano|mini|micro|lite|light|full|fast|slow|best|balanced|quality"
    r"|accurate|standard|normal|high|low|hq|pro|plus|xx?l|[sml]|ultra|max|multi|multilingual|mono|english|chinese|german"
    r"|french|spanish|japanese|korean|russian|hindi|arabic|[a-z]{2}(?:[-_][a-z]{2})?|v?\d+(?:\.\d+)*|\d+[kbm]|\d+k?hz|int[48]|fp\d+"
    r"|q\d\w*|general|custom|local|remote|auto|none|model|main|config|default|weights|latest|test|online|offline|cpu|cuda"
    r"|text|image|audio|video|speech|detection|recognition|layout|train"
    r"|(?:\w+[-_])?(?:encoder|decoder|vocoder|generator|discriminator|tokenizer|embedder|classifier|detector)"
)
_SUFFIXES = re.compile(r"(?i)(?:\.(?:pth?|ckpt|onnx|safetensors|gguf|bin|tar|gz|zip|tflite|h5|keras|int8|fp16|nemo))+$")
_CONFIGURATION = re.compile(r"(?:^|/)(?:configs?|conf|models?|recipes)/(?:[\w.-]+/)*[\w.-]+\.(?:ya?ml|json|toml)$")


@dataclass(frozen=True, slots=True)
class Owned:
    """A suspect that turned out to be a name of the project's own."""

    path: str
    suspect: Suspect
    named: Named


def find_owned(reports: Sequence[FileReport], uses: Iterable[Use]) -> Iterator[Owned]:
    """Every suspect that the project or one of its engines knows."""
    suspects = [(report.path, suspect) for report in reports for suspect in report.suspects]
    if not suspects:
        return
    known = _Known(uses)
    known.learn([*(roster for report in reports for roster in report.rosters), *_list_configurations(reports)])
    for path, suspect in suspects:
        named = known.find(suspect.text)
        if named is not None:
            yield Owned(path, suspect, named)


class _Known:
    """Names that lead to weights, and the engines that the project loads through."""

    def __init__(self, uses: Iterable[Use]) -> None:
        self._models: dict[str, ModelName | None] = {}
        self._engines: set[str] = set()
        for use in uses:
            if use.model is None:
                continue
            self._learn_use(use, use.model)

    def _learn_use(self, use: Use, model: ModelName) -> None:
        engine, _, name = model.path.partition("/")
        if model.scheme == "pkg:generic":
            if engine in _ENGINES:
                self._engines.add(engine)
            stem = _SUFFIXES.sub("", name.rpartition("/")[2])
            if engine == "file" and ("://" in use.text or _DISTINCT.fullmatch(stem)):
                self._add(stem, model)
        inside = _INSIDE.search(use.text)
        if inside is not None:
            for part in inside["path"].split("/"):
                stem = _SUFFIXES.sub("", part)
                if (
                    _DISTINCT.fullmatch(stem)
                    and len(stem) >= NAME_MIN
                    and not stem.lstrip("v").replace(".", "").isdigit()
                ):
                    self._add(stem, model)

    def _add(self, name: str, model: ModelName | None) -> None:
        if len(name) >= NAME_MIN and not _QUALIFIER.fullmatch(name):
            self._models.setdefault(name, model)

    def learn(self, rosters: Sequence[Roster]) -> None:
        """Names beside weights are names; so are those that stand as alternatives to enough of them."""
        for roster in rosters:
            if roster.leads_to_weights:
                for name in roster.names:
                    self._add(name, None)
        for _ in range(ROUNDS_MAX):
            before = len(self._models)
            for roster in rosters:
                told = sum(self.find(name) is not None for name in roster.names)
                if told and told >= len(roster.names) * SHARE_MIN:
                    for name in roster.names:
                        self._add(name, None)
            if len(self._models) == before:
                return

    def find(self, text: str) -> Named | None:
        """What a word means in this project, if it means a model."""
        if refuses(text):
            return None
        if text in self._models:
            return name_short("own", text)
        for word in () if _QUALIFIER.fullmatch(text) else self._engines:
            if get_lexicon().short_engines[word].names.fullmatch(text):
                return name_short(word, text)
        return None


def _list_configurations(reports: Iterable[FileReport]) -> list[Roster]:
    """The files of a folder of configurations, each called by the model that it configures."""
    folders: dict[str, list[str]] = {}
    for report in reports:
        if _CONFIGURATION.search(report.path):
            folder, _, name = report.path.rpartition("/")
            folders.setdefault(folder, []).append(name.rpartition(".")[0])
    return [Roster(tuple(names), leads_to_weights=False) for names in folders.values() if len(names) > 1]
