"""The course of one request: how many tokens, in which events, and when each is due. Deadlines follow from deadlines,
never from sends, so that lateness does not add up. server.c goes the same way."""

from dataclasses import dataclass
from typing import Final

from holdfast.measure.mock.asking import Asked
from holdfast.measure.mock.draws import Draws, Purpose, mix
from holdfast.measure.mock.spec import MockSpec, Stall, StallOf

SECOND: Final = 1_000_000_000
CHUNK_TOKENS_MAX: Final = 5
_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_LONGEST_S: Final = 1e6


@dataclass(frozen=True, slots=True)
class Freeze:
    """A stall at moments of the clock."""

    begin_ns: int
    duration_ns: int


class Course:
    """Draws all about one request from its own seeds. `key` is its sample number, or else how many came before."""

    def __init__(self, spec: MockSpec, key: int) -> None:
        self.spec, self.key = spec, key
        self._ttft = Draws(spec.seed, key, Purpose.TTFT)
        self._gap = Draws(spec.seed, key, Purpose.GAP)
        self._chunk = Draws(spec.seed, key, Purpose.CHUNK)
        self._word = Draws(spec.seed, key, Purpose.WORD).draw_bits()
        self.identity = Draws(spec.seed, key, Purpose.IDENTITY).draw_bits()

    def choose_scenario(self) -> int:
        """Which scenario, by weight."""
        weights = [scenario.weight for scenario in self.spec.scenarios]
        left = Draws(self.spec.seed, self.key, Purpose.SCENARIO).draw_share() * sum(weights)
        for number, weight in enumerate(weights):
            left -= weight
            if left < 0.0:
                return number
        return len(weights) - 1

    def count_tokens(self, asked: Asked) -> tuple[int, bool]:
        """How many tokens the answer has, and whether it is cut at the limit."""
        spec = self.spec
        limit = min(asked.limit if asked.limit is not None else spec.tokens_default, spec.tokens_max)
        if spec.output_tokens is None or asked.ignores_end:
            return limit, True
        drawn = Draws(spec.seed, self.key, Purpose.LENGTH).draw(spec.output_tokens, self.key)
        wanted = max(1, int(min(drawn, 1e9) + 0.5))
        unlimited = spec.tokens_max if asked.limit is None else limit
        return min(wanted, unlimited), wanted > unlimited

    def draw_first_ns(self, uncached: int) -> int:
        """From the request's turn to its first token."""
        drawn = self._ttft.draw(self.spec.ttft_s, self.key) + uncached * self.spec.prefill_s_per_token
        return count_ns(drawn)

    def draw_gap_ns(self, streams: int) -> int:
        """From one event to the next, while so many streams are served."""
        return count_ns(self._gap.draw(self.spec.gap_s) + streams * self.spec.gap_s_per_stream)

    def draw_chunk(self, room: int) -> int:
        """Tokens in the next event."""
        drawn = int(self._chunk.draw(self.spec.chunk_tokens) + 0.5)
        return min(max(drawn, 1), CHUNK_TOKENS_MAX, room)

    def choose_word(self, index: int, words: int) -> int:
        """Which word is token `index`; those of a text come in their order."""
        return index % words if self.spec.text else mix((self._word + index * _STEP) & _MASK) % words


def count_ns(seconds: float) -> int:
    """Seconds as nanoseconds."""
    return int(min(max(seconds, 0.0), _LONGEST_S) * 1e9 + 0.5)


def list_freezes(stalls: tuple[Stall, ...], zero_ns: int, key: int, read_ns: int) -> tuple[Freeze, ...]:
    """The stalls that concern a request, in the order of their beginnings."""
    return tuple(
        sorted(
            (
                Freeze(
                    (zero_ns if stall.of is StallOf.ALL else read_ns) + count_ns(stall.at_s), count_ns(stall.duration_s)
                )
                for stall in stalls
                if stall.of is StallOf.ALL or (stall.of is StallOf.STREAM and stall.request == key)
            ),
            key=lambda freeze: freeze.begin_ns,
        )
    )


def advance(at_ns: int, step_ns: int, freezes: tuple[Freeze, ...]) -> int:
    """The moment `step_ns` after `at_ns` on a clock that stands still in every freeze."""
    for freeze in freezes:
        end_ns = freeze.begin_ns + freeze.duration_ns
        if end_ns <= at_ns:
            continue
        if freeze.begin_ns > at_ns:
            if freeze.begin_ns - at_ns > step_ns:
                break
            step_ns -= freeze.begin_ns - at_ns
        at_ns = end_ns
    return at_ns + step_ns
