"""Text that arrives in pieces, cut before the first stop word. What may be the beginning of one is held back."""

from collections.abc import Sequence


class StopWords:
    """Cuts a stream of text. `found` is true once a stop word came; what follows it is never given out."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.found = False

    def feed(self, piece: str) -> str:
        """What may be given out after another piece."""
        if self.found:
            return ""
        text = self._held + piece
        places = [place for place in (text.find(word) for word in self._words) if place >= 0]
        if places:
            self.found, self._held = True, ""
            return text[: min(places)]
        keep = max((_count_overlap(text, word) for word in self._words), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def end(self) -> str:
        """What was held back, when no stop word came of it."""
        held, self._held = self._held, ""
        return held


def _count_overlap(text: str, word: str) -> int:
    """How many characters at the end of a text begin the word."""
    return next((n for n in range(min(len(word) - 1, len(text)), 0, -1) if text.endswith(word[:n])), 0)
