"""Reads one Python file: calls that load models, named places that hold names, and what other files may reach."""

import ast
from dataclasses import replace
from pathlib import PurePosixPath

from holdfast.inventory.python.calls import Calls
from holdfast.inventory.python.catalogues import add_catalogues
from holdfast.inventory.python.exports import collect_definitions
from holdfast.inventory.python.findings import Findings
from holdfast.inventory.python.handings import collect_handings
from holdfast.inventory.python.loads import LoadReader
from holdfast.inventory.python.parsing import parse_python
from holdfast.inventory.python.places import PlaceReader
from holdfast.inventory.python.rosters import collect_rosters
from holdfast.inventory.python.scopes import collect_module
from holdfast.inventory.sighting import FileReport, Source
from holdfast.records.use import Skipped


def read_python(source: Source) -> FileReport:
    """Every sighting of one Python file. What cannot be parsed is reported as skipped, with the line."""
    parsed = parse_python(source.text)
    if parsed.tree is None:
        return FileReport(source.path, skipped=Skipped(source.path, parsed.trouble))
    report = read_tree(source.path, parsed.tree, wants_uses=not source.is_followed)
    return replace(report, skipped=Skipped(source.path, parsed.trouble)) if parsed.trouble else report


def read_tree(path: str, tree: ast.Module, *, wants_uses: bool = True) -> FileReport:
    """The same for a tree that is parsed already; without uses only what it defines and hands on."""
    pure = PurePosixPath(path)
    is_package = pure.name == "__init__.py"
    try:
        module = collect_module(tree, get_module_name(path), is_package)
        calls, findings = Calls(module), Findings(path)
        if wants_uses:
            LoadReader(module, calls, findings, pure).read()
            PlaceReader(module, calls, findings, pure).read()
        add_catalogues(module, findings)
        definitions = collect_definitions(module, calls.values)
        kept = tuple(
            replace(one, is_listed=True) if one.value is not None and findings.is_listed(one.line) else one
            for one in definitions
        )
        handings = collect_handings(module, calls, findings)
        rosters = collect_rosters(module, calls.values)
        return replace(findings.build_report(), definitions=kept, handings=handings, rosters=rosters)
    except (RecursionError, ValueError) as error:
        return FileReport(path, skipped=Skipped(path, f"not followed to its end: {error}"))


def get_module_name(path: str) -> str:
    """`src/helpdesk/settings.py` is `src.helpdesk.settings`; a package's `__init__.py` is the package."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts and parts[-1] == "__init__" else parts)
