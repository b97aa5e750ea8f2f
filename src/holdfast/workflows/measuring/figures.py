"""All figures of a run, from its samples and answers alone: whoever has the file computes the same."""

from typing import cast

from holdfast.measure.results.file import RunFile
from holdfast.measure.results.header import JsonObject
from holdfast.records.canonical_json import to_plain
from holdfast.workflows.measuring.costing import compute_costs


def compute_figures(run: RunFile) -> JsonObject:
    """`loads`, `quality` and `costs`, as plain JSON."""
    return cast("JsonObject", to_plain({"costs": compute_costs(run, {})}))
