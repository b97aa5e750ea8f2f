"""Words to make problems of, and words that are invented."""

from collections.abc import Sequence
from random import Random
from typing import Final

Words = tuple[str, ...]


def _cut(text: str) -> Words:
    return tuple(text.split())


PEOPLE: Final = _cut("Ada Ben Cleo Dan Eva Finn Gita Hugo Iris Jon Kira Leo Mina Nils")
SURNAMES: Final = _cut("Kern Okafor Lindt Marsh Novak Pereira Quist Rao Sand Tanaka Ueda Vogel")
CITIES: Final = _cut("Lyon Turin Porto Graz Bergen Tartu Gdansk Split Ghent Cork Vigo Basel")
COLOURS: Final = _cut("red blue green white black yellow purple orange")
THINGS: Final = _cut("key coin lamp book cup drum ring shell spoon stamp candle whistle")
GOODS: Final = _cut("apples bolts candles dishes forks gloves hinges jars kettles lamps")
WITHOUT_E: Final = _cut(
    "amazing basin cabin canyon cloud coast dancing forum garlic giant human island kayak lion magic moss night "
    "panda piano quartz rain salad signal solar taxi tulip vinyl wagon window yoga zinc"
)
_ONSETS: Final = "bdfklmnprstvz"
_VOWELS: Final = "aeiou"


def invent(random: Random, syllables: int = 2) -> str:
    """A word that means nothing: `bafo`."""
    return "".join(random.choice(_ONSETS) + random.choice(_VOWELS) for _ in range(syllables))


def invent_many(random: Random, count: int, syllables: int = 2) -> list[str]:
    """Different invented words."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[invent(random, syllables)] = None
    return list(found)


def join(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
