"""Forms of a report that one front draws for another. Alone knows two fronts, and draws nothing itself."""

from collections.abc import Callable, Mapping
from typing import cast

from holdfast.front.web.page import render_page
from holdfast.records.canonical_json import to_plain
from holdfast.records.report import CheckReport


def get_page_renderers() -> Mapping[str, Callable[[CheckReport], str]]:
    """Renderers by the name of the option that asks for them."""
    return {"html": render_page}


def render_measured_page(header: object) -> str:
    """The page of a measurement, from its run file's header."""
    from holdfast.front.web.measured import render_measured

    return render_measured(cast("Mapping[str, object]", to_plain(header)))


def render_watched_page(document: Mapping[str, object]) -> str:
    """The page of a watch, from the document that `make_watch_report` makes."""
    from holdfast.front.web.watched import render_watched

    return render_watched(document)
