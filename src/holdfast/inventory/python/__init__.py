"""Models in Python files and notebooks, found in the syntax tree. Nothing is imported or executed."""

from holdfast.inventory.python.notebook import read_notebook
from holdfast.inventory.python.reading import read_python

__all__ = ["read_notebook", "read_python"]
