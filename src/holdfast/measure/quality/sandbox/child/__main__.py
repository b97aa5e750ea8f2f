"""Makes this package importable by its own name and nothing else of holdfast's surroundings."""

import importlib
import sys
import types
from pathlib import Path


def start() -> None:
    """Run the first process of the sandbox."""
    package = types.ModuleType("holdfast")
    package.__path__ = [str(Path(__file__).resolve().parents[4])]
    sys.modules["holdfast"] = package
    del sys.path[0]  # this folder: its names are not to hide the library's
    importlib.import_module("holdfast.measure.quality.sandbox.child.leading").main()


if __name__ == "__main__":
    start()
