"""Whose a model is: names, declared claims and the family registry. Reads no weights; merges no statements."""

from holdfast.lineage.licences import find_licences
from holdfast.lineage.naming import NameReader
from holdfast.lineage.registry import Registry, read_registry
from holdfast.lineage.resolution import resolve, resolve_many

__all__ = ["NameReader", "Registry", "find_licences", "read_registry", "resolve", "resolve_many"]
