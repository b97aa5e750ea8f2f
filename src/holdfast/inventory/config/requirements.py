"""Dependencies that are models: wheels of spaCy pipelines and files fetched from a hub, in requirement lists."""

from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.judging import Surroundings, judge
from holdfast.inventory.config.positions import KeyReading, Position
from holdfast.inventory.config.shell_words import Word
from holdfast.inventory.config.spotting import find_spotted
from holdfast.inventory.naming import find_distinct
from holdfast.inventory.sighting import FileReport, Source

_STRONG = KeyReading(Position.STRONG)


def read_requirements(source: Source) -> FileReport:
    """The lines of a requirements file that install a model. Ordinary packages are nothing of ours."""
    gathering = Gathering(source)
    for number, line in enumerate(source.text.split("\n"), start=1):
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        around = Surroundings("requirements.model", hints=("spacy",))
        name = text.split("==")[0].split(";")[0].strip().replace("-", "_")
        if find_spotted(text) is not None:
            judge(gathering, Word(text, number), _STRONG, around)
        elif "/" not in text and (found := find_distinct(name)) is not None and "spacy" in str(found.model):
            judge(gathering, Word(name, number), _STRONG, around)
    return gathering.report()
