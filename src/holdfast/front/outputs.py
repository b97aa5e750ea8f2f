"""Forms of a report that one front draws for another. Alone knows two fronts, and draws nothing itself."""

from collections.abc import Callable, Mapping

from holdfast.front.web.page import render_page
from holdfast.records.report import CheckReport


def get_page_renderers() -> Mapping[str, Callable[[CheckReport], str]]:
    """Renderers by the name of the option that asks for them."""
    return {"html": render_page}
