"""Names of Helm charts, as their Chart.yaml tells them. Reads a few lines of each and refuses links."""

import re
from collections.abc import Iterable
from pathlib import Path

CHART = "Chart.yaml"
_BYTES_MAX = 65_536
_NAME = re.compile(
    rb"^name:[ \t]*[\"']?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,252})[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE
)


def read_chart_names(root: Path, markers: Iterable[str]) -> dict[str, str]:
    """Folder below the root → name of the chart that it holds, for the marker files that are charts."""
    charts = (marker for marker in markers if marker.rpartition("/")[2] == CHART)
    named = {marker.rpartition("/")[0]: _read_name(root / marker) for marker in charts}
    return {folder: name for folder, name in named.items() if name}


def _read_name(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            match = _NAME.search(file.read(_BYTES_MAX))
    except OSError:
        return ""
    return match["name"].decode() if match else ""
