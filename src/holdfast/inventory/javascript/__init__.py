"""Finds uses of models in JavaScript and TypeScript by syntax tree. Runs, imports and fetches nothing that it reads."""

from holdfast.inventory.javascript.reading import read_javascript

__all__ = ["read_javascript"]
