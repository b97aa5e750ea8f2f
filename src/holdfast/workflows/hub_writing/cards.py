"""Whether the front matter of a model card is YAML: asked by clients before they push a README.md."""

import re
from typing import Final

from holdfast.formats.configs import parse_front_matter
from holdfast.records.errors import MalformedFile

FRONT_MATTER_CHARACTERS_MAX: Final = 128 << 10
_FRONT_MATTER: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<text>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


def find_card_fault(text: str) -> str:
    """What is wrong with a card's front matter, in words; empty when nothing is, or when it has none."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return ""
    if len(match["text"]) > FRONT_MATTER_CHARACTERS_MAX:
        return f"the front matter has more than {FRONT_MATTER_CHARACTERS_MAX:,} letters"
    try:
        parse_front_matter(match["text"], "README.md")
    except MalformedFile as error:
        return error.what
    return ""
