"""Names among words: who chose them may have meant harm."""

from holdfast.front.web.plots.markup import Markup, make


def make_name(name: str) -> Markup:
    """A name among words: what it is written in turns nothing around it."""
    return make("bdi", {"class": "name"}, name)
