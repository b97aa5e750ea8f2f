"""The service that a line belongs to: by the name it is deployed under where a file tells one, else by its folder."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from holdfast.inventory.sighting import FileReport, Unit
from holdfast.records.use import Place


class Naming:
    """Units by file, and names of folders that one service alone is built from."""

    def __init__(self, by_path: Callable[[str], str], reports: Iterable[FileReport]) -> None:
        self._by_path = by_path
        self._units: dict[str, tuple[Unit, ...]] = {}
        builds: dict[str, set[str]] = defaultdict(set)
        for report in reports:
            if report.units:
                self._units[report.path] = report.units
            for unit in report.units:
                builds[unit.folder].add(unit.name)
        self._built = {folder: names.pop() for folder, names in builds.items() if folder and len(names) == 1}

    def get_service(self, place: Place) -> str:
        """The unit around the line; else the service that the path's folder is built for; else the folder."""
        for unit in self._units.get(place.path, ()):
            if unit.first_line <= place.line <= unit.last_line:
                return unit.name
        folder = self._by_path(place.path)
        return self._built.get(folder, folder)
