"""Names that folders give to files: LM Studio's publisher/model, llama.cpp's cache, and GGUF repositories by custom."""

import json
import re
from pathlib import Path
from typing import Final

from holdfast.records.model import ModelName

_NOTE_BYTES_MAX: Final = 65_536
_RESOLVE_LINK: Final = re.compile(r"https?://[^/]+/(?P<name>[\w.-]+/[\w.-]+)/resolve/")
_MANIFEST: Final = re.compile(r"manifest=(?P<organisation>[\w.-]+)=(?P<name>[\w.-]+)=(?P<tag>[\w.-]+)\.json")
_STUDIO_FOLDERS: Final = frozenset({".lmstudio", "lm-studio", "lmstudio", "LM Studio"})
_WORD: Final = re.compile(r"[\w.-]+")


def find_layout_name(path: Path) -> ModelName | None:
    """The hub repository that a file's surroundings name; None when they name none."""
    found = _find_by_note(path) or _find_by_manifest(path) or _find_by_publisher(path)
    return ModelName("pkg:huggingface", found) if found else None


def _find_by_note(path: Path) -> str:
    """llama.cpp writes `<file>.json` with the URL that it downloaded."""
    note = path.with_name(path.name + ".json")
    try:
        if not note.is_file() or note.stat().st_size > _NOTE_BYTES_MAX:
            return ""
        plain = json.loads(note.read_text(encoding="utf-8"))
        match = _RESOLVE_LINK.match(str(plain.get("url", "")))
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""
    return match["name"] if match else ""


def _find_by_manifest(path: Path) -> str:
    """llama.cpp names files `<org>_<repository>_<file>` and keeps `manifest=<org>=<repository>=<tag>.json`."""
    if path.parent.name != "llama.cpp":
        return ""
    for manifest in sorted(path.parent.glob("manifest=*.json")):
        match = _MANIFEST.fullmatch(manifest.name)
        if match and path.name.startswith(f"{match['organisation']}_{match['name']}_"):
            return f"{match['organisation']}/{match['name']}"
    return ""


def _find_by_publisher(path: Path) -> str:
    """LM Studio keeps `models/<publisher>/<model>/<file>`; elsewhere a folder `…-GGUF` below another is one."""
    parents = path.resolve().parents
    if len(parents) < 3:
        return ""
    model, publisher = parents[0].name, parents[1].name
    in_studio = bool(_STUDIO_FOLDERS & {folder.name for folder in parents}) and parents[2].name in ("models", "hub")
    by_custom = path.suffix.lower() == ".gguf" and model.lower().endswith("-gguf")
    if not (in_studio or by_custom) or not _WORD.fullmatch(publisher) or not _WORD.fullmatch(model):
        return ""
    return f"{publisher}/{model}"
