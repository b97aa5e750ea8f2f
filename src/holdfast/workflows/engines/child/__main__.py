"""Makes this package importable in an engine's Python by its own name and nothing else of holdfast's surroundings."""

import importlib
import sys
import types
from pathlib import Path


def start(arguments: list[str]) -> None:
    """Run `child.PART` with the rest of the arguments."""
    package = types.ModuleType("holdfast")
    package.__path__ = [str(Path(__file__).resolve().parents[3])]
    sys.modules["holdfast"] = package
    del sys.path[0]  # this folder: its names are not to hide the engine's
    part = importlib.import_module(f"holdfast.workflows.engines.child.{arguments[0]}")
    part.main(arguments[1:])


if __name__ == "__main__":
    start(sys.argv[1:])
