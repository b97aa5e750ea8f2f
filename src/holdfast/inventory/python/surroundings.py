"""Which engines and providers do the names around a line mention: its function, class, bases, file and folder."""

from pathlib import PurePosixPath

from holdfast.inventory.python.scopes import Scope, ScopeKind, get_base_names
from holdfast.inventory.python.wording import get_hints


class Surroundings:
    """Hints of one file, the nearest name first."""

    def __init__(self, path: PurePosixPath) -> None:
        self._file = (*get_hints(path.stem), *get_hints(path.parent.name))

    def get_hints(self, scope: Scope) -> tuple[str, ...]:
        """Hints for a line in `scope`."""
        hints: list[str] = []
        for step in scope.chain():
            if step.kind is not ScopeKind.MODULE:
                hints += get_hints(step.name)
                hints += [hint for base in get_base_names(step) for hint in get_hints(base)]
        return (*hints, *self._file)
