"""Fills the slots of a template with one request's words and counts."""

import re
from dataclasses import dataclass
from typing import Final

from holdfast.measure.mock.course import Course
from holdfast.measure.mock.speaking import Slot

_SLOTS: Final = re.compile(rb"[\x01-\x07\x0b\x0e-\x11]")


@dataclass(slots=True)
class Filling:
    """What is known of a request; `events` counts those of its stream that were written."""

    course: Course
    words: tuple[bytes, ...]
    item: bytes
    prompt: int
    cached: int
    planned: int
    reasoning: int
    inputs: int
    events: int = 0

    def render(self, template: bytes, first: int, count: int) -> bytes:
        """The template with `count` tokens from `first` on as its text."""
        return _SLOTS.sub(lambda found: self._fill(Slot(found[0][0]), first, count), template)

    def _fill(self, slot: Slot, first: int, count: int) -> bytes:
        match slot:
            case Slot.ID:
                return b"%016x" % self.course.identity
            case Slot.TEXT:
                return self._join(first, count)
            case Slot.REASONING_TEXT:
                return self._join(0, self.reasoning)
            case Slot.SEQUENCE:
                self.events += 1
                return b"%d" % (self.events - 1)
            case Slot.ITEMS:
                return b",".join(self.item.replace(b"\x11", b"%d" % place) for place in range(self.inputs))
            case _:
                return b"%d" % self._count(slot)

    def _count(self, slot: Slot) -> int:
        counts = {
            Slot.PROMPT: self.prompt, Slot.COMPLETION: self.planned, Slot.CACHED: self.cached,
            Slot.REASONING: self.reasoning, Slot.TOTAL: self.prompt + self.planned,
        }  # fmt: skip
        return counts[slot]

    def _join(self, first: int, count: int) -> bytes:
        choose, words = self.course.choose_word, self.words
        return b"".join(words[choose(index, len(words))] for index in range(first, first + count))
