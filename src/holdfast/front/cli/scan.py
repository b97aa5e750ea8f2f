"""`holdfast scan`: the inventory alone."""

import os
from datetime import date
from pathlib import Path

from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import JobsOption, JsonOption, NoCacheOption, PathArgument


def scan_command(
    path: PathArgument = Path(), json: JsonOption = False, no_cache: NoCacheOption = False, jobs: JobsOption = None
) -> None:
    """Every use of a model in PATH, with file, line, confidence and revision.

    Example:  holdfast scan . --json
    """
    from holdfast.front.cli.scan_table import print_inventory
    from holdfast.workflows.configuration import read_settings
    from holdfast.workflows.scanning import run_scan

    settings = read_settings(path, os.environ, {"jobs": jobs}, date.today())  # noqa: DTZ011
    with show_progress(f"reading {path}") as progress:
        inventory = run_scan(path, settings, progress, cached=not no_cache)
    if json:
        print_json(inventory)
    else:
        print_inventory(inventory, open_output())
