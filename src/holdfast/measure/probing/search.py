"""How border prompts are searched for: sizes and limits of a search."""

from dataclasses import dataclass
from typing import Final

SENTINEL_TOKENS: Final = 12  # of an opening: long enough that another model words it differently
_SURVIVING: Final = 0.12  # of prompts, whose three answers differ: what a plan of the cost counts with


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`kept` border prompts are wanted and `spares` beside them. The search goes through the pool in portions: `first`
    answers to each prompt (one where log probabilities are given), `more` to those whose answers differ. It ends when
    so many have at least `balance_good` between their second and their first token, else at the end of the pool, and
    takes none below `balance_min`; at most `kind_max` of one kind are kept while others are to be had. It never passes
    `requests_max` and `tokens_max` (of both kinds of tokens)."""

    kept: int = 14
    spares: int = 10
    first: int = 3
    more: int = 20
    portion: int = 250
    balance_good: float = 0.6
    balance_min: float = 0.2
    kind_max: int = 5
    sentinels: int = 12  # wanted, of `sentinel_prompts` that are asked `sentinel_answers` times each
    sentinel_prompts: int = 120
    sentinel_answers: int = 12
    gap_max: float = 0.7  # natural logarithms, at the temperature of sampling, where log probabilities are given
    requests_max: int | None = None
    tokens_max: int | None = None
    pool: int = 3000
    seed: int = 0

    def expect_requests(self, *, has_logprobs: bool) -> int:
        """About how many a whole search takes, where it goes through all of the pool."""
        return round(self.pool * ((1 if has_logprobs else self.first) + self.more * _SURVIVING))
