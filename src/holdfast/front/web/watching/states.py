"""States as signs and words: each has a shape of its own, so that none is told by colour alone."""

from typing import Final

from holdfast.front.web.plots.markup import Kid, Markup, make
from holdfast.front.web.sheets.plain import JsonObject, get_text

SIGNS: Final = {
    "same": "same",
    "no alarm": "alarm-free",
    "suspected": "suspected",
    "changed": "changed",
    "could not tell": "unknown",
    "reference": "reference",
    "no visit": "none",
}
WORDS: Final = {
    "same": "same",
    "no alarm": "no alarm, resolution unknown",
    "suspected": "a change is suspected",
    "changed": "the served distribution changed",
    "could not tell": "could not tell",
    "reference": "part of the reference",
    "no visit": "no visit",
}
UNKNOWN: Final = "could not tell"


def get_state(of: JsonObject, name: str) -> str:
    """The state under a name; what is none could not be told."""
    found = get_text(of, name, 40)
    return found if found in SIGNS else UNKNOWN


def draw_sign(state: str) -> Markup:
    """The shape of a state, beside words that say it."""
    use = make("use", {"href": f"#d-{SIGNS[state]}"})
    attributes = {"class": f"sign sign--{SIGNS[state]}", "viewBox": "0 0 14 14", "aria-hidden": "true"}
    return make("svg", attributes, use)


def make_state(state: str, *said: Kid) -> Markup:
    """A sign with its words."""
    return make("span", {"class": f"state state--{SIGNS[state]}"}, draw_sign(state), " ", *(said or (WORDS[state],)))


def make_state_legend() -> Markup:
    """All signs with what they mean."""
    items = [make("li", None, draw_sign(state), words) for state, words in WORDS.items()]
    return make("ul", {"class": "key-list"}, items)
