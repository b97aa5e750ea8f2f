"""From the name of a kept copy to the name that levers and checks know it by. Names that are nobody's stay unknown."""

from typing import Final

from holdfast.records.model import ModelName, find_model_name

_OLLAMA: Final = "ollama/"


def find_kept_name(name: str) -> ModelName | None:
    """The canonical name of a copy: as it stands, an Ollama tag, else a name on the hub; None when it is no name."""
    if name.startswith(_OLLAMA):
        return find_model_name(f"pkg:{name}")
    return find_model_name(name) or find_model_name(f"pkg:huggingface/{name}")
